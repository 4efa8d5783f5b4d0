/** Positional encodings as in the paper (interleaved) and in the article's figure (halves): there is no longest sentence. */
import { at, type Matrix, plain } from "./data";

export const LAYOUTS = ["halves", "interleaved", "halves_exact"] as const;

/** The exponent of a dimension's wavelength, and whether it is a cosine. */
export function wave(layout: string, dims: number, dim: number): { pair: number; cosine: boolean; wavelength: number } {
  const pairs = Math.floor(dims / 2);
  const cosine = layout === "interleaved" ? dim % 2 === 1 : dim >= pairs;
  const pair = layout === "interleaved" ? dim >> 1 : dim % pairs;
  const exponent = pair / (layout === "halves" ? Math.max(pairs - 1, 1) : pairs);
  return { pair, cosine, wavelength: 2 * Math.PI * 10000 ** exponent };
}

export function encodings(layout: string, length: number, dims: number, first = 0): Matrix {
  const data = new Float32Array(length * dims);
  for (let dim = 0; dim < dims; dim++) {
    const { cosine, wavelength } = wave(layout, dims, dim);
    const step = (2 * Math.PI) / wavelength;
    for (let row = 0; row < length; row++)
      data[row * dims + dim] = (cosine ? Math.cos : Math.sin)((first + row) * step);
  }
  return plain(length, dims, data);
}

/** P · Pᵀ: how alike two positions are. */
export function likeness(positions: Matrix): Matrix {
  const { rows, cols } = positions;
  const data = new Float32Array(rows * rows);
  for (let a = 0; a < rows; a++)
    for (let b = a; b < rows; b++) {
      let sum = 0;
      for (let col = 0; col < cols; col++) sum += at(positions, a, col) * at(positions, b, col);
      data[a * rows + b] = data[b * rows + a] = sum;
    }
  return plain(rows, rows, data);
}
