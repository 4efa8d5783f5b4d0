/** §3.2 Attention: "mapping a query and a set of key-value pairs to an output". */
import type { KeysAndValues } from "./cache";
import { Module, Probe } from "./probe";
import { filled, type Matrix, type Products } from "./products";
import { concatenated, rowsOf, sentenceOf, softmax, split, type Tensor, tensor } from "./tensor";
import type { Weights } from "./weights";

/** The pairs that may attend: everybody to everything (one sentence has no padding), or not at what comes later. */
export type Allowed = "everything" | "causal";

/** §3.2.1 Scaled dot-product attention, equation 1, with every matrix there:
 *
 *     Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V
 *
 * All are [batch, head, position, d_k]. With "causal" the last query stands at the last key, also when decoding step by
 * step. `scores` and `weights` see the two matrices and may change them. */
export function attention(
  queries: Tensor,
  keys: Tensor,
  values: Tensor,
  allowed: Allowed,
  scores: Probe,
  weights: Probe,
): Tensor {
  const s = scores.see(products(queries, keys, allowed));
  const w = tensor(s.shape, s.data.slice());
  for (const row of rowsOf(w)) softmax(row);
  return mixed(weights.see(w), values);
}

/** Q Kᵀ / √d_k, and −∞ where the query may not look. */
function products(queries: Tensor, keys: Tensor, allowed: Allowed): Tensor {
  const [batch, heads, rows, d_k] = queries.shape as [number, number, number, number];
  const columns = keys.shape[2]!;
  const [q, k] = [queries.data, keys.data];
  const s = tensor([batch, heads, rows, columns]);
  const scale = 1 / Math.sqrt(d_k);
  for (let sentence = 0, to = 0; sentence < batch; sentence++)
    for (let head = 0; head < heads; head++) {
      const first = (sentenceOf(keys, sentence) * heads + head) * columns * d_k;
      for (let row = 0; row < rows; row++) {
        const a = ((sentence * heads + head) * rows + row) * d_k;
        const seen = allowed === "causal" ? columns - rows + row + 1 : columns;
        for (let column = 0; column < columns; column++, to++) {
          if (column >= seen) {
            s.data[to] = -Infinity;
            continue;
          }
          const b = first + column * d_k;
          let sum = 0;
          for (let i = 0; i < d_k; i++) sum += q[a + i]! * k[b + i]!;
          s.data[to] = sum * scale;
        }
      }
    }
  return s;
}

/** The values, mixed by the weights. */
function mixed(weights: Tensor, values: Tensor): Tensor {
  const [batch, heads, rows, columns] = weights.shape as [number, number, number, number];
  const d_v = values.shape[3]!;
  const [w, v] = [weights.data, values.data];
  const z = tensor([batch, heads, rows, d_v]);
  for (let sentence = 0, from = 0, to = 0; sentence < batch; sentence++)
    for (let head = 0; head < heads; head++) {
      const first = (sentenceOf(values, sentence) * heads + head) * columns * d_v;
      for (let row = 0; row < rows; row++, to += d_v)
        for (let column = 0; column < columns; column++, from++) {
          const share = w[from]!;
          if (share === 0) continue;
          const b = first + column * d_v;
          for (let i = 0; i < d_v; i++) z.data[to + i]! += share * v[b + i]!;
        }
    }
  return z;
}

/** §3.2.2 Multi-head attention:
 *
 *     MultiHead(Q, K, V) = Concat(head_1, …, head_h) W^O   where head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)
 *
 * The 3 · h matrices lie packed in one, so that one product computes them all. */
export class MultiHeadAttention extends Module {
  private readonly w_qkv: Matrix;
  private readonly b_qkv: Float32Array | undefined;
  private readonly w_o: Matrix;
  private readonly b_o: Float32Array | undefined;
  readonly queries = new Probe("head query d_k", "§3.2.2, Q W_i^Q");
  readonly keys = new Probe("head key d_k", "§3.2.2, K W_i^K");
  readonly values = new Probe("head key d_v", "§3.2.2, V W_i^V");
  readonly scores = new Probe("head query key", "§3.2.1, QKᵀ/√d_k, −∞ where not allowed");
  readonly weights = new Probe("head query key", "§3.2.1, softmax(QKᵀ/√d_k)");
  readonly z = new Probe("head query d_v", "§3.2.1, softmax(QKᵀ/√d_k)V");
  readonly concatenated = new Probe("query d_model", "§3.2.2, Concat(head_1, …, head_h)");
  readonly output = new Probe("query d_model", "§3.2.2, Concat(head_1, …, head_h) W^O");

  constructor(
    learned: Weights,
    readonly heads: number,
    private readonly products: Products,
  ) {
    super();
    this.w_qkv = learned.matrix("w_qkv");
    this.b_qkv = learned.vector("b_qkv");
    this.w_o = learned.matrix("w_o.weight");
    this.b_o = learned.vector("w_o.bias");
  }

  /** x times W^Q (0), W^K (1), W^V (2) from `first` to before `last`, each [batch, head, position, d_k]. */
  private project(x: Tensor, first: number, last: number): Tensor[] {
    const d_model = this.w_qkv.columns;
    const product = this.products.linear(
      x,
      part(this.w_qkv, first * d_model, last * d_model),
      this.b_qkv?.subarray(first * d_model, last * d_model),
    );
    return split(product, last - first, this.heads);
  }

  /** §3.2.3: queries from `x`; keys and values from `memory` (encoder-decoder attention) or, without one, from `x` itself
   * (self-attention). A `cache` holds the keys and values of earlier calls. */
  forward(x: Tensor, allowed: Allowed, memory?: Tensor, cache?: KeysAndValues): Tensor {
    let q: Tensor, k: Tensor, v: Tensor;
    if (memory && cache?.length) {
      q = this.queries.see(this.project(x, 0, 1)[0]!); // the memory does not change while decoding
      [k, v] = cache.all();
    } else {
      [q, k, v] = (memory ? [...this.project(x, 0, 1), ...this.project(memory, 1, 3)] : this.project(x, 0, 3)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      [q, k, v] = [this.queries.see(q), this.keys.see(k), this.values.see(v)];
      if (cache) [k, v] = cache.extend(k, v);
    }
    const z = this.z.see(attention(q, k, v, allowed, this.scores, this.weights));
    return this.output.see(this.products.linear(this.concatenated.see(concatenated(z)), this.w_o, this.b_o));
  }
}

/** Rows of a matrix, not copied. */
function part(matrix: Matrix, first: number, last: number): Matrix {
  return { rows: last - first, columns: matrix.columns, start: matrix.start + first * filled(matrix.columns) };
}
