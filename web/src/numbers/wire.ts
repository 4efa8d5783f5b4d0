// Generated from src/glassformer/page/wire.py by python -m glassformer.page.types. Do not edit.
/**
 * The messages between Python and the page. ``web/src/numbers/wire.ts`` is made from it:
 * ``python -m glassformer.page.types``.
 *
 * A body of numbers (a Look, or Numbers) is
 *
 *     uint32, little endian     the length of the header in bytes
 *     the header                JSON, UTF-8
 *     the groups                deflated (zlib format), one after the other; Group.offset counts from the end of the header.
 *                               One whose length is its size is there as it is
 *
 * and in a saved file the header is ``<script type="application/json" id="look">`` and each group is base64 in
 * ``<script type="application/octet-stream" id="group-NAME">``. A group is inflated when something in it is wanted;
 * ``PackedWindow.offset`` counts in the inflated group and is a multiple of 4. The content there, by ``PackedWindow.storage``
 * (everything little endian, row by row, the last axis being the quickest):
 *
 *     float32    float32 each: exact; −Infinity where a score is not allowed
 *     bfloat16   uint16 each: the upper half of a float32
 *     root8      uint8 each: the value is (q / 255)²; only for what lies between 0 and 1
 *     top        K = PackedWindow.top, and for each row (the last axis) 3 K + 4 bytes. First of all rows one float32, the sum
 *                of the rest of the row; then of all rows K uint16, the columns of the K largest, the largest first; then of
 *                all rows K uint8, their values as in root8.
 *                The window NAME.pooled beside it holds the means of blocks, of equal size but for the last: root8
 *     none       not here (group "", length 0): POST /api/rows, or /api/weights, has it where the page is live
 *
 * HTTP (live): requests and answers are JSON but where it says otherwise; an error is a status of 400 or more and a Problem.
 *
 *     GET  /api/model                 Start
 *     POST /api/look    Ask           a body of numbers whose header is a Look
 *     POST /api/decode  Ask           a DecodingStep a line (NDJSON), each as it is made; ``target`` is not used
 *     POST /api/rank    Ask           Ranking
 *     POST /api/weights WeightsAsk    a body of numbers whose header is Numbers (one window, exact)
 *     POST /api/rows    RowsAsk       a body of numbers whose header is Numbers (one window, exact)
 *
 * A page that finds ``#look`` in its document is a saved file; where that Look is ``live`` it is in a notebook, and asks its
 * parent window: it posts a BridgeAsk, and a BridgeAnswer comes back with the same ``id``.
 *
 * The model itself can travel, too: a body whose header is a Model, and whose groups hold the tokenizer (JSON, a Vocabulary),
 * how text is read for it (JSON, Rules), and the learned matrices. In a saved file it is base64 in
 * ``<script type="application/octet-stream" id="model">`` behind the page's own script, and ``#model-comes`` in its head says
 * so; in a site it is a file, which a Shelf in
 * ``<script type="application/json" id="shelf">`` names. A saved file without a Look has a Shelf, too, of its one model. Then
 * the page's own Worker answers: it is asked by BridgeAsk, as a notebook is.
 */
export const VERSION = 1;

export type Storage = "float32" | "bfloat16" | "root8" | "top" | "none";

export type LearnedStorage = "upper_first_2" | "upper_first_4" | "rows_int8";

export type Edge = [string, number, number];

export type Turn = [string, number, number, number[]];

export type HeadIndex = [string, number];

/** The model in hand. */
export interface ModelFacts {
  name: string;
  /** Which one of a run's, such as step-00001500; empty for a model that is not in training. */
  checkpoint: string;
  d_model: number;
  heads: number;
  d_k: number;
  d_ff: number;
  encoder_layers: number;
  decoder_layers: number;
  norm: "post" | "pre";
  activation: "relu" | "swish" | "gelu";
  positions: "halves" | "interleaved" | "halves_exact" | "learned";
  first_position: number;
  /** Whether X is the norm of the sum of embeddings and positions, as in BART. */
  embedding_norm: boolean;
  vocabulary_size: number;
  /** Of the target's own vocabulary; 0 where both languages share one. */
  target_vocabulary_size: number;
  parameters: number;
  /** Tokens of the longest sentence in training; 0 where it is not known. */
  longest_trained: number;
  /**
   * The head that its card says was taught to look from a pronoun to its noun, encoder.layers.5.self_attention:3; empty
   * where the card says of none.
   */
  taught_head: string;
  /** Such as en-de; empty where it is not known. */
  languages: string;
  /** How far the weights are rounded: the root mean square of what was lost, as a share of the weights' own; 0: exact. */
  rounded: number;
}

/** A word, or <s> or </s>, and the positions of its tokens. */
export interface Word {
  text: string;
  tokens: number[];
}

/** One of the two sentences. The source ends with </s>; the target begins with <s>, and row i predicts token i + 1. */
export interface Side {
  text: string;
  /** The pieces as they are shown: ▁ begins a word, <0xF0> is a byte. */
  tokens: string[];
  ids: number[];
  words: Word[];
}

/** Windows that are deflated together, such as a layer's: "encoder.3". */
export interface Group {
  name: string;
  /** Where its deflated bytes begin, from the end of the header. */
  offset: number;
  /** Deflated bytes. */
  length: number;
  /** Inflated bytes. */
  size: number;
}

/** One tensor by its name in the trace, or a learned matrix by its name in the model. */
export interface PackedWindow {
  name: string;
  axes: string[];
  shape: number[];
  /** Where it is in the paper. */
  place: string;
  storage: "float32" | "bfloat16" | "root8" | "top" | "none";
  group: string;
  offset: number;
  /** Bytes in the inflated group. */
  length: number;
  /** The largest absolute difference from the exact value that this storage made, over all that is stored. */
  error: number;
  /** K of the storage ``top``, 0 otherwise. */
  top: number;
}

/** A sub-layer and the windows on the way through it, in the order of the model. */
export interface Station {
  /** encoder.layers.0.self_attention, decoder.layers.0.cross_attention, decoder.layers.0.feed_forward … */
  name: string;
  kind: "self_attention" | "cross_attention" | "feed_forward";
  side: "encoder" | "decoder";
  layer: number;
  /** The window that comes in, X or the layer below, and is added to the sub-layer's output. */
  residual: string;
  /** The window that is multiplied by W^Q (or W_1). With post-norm the same as ``residual``, with pre-norm its norm. */
  input: string;
  /** The window that is multiplied by W^K and W^V: ``input`` itself in self-attention; empty for feed_forward. */
  memory: string;
  /** The window after residual and norm. */
  output: string;
}

/** A token that may come next. */
export interface NextToken {
  token: string;
  id: number;
  probability: number;
}

/** One word of decoding: what was chosen, and the eight likeliest, the likeliest first. */
export interface DecodingStep {
  chosen: NextToken;
  choices: NextToken[];
}

/** One head of one attention. */
export interface HeadName {
  /** encoder.layers.0.self_attention */
  attention: string;
  head: number;
}

/** Everything about one pair of sentences: the header of POST /api/look, and ``#look`` of a saved file. */
export interface Look {
  version: number;
  model: ModelFacts;
  source: Side;
  target: Side;
  /** Whether the sentence is in a script or a language that the model was not trained on. */
  foreign: boolean;
  stations: Station[];
  /**
   * All that the model computed, all target positions at once, by the names of the trace. Pre-norm models have the
   * norms' outputs as well (….self_attention_add_norm.norm), as these are what the matrices multiply. ….concatenated is
   * always ``none``: it is z in another order.
   */
  windows: PackedWindow[];
  /**
   * Learned matrices by their names: ….w_qkv [matrix (Q, K, V), head, d_k, d_model], ….w_o.weight [d_model, head, d_v],
   * ….feed_forward.w_1.weight [d_ff, d_model], ….w_2.weight [d_model, d_ff], ….norm.weight and the biases. A saved file
   * holds as many as it has room for, the first layers first; the others are ``none``, and POST /api/weights has them
   * where the page is live.
   */
  weights: PackedWindow[];
  groups: Group[];
  /** Row i: what was chosen after target token i (the last is </s>) and what else was likely. */
  steps: DecodingStep[];
  /** Whether the translation was given, and is not the model's own. */
  target_given: boolean;
  heads_off: HeadName[];
  blocked: [string, number, number][];
  turned: [string, number, number, number[]][];
  live: boolean;
}

/** The tokens that are no text. */
export interface SpecialIds {
  pad_id: number;
  bos_id: number;
  eos_id: number;
  unk_id: number;
}

/** The tokenizer's table, by id. */
export interface Vocabulary {
  pieces: string[];
  /** log P of each piece in SentencePiece's unigram model, natural; 0 for the kinds that have none. */
  scores: number[];
  /** A letter each: n(ormal), u(nknown), c(ontrol), d(efined by us), b(yte). */
  kinds: string;
}

/** How a text is read for this model, and what it wrote is written: what ``glassformer.text`` knows of its languages. */
export interface Rules {
  /** The source's language, as a code; empty where it is not known. */
  source: string;
  target: string;
  /** Whether shouted and titled lines are read in small letters. */
  plain_case: boolean;
  /** The signs for links, emoji and their like, in this order. */
  signs: string[];
  /** The scripts that the model reads; none: nothing is known of it. */
  scripts: string[];
  /** Regular expressions by their names, in JavaScript's words. */
  patterns: Record<string, string>;
  /** Tables of words by their names. */
  words: Record<string, string[]>;
}

/** One learned matrix or vector as it travels with a model, by its name in the model. */
export interface Learned {
  name: string;
  shape: number[];
  /**
   * ``upper_first_2``: bfloat16, the upper bytes of all and then the lower ones, which deflates better. ``upper_first_4``:
   * float32 in the same way. ``rows_int8``: for each row a float32 scale, then for all numbers an int8 that is multiplied
   * by its row's scale.
   */
  storage: "upper_first_2" | "upper_first_4" | "rows_int8";
  group: string;
  offset: number;
  /** Bytes in the inflated group. */
  length: number;
}

/** A whole model: the header of its file. */
export interface Model {
  version: number;
  model: ModelFacts;
  special: SpecialIds;
  /** Tokens of the longest sentence that is answered. */
  longest: number;
  learned: Learned[];
  /** Those named ``tokenizer`` and ``rules``, and those of the matrices. */
  groups: Group[];
}

/** One model of a site. */
export interface Shelved {
  /** Its address beside the page. */
  file: string;
  /** Bytes to load. */
  size: number;
  model: ModelFacts;
  /** The sentence to begin with; an empty text: the article's. */
  start: Ask;
}

/** The models that a site offers, the first of which is loaded unless the address says another. */
export interface Shelf {
  models: Shelved[];
}

/** The header of POST /api/weights and /api/rows. */
export interface Numbers {
  windows: PackedWindow[];
  groups: Group[];
}

/** The page's first state, where its address does not say otherwise. Empty lists and texts: nothing asked for. */
export interface Start {
  version: number;
  model: ModelFacts;
  text: string;
  /** Empty: the model's own translation. */
  target: string;
  heads_off: [string, number][];
  turned: [string, number, number, number[]][];
  /** Tokens of the longest sentence that is answered. */
  longest: number;
  /** The names of all models that the page may choose from, this one first or not; empty where there is no choice. */
  models: string[];
}

/** A sentence, and what is done to the model for it. */
export interface Ask {
  text: string;
  /** None: the model's own translation, with what is switched off being off. */
  target?: string | null;
  heads_off?: [string, number][];
  blocked?: [string, number, number][];
  /** Of two turns of one query in one head the last holds. */
  turned?: [string, number, number, number[]][];
}

/** For a learned matrix as a whole. */
export interface WeightsAsk {
  name: string;
  /** The look's, whose numbers it goes with; None: whichever is loaded. */
  checkpoint?: string | null;
}

/** Exact numbers of one window of a look: the first axes fixed at ``at``, the others whole. */
export interface RowsAsk {
  /**
   * A window's name; ``embedding.weight`` (no sentence needed) is one, too, and so are the other tables with a
   * row a token.
   */
  name: string;
  /** [head, query] of weights gives a row; [] gives all. */
  at: number[];
  text?: string;
  target?: string | null;
  heads_off?: [string, number][];
  blocked?: [string, number, number][];
  turned?: [string, number, number, number[]][];
  /** As in WeightsAsk. */
  checkpoint?: string | null;
}

/** The worth of each head for this pair: each was switched off alone. */
export interface Ranking {
  /** Every head, the most important first. */
  heads: HeadName[];
  /** log P(target) with the head off minus with all on, natural: negative means that it helped. */
  change: number[];
  /** The same for each token after <s>, </s> being the last: each row of it sums to ``change``. */
  per_token: number[][];
  /** log P of each of these tokens with all heads on. */
  log_probabilities: number[];
}

/** Why there is no answer. */
export interface Problem {
  /** One sentence: what came, what was wanted, what to do. */
  error: string;
}

/** From a page in a notebook to its parent window, or from any page to its own Worker, by postMessage. */
export interface BridgeAsk {
  /** The version. */
  glassformer: number;
  id: number;
  /** /api/look …; /api/stop to a Worker: nobody waits for the answer with this ``id`` any more. */
  path: string;
  /** JSON, as it would be over HTTP. */
  body: string;
}

/**
 * From the parent window, or the Worker, to the page; beside these ``body`` is an ArrayBuffer, what HTTP would have
 * answered.
 */
export interface BridgeAnswer {
  glassformer: number;
  id: number;
  /** As HTTP's: 200, or 400 and above with a Problem. */
  status: number;
  /** Whether more of the body follows, in further answers with this ``id``. */
  more?: boolean;
}
