/** The words that tokens spell, as src/glassformer/translator/alignment.py finds them. */
import type { Rules } from "./rules";
import { type Tokenizer, WORD_START } from "./tokenizer";

export interface Word {
  text: string;
  /** Its positions. */
  tokens: number[];
}

/** The words that `ids` spell, each with its positions in them; punctuation marks at a word's ends are words where they
 * are tokens of their own, and so are <s> and </s>. */
export function wordsOf(tokenizer: Tokenizer, ids: number[], rules: Rules): Word[] {
  const tokens = tokenizer.tokens(ids);
  const between: number[][] = [];
  ids.forEach((id, place) => {
    if (tokenizer.isSilent(id)) return;
    if (tokens[place]!.startsWith(WORD_START) || !between.length) between.push([]);
    between.at(-1)!.push(place);
  });
  const words = between
    .flatMap((places) => partsOf(tokens, places, rules))
    .map((places) => ({ text: tokenizer.decode(places.map((place) => ids[place]!)), tokens: places }));
  const others = ids.flatMap((id, place) =>
    tokenizer.isSilent(id) ? [{ text: tokens[place]!, tokens: [place] }] : [],
  );
  return [...words, ...others].sort((a, b) => a.tokens[0]! - b.tokens[0]!);
}

/** The words between two blanks. Chinese has none between words: there each piece is one, with the blank before it; the
 * bytes of a character are together. */
function partsOf(tokens: string[], places: number[], rules: Rules): number[][] {
  if (!places.some((place) => rules.find("unspaced_character", tokens[place]!))) return withoutMarks(tokens, places);
  const isByte = (place: number | undefined) => place !== undefined && tokens[place]!.startsWith("<0x");
  const parts: number[][] = [];
  places.forEach((place, n) => {
    const before = places[n - 1];
    if (before !== undefined && (tokens[before] === WORD_START || (isByte(before) && isByte(place))))
      parts.at(-1)!.push(place);
    else parts.push([place]);
  });
  return parts;
}

function withoutMarks(tokens: string[], places: number[]): number[][] {
  let [first, last] = [0, places.length];
  while (last - 1 > first && isMark(tokens[places[last - 1]!]!)) last--;
  while (first < last - 1 && isMark(tokens[places[first]!]!)) first++;
  return [
    ...places.slice(0, first).map((place) => [place]),
    places.slice(first, last),
    ...places.slice(last).map((place) => [place]),
  ];
}

/** Whether a piece is punctuation only. */
function isMark(token: string): boolean {
  const text = token.startsWith(WORD_START) ? token.slice(1) : token;
  return text.length > 0 && !/[\p{L}\p{N}]/u.test(text);
}
