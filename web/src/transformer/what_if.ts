/** The windows of `trace`, written to: what would the model do if this head were off, if this word were not seen? */
import type { Edge, HeadIndex, Turn } from "../numbers/wire";
import type { MultiHeadAttention } from "./attention";
import { type Probe, probes } from "./probe";
import { logSumExp, rowsOf, select, type Tensor, tensor } from "./tensor";
import type { Transformer } from "./transformer";

export class WhatIfError extends Error {}

/** A replacement of the tensor in a window: the window's name, and what becomes of [batch, …its axes]. */
export type Change = [window: string, change: (value: Tensor) => Tensor];

/** `compute`, with these changes made to the model meanwhile, the first of them first. */
export function changed<Result>(model: Transformer, changes: Change[], compute: () => Result): Result {
  const known = probes(model);
  const made: Probe[] = [];
  try {
    for (const [window, change] of changes) {
      const probe = known.get(window);
      if (!probe) throw new WhatIfError(`no window '${window}' in this model: the look names all of them`);
      probe.changes.push(change);
      made.push(probe);
    }
    return compute();
  } finally {
    for (const probe of made.reverse()) probe.changes.pop();
  }
}

/** Every attention by name, from the first encoder layer to the last decoder layer. */
export function attentions(model: Transformer): Map<string, MultiHeadAttention> {
  const found = new Map<string, MultiHeadAttention>();
  model.encoder.layers.forEach((layer, n) => found.set(`encoder.layers.${n}.self_attention`, layer.self_attention));
  model.decoder.layers.forEach((layer, n) => {
    found.set(`decoder.layers.${n}.self_attention`, layer.self_attention);
    found.set(`decoder.layers.${n}.cross_attention`, layer.cross_attention);
  });
  return found;
}

function findAttention(model: Transformer, name: string, head = 0): void {
  const known = attentions(model);
  if (!known.has(name)) throw new WhatIfError(`no attention '${name}': there are ${[...known.keys()].join(", ")}`);
  if (!(head >= 0 && head < model.facts.heads))
    throw new WhatIfError(`no head ${head} in ${name}: its heads are 0 … ${model.facts.heads - 1}`);
}

const copied = ({ shape, data }: Tensor): Tensor => tensor(shape, data.slice());

/** Switch heads off: their z is made zero before W^O (so the bias of W^O and the other heads stay as they are). */
export function headsOff(model: Transformer, heads: HeadIndex[]): Change[] {
  return heads.map(([name, head]) => {
    findAttention(model, name, head);
    return [
      `${name}.z`,
      (z) => {
        const off = copied(z);
        for (let sentence = 0; sentence < z.shape[0]!; sentence++) headOf(off, sentence, head).fill(0);
        return off;
      },
    ];
  });
}

/** A head's numbers in [batch, head, …], where they are. */
function headOf({ shape, data }: Tensor, sentence: number, head: number): Float32Array {
  const size = shape[2]! * shape[3]!;
  return data.subarray((sentence * shape[1]! + head) * size, (sentence * shape[1]! + head + 1) * size);
}

/** The query at position q may not look at the key at position k, for each edge. The other weights of the row share what is
 * left, as the softmax does. While decoding one word at a time q counts from the beginning of the sentence. */
export function edgesBlocked(model: Transformer, edges: Edge[]): Change[] {
  return [...new Set(edges.map(([name]) => name))].flatMap((name) => {
    findAttention(model, name);
    const of = edges.filter((edge) => edge[0] === name);
    let first = 0; // where this pass begins: later than 0 when decoding one word at a time
    return [
      [`${name.split(".", 1)[0]}.input.pos`, (pos) => ((first = pos.data[0]!), pos)],
      [`${name}.scores`, (scores) => blocked(scores, name, of, first)],
    ] satisfies Change[];
  });
}

function blocked(scores: Tensor, name: string, edges: Edge[], first: number): Tensor {
  const changed = copied(scores);
  const [, , queries, keys] = scores.shape as [number, number, number, number];
  for (const [, query, key] of edges) {
    const whole = first === 0 && queries > 1;
    if (query < 0 || key < 0 || (whole && (query >= queries || key >= keys)))
      throw new WhatIfError(`no edge (${query}, ${key}) in ${name}: it has ${queries} queries and ${keys} keys`);
    if (query < first || query >= first + queries || key >= keys) continue;
    for (let i = (query - first) * keys + key; i < changed.data.length; i += queries * keys)
      changed.data[i] = -Infinity;
  }
  for (const row of rowsOf(changed))
    if (row.every((score) => score === -Infinity))
      throw new WhatIfError(`with these edges blocked a query of ${name} has nothing left to look at`);
  return changed;
}

/** Turn a head to another word: a query gives all its weight in this head to these keys (a word's pieces), which share it as
 * they shared what they had; where they had nothing, equally. Of two turns of one query the last holds. While decoding the
 * query counts from the beginning of the target. */
export function turned(model: Transformer, turns: Turn[]): Change[] {
  const last = new Map(turns.map((turn) => [turn.slice(0, 3).join(), turn]));
  return [...last.values()].flatMap(([name, head, query, some]) => {
    findAttention(model, name, head);
    const keys = [...new Set(some)];
    if (!keys.length || Math.min(query, ...keys) < 0)
      throw new WhatIfError(
        `${query} cannot be turned to ${keys.join(", ")} in ${name}: wanted positions from 0, a key or more`,
      );
    if (/^decoder.*self_attention$/.test(name) && Math.max(...keys) > query)
      throw new WhatIfError(
        `${query} may not look at ${Math.max(...keys)} in ${name}: a word of the target sees no later one`,
      );
    let first = 0;
    /** The query's row in a pass of so many; nothing where it comes later, or was before. */
    const rowOf = (queries: number): number | undefined => {
      const whole = name.startsWith("encoder") || (first === 0 && queries > 1);
      if (whole && query >= queries) throw new WhatIfError(`no query ${query} in ${name}: it has ${queries}`);
      return query >= first && query < first + queries ? query - first : undefined;
    };
    const check = (scores: Tensor): Tensor => {
      const row = rowOf(scores.shape[2]!);
      if (row === undefined) return scores;
      if (Math.max(...keys) >= scores.shape[3]!)
        throw new WhatIfError(`no key ${Math.max(...keys)} in ${name}: it has ${scores.shape[3]}`);
      for (const of of rowsOfQuery(scores, head, row))
        if (keys.some((key) => of[key] === -Infinity))
          throw new WhatIfError(`${query} may not look at ${keys.join(", ")} in ${name}: the edge is blocked`);
      return scores;
    };
    const change = (weights: Tensor): Tensor => {
      const row = rowOf(weights.shape[2]!);
      if (row === undefined) return weights;
      const all = copied(weights);
      for (const of of rowsOfQuery(all, head, row)) {
        const had = keys.map((key) => of[key]!);
        const total = had.reduce((sum, one) => sum + one, 0);
        of.fill(0);
        keys.forEach((key, n) => (of[key] = total > 0 ? had[n]! / total : 1 / keys.length));
      }
      return all;
    };
    return [
      [`${name.split(".", 1)[0]}.input.pos`, (pos) => ((first = pos.data[0]!), pos)],
      [`${name}.scores`, check],
      [`${name}.weights`, change],
    ] satisfies Change[];
  });
}

/** One query's row of a head, in each sentence of the batch, to be changed where it is. */
function rowsOfQuery(x: Tensor, head: number, row: number): Float32Array[] {
  const width = x.shape[3]!;
  return Array.from({ length: x.shape[0]! }, (_, sentence) =>
    headOf(x, sentence, head).subarray(row * width, (row + 1) * width),
  );
}

export interface HeadRanking {
  /** Every head of the model, the most important first. */
  heads: HeadIndex[];
  /** Row i: log P of each target token with `heads[i]` off, minus the same with all heads on. Negative: it helped. */
  change: number[][];
  /** log P of each target token with all heads on. */
  logProbabilities: number[];
}

const RANKED_AT_ONCE = 500_000; // numbers in the widest of all rows that are computed together: 2 MB

/** How many heads are ranked in one pass. */
export const headsAtOnce = ({ facts }: Transformer, source: number[], target: number[]): number =>
  Math.max(1, Math.floor(RANKED_AT_ONCE / (Math.max(source.length, target.length) * facts.d_ff)));

/** log P of each token after bos: row 0 with all heads on, row i with `heads[i − 1]` alone off.
 *
 * All are one pass of a batch that begins with one sentence and grows: at its head each row branches off the first, which
 * has all heads on. So nothing that lies before a head is computed a second time for it. `target` begins with bos and ends
 * with eos. */
export function withEachOff(model: Transformer, source: number[], target: number[], heads: HeadIndex[]): number[][] {
  const inOrder = [...attentions(model).keys()].flatMap((name) => heads.filter((head) => head[0] === name));
  const ofEncoder = inOrder.filter(([name]) => name.startsWith("encoder")).length;
  const first = "decoder.layers.0.self_attention";
  const early = inOrder.filter(([name]) => name === first).length;
  const branches: Change[] = [...attentions(model).keys()].map((name) => [
    `${name}.z`,
    (z) =>
      branching(
        z,
        inOrder.filter((head) => head[0] === name),
      ),
  ]);
  // What the encoder's heads changed are as many memories. They meet the decoder where it first looks at them.
  const order = [...Array<number>(1 + ofEncoder).fill(0), ...Array.from({ length: early }, (_, n) => n + 1)];
  const meeting: Change = [`${first}_add_norm.output`, (x) => select(x, order)];
  const states = changed(model, [...branches, meeting], () =>
    model.decode([target.slice(0, -1)], model.encode(source)),
  );
  const rows = Array.from({ length: states.shape[0]! }, (_, n) =>
    logProbabilities(model, select(states, [n]), target.slice(1)),
  );
  return [rows[0]!, ...heads.map((head) => rows[inOrder.indexOf(head) + 1]!)];
}

/** z [batch, head, query, d_v], and after it its first sentence again for each of these heads, without that head. */
function branching(z: Tensor, heads: HeadIndex[]): Tensor {
  const batch = z.shape[0]!;
  const all = select(z, [...Array(batch).keys(), ...heads.map(() => 0)]);
  heads.forEach(([, head], n) => headOf(all, batch + n, head).fill(0));
  return all;
}

/** log P of each of these tokens, from the decoder's output of one sentence. */
export function logProbabilities(model: Transformer, states: Tensor, tokens: number[]): number[] {
  const logits = model.predict(states);
  return [...rowsOf(logits)].map((row, n) => row[tokens[n]!]! - logSumExp(row));
}

/** The worth of each head, from what `withEachOff` found for each of them. */
export function rankingOf(heads: HeadIndex[], base: number[], withoutEach: number[][]): HeadRanking {
  const change = withoutEach.map((row) => row.map((one, n) => one - base[n]!));
  const sums = change.map((row) => row.reduce((sum, one) => sum + one, 0));
  const order = heads.map((_, n) => n).sort((a, b) => sums[a]! - sums[b]!);
  return { heads: order.map((n) => heads[n]!), change: order.map((n) => change[n]!), logProbabilities: base };
}
