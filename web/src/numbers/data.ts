/** The numbers of a look: blobs → windows, inflated and decoded when somebody asks for them. */
import type { Group, Look, Numbers as Exact, PackedWindow } from "./wire";

/** A whole tensor. */
export interface Dense {
  kind: "dense";
  window: PackedWindow;
  shape: number[];
  axes: string[];
  data: Float32Array;
}

/** Of each row the K largest weights, and what the others hold together. */
export interface Top {
  kind: "top";
  window: PackedWindow;
  shape: number[];
  axes: string[];
  k: number;
  keys: Uint16Array;
  /** Weights as they travel: ROOT8[root]. */
  roots: Uint8Array;
  rest: Float32Array;
}

export type Tensor = Dense | Top;

/** A matrix inside a tensor, not copied. */
export interface Matrix {
  rows: number;
  cols: number;
  data: Float32Array;
  start: number;
  rowStride: number;
  colStride: number;
}

export const at = (m: Matrix, row: number, col: number): number =>
  m.data[m.start + row * m.rowStride + col * m.colStride]!;

export function plain(rows: number, cols: number, data: Float32Array): Matrix {
  return { rows, cols, data, start: 0, rowStride: cols, colStride: 1 };
}

export const transposed = (m: Matrix): Matrix => ({
  ...m,
  rows: m.cols,
  cols: m.rows,
  rowStride: m.colStride,
  colStride: m.rowStride,
});

/** The columns from `first` to before `last`. */
export const columns = (m: Matrix, first: number, last: number): Matrix => ({
  ...m,
  cols: last - first,
  start: m.start + first * m.colStride,
});

/** Head `head` of a [head, row, column] tensor, or all of a [row, column] one. */
export function matrix(tensor: Dense, head = 0): Matrix {
  const [rows, cols] = tensor.shape.slice(-2) as [number, number];
  const start = tensor.shape.length > 2 ? head * rows * cols : 0;
  return { rows, cols, data: tensor.data, start, rowStride: cols, colStride: 1 };
}

/** The bytes of a group. */
export async function inflate(
  deflated: Uint8Array,
  { length, size }: Pick<Group, "length" | "size">,
): Promise<Uint8Array> {
  if (length === size) return deflated; // deflating made it no smaller, so it is there as it is
  const stream = new Blob([deflated as BlobPart]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export const ROOT8 = Float32Array.from({ length: 256 }, (_, q) => (q / 255) ** 2);

/** The numbers of `window` from the bytes of its inflated group. */
export function decode(window: PackedWindow, group: Uint8Array): Tensor {
  const bytes = group.subarray(window.offset, window.offset + window.length);
  const { shape, axes } = window;
  const count = shape.reduce((product, size) => product * size, 1);
  const rows = count / shape.at(-1)!;
  const expected = {
    float32: 4 * count,
    bfloat16: 2 * count,
    root8: count,
    top: rows * (4 + 3 * window.top),
    none: -1,
  }[window.storage];
  if (bytes.length !== expected)
    throw new Error(
      `${window.name}: ${bytes.length} bytes for ${window.storage} of ${shape.join(" × ")}, wanted ${expected}`,
    );
  if (window.storage === "top") return { kind: "top", window, shape, axes, ...tops(aligned(bytes), rows, window.top) };
  return { kind: "dense", window, shape, axes, data: floats(window.storage, aligned(bytes), count) };
}

/** Typed arrays stand on multiples of their size: Python aligns to 4; whatever is not is copied. All browsers' machines are little endian. */
const aligned = (bytes: Uint8Array): Uint8Array => (bytes.byteOffset % 4 ? bytes.slice() : bytes);

function floats(storage: string, bytes: Uint8Array, count: number): Float32Array {
  if (storage === "float32") return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  if (storage === "root8") {
    const values = new Float32Array(count);
    for (let n = 0; n < count; n++) values[n] = ROOT8[bytes[n]!]!; // several times as quick as Float32Array.from
    return values;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count); // a bfloat16 is the upper half of a float32
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** The rests of all rows, then K keys a row, then K roots a row: looked at where they lie. */
function tops({ buffer, byteOffset }: Uint8Array, rows: number, k: number) {
  const keys = byteOffset + 4 * rows;
  return {
    k,
    rest: new Float32Array(buffer, byteOffset, rows),
    keys: new Uint16Array(buffer, keys, rows * k),
    roots: new Uint8Array(buffer, keys + 2 * rows * k, rows * k),
  };
}

/** Fetches a window where the page is live, exact: whole, or the part of it at the first axes `at`. */
export type Fetch = (look: Look, window: PackedWindow, learned: boolean, at: number[]) => Promise<Tensor>;

/** The numbers that the page draws from. `get` answers at once, with nothing until the numbers are there; then `arrived` is called. */
export class Numbers {
  arrived: () => void = () => {};
  failed: (error: unknown) => void = () => {};
  private readonly windows = new Map<string, PackedWindow>();
  private readonly learned = new Set<string>();
  private readonly inflated = new Map<string, Promise<Uint8Array>>();
  private readonly tensors = new Map<string, Tensor>();
  private readonly asked = new Map<string, Promise<Tensor>>();
  private readonly lost = new Set<string>();

  constructor(
    readonly look: Look,
    private readonly blob: (group: Group) => Uint8Array | Promise<Uint8Array>,
    private readonly fetch?: Fetch,
  ) {
    for (const window of [...look.windows, ...look.weights]) this.windows.set(window.name, window);
    for (const window of look.weights) this.learned.add(window.name);
  }

  has(name: string): boolean {
    const window = this.windows.get(name);
    return window !== undefined && (window.storage !== "none" || this.fetch !== undefined);
  }

  window(name: string): PackedWindow | undefined {
    return this.windows.get(name);
  }

  get(name: string): Tensor | undefined {
    const there = this.tensors.get(name);
    if (there || this.asked.has(name) || !this.has(name)) return there;
    this.load(name).then(
      () => this.arrived(),
      (error) => this.fail(name, error),
    );
    return undefined;
  }

  dense(name: string): Dense | undefined {
    const tensor = this.get(name);
    return tensor?.kind === "dense" ? tensor : undefined;
  }

  /** A row that travelled with an error, exact: nothing until it is here, and never where nobody can be asked. */
  row(name: string, at: number[]): Float32Array | undefined {
    const key = `${name}[${at.join()}]`;
    const [there, window] = [this.tensors.get(key), this.windows.get(name)];
    if (there || this.asked.has(key) || !this.fetch || !window) return there?.kind === "dense" ? there.data : undefined;
    const promise = this.fetch(this.look, window, false, at);
    this.asked.set(key, promise);
    promise.then(
      (tensor) => (this.tensors.set(key, tensor), this.arrived()),
      (error) => this.fail(key, error),
    );
    return undefined;
  }

  /** A request that failed is repeated when somebody does something: with each drawing it would be without an end. */
  retry(): void {
    for (const key of this.lost) this.asked.delete(key);
    this.lost.clear();
  }

  /** Whether a window was asked for, and did not come. */
  failedFor = (name: string): boolean => this.lost.has(name);

  private fail(key: string, error: unknown): void {
    this.lost.add(key);
    this.failed(error);
  }

  /** All attention weights are there, or did not come. */
  async weights(): Promise<void> {
    const names = this.look.windows.filter(
      ({ name, storage }) => name.endsWith("attention.weights") && storage !== "none",
    );
    await Promise.allSettled(names.map(({ name }) => this.load(name)));
  }

  load(name: string): Promise<Tensor> {
    let promise = this.asked.get(name);
    if (!promise) {
      promise = this.read(name);
      this.asked.set(name, promise);
    }
    return promise;
  }

  private async read(name: string): Promise<Tensor> {
    const window = this.windows.get(name);
    if (!window) throw new Error(`no window ${name}`);
    const tensor =
      window.storage === "none" && this.fetch
        ? await this.fetch(this.look, window, this.learned.has(name), [])
        : decode(window, await this.group(window.group));
    this.tensors.set(name, tensor);
    return tensor;
  }

  private group(name: string): Promise<Uint8Array> {
    let promise = this.inflated.get(name);
    if (!promise) {
      const group = this.look.groups.find((one) => one.name === name);
      if (!group) throw new Error(`no group ${name}`);
      promise = Promise.resolve(this.blob(group)).then((bytes) => inflate(bytes, group));
      this.inflated.set(name, promise);
    }
    return promise;
  }
}

/** A body of numbers: header length, header, groups. */
export function parseBody<Header>(body: ArrayBuffer): { header: Header; blob: (group: Group) => Uint8Array } {
  const length = new DataView(body).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length))) as Header;
  return { header, blob: ({ offset, length: size }) => new Uint8Array(body, 4 + length + offset, size) };
}

export function parseLook(body: ArrayBuffer, fetch?: Fetch): Numbers {
  const { header, blob } = parseBody<Look>(body);
  return new Numbers(header, blob, fetch);
}

/** The one window of an answer to /api/weights or /api/rows. */
export async function parseExact(body: ArrayBuffer): Promise<Tensor> {
  const { header, blob } = parseBody<Exact>(body);
  const window = header.windows[0]!;
  const group = header.groups.find(({ name }) => name === window.group)!;
  return decode(window, await inflate(blob(group), group));
}

export function fromBase64(text: string): Uint8Array {
  const quick = (Uint8Array as { fromBase64?: (text: string) => Uint8Array }).fromBase64; // not in every browser yet
  if (quick) return quick.call(Uint8Array, text);
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The look that stands in the page itself, if there is one. */
export function embedded(root: Document, fetch?: Fetch): Numbers | undefined {
  const header = root.getElementById("look")?.textContent;
  if (!header) return undefined;
  const look = JSON.parse(header) as Look;
  const blob = ({ name }: Group) => fromBase64(root.getElementById(`group-${name}`)?.textContent ?? "");
  return new Numbers(look, blob, look.live || root.getElementById("model-comes") ? fetch : undefined);
}
