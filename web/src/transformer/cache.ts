/** The memory of decoding one word at a time, so that a step computes one row and not the whole sentence again. */
import { select, type Tensor, tensor } from "./tensor";

/** The keys and values that an attention has computed already: [batch, head, key, d_k]. */
export class KeysAndValues {
  private rows: [Tensor, Tensor] | undefined;

  get length(): number {
    return this.rows?.[0].shape[2] ?? 0;
  }

  /** Add new rows and give all of them back. */
  extend(keys: Tensor, values: Tensor): [Tensor, Tensor] {
    this.rows = this.rows ? [longer(this.rows[0], keys), longer(this.rows[1], values)] : [keys, values];
    return this.rows;
  }

  all(): [Tensor, Tensor] {
    return this.rows!;
  }

  select(sentences: ArrayLike<number>): void {
    if (this.rows) this.rows = [select(this.rows[0], sentences), select(this.rows[1], sentences)];
  }
}

function longer(before: Tensor, after: Tensor): Tensor {
  const [batch, heads, keys, width] = before.shape as [number, number, number, number];
  const [old, more] = [keys * width, after.shape[2]! * width];
  const all = tensor([batch, heads, keys + after.shape[2]!, width]);
  for (let row = 0; row < batch * heads; row++) {
    all.data.set(before.data.subarray(row * old, (row + 1) * old), row * (old + more));
    all.data.set(after.data.subarray(row * more, (row + 1) * more), row * (old + more) + old);
  }
  return all;
}

/** Per decoder layer the keys and values of both attentions. */
export class Cache {
  readonly layers: [KeysAndValues, KeysAndValues][];

  constructor(layers: number) {
    this.layers = Array.from({ length: layers }, () => [new KeysAndValues(), new KeysAndValues()]);
  }

  /** The number of target tokens that have been decoded. */
  get length(): number {
    return this.layers[0]![0].length;
  }

  /** Keep these hypotheses, in this order. All have one source, so the memory's keys and values stay as they are. */
  select(hypotheses: ArrayLike<number>): void {
    for (const [own] of this.layers) own.select(hypotheses);
  }
}
