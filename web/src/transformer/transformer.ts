/** §3.1 Encoder and decoder stacks, §3.4 embeddings and softmax: the whole model of figure 1. */
import type { ModelFacts, SpecialIds } from "../numbers/wire";
import { Cache } from "./cache";
import { DecoderLayer, EncoderLayer, LayerNorm, type Making } from "./layers";
import { PositionalEncoding } from "./positions";
import { Module, Probe } from "./probe";
import type { Matrix, Products } from "./products";
import { add, rowsOf, softmax, type Tensor, tensor } from "./tensor";
import type { Weights } from "./weights";

/** The bottom of both stacks in figure 1: §3.4 embeddings times √d_model, plus §3.5 positional encodings. */
class Input extends Module {
  readonly ids = new Probe("position", "the tokens' numbers");
  readonly pos = new Probe("position", "§3.5, pos");
  readonly embeddings = new Probe("position d_model", "§3.4, embeddings times √d_model");
  readonly positions = new Probe("position d_model", "§3.5, PE");
  readonly x = new Probe("position d_model", "§3.5, embeddings + PE: the X of the article");
  private readonly encoding: PositionalEncoding;

  constructor(facts: ModelFacts) {
    super();
    this.encoding = new PositionalEncoding(facts.positions, facts.d_model, facts.first_position);
  }

  /** `ids` of a batch, all of one length, the first of which stands at position `start`. */
  forward(ids: number[][], embedding: (id: number) => Float32Array, start = 0): Tensor {
    const [batch, length] = [ids.length, ids[0]!.length];
    this.ids.see(tensor([batch, length], Float32Array.from(ids.flat())));
    this.pos.see(
      tensor(
        [1, length],
        Float32Array.from({ length }, (_, n) => start + n),
      ),
    );
    const rows = ids.flat().map(embedding);
    const d_model = rows[0]!.length;
    const embeddings = tensor([batch, length, d_model]);
    rows.forEach((row, n) =>
      embeddings.data.set(
        row.map((one) => one * Math.sqrt(d_model)),
        n * d_model,
      ),
    );
    const positions = tensor([1, length, d_model], this.encoding.forward(start, length));
    const seen = this.embeddings.see(embeddings);
    return this.x.see(add(this.positions.see(positions), seen));
  }
}

/** §3.1 "The encoder is composed of a stack of N = 6 identical layers". */
class Encoder extends Module {
  readonly input: Input;
  readonly layers: EncoderLayer[];
  readonly norm: LayerNorm | undefined;
  readonly memory = new Probe("position d_model", "§3.1, the encoder's output");

  constructor(learned: Weights, making: Making, facts: ModelFacts) {
    super();
    this.input = new Input(facts);
    this.layers = Array.from(
      { length: facts.encoder_layers },
      (_, n) => new EncoderLayer(learned.of(`layers.${n}`), making),
    );
    this.norm = facts.norm === "pre" ? new LayerNorm(learned.of("norm")) : undefined;
  }

  forward(x: Tensor): Tensor {
    for (const layer of this.layers) x = layer.forward(x, "everything");
    return this.memory.see(this.norm ? this.norm.forward(x) : x);
  }
}

/** §3.1 "The decoder is also composed of a stack of N = 6 identical layers". */
class Decoder extends Module {
  readonly input: Input;
  readonly layers: DecoderLayer[];
  readonly norm: LayerNorm | undefined;

  constructor(learned: Weights, making: Making, facts: ModelFacts) {
    super();
    this.input = new Input(facts);
    this.layers = Array.from(
      { length: facts.decoder_layers },
      (_, n) => new DecoderLayer(learned.of(`layers.${n}`), making),
    );
    this.norm = facts.norm === "pre" ? new LayerNorm(learned.of("norm")) : undefined;
  }

  forward(x: Tensor, memory: Tensor, cache?: Cache): Tensor {
    for (const [number, layer] of this.layers.entries()) x = layer.forward(x, memory, cache?.layers[number]);
    return this.norm ? this.norm.forward(x) : x;
  }
}

/** The model of figure 1, for token ids. `facts` say its sizes; one vocabulary serves both languages (§3.4). */
export class Transformer extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly logits = new Probe("position vocabulary", "§3.4, the linear transformation");
  readonly probabilities = new Probe("position vocabulary", "§3.4, softmax: next-token probabilities");
  /** §3.4 "we share the same weight matrix between the two embedding layers and the pre-softmax linear" one */
  private readonly embedding: Matrix;
  private readonly output_bias: Float32Array | undefined;

  constructor(
    learned: Weights,
    readonly facts: ModelFacts,
    readonly special: SpecialIds,
    private readonly products: Products,
  ) {
    super();
    const making = { heads: facts.heads, norm: facts.norm, products };
    this.embedding = learned.matrix("embedding.weight");
    this.output_bias = learned.vector("output_bias");
    this.encoder = new Encoder(learned.of("encoder"), making, facts);
    this.decoder = new Decoder(learned.of("decoder"), making, facts);
  }

  /** Teacher forcing: the logits of the token after each target token. The target begins with bos ("shifted right"). */
  forward(source: number[], target: number[]): Tensor {
    return this.predict(this.decode([target], this.encode(source)));
  }

  /** The memory of a sentence: [1, source, d_model]. */
  encode(source: number[]): Tensor {
    return this.encoder.forward(this.encoder.input.forward([source], this.vector));
  }

  /** The decoder's output for each target token: [batch, target, d_model]. With a `cache` the ids are the ones that follow
   * those already decoded: one step at a time. */
  decode(targets: number[][], memory: Tensor, cache?: Cache): Tensor {
    return this.decoder.forward(this.decoder.input.forward(targets, this.vector, cache?.length), memory, cache);
  }

  /** §3.4 "the usual learned linear transformation": the next token's logits; their softmax is its probability. */
  predict(states: Tensor): Tensor {
    const logits = this.logits.see(this.products.linear(states, this.embedding, this.output_bias));
    if (this.probabilities.watcher) {
      const probabilities = tensor(logits.shape, logits.data.slice());
      for (const row of rowsOf(probabilities)) softmax(row);
      this.probabilities.see(probabilities);
    }
    return logits;
  }

  newCache(): Cache {
    return new Cache(this.facts.decoder_layers);
  }

  /** A token's row of the embedding. */
  vector = (id: number): Float32Array => this.products.row(this.embedding, id);
}
