/** How a number came about: a dot product written out, a softmax written out. */
import { at, type Dense, type Matrix } from "./data";

export interface Term {
  n: number;
  left: number;
  right: number;
  product: number;
}

export interface Sum {
  /** The largest products, and what all the others make together. */
  terms: Term[];
  others: number;
  count: number;
  bias: number;
  /** The divisor after the sum: √d_k, or 1. */
  divisor: number;
  result: number;
  /** How far the result may be off because its terms were stored with an error. */
  slack: number;
}

/** Row `row` of `left` times column `col` of `right`. */
export function dotProduct(
  left: Matrix,
  right: Matrix,
  row: number,
  col: number,
  options: { divisor?: number; bias?: number; most?: number; errors?: [left: number, right: number] } = {},
): Sum {
  const { divisor = 1, bias = 0, most = 5, errors = [0, 0] } = options;
  const all: Term[] = [];
  let [sum, slack] = [0, 0];
  for (let n = 0; n < left.cols; n++) {
    const [a, b] = [at(left, row, n), at(right, n, col)];
    all.push({ n, left: a, right: b, product: a * b });
    sum += a * b;
    slack += (Math.abs(a) + errors[0]) * errors[1] + Math.abs(b) * errors[0];
  }
  const terms = all.sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, most);
  const others = sum - terms.reduce((part, term) => part + term.product, 0);
  return { terms, others, count: left.cols, bias, divisor, result: (sum + bias) / divisor, slack: slack / divisor };
}

export interface Softmax {
  score: number;
  highest: number;
  share: number;
  total: number;
  result: number;
}

/** Row `row` of the scores through the softmax, at `col`. */
export function softmax(scores: Matrix, row: number, col: number): Softmax {
  let highest = -Infinity;
  for (let n = 0; n < scores.cols; n++) highest = Math.max(highest, at(scores, row, n));
  let total = 0;
  for (let n = 0; n < scores.cols; n++) total += Math.exp(at(scores, row, n) - highest);
  const score = at(scores, row, col);
  const share = Math.exp(score - highest);
  return { score, highest, share, total, result: share / total };
}

/** W^Q (0), W^K (1) or W^V (2) of a head, d_model × d_k, out of the packed w_qkv [matrix, head, d_k, d_model]. */
export function projection(packed: Dense, which: number, head: number): Matrix {
  const [, heads, width, model] = packed.shape as [number, number, number, number];
  return {
    rows: model,
    cols: width,
    data: packed.data,
    start: (which * heads + head) * width * model,
    rowStride: 1,
    colStride: model,
  };
}

/** W^O, heads · d_v × d_model, out of w_o.weight [d_model, head, d_v]. */
export function outputMatrix(weight: Dense): Matrix {
  const model = weight.shape[0]!;
  const width = weight.data.length / model;
  return { rows: width, cols: model, data: weight.data, start: 0, rowStride: 1, colStride: width };
}

const strips = new WeakMap<Dense, Matrix>();

/** Concat(Z₀ … Zₕ), queries × heads · d_v, out of z [head, query, d_v]: the same numbers in another order do not travel twice. */
export function concatenated(z: Dense): Matrix {
  const known = strips.get(z);
  if (known) return known;
  const [heads, rows, width] = z.shape as [number, number, number];
  const data = new Float32Array(z.data.length);
  for (let head = 0; head < heads; head++)
    for (let row = 0; row < rows; row++)
      data.set(
        z.data.subarray((head * rows + row) * width, (head * rows + row + 1) * width),
        (row * heads + head) * width,
      );
  const made = { rows, cols: heads * width, data, start: 0, rowStride: heads * width, colStride: 1 };
  strips.set(z, made);
  return made;
}

/** Where scores are −∞ nobody may look: 1 is allowed, 0 is not. */
export function allowed(scores: Matrix): Matrix {
  const data = new Float32Array(scores.rows * scores.cols);
  for (let row = 0; row < scores.rows; row++)
    for (let col = 0; col < scores.cols; col++)
      data[row * scores.cols + col] = at(scores, row, col) === -Infinity ? 0 : 1;
  return { rows: scores.rows, cols: scores.cols, data, start: 0, rowStride: scores.cols, colStride: 1 };
}

/** The cell of a row that is farthest from 0. */
export function loudest(matrix: Matrix, row: number): number {
  let best = 0;
  for (let col = 1; col < matrix.cols; col++)
    if (Number.isFinite(at(matrix, row, col)) && Math.abs(at(matrix, row, col)) > Math.abs(at(matrix, row, best)))
      best = col;
  return best;
}
