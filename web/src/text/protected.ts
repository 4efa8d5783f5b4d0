/** Parts of a text that a translation keeps as they are (emoji, links, {names}), as src/glassformer/text/protected.py: before
 * translation each such thing becomes a sign, afterwards the sign becomes the thing again. */
import { normalised } from "./normalise";
import type { Rules } from "./rules";

/** The pieces of a vocabulary that stand for things. */
const SIGNS = Array.from({ length: 10 }, (_, n) => String.fromCharCode(0xe000 + n));
const FIRST_MARK = 0xf0000; // marks stand for the things of a text until it is known which sign each has
const MOST = 0xfffe;
const MARK = /[\u{f0000}-\u{ffffd}]/gu;
const CLOSING = ".,;:!?…)]}。，！？；：、";
const BRACKETS: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

/** A text in which each thing is one character, and the things. */
export interface Protected {
  text: string;
  things: string[];
}

export const mark = (number: number): string => String.fromCodePoint(FIRST_MARK + number);
const numberOf = (one: string): number => one.codePointAt(0)! - FIRST_MARK;

/** Every thing in `text` replaced by its mark, the rest in one spelling. With `unknown` what the vocabulary can only spell in
 * bytes is a thing, too. */
export function protect(text: string, rules: Rules, unknown: boolean): Protected {
  const things: string[] = [];
  const marked = (name: string) => {
    let done = 0;
    let whole = "";
    for (const found of rules.all(name, text)) {
      if (things.length >= MOST) break; // more than so many stay as they are
      const kind = found.groups;
      const thing =
        kind && (kind["link"] ?? kind["domain"] ?? kind["path"]) !== undefined ? withoutEnd(found[0]) : found[0];
      whole += text.slice(done, found.index) + mark(things.length);
      things.push(thing);
      done = found.index + thing.length;
    }
    text = whole + text.slice(done);
  };
  const ascii = () => /^[\0-\x7f]*$/.test(text);
  if (rules.find("quick", text) || (!ascii() && rules.find("quick_symbols", text))) marked("things");
  text = normalised(text);
  if (unknown) text = plainer(text, rules);
  if (unknown && !ascii()) marked("unknown");
  return { text, things };
}

/** `text` with quotes, dashes and ligatures as the vocabulary spells them, as src/glassformer/text/typography.py. */
function plainer(text: string, rules: Rules): string {
  const instead = (name: string, plain: string) => {
    const pattern = rules.pattern(name);
    if (pattern) text = text.replace(pattern, plain);
  };
  instead("accent", "'");
  instead("short_dash", "-");
  const table = new Map((rules.told.words["plainer"] ?? []).map((both) => [both[0]!, both.slice(1)]));
  if (table.has("—")) instead("long_dash", " — ");
  if (text.includes("‘") && table.has("‘")) instead("closing", "'");
  return [...text].map((one) => table.get(one) ?? one).join("");
}

/** A protected text as the model reads it: its marks as signs, and the number of the thing that each sign stands for.
 * Things for which no sign is left are taken out: they are put back without the model. */
export function signed(
  text: string,
  signs: string[],
): { text: string; signs: Map<string, number>; unsigned: number[] } {
  const numbers = (text.match(MARK) ?? []).map(numberOf);
  const known = new Map(numbers.slice(0, signs.length).map((number, place) => [signs[place]!, number]));
  return {
    text: text.replace(MARK, (one) => signs[numbers.indexOf(numberOf(one))] ?? ""),
    signs: known,
    unsigned: numbers.slice(signs.length),
  };
}

/** Whether `sign` has no letter and no digit before it in `source`, and none behind it. */
function beside(source: string, sign: string): [before: boolean, after: boolean] {
  const at = source.indexOf(sign);
  const before = [...source.slice(0, at)].at(-1) ?? "";
  return at < 0 ? [false, false] : [!isLetter(before), !isLetter(source.slice(at + sign.length))];
}

/** Whether `text` begins with a letter or a digit of a script that has blanks between words. */
const isLetter = (text: string): boolean => /^[\p{L}\p{N}]/u.test(text) && text < "\u2e80";

/** A translation with its things again, each exactly once; those that it had no place for stand at its end. A thing that
 * stood apart from letters and digits in `source` stands apart from them again. */
export function restored(
  text: string,
  signs: Map<string, number>,
  things: string[],
  unsigned: number[],
  source: string,
): string {
  const left = new Set([...signs.values(), ...unsigned]);
  const every = [...new Set([...signs.keys(), ...SIGNS])].sort((a, b) => b.length - a.length);
  const pieces = text.split(new RegExp(`(${every.join("|")})`, "u"));
  let whole = pieces[0]!;
  let beforeIt = "";
  for (let at = 1; at < pieces.length; at += 2) {
    const number = signs.get(pieces[at]!);
    let following = pieces[at + 1]!;
    if (number !== undefined && left.delete(number)) {
      const [before, after] = beside(source, pieces[at]!);
      const joined = beforeIt && source.includes(beforeIt + pieces[at]!);
      if (joined) whole = whole.replace(/ $/, ""); // the model has a blank before each word
      whole += (!joined && before && isLetter([...whole].at(-1) ?? "") ? " " : "") + things[number];
      if (after && isLetter(following)) following = ` ${following}`;
    } else if (whole.endsWith(" ")) {
      following = following.replace(/^ /, "");
      if (CLOSING.includes(following[0] ?? " ")) whole = whole.slice(0, -1); // the sign was one too many
    }
    beforeIt = following.trim() ? "" : pieces[at]!;
    whole += following;
  }
  whole = whole.replace(/ +$/, "");
  return [...(whole ? [whole] : []), ...[...left].map((number) => things[number]!)].join(" ");
}

/** A link without the punctuation of the sentence that it ends, and without a bracket that it does not open. */
function withoutEnd(link: string): string {
  const count = (character: string) => link.split(character).length - 1;
  for (let last = link.at(-1); last; last = link.at(-1)) {
    const opening = BRACKETS[last];
    if (!".,;:!?'’…*".includes(last) && !(opening && count(last) > count(opening))) break;
    link = link.slice(0, -1);
  }
  return link;
}

/** Whether a thing is an emoji or its like, which stands beside a sentence and not in it. */
export const isPicture = (thing: string): boolean =>
  !/[\p{L}\p{N}]/u.test(thing) || (thing.length > 2 && thing.startsWith(":") && thing.endsWith(":"));
