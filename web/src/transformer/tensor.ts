/** Numbers with axes, row by row, the last axis being the quickest. */
export interface Tensor {
  shape: number[];
  data: Float32Array;
}

export const tensor = (shape: number[], data: Float32Array = new Float32Array(count(shape))): Tensor => ({
  shape,
  data,
});

export const count = (shape: number[]): number => shape.reduce((product, size) => product * size, 1);

/** Numbers in one sentence of a batch. */
const perSentence = ({ shape }: Tensor): number => count(shape.slice(1));

/** The number of a sentence of a batch in a tensor that may have fewer: the further ones are like its first. So one
 * memory serves all hypotheses of a beam, and what branches off goes on from the first (what_if.ts, rankHeads). */
export const sentenceOf = ({ shape }: Tensor, number: number): number => (number < shape[0]! ? number : 0);

/** x + y for each sentence of y. */
export function add(x: Tensor, y: Tensor): Tensor {
  const sum = tensor(y.shape);
  const size = perSentence(y);
  for (let number = 0; number < y.shape[0]!; number++) {
    const from = sentenceOf(x, number) * size;
    const to = number * size;
    for (let i = 0; i < size; i++) sum.data[to + i] = x.data[from + i]! + y.data[to + i]!;
  }
  return sum;
}

/** These sentences of a batch, in this order; one may come twice. */
export function select(x: Tensor, sentences: ArrayLike<number>): Tensor {
  const size = perSentence(x);
  const chosen = tensor([sentences.length, ...x.shape.slice(1)]);
  for (let number = 0; number < sentences.length; number++)
    chosen.data.set(x.data.subarray(sentences[number]! * size, (sentences[number]! + 1) * size), number * size);
  return chosen;
}

/** The rows of x, however many axes come before the last, each to be changed where it is. */
export function* rowsOf({ shape, data }: Tensor): Generator<Float32Array> {
  const width = shape.at(-1)!;
  for (let start = 0; start < data.length; start += width) yield data.subarray(start, start + width);
}

/** [batch, position, part · head · d_k] → one tensor [batch, head, position, d_k] for each part. */
export function split(x: Tensor, parts: number, heads: number): Tensor[] {
  const [batch, positions, width] = x.shape as [number, number, number];
  const d_k = width / parts / heads;
  return Array.from({ length: parts }, (_, part) => {
    const y = tensor([batch, heads, positions, d_k]);
    let to = 0;
    for (let sentence = 0; sentence < batch; sentence++)
      for (let head = 0; head < heads; head++)
        for (let position = 0; position < positions; position++, to += d_k) {
          const from = (sentence * positions + position) * width + (part * heads + head) * d_k;
          for (let i = 0; i < d_k; i++) y.data[to + i] = x.data[from + i]!;
        }
    return y;
  });
}

/** [batch, head, position, d_k] → [batch, position, head · d_k]: the heads side by side. */
export function concatenated(z: Tensor): Tensor {
  const [batch, heads, positions, d_k] = z.shape as [number, number, number, number];
  const y = tensor([batch, positions, heads * d_k]);
  let from = 0;
  for (let sentence = 0; sentence < batch; sentence++)
    for (let head = 0; head < heads; head++)
      for (let position = 0; position < positions; position++, from += d_k) {
        const to = ((sentence * positions + position) * heads + head) * d_k;
        for (let i = 0; i < d_k; i++) y.data[to + i] = z.data[from + i]!;
      }
  return y;
}

/** Numbers as shares that sum to 1, where they are: e^x, divided by their sum. −∞ becomes exactly 0. */
export function softmax(row: Float32Array): void {
  const most = mostOf(row);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] = exp(row[i]! - most);
  for (let i = 0; i < row.length; i++) row[i]! /= sum;
}

/** log of softmax, where it is. */
export function logSoftmax(row: Float32Array): void {
  const all = logSumExp(row);
  for (let i = 0; i < row.length; i++) row[i]! -= all;
}

/** log of the sum of e^x. */
export function logSumExp(row: Float32Array): number {
  const most = mostOf(row);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += exp(row[i]! - most);
  return most + Math.log(sum);
}

function mostOf(row: Float32Array): number {
  let most = -Infinity;
  for (let i = 0; i < row.length; i++) if (row[i]! > most) most = row[i]!;
  return most;
}

const HALVES = Float64Array.from({ length: 128 }, (_, n) => 2 ** -n);

/** e^x for x ≤ 0, to 1e-8 of itself and sooner than Math.exp: x = r − n ln 2, r being at most half of ln 2, so it is 2^−n times
 * e^r by its series. Below e^−87, where float32 has no more digits, 0. */
function exp(x: number): number {
  if (!(x > -87)) return 0;
  const n = (0.5 - x * Math.LOG2E) | 0;
  const r = x + n * Math.LN2;
  const rest = 1 / 120 + r * (1 / 720 + r * (1 / 5040));
  return HALVES[n]! * (1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * rest)))));
}
