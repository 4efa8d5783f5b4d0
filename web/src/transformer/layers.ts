/** §3.1 Encoder and decoder layers, §3.3 feed-forward networks. There is no dropout: nothing is trained here. */
import { type Allowed, MultiHeadAttention } from "./attention";
import type { KeysAndValues } from "./cache";
import { Module, Probe } from "./probe";
import type { Matrix, Products } from "./products";
import { add, rowsOf, type Tensor, tensor } from "./tensor";
import type { Weights } from "./weights";

/** The parts of the layers. */
export interface Making {
  heads: number;
  norm: "post" | "pre";
  products: Products;
}

/** §3.3 Position-wise feed-forward network, equation 2:
 *
 *     FFN(x) = max(0, x W_1 + b_1) W_2 + b_2 */
export class FeedForward extends Module {
  private readonly w_1: Matrix;
  private readonly b_1: Float32Array;
  private readonly w_2: Matrix;
  private readonly b_2: Float32Array;
  readonly inner = new Probe("position d_ff", "§3.3, max(0, x W_1 + b_1)");
  readonly output = new Probe("position d_model", "§3.3, FFN(x)");

  constructor(
    learned: Weights,
    private readonly products: Products,
  ) {
    super();
    [this.w_1, this.w_2] = [learned.matrix("w_1.weight"), learned.matrix("w_2.weight")];
    [this.b_1, this.b_2] = [learned.vector("w_1.bias")!, learned.vector("w_2.bias")!];
  }

  forward(x: Tensor): Tensor {
    const inner = this.products.linear(x, this.w_1, this.b_1);
    for (let i = 0; i < inner.data.length; i++) if (inner.data[i]! < 0) inner.data[i] = 0;
    return this.output.see(this.products.linear(this.inner.see(inner), this.w_2, this.b_2));
  }
}

/** Layer normalization (Ba et al. 2016): each position's numbers with mean 0 and variance 1, times learned gains, plus
 * learned biases. It is a window of its own: what it puts out is what a pre-norm model's matrices multiply. */
export class LayerNorm extends Probe {
  private readonly gains: Float32Array;
  private readonly biases: Float32Array;

  constructor(learned: Weights) {
    super("position d_model", "§3.1, layer normalization, of pre-norm models");
    [this.gains, this.biases] = [learned.vector("weight")!, learned.vector("bias")!];
  }

  forward(x: Tensor): Tensor {
    const y = tensor(x.shape, x.data.slice());
    for (const row of rowsOf(y)) {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < row.length; i++) sum += row[i]!;
      const mean = sum / row.length;
      for (let i = 0; i < row.length; i++) squares += (row[i]! - mean) ** 2;
      const scale = 1 / Math.sqrt(squares / row.length + 1e-5);
      for (let i = 0; i < row.length; i++) row[i] = (row[i]! - mean) * scale * this.gains[i]! + this.biases[i]!;
    }
    return this.see(y);
  }
}

/** §3.1 "a residual connection around each of the two sub-layers, followed by layer normalization":
 *
 *     LayerNorm(x + Sublayer(x))      or, pre-norm, which the paper does not have:      x + Sublayer(LayerNorm(x)) */
export class AddAndNorm extends Module {
  readonly norm: LayerNorm;
  private readonly preNorm: boolean;
  readonly output = new Probe(
    "position d_model",
    "§3.1, LayerNorm(x + Sublayer(x)), or pre-norm x + Sublayer(LayerNorm(x))",
  );

  constructor(learned: Weights, { norm }: Making) {
    super();
    this.norm = new LayerNorm(learned.of("norm"));
    this.preNorm = norm === "pre";
  }

  forward(x: Tensor, sublayer: (x: Tensor) => Tensor): Tensor {
    if (this.preNorm) return this.output.see(add(x, sublayer(this.norm.forward(x))));
    return this.output.see(this.norm.forward(add(x, sublayer(x))));
  }
}

/** §3.1 "two sub-layers": multi-head self-attention, and a feed-forward network. */
export class EncoderLayer extends Module {
  readonly self_attention: MultiHeadAttention;
  readonly self_attention_add_norm: AddAndNorm;
  readonly feed_forward: FeedForward;
  readonly feed_forward_add_norm: AddAndNorm;

  constructor(learned: Weights, making: Making) {
    super();
    this.self_attention = new MultiHeadAttention(learned.of("self_attention"), making.heads, making.products);
    this.self_attention_add_norm = new AddAndNorm(learned.of("self_attention_add_norm"), making);
    this.feed_forward = new FeedForward(learned.of("feed_forward"), making.products);
    this.feed_forward_add_norm = new AddAndNorm(learned.of("feed_forward_add_norm"), making);
  }

  forward(x: Tensor, allowed: Allowed): Tensor {
    x = this.self_attention_add_norm.forward(x, (x) => this.self_attention.forward(x, allowed));
    return this.feed_forward_add_norm.forward(x, (x) => this.feed_forward.forward(x));
  }
}

/** §3.1 "inserts a third sub-layer, which performs multi-head attention over the output of the encoder stack". */
export class DecoderLayer extends Module {
  readonly self_attention: MultiHeadAttention;
  readonly self_attention_add_norm: AddAndNorm;
  readonly cross_attention: MultiHeadAttention;
  readonly cross_attention_add_norm: AddAndNorm;
  readonly feed_forward: FeedForward;
  readonly feed_forward_add_norm: AddAndNorm;

  constructor(learned: Weights, making: Making) {
    super();
    this.self_attention = new MultiHeadAttention(learned.of("self_attention"), making.heads, making.products);
    this.self_attention_add_norm = new AddAndNorm(learned.of("self_attention_add_norm"), making);
    this.cross_attention = new MultiHeadAttention(learned.of("cross_attention"), making.heads, making.products);
    this.cross_attention_add_norm = new AddAndNorm(learned.of("cross_attention_add_norm"), making);
    this.feed_forward = new FeedForward(learned.of("feed_forward"), making.products);
    this.feed_forward_add_norm = new AddAndNorm(learned.of("feed_forward_add_norm"), making);
  }

  forward(x: Tensor, memory: Tensor, [own, ofMemory]: [KeysAndValues?, KeysAndValues?] = []): Tensor {
    x = this.self_attention_add_norm.forward(x, (x) => this.self_attention.forward(x, "causal", undefined, own));
    x = this.cross_attention_add_norm.forward(x, (x) =>
      this.cross_attention.forward(x, "everything", memory, ofMemory),
    );
    return this.feed_forward_add_norm.forward(x, (x) => this.feed_forward.forward(x));
  }
}
