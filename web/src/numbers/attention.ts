/** Attention by words or by pieces. A query looks, a key is looked at. */
import { type Numbers, ROOT8, type Tensor } from "./data";
import type { Look, Side } from "./wire";

export type Where = "encoder" | "decoder" | "cross";

export interface Word {
  text: string;
  tokens: number[];
}

export interface Attention {
  heads: number;
  queries: Word[];
  keys: Word[];
  /** Of each row this many keys are stored one by one. */
  stored: number;
  /** What `query` gives to each key, and what it gives to keys that are not stored one by one. */
  row(head: number, query: number): { weights: Float32Array; rest: number };
  /** Live: ask for the exact row where it travelled with an error, and use it from then on. True when the row is exact. */
  sharpen(head: number, query: number): boolean;
  /** How many rows have become exact: whoever keeps what was drawn from them looks at it. */
  sharpened: number;
  /** The largest error of the others. */
  error: number;
}

export function path(where: Where, layer: number): string {
  return where === "cross" ? `decoder.layers.${layer}.cross_attention` : `${where}.layers.${layer}.self_attention`;
}

/** The attention that a name means, and its layer from 0. */
export const placeOf = (attention: string): { where: Where; layer: number } => ({
  where: attention.includes("cross") ? "cross" : attention.startsWith("decoder") ? "decoder" : "encoder",
  layer: Number(/\d+/.exec(attention)?.[0] ?? 0),
});

export const layers = (look: Look, where: Where): number =>
  where === "encoder" ? look.model.encoder_layers : look.model.decoder_layers;

export const querySide = (look: Look, where: Where): Side => (where === "encoder" ? look.source : look.target);
export const keySide = (look: Look, where: Where): Side => (where === "decoder" ? look.target : look.source);

/** The words of a side, or its pieces, each with the tokens that it is made of. */
export function wordsOf(side: Side, pieces: boolean): Word[] {
  return pieces || !side.words.length ? side.tokens.map((text, n) => ({ text: shown(text), tokens: [n] })) : side.words;
}

/** The sign of a blank that is a piece of its own: the bare ▁ looks like a dash. */
export const BLANK = "␣";

/** A piece as it is read: SentencePiece's ▁ is the space before a word; where no word follows in the piece it is a blank. */
export const shown = (token: string): string => token.replace(/^▁(?=.)/su, "").replaceAll("▁", BLANK);

/** Where each token is drawn beside words that have equal shares of the height 1: within its word's share. */
export function heightsOf(words: Word[], tokens: number): number[] {
  const heights = Array.from({ length: tokens }, (_, token) => (token + 0.5) / tokens);
  words.forEach((word, n) =>
    word.tokens.forEach((token, part) => (heights[token] = (n + (part + 0.5) / word.tokens.length) / words.length)),
  );
  return heights;
}

export const wordAt = (words: Word[], token: number): number => words.findIndex((word) => word.tokens.includes(token));

/** Tokens that take what no word wants: ends of sentences and full stops. */
export const isSink = (text: string): boolean => /^(<\/?s>|[.。!！?？]+)$/.test(text.replace(/^▁/, ""));

/** Merged once, not at each drawing. */
const merges = new WeakMap<Tensor, Record<string, Attention>>();

/** By words or by pieces; the keys too, unless they are asked for in the other way. */
export function attentionOf(
  numbers: Numbers,
  where: Where,
  layer: number,
  pieces: boolean,
  keyPieces = pieces,
): Attention | undefined {
  const name = `${path(where, layer)}.weights`;
  const tensor = numbers.get(name);
  if (!tensor) return undefined;
  const look = numbers.look;
  let kept = merges.get(tensor);
  if (!kept) merges.set(tensor, (kept = {}));
  return (kept[`${pieces} ${keyPieces}`] ??= merged(
    tensor,
    wordsOf(querySide(look, where), pieces),
    wordsOf(keySide(look, where), keyPieces),
    (head, token) => numbers.row(name, [head, token]),
  ));
}

/** Pieces to words: the sum over a word's keys, the mean over its queries. */
export function merged(
  tensor: Tensor,
  queries: Word[],
  keys: Word[],
  exact?: (head: number, token: number) => Float32Array | undefined,
): Attention {
  const [heads, rows, cols] = tensor.shape as [number, number, number];
  const wordOf = new Int32Array(cols).fill(-1);
  keys.forEach((word, n) => word.tokens.forEach((token) => (wordOf[token] = n)));
  const seen = new Map<number, { weights: Float32Array; rest: number }>();

  function row(head: number, query: number) {
    const known = seen.get(head * queries.length + query);
    if (known) return known;
    const weights = new Float32Array(keys.length);
    let rest = 0;
    const tokens = queries[query]!.tokens.filter((token) => token < rows);
    for (const token of tokens) {
      const start = head * rows + token;
      if (tensor.kind === "dense")
        for (let key = 0; key < cols; key++) {
          const word = wordOf[key]!;
          if (word >= 0) weights[word]! += tensor.data[start * cols + key]! / tokens.length;
        }
      else {
        for (let i = start * tensor.k; i < (start + 1) * tensor.k; i++) {
          const word = wordOf[tensor.keys[i]!]!;
          if (word >= 0) weights[word]! += ROOT8[tensor.roots[i]!]! / tokens.length;
        }
        rest += tensor.rest[start]! / tokens.length;
      }
    }
    const found = { weights, rest };
    seen.set(head * queries.length + query, found);
    return found;
  }
  const sharp = new Set<number>();
  function sharpen(head: number, query: number): boolean {
    if (found.error === 0 || sharp.has(head * queries.length + query)) return true;
    const tokens = queries[query]!.tokens.filter((token) => token < rows);
    const all = tokens.map((token) => exact?.(head, token)); // all are asked for, also where one is missing
    if (!all.every((row) => row !== undefined)) return false;
    const weights = new Float32Array(keys.length);
    for (const row of all)
      row.forEach((weight, key) => wordOf[key]! >= 0 && (weights[wordOf[key]!]! += weight / all.length));
    seen.set(head * queries.length + query, { weights, rest: 0 });
    sharp.add(head * queries.length + query);
    found.sharpened = sharp.size;
    return true;
  }

  const found: Attention = {
    heads,
    queries,
    keys,
    stored: tensor.kind === "top" ? tensor.k : cols,
    row,
    sharpen,
    sharpened: 0,
    error: tensor.window.error,
  };
  return found;
}

/** The mean over `heads` of what `query` gives. */
export function meanRow(attention: Attention, heads: number[], query: number): { weights: Float32Array; rest: number } {
  const weights = new Float32Array(attention.keys.length);
  let rest = 0;
  for (const head of heads) {
    const row = attention.row(head, query);
    row.weights.forEach((weight, key) => (weights[key]! += weight / heads.length));
    rest += row.rest / heads.length;
  }
  return { weights, rest };
}

/** The keys that get the most, in order. */
export function strongest(
  weights: ArrayLike<number>,
  count: number,
  skip: (key: number) => boolean = () => false,
): number[] {
  return Array.from(weights, (_, key) => key)
    .filter((key) => !skip(key))
    .sort((a, b) => weights[b]! - weights[a]!)
    .slice(0, count);
}
