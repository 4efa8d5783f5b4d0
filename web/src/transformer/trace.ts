/** The tensors in a model's windows: with `record(model, compute)` every number has a name, axes and a place. */
import { LayerNorm } from "./layers";
import { probes } from "./probe";
import { count, type Tensor } from "./tensor";
import type { Transformer } from "./transformer";

/** One tensor that passed a probe, with a word for each axis and its place in the paper. Of one sentence: no batch axis. */
export interface Window {
  shape: number[];
  data: Float32Array;
  axes: string[];
  place: string;
}

/** By name, in the order in which the model passed them. */
export type Trace = Map<string, Window>;

/** Look through every window of `model` while `compute` runs. The output of its norms is a window where it norms first. */
export function record(model: Transformer, compute: () => void): Trace {
  const trace: Trace = new Map();
  const watched = [...probes(model)].filter(([, probe]) => !(probe instanceof LayerNorm) || model.facts.norm === "pre");
  for (const [name, probe] of watched)
    probe.watcher = ({ shape, data }: Tensor) =>
      trace.set(name, { shape: shape.slice(1), data, axes: probe.axes, place: probe.place });
  try {
    compute();
  } finally {
    for (const [, probe] of watched) probe.watcher = undefined;
  }
  return trace;
}

/** Bytes that a trace holds. */
export const sizeOf = (trace: Trace): number =>
  [...trace.values()].reduce((sum, { shape }) => sum + 4 * count(shape), 0);
