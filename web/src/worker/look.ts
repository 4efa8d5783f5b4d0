/** One pair of sentences, seen whole, as src/glassformer/page/look.py tells it. */
import { rowsOf, tensor } from "../transformer/tensor";
import type { Trace } from "../transformer/trace";
import type { Weights } from "../transformer/weights";
import type { NextToken, Learned, Look, ModelFacts, Side, Station, DecodingStep } from "../numbers/wire";
import { bodyOf, type Numbered, packed } from "./pack";

const CHOICES = 8;
const SENT = 32_000_000; // bytes of attention weights; what is over is asked for by name

export interface Seen {
  trace: Trace;
  text: string;
  /** Ending with eos. */
  source: number[];
  /** Beginning with bos. */
  target: number[];
}

/** How a sentence's tokens, and its words, are shown. */
export interface Shown {
  tokens(ids: number[]): string[];
  words(ids: number[]): Side["words"];
}

/** `written`: the translation as people read it. */
export function lookBody(
  seen: Seen,
  written: string,
  about: Omit<Look, "source" | "target" | "stations" | "windows" | "weights" | "groups" | "steps">,
  shown: Shown,
  learned: Numbered[],
  eos: number,
): ArrayBuffer {
  const { windows, groups, content } = packed(chosen(seen.trace));
  const look: Look = {
    ...about,
    source: sideOf(shown, seen.text, seen.source),
    target: sideOf(shown, written, seen.target),
    stations: stations(about.model),
    windows,
    weights: packed(learned).windows,
    groups,
    steps: steps(seen, shown, eos),
  };
  return bodyOf(look, content);
}

/** All windows by groups. The attention weights, which every page begins with, travel with their numbers; the others are asked
 * for when they are looked at. */
function chosen(trace: Trace): Numbered[] {
  let left = SENT;
  const all = [...trace].map(([name, { shape, axes, place, data }]) => {
    const sent = name.endsWith(".weights") && data.byteLength <= left;
    if (sent) left -= data.byteLength;
    return { name, shape, axes, place, group: groupOf(name), data: sent ? data : undefined };
  });
  return [...new Set(all.map(({ group }) => group))].flatMap((group) => all.filter((one) => one.group === group));
}

/** Layer 3 of the encoder is the group "encoder.3"; the rest goes by where it is. */
function groupOf(name: string): string {
  const layer = /^(encoder|decoder)\.layers\.(\d+)\./.exec(name);
  if (layer) return `${layer[1]}.${layer[2]}`;
  return /^(encoder|decoder)/.test(name) ? name.split(".").slice(0, 2).join(".") : "output";
}

function sideOf(shown: Shown, text: string, ids: number[]): Side {
  return { text, tokens: shown.tokens(ids), ids, words: shown.words(ids) };
}

/** Every sub-layer, from the first of the encoder to the last of the decoder. */
export function stations(facts: ModelFacts): Station[] {
  const found: Station[] = [];
  for (const side of ["encoder", "decoder"] as const) {
    let below = `${side}.input.x`;
    for (let layer = 0; layer < facts[`${side}_layers`]; layer++)
      for (const kind of [
        "self_attention",
        ...(side === "decoder" ? ["cross_attention"] : []),
        "feed_forward",
      ] as Station["kind"][]) {
        const name = `${side}.layers.${layer}.${kind}`;
        const input = facts.norm === "pre" ? `${name}_add_norm.norm` : below;
        const memory = { self_attention: input, cross_attention: "encoder.memory", feed_forward: "" }[kind];
        const output = `${name}_add_norm.output`;
        found.push({ name, kind, side, layer, residual: below, input, memory, output });
        below = output;
      }
  }
  return found;
}

/** The choices of each row of the decoder. */
function steps({ trace, target }: Seen, shown: Shown, eos: number): DecodingStep[] {
  const { shape, data } = trace.get("probabilities")!;
  return [...rowsOf(tensor(shape, data))].map((row, n) => stepOf(shown, row, target[n + 1] ?? eos, (share) => share));
}

/** `row`: a number of each token, of which `shareOf` makes its probability; the largest is the likeliest. */
export function stepOf(
  shown: Shown,
  row: Float32Array,
  chosen: number,
  shareOf: (number: number) => number,
): DecodingStep {
  const choice = (id: number): NextToken => ({ token: shown.tokens([id])[0]!, id, probability: shareOf(row[id]!) });
  const best: number[] = [];
  let least = -Infinity;
  for (let id = 0; id < row.length; id++) {
    if (row[id]! <= least) continue;
    let place = best.length;
    while (place > 0 && row[best[place - 1]!]! < row[id]!) place--;
    best.splice(place, 0, id);
    if (best.length > CHOICES) best.pop();
    if (best.length === CHOICES) least = row[best[CHOICES - 1]!]!;
  }
  return { chosen: choice(chosen), choices: best.map(choice) };
}

/** The learned matrices' axes and shapes by their names, as src/glassformer/page/facts.py has them; the embedding, the
 * largest by far, is asked for row by row. */
export function learnedWindows(all: Learned[], { heads, d_k, d_model }: ModelFacts, weights?: Weights): Numbered[] {
  const known: [ending: string, axes: string[], shape: number[]][] = [
    ["w_qkv", ["matrix", "head", "d_k", "d_model"], [3, heads, d_k, d_model]],
    ["b_qkv", ["matrix", "head", "d_k"], [3, heads, d_k]],
    ["w_o.weight", ["d_model", "head", "d_v"], [d_model, heads, d_k]],
    ["w_1.weight", ["d_ff", "d_model"], []],
    ["w_1.bias", ["d_ff"], []],
    ["w_2.weight", ["d_model", "d_ff"], []],
  ];
  const kind = (name: string) => (/bias|norm/.test(name) ? 0 : name.includes("feed_forward") ? 2 : 1);
  const layer = (name: string) => (name.includes(".layers.") ? Number(name.split(".")[2]) : 0);
  return all
    .filter(({ name }) => name !== "embedding.weight" && name !== "output_bias")
    .map(({ name, shape }) => {
      const [, axes, split] = known.find(([ending]) => name.endsWith(`.${ending}`)) ?? ["", ["d_model"], []];
      return {
        name,
        axes,
        shape: split.length ? split : shape,
        place: "learned",
        group: "learned",
        data: weights?.tensor(name)?.data,
      };
    })
    .sort((a, b) => kind(a.name) - kind(b.name) || layer(a.name) - layer(b.name));
}
