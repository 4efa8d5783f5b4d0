/** The probability of a given translation: teacher forcing, all tokens at once. */
import type { Transformer } from "./transformer";
import { logProbabilities } from "./what_if";

/** The natural log-probability of each token of the target, eos's the last. Both sides are ids without bos and eos. */
export function score(model: Transformer, source: number[], target: number[]): number[] {
  const { bos_id, eos_id } = model.special;
  const states = model.decode([[bos_id, ...target]], model.encode([...source, eos_id]));
  return logProbabilities(model, states, [...target, eos_id]);
}
