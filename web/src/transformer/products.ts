/** Products with learned matrices: by the kernel (kernel.wat), or in plain JavaScript where a policy forbids WebAssembly. */
import { KERNEL } from "./kernel";
import { count, type Tensor, tensor } from "./tensor";

/** A learned matrix, [row, column] as in PyTorch. Rows are as long, and as many, as the next multiple of 8: zeros at the ends. */
export interface Matrix {
  rows: number;
  columns: number;
  /** Where it begins, in numbers. */
  start: number;
}

type Kernel = (x: number, rows: number, w: number, columns: number, inner: number, out: number) => void;

const PAGE = 65_536; // bytes of WebAssembly's memory
const ROWS_AT_ONCE = 512; // so that what a product takes and gives stays small beside the weights

/** Padded so that the kernel has nothing left over. */
export const filled = (size: number): number => (size + 7) & ~7;

export class Products {
  /** All matrices, and after them room for what a product takes and gives. */
  private numbers: Float32Array;
  private used = 0;
  private readonly memory: WebAssembly.Memory | undefined;
  private readonly kernel: Kernel;

  /** `quick`: by WebAssembly, where it may run. */
  constructor(quick = true) {
    const made = quick ? assembled() : undefined;
    this.memory = made?.memory;
    this.numbers = made ? new Float32Array(made.memory.buffer) : new Float32Array(0);
    this.kernel = made?.kernel ?? ((...where) => product(this.numbers, ...where));
  }

  /** Whether WebAssembly computes. */
  get quick(): boolean {
    return this.memory !== undefined;
  }

  /** Keep a matrix. */
  keep({ shape, data }: Tensor): Matrix {
    const [rows, columns] = shape as [number, number];
    const matrix = { rows, columns, start: this.used };
    const width = filled(columns);
    this.used += filled(rows) * width;
    this.room(this.used);
    for (let row = 0; row < rows; row++)
      this.numbers.set(data.subarray(row * columns, (row + 1) * columns), matrix.start + row * width);
    return matrix;
  }

  /** One row of a matrix. */
  row({ columns, start }: Matrix, number: number): Float32Array {
    const from = start + number * filled(columns);
    return this.numbers.slice(from, from + columns);
  }

  /** All of a matrix. */
  whole(matrix: Matrix): Tensor {
    const all = tensor([matrix.rows, matrix.columns]);
    for (let row = 0; row < matrix.rows; row++) all.data.set(this.row(matrix, row), row * matrix.columns);
    return all;
  }

  /** x Wᵀ + b: [.., inner] → [.., rows of w]. */
  linear(x: Tensor, w: Matrix, bias?: Float32Array): Tensor {
    const y = tensor([...x.shape.slice(0, -1), w.rows]);
    const all = count(x.shape) / w.columns;
    for (let first = 0; first < all; first += ROWS_AT_ONCE)
      this.some(x.data, y.data, first, Math.min(ROWS_AT_ONCE, all - first), w, bias);
    return y;
  }

  private some(x: Float32Array, y: Float32Array, first: number, rows: number, w: Matrix, bias?: Float32Array): void {
    const [inner, columns] = [filled(w.columns), filled(w.rows)];
    const [from, to] = [this.used, this.used + rows * inner];
    this.room(to + rows * columns);
    for (let row = 0; row < rows; row++) {
      const start = from + row * inner;
      this.numbers.set(x.subarray((first + row) * w.columns, (first + row + 1) * w.columns), start);
      this.numbers.fill(0, start + w.columns, start + inner);
    }
    this.kernel(4 * from, rows, 4 * w.start, columns, inner, 4 * to);
    for (let row = 0; row < rows; row++) {
      const made = to + row * columns;
      const given = (first + row) * w.rows;
      y.set(this.numbers.subarray(made, made + w.rows), given);
      if (bias) for (let i = 0; i < w.rows; i++) y[given + i]! += bias[i]!;
    }
  }

  /** Make room for so many numbers. What lies there stays; other views of it are gone. */
  private room(size: number): void {
    if (size <= this.numbers.length) return;
    if (this.memory) {
      this.memory.grow(Math.ceil((4 * size - this.memory.buffer.byteLength) / PAGE));
      this.numbers = new Float32Array(this.memory.buffer);
    } else {
      const before = this.numbers;
      this.numbers = new Float32Array(Math.ceil(1.25 * size));
      this.numbers.set(before);
    }
  }
}

/** The kernel with a memory of its own; nothing where a policy, or an old browser, has no WebAssembly for us. */
function assembled(): { memory: WebAssembly.Memory; kernel: Kernel } | undefined {
  try {
    const bytes = Uint8Array.from(atob(KERNEL), (character) => character.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { page: { memory } });
    return { memory, kernel: exports["product"] as Kernel };
  } catch {
    return undefined;
  }
}

/** What kernel.wat does, in JavaScript; its places are in bytes. */
function product(
  numbers: Float32Array,
  x: number,
  rows: number,
  w: number,
  columns: number,
  inner: number,
  out: number,
): void {
  for (let column = 0; column < columns; column += 4) {
    const b = (w >> 2) + column * inner;
    for (let row = 0; row < rows; row += 2) {
      const a = (x >> 2) + row * inner;
      const to = (out >> 2) + row * columns + column;
      if (row + 1 < rows) twoByFour(numbers, a, b, inner, to, to + columns);
      else oneByFour(numbers, a, b, inner, to);
    }
  }
}

/** Two rows of x from `a0` on, times four of w from `b0` on: each number of w is fetched once and used twice. */
function twoByFour(numbers: Float32Array, a0: number, b0: number, inner: number, to0: number, to1: number): void {
  const a1 = a0 + inner;
  const b1 = b0 + inner;
  const b2 = b1 + inner;
  const b3 = b2 + inner;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = 0;
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  for (let i = 0; i < inner; i++) {
    const x0 = numbers[a0 + i]!;
    const x1 = numbers[a1 + i]!;
    const w0 = numbers[b0 + i]!;
    const w1 = numbers[b1 + i]!;
    const w2 = numbers[b2 + i]!;
    const w3 = numbers[b3 + i]!;
    s0 += x0 * w0;
    s1 += x0 * w1;
    s2 += x0 * w2;
    s3 += x0 * w3;
    t0 += x1 * w0;
    t1 += x1 * w1;
    t2 += x1 * w2;
    t3 += x1 * w3;
  }
  four(numbers, to0, s0, s1, s2, s3);
  four(numbers, to1, t0, t1, t2, t3);
}

/** One row: every next token is one. It has a loop of its own, as taken twice by the other it would cost a sixth more. */
function oneByFour(numbers: Float32Array, a: number, b0: number, inner: number, to: number): void {
  const b1 = b0 + inner;
  const b2 = b1 + inner;
  const b3 = b2 + inner;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let i = 0; i < inner; i++) {
    const one = numbers[a + i]!;
    s0 += one * numbers[b0 + i]!;
    s1 += one * numbers[b1 + i]!;
    s2 += one * numbers[b2 + i]!;
    s3 += one * numbers[b3 + i]!;
  }
  four(numbers, to, s0, s1, s2, s3);
}

function four(numbers: Float32Array, to: number, s0: number, s1: number, s2: number, s3: number): void {
  numbers[to] = s0;
  numbers[to + 1] = s1;
  numbers[to + 2] = s2;
  numbers[to + 3] = s3;
}
