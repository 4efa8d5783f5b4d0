/** A model's file: the bytes that wire.ts describes → learned matrices, ready to multiply with. */
import { inflate, parseBody } from "../numbers/data";
import type { Learned, Model, Rules, Vocabulary } from "../numbers/wire";
import type { Matrix, Products } from "./products";
import { count, type Tensor, tensor } from "./tensor";

/** The learned matrices and vectors of a model, or of a part of it, by their names. */
export class Weights {
  constructor(
    private readonly products: Products,
    private readonly all: Map<string, Matrix | Float32Array>,
    private readonly prefix = "",
  ) {}

  /** Those whose names begin with `part`. */
  of(part: string): Weights {
    return new Weights(this.products, this.all, `${this.prefix}${part}.`);
  }

  matrix(name: string): Matrix {
    const found = this.all.get(this.prefix + name);
    if (!found || found instanceof Float32Array)
      throw new Error(`the model's file has no matrix ${this.prefix}${name}: write it again`);
    return found;
  }

  /** Nothing where this model has none: not all have every bias. */
  vector(name: string): Float32Array | undefined {
    const found = this.all.get(this.prefix + name);
    return found instanceof Float32Array ? found : undefined;
  }

  /** One of them, copied. */
  tensor(name: string): Tensor | undefined {
    const found = this.all.get(this.prefix + name);
    if (found instanceof Float32Array) return tensor([found.length], found);
    return found && this.products.whole(found);
  }
}

export interface ModelFile {
  header: Model;
  weights: Weights;
  /** Its groups of JSON. */
  tokenizer: Vocabulary;
  rules: Rules;
}

/** Read a model's file, a layer after the other: what is inflated does not stay. */
export async function readModel(body: ArrayBuffer, products: Products): Promise<ModelFile> {
  const { header, blob } = parseBody<Model>(body);
  const all = new Map<string, Matrix | Float32Array>();
  const told: Record<string, unknown> = {};
  for (const group of header.groups) {
    const bytes = await inflate(blob(group), group);
    if (group.name === "tokenizer" || group.name === "rules")
      told[group.name] = JSON.parse(new TextDecoder().decode(bytes));
    for (const learned of header.learned) {
      if (learned.group !== group.name) continue;
      const data = numbersOf(learned, bytes.subarray(learned.offset, learned.offset + learned.length));
      all.set(learned.name, learned.shape.length === 2 ? products.keep(tensor(learned.shape, data)) : data);
    }
  }
  return {
    header,
    weights: new Weights(products, all),
    tokenizer: told["tokenizer"] as Vocabulary,
    rules: told["rules"] as Rules,
  };
}

/** The numbers of one matrix, by its storage. */
export function numbersOf({ name, shape, storage }: Learned, bytes: Uint8Array): Float32Array {
  const size = count(shape);
  const rows = shape.length === 2 ? shape[0]! : 1;
  const wanted = { upper_first_2: 2 * size, upper_first_4: 4 * size, rows_int8: 4 * rows + size }[storage];
  if (bytes.length !== wanted)
    throw new Error(
      `${name}: ${bytes.length} bytes for ${shape.join(" × ")} in ${storage}, wanted ${wanted}: write the model's file again`,
    );
  if (storage === "rows_int8") return fromRows(bytes, rows, size / rows);
  const bits = new Uint32Array(size);
  for (let i = 0; i < size; i++) bits[i] = (bytes[i]! << 24) | (bytes[size + i]! << 16);
  if (storage === "upper_first_4")
    for (let i = 0; i < size; i++) bits[i]! |= (bytes[2 * size + i]! << 8) | bytes[3 * size + i]!;
  return new Float32Array(bits.buffer);
}

/** Each row has a scale, by which its bytes are multiplied. */
function fromRows(bytes: Uint8Array, rows: number, width: number): Float32Array {
  const scales = new Float32Array(bytes.slice(0, 4 * rows).buffer);
  const steps = new Int8Array(bytes.buffer, bytes.byteOffset + 4 * rows, rows * width);
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let i = row * width; i < (row + 1) * width; i++) values[i] = steps[i]! * scales[row]!;
  return values;
}
