/** Decoding: greedily, and with a beam (the paper's §6.1). What is found is what `src/glassformer/decoding` finds. */
import type { Cache } from "./cache";
import { logSoftmax, rowsOf, type Tensor } from "./tensor";
import type { Transformer } from "./transformer";

export const BEAM = 4;
/** α of the length penalty. */
export const ALPHA = 0.6;
/** A translation has at most the source's tokens plus this many. */
export const EXTRA_LENGTH = 50;

/** A target sentence, without bos; eos is its last token where it came to an end. */
export interface Hypothesis {
  ids: number[];
  logProbability: number;
  /** The rank of a hypothesis: logProbability / penalty. */
  score: number;
  finished: boolean;
}

/** The divisor of log P for a target of `length` tokens, eos counted: ((5 + n) / 6)^α (Wu et al. 2016, eq. 14). A sum
 * over more tokens is smaller, so without it the shortest would win. */
export const lengthPenalty = (length: number): number => ((5 + length) / 6) ** ALPHA;

/** The hypotheses of one sentence, a row each, and what the model remembers of each. Begins with one that says nothing. */
export class Rows {
  ids: number[][] = [[]];
  private readonly memory: Tensor;
  private readonly cache: Cache;

  /** `source` ends with eos. */
  constructor(
    private readonly model: Transformer,
    source: number[],
  ) {
    this.memory = model.encode(source);
    this.cache = model.newCache();
  }

  /** The log-probability of each token that could come next: a row a hypothesis. To be called once a step. */
  next(): Float32Array[] {
    const last = this.ids.map((ids) => [ids.at(-1) ?? this.model.special.bos_id]);
    const rows = [...rowsOf(this.model.predict(this.model.decode(last, this.memory, this.cache)))];
    rows.forEach(logSoftmax);
    return rows;
  }

  /** Go on with these, each a row that there was and its next token. */
  advance(chosen: { row: number; id: number }[]): void {
    if (chosen.length !== this.ids.length || chosen.some(({ row }, n) => row !== n))
      this.cache.select(chosen.map(({ row }) => row));
    this.ids = chosen.map(({ row, id }) => [...this.ids[row]!, id]);
  }
}

/** pad and bos never come; some models begin with eos, which must stay open. */
const neverOf = ({ special: { pad_id, bos_id, eos_id } }: Transformer): number[] =>
  [pad_id, bos_id].filter((id) => id !== eos_id);

export const limitOf = (source: number[]): number => source.length + EXTRA_LENGTH;

/** Always the likeliest next token: gives the log-probabilities of all, and the one that is chosen, a step at a time. */
export function* greedy(model: Transformer, source: number[]): Generator<{ row: Float32Array; id: number }> {
  const rows = new Rows(model, source);
  for (let step = 0; step < limitOf(source); step++) {
    const row = rows.next()[0]!;
    const open = row.slice();
    for (const never of neverOf(model)) open[never] = -Infinity;
    let id = 0;
    for (let i = 1; i < open.length; i++) if (open[i]! > open[id]!) id = i;
    yield { row, id };
    if (id === model.special.eos_id) return;
    rows.advance([{ row: 0, id }]);
  }
}

interface Continuation {
  row: number;
  id: number;
  /** log P of the whole, the new token included. */
  total: number;
}

/** The best hypotheses of one sentence grow side by side.
 *
 * A step takes the best 2 · BEAM continuations of all live hypotheses, by log P. Those among the first BEAM that end in eos
 * are finished; of the others the first BEAM live on. The search is done when no live hypothesis can still come before the
 * best finished one: log P only falls, and the penalty is monotone in the length, so its best score to come is that of the
 * shortest or the longest target that it can still become. At the limit the live ones are added, unfinished. Of equals the
 * one from the better hypothesis wins, then the one with the lower id. */
export class BeamSearch {
  readonly found: Hypothesis[] = [];
  done = false;
  private readonly rows: Rows;
  private readonly limit: number;
  private totals = [0];
  private best = -Infinity;

  constructor(
    private readonly model: Transformer,
    source: number[],
  ) {
    this.rows = new Rows(model, source);
    this.limit = limitOf(source);
  }

  /** One token more for every live hypothesis. */
  step(): void {
    const length = this.rows.ids[0]!.length + 1;
    const candidates = this.candidates();
    const ends = ({ id }: Continuation) => id === this.model.special.eos_id;
    for (const one of candidates.slice(0, BEAM)) if (ends(one)) this.keep(one, length);
    const live = candidates.filter((one) => !ends(one)).slice(0, BEAM);
    this.done =
      !live.length ||
      Math.max(live[0]!.total / lengthPenalty(length + 1), live[0]!.total / lengthPenalty(this.limit)) <= this.best;
    if (!this.done && length >= this.limit) {
      for (const one of live) this.keep(one, length);
      this.done = true;
    }
    if (this.done) return;
    this.rows.advance(live);
    this.totals = live.map(({ total }) => total);
  }

  /** The best translation: one that came to an end before one that the limit cut off, then the best score. */
  result(): Hypothesis {
    return [...this.found].sort((a, b) => Number(b.finished) - Number(a.finished) || b.score - a.score)[0]!;
  }

  /** The best 2 · BEAM continuations, the best first. */
  private candidates(): Continuation[] {
    const best: Continuation[] = [];
    const never = neverOf(this.model);
    let least = -Infinity; // from here on a continuation is among the best so far
    this.rows.next().forEach((costs, row) => {
      for (const id of never) costs[id] = -Infinity;
      for (let id = 0; id < costs.length; id++) {
        const total = Math.fround(this.totals[row]! + costs[id]!);
        if (total <= least) continue;
        let place = best.length;
        while (place > 0 && best[place - 1]!.total < total) place--;
        best.splice(place, 0, { row, id, total });
        if (best.length > 2 * BEAM) best.pop();
        if (best.length === 2 * BEAM) least = best.at(-1)!.total;
      }
    });
    return best;
  }

  private keep({ row, id, total }: Continuation, length: number): void {
    const score = total / lengthPenalty(length);
    this.best = Math.max(this.best, score);
    this.found.push({
      ids: [...this.rows.ids[row]!, id],
      logProbability: total,
      score,
      finished: id === this.model.special.eos_id,
    });
  }
}
