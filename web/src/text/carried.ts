/** The place of a sign that a search has lost, as src/glassformer/carried.py: of all translations that are the found one
 * with the sign between two of its words, the model takes the likeliest. */
import type { Reading } from "./reading";
import type { Rules } from "./rules";
import { type Tokenizer, WORD_START } from "./tokenizer";

const MOST_PLACES = 64;

/** The signs of a text that its translation lacks; none where it has no words. */
export const lostSigns = ({ signs }: Reading, said: string): string[] =>
  said.trim() ? [...signs.keys()].filter((sign) => !said.includes(sign)) : [];

/** The translation `ids` with `sign` at each place where it can stand, those nearest to where the source has it. */
export function withSign(
  { text }: Reading,
  ids: number[],
  sign: string,
  tokenizer: Tokenizer,
  rules: Rules,
): number[][] {
  const unspaced = rules.has("unspaced_languages", rules.told.target);
  const near = ([...text.slice(0, text.indexOf(sign))].length / [...text].length) * ids.length;
  const away = (place: number): number => Math.abs(place - near);
  const pieces = tokenizer.encode(sign);
  const ways = unspaced && tokenizer.tokens(pieces)[0] === WORD_START ? [pieces, pieces.slice(1)] : [pieces];
  return places(tokenizer, ids, unspaced)
    .sort((a, b) => away(a) - away(b))
    .slice(0, MOST_PLACES)
    .sort((a, b) => a - b)
    .flatMap((place) => ways.map((way) => [...ids.slice(0, place), ...way, ...ids.slice(place)]));
}

/** Before which of `ids` (behind the last: their number) something can stand: at words' beginnings and before the marks at
 * their ends; in an `unspaced` language between any two characters. */
export function places(tokenizer: Tokenizer, ids: number[], unspaced: boolean): number[] {
  const tokens = tokenizer.tokens(ids);
  const found: number[] = [];
  let onlyMarks = true; // from here on, up to the next word
  for (let place = tokens.length; place >= 0; place--) {
    const token = tokens[place];
    const begins = token === undefined || token.startsWith(WORD_START);
    const byte = token !== undefined && /^<0x..>$/.test(token);
    if (!begins) onlyMarks &&= !byte && !/[\p{L}\p{N}]/u.test(token);
    const character = !begins && unspaced && !byte && token.charCodeAt(0) > 0x7f;
    const behindBlank = tokens[place - 1] === WORD_START; // which belongs to what follows it
    if ((begins || onlyMarks || character) && !behindBlank && (place || begins)) found.unshift(place);
    if (begins) onlyMarks = true;
  }
  return found;
}
