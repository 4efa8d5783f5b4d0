/** A matrix onto a canvas: one pixel a cell, enlarged by the browser. */
import { at, type Matrix } from "../numbers/data";
import type { Scale } from "./colour";

export const MOST_PIXELS = 4_000_000;

/** The pixels of a matrix, RGBA, row by row. */
export function pixels(matrix: Matrix, scale: Scale): Uint8ClampedArray {
  const { rows, cols, data, start, rowStride, colStride } = matrix;
  const out = new Uint8ClampedArray(rows * cols * 4);
  let to = 0;
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) {
      const colour = scale(data[start + row * rowStride + col * colStride]!);
      out[to++] = colour[0];
      out[to++] = colour[1];
      out[to++] = colour[2];
      out[to++] = 255;
    }
  return out;
}

export function paint(canvas: HTMLCanvasElement, matrix: Matrix, scale: Scale): void {
  if (!matrix.rows || !matrix.cols) return;
  canvas.width = matrix.cols;
  canvas.height = matrix.rows;
  canvas
    .getContext("2d")
    ?.putImageData(new ImageData(pixels(matrix, scale) as ImageDataArray, matrix.cols, matrix.rows), 0, 0);
}

/** What 98 of 100 cells stay within, away from 0: one large number shall not make all others pale. */
export function usual(matrix: Matrix): number {
  const { rows, cols } = matrix;
  const step = Math.max(1, Math.floor((rows * cols) / 4000));
  const sample: number[] = [];
  for (let i = 0; i < rows * cols; i += step) {
    const value = Math.abs(at(matrix, Math.floor(i / cols), i % cols));
    if (Number.isFinite(value)) sample.push(value);
  }
  sample.sort((a, b) => a - b);
  return sample[Math.floor((sample.length - 1) * 0.98)] || 1e-9;
}

/** The cell under a point of the drawing, each share from 0 to 1. */
export function cellAt(matrix: { rows: number; cols: number }, x: number, y: number): [row: number, col: number] {
  const inside = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return [inside(y, matrix.rows), inside(x, matrix.cols)];
}

const known = new WeakMap<Float32Array, Map<string, { least: number; highest: number }>>();

/** The lowest and the highest finite number of a matrix, looked for once. */
export function extremes(matrix: Matrix): { least: number; highest: number } {
  const { data, start, rows, cols, rowStride } = matrix;
  const key = `${start} ${rows} ${cols} ${rowStride}`;
  let of = known.get(data);
  if (!of) known.set(data, (of = new Map()));
  let found = of.get(key);
  if (!found) {
    found = { least: Infinity, highest: -Infinity };
    for (let row = 0; row < rows; row++)
      for (let col = 0; col < cols; col++) {
        const value = at(matrix, row, col);
        if (value < found.least && value !== -Infinity) found.least = value;
        if (value > found.highest) found.highest = value;
      }
    of.set(key, found);
  }
  return found;
}
