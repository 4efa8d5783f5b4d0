/** Which heads a page opens on: those that say most about the sentence at hand, in whichever layer they are.
 *
 * A head's score for a word q is its weight from q to the content word k that it looks at most, beyond what it does anyway:
 *
 *     w(q → k) − max(mean of w(p → k), mean of w(p → p + k − q)), over the other words p (at most 32 of them)
 *
 * so a head that gives every word the same key, or always looks two words back, says nothing. A content word is no mark, no
 * <s> or </s>, not q itself and none of the small words below. q is the sentence's pronoun, or else its last content word. The
 * layer is that of the head that says most; of its other heads the one that says most of another word is opened beside it.
 * Where the model's card says that a head was taught to look from a pronoun to its noun, and there is one, that head is first.
 * Beside a head that looks from a pronoun at a noun none is opened that looks at another noun: it would say the opposite. */
import {
  type Attention,
  attentionOf,
  isSink,
  layers,
  path,
  querySide,
  type Where,
  type Word,
  wordAt,
  wordsOf,
} from "../numbers/attention";
import type { Numbers } from "../numbers/data";
import type { Side } from "../numbers/wire";
import { WORDS } from "../words/words";

export interface Telling {
  layer: number;
  head: number;
  key: number;
  weight: number;
}

export interface Opening {
  layer: number;
  heads: number[];
}

const OTHERS = 32;
const LEAST = 0.15; // what a second head must say to be opened as well
/** From here on a head is said to look from the pronoun at a noun: more than at all other words together. */
export const DOES_IT = 0.5;

/** Of all the languages that a model may read. */
const set = (name: "words.determiners" | "words.small") => new Set(WORDS[name].join(" ").split(" "));
const PRONOUN = /^(it|they|them|es|sie|er|il|elle|它|他|她|他们|它们|她们)$/i;
const DETERMINERS = set("words.determiners");
const SMALL = set("words.small");

const bare = (word: Word): string => word.text.toLowerCase().replace("’", "'");
export const isContent = (word: Word): boolean =>
  /[\p{L}\p{N}]/u.test(word.text) &&
  !/^<.*>$|n't$/.test(bare(word)) &&
  !PRONOUN.test(word.text) &&
  !SMALL.has(bare(word)) &&
  !DETERMINERS.has(bare(word));

/** The word that a page opens with. */
export function openingWord(words: Word[]): number {
  const pronoun = words.findIndex((word) => PRONOUN.test(word.text));
  if (pronoun >= 0) return pronoun;
  const content = words.findLastIndex(isContent);
  return content >= 0
    ? content
    : Math.max(
        0,
        words.findLastIndex((word) => !isSink(word.text)),
      );
}

/** Words that stand like nouns: the one to three content words after an article or the like. */
export function nounsOf(words: Word[]): number[] {
  return words.flatMap((word, n) => {
    const before = [1, 2, 3].find((back) => !words[n - back] || !isContent(words[n - back]!));
    return isContent(word) && before && words[n - before] && DETERMINERS.has(bare(words[n - before]!)) ? [n] : [];
  });
}

/** The score of `head` for `query`: which key, with what weight, and how much beyond what it does anyway. */
export function says(
  attention: Attention,
  head: number,
  query: number,
): { key: number; weight: number; beyond: number } {
  const { queries, keys } = attention;
  const { weights } = attention.row(head, query);
  let key = -1;
  weights.forEach((weight, n) => {
    if ((queries !== keys || n !== query) && isContent(keys[n]!) && (key < 0 || weight > weights[key]!)) key = n;
  });
  if (key < 0) return { key, weight: 0, beyond: 0 };
  const step = Math.max(1, Math.ceil(queries.length / OTHERS));
  const sums = [0, 0, 0, 0]; // to that key, words; to that distance, words
  for (let other = 0; other < queries.length; other += step) {
    if (other === query) continue;
    const row = attention.row(head, other).weights;
    sums[0]! += row[key]!;
    sums[1]!++;
    const there = other + key - query;
    if (there >= 0 && there < row.length) {
      sums[2]! += row[there]!;
      sums[3]!++;
    }
  }
  const usual = Math.max(sums[0]! / (sums[1] || 1), sums[2]! / (sums[3] || 1));
  return { key, weight: weights[key]!, beyond: weights[key]! - usual };
}

/** The heads to open for a word, over all layers: the first says most, the second most of another word. */
export function telling(all: Attention[], query: number, taught?: { layer: number; head: number }, only = -1): Opening {
  const found = all
    .flatMap((attention, layer) =>
      Array.from({ length: attention.heads }, (_, head) => ({ layer, head, ...says(attention, head, query) })),
    )
    .filter(({ layer }) => only < 0 || layer === only);
  found.sort((a, b) => b.beyond - a.beyond);
  const first = found.find((one) => one.layer === taught?.layer && one.head === taught?.head) ?? found[0]!;
  const { queries, keys } = all[first.layer]!;
  const nouns = queries === keys && isPronoun(queries[query]!.text) ? nounsOf(keys) : [];
  const against = (key: number) => nouns.includes(first.key) && nouns.includes(key);
  const second = found.find(
    ({ layer, head, key, beyond }) =>
      layer === first.layer && head !== first.head && key !== first.key && beyond >= LEAST && !against(key),
  );
  return { layer: first.layer, heads: [first.head, ...(second ? [second.head] : [])].sort((a, b) => a - b) };
}

/** The attentions of every layer; nothing until all are there. One that did not come is left out. */
export function everyLayer(numbers: Numbers, where: Where, pieces: boolean): Attention[] | undefined {
  const names = Array.from({ length: layers(numbers.look, where) }, (_, layer) => layer);
  const found = names.map((layer) => attentionOf(numbers, where, layer, pieces));
  if (names.some((layer) => !found[layer] && !numbers.failedFor(`${path(where, layer)}.weights`))) return undefined;
  return found.every(Boolean) ? (found as Attention[]) : [];
}

/** The head that the card says was taught, where the words have a pronoun. */
export function taughtHead(numbers: Numbers, where: Where): { layer: number; head: number } | undefined {
  const match = /^encoder\.layers\.(\d+)\.self_attention:(\d+)$/.exec(numbers.look.model.taught_head ?? "");
  return match && where === "encoder" && hasPronoun(querySide(numbers.look, where))
    ? { layer: Number(match[1]), head: Number(match[2]) }
    : undefined;
}

export const isPronoun = (text: string): boolean => PRONOUN.test(text);
export const hasPronoun = (side: Side): boolean => wordsOf(side, false).some((word) => isPronoun(word.text));

const kept = new WeakMap<Numbers, Map<string, Opening>>();

/** The opening of a side for the page's own word; in one layer where that is given. Nothing until its numbers are there. */
export function openingOf(numbers: Numbers, where: Where, pieces: boolean, only = -1): Opening | undefined {
  let known = kept.get(numbers);
  if (!known) kept.set(numbers, (known = new Map()));
  const name = `${where} ${pieces} ${only}`;
  if (known.has(name)) return known.get(name);
  const all = everyLayer(numbers, where, pieces);
  if (!all) return undefined;
  if (!all.length) return { layer: layers(numbers.look, where) - 1, heads: [0] };
  const words = all[0]!.queries;
  const whole = wordsOf(querySide(numbers.look, where), false);
  const query = Math.max(0, wordAt(words, whole[openingWord(whole)]?.tokens[0] ?? 0));
  const made = telling(all, query, taughtHead(numbers, where), only);
  known.set(name, made);
  return made;
}

/** The encoder's head that gives most from the pronoun to one noun, whatever else it does; nothing where there is no pronoun. */
export function pronounHead(numbers: Numbers): (Telling & { query: Word; noun: Word }) | undefined {
  const words = wordsOf(numbers.look.source, false);
  const query = words.findIndex((word) => isPronoun(word.text));
  const nouns = nounsOf(words);
  const all = query >= 0 && nouns.length ? everyLayer(numbers, "encoder", false) : undefined;
  let found: Telling | undefined;
  const taught = taughtHead(numbers, "encoder");
  all?.forEach((attention, layer) => {
    for (let head = 0; head < attention.heads; head++)
      for (const key of nouns) {
        const weight = attention.row(head, query).weights[key]!;
        const was = found && found.layer === taught?.layer && found.head === taught?.head && found.weight >= DOES_IT;
        const is = layer === taught?.layer && head === taught?.head && weight >= DOES_IT;
        if (!found || (is ? !was || weight > found.weight : !was && weight > found.weight))
          found = { layer, head, key, weight };
      }
  });
  return found && { ...found, query: words[query]!, noun: words[found.key]! };
}
