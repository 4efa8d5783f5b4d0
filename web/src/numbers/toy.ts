/** Sizes that fit a hand: four numbers a word, three a query, as the article draws them. The numbers are made up and small;
 * what is computed of them is computed. */

export const X = [
  [1, 0, 2, 1],
  [0, 2, 1, 0],
  [1, 1, 0, 2],
];
export const W = {
  q: [
    [1, 0, 1],
    [0, 1, 0],
    [1, 1, 0],
    [0, 0, 1],
  ],
  k: [
    [0, 1, 1],
    [1, 0, 0],
    [1, 0, 1],
    [0, 1, 0],
  ],
  v: [
    [1, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [0, 2, 0],
  ],
  /** Of a second head. */
  v1: [
    [0, 1, 1],
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
  ],
  o: [
    [1, 0, 0, 0],
    [0, 1, 0, 1],
    [0, 0, 1, 0],
    [0, 0, 1, 0],
    [1, 0, 0, 1],
    [0, 1, 0, 0],
  ],
  /** The feed-forward layer: wider, and back. */
  first: [
    [1, -1, 0, 1, -2, 0],
    [0, 1, -1, 0, 1, 1],
    [-1, 0, 1, 1, 0, -1],
    [0, 1, 0, -1, 1, 0],
  ],
  second: [
    [1, 0, 0, 1],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [1, 0, 0, -1],
    [0, 1, 1, 0],
    [0, 0, 1, 0],
  ],
  out: [
    [1, 0, 0],
    [0, 1, 0],
    [1, 0, 1],
    [0, 1, 0],
  ],
};

export const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => b[0]!.map((_, col) => row.reduce((sum, value, n) => sum + value * b[n]![col]!, 0)));

export const flipped = (a: number[][]): number[][] => a[0]!.map((_, col) => a.map((row) => row[col]!));

export const shares = (scores: number[]): number[] => {
  const most = Math.max(...scores);
  const parts = scores.map((score) => Math.exp(score - most));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / total);
};

/** One word through one head: its scores, what √d_k makes of them, the shares, and what is mixed with them. */
export function head(
  word: number,
  values = W.v,
): { scores: number[]; divided: number[]; weights: number[]; v: number[][]; z: number[] } {
  const q = times([X[word]!], W.q);
  const scores = times(q, flipped(times(X, W.k)))[0]!;
  const divided = scores.map((score) => score / Math.sqrt(W.q[0]!.length));
  const weights = shares(divided);
  const v = times(X, values);
  return { scores, divided, weights, v, z: times([weights], v)[0]! };
}

/** A row's mean and spread (the root of the mean square distance from it), and the row with mean 0 and spread 1. */
export function normalised(row: ArrayLike<number>): { mean: number; spread: number; row: number[] } {
  const values = Array.from(row);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { mean, spread, row: values.map((value) => (value - mean) / (spread || 1)) };
}
