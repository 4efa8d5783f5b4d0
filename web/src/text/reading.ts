/** A text as the model reads it, and what it wrote as people read it: all that stands between strings and ids, as
 * src/glassformer/text/reading.py. A sentence that is looked into is one part, whatever its length. */
import type { Rules as Told } from "../numbers/wire";
import { inUpperCase, plain, shouted } from "./case";
import { normalised } from "./normalise";
import { isPicture, mark, protect, restored, signed } from "./protected";
import { Rules } from "./rules";
import { isForeign } from "./scripts";
import type { Tokenizer } from "./tokenizer";

/** Every line end that Python knows. */
const LINES = /\r\n|[\n-\r\x1c-\x1e\x85\u2028\u2029]/;
const oneLine = (text: string): string => {
  const lines = text.split(LINES);
  if (!lines.at(-1)) lines.pop();
  return lines.join(" ");
};

export interface Reading {
  /** As the model reads it, with signs. */
  text: string;
  /** Without eos. */
  ids: number[];
  /** The number of the thing that each sign in it stands for. */
  signs: Map<string, number>;
  /** Things for which there were no signs left. */
  unsigned: number[];
  things: string[];
  /** Whether the line was SHOUTED. */
  loud: boolean;
  /** Emoji before and behind it, which stand beside the sentence and not in it. */
  head: string;
  tail: string;
}

export class Reader {
  readonly rules: Rules;
  private last: [string, Reading] | undefined;

  constructor(
    told: Told,
    private readonly tokenizer: Tokenizer,
  ) {
    this.rules = new Rules(told);
  }

  /** Whether the model cannot read the script or the language of `text`. */
  isForeign(text: string): boolean {
    return isForeign(text, this.rules);
  }

  read(text: string): Reading {
    if (this.last?.[0] !== text) this.last = [text, this.reading(oneLine(text))];
    return this.last![1];
  }

  private reading(line: string): Reading {
    const { told } = this.rules;
    const { text, things } = this.protects ? protect(line, this.rules, true) : { text: normalised(line), things: [] };
    let read = told.plain_case ? plain(text, this.rules, this.known) : text;
    const loud = read !== text && shouted(text, this.rules);
    const free = told.signs.filter((sign) => !read.includes(sign)); // names may be words of the text
    const { text: seen, signs, unsigned } = signed(read, free);
    if (things.length) read = seen;
    const [head, middle, tail] = withoutPictures(read, signs, things);
    const inside = new Map([...signs].filter(([sign]) => middle.includes(sign)));
    return { text: middle, ids: this.tokenizer.encode(middle), signs: inside, unsigned, things, loud, head, tail };
  }

  private get protects(): boolean {
    return this.rules.told.patterns["things"] !== undefined;
  }

  /** Whether a word in capitals is spelt in three pieces or more, and in small letters is one. */
  private known = (word: string): boolean =>
    this.tokenizer.encode(word.toLowerCase()).length === 1 && this.tokenizer.encode(word).length > 2;

  /** The translation as people read it. */
  write({ text: source, signs, unsigned, things, loud, head, tail }: Reading, ids: number[]): string {
    const decoded = this.tokenizer.decode(ids);
    const text = (loud ? inUpperCase(decoded, this.rules.told.target) : decoded).trim();
    const whole = restored(text, signs, things, unsigned, source);
    return head + (this.protects ? withEllipsis(source, whole) : whole) + tail;
  }

  /** A translation of `reading`, given as people read it, as the model writes it: with the source's signs. */
  asTarget(reading: Reading, text: string): string {
    if (reading.head && text.startsWith(reading.head)) text = text.slice(reading.head.length);
    if (reading.tail && text.endsWith(reading.tail)) text = text.slice(0, -reading.tail.length);
    const { text: whole, things } = this.protects ? protect(text, this.rules, false) : { text, things: [] };
    const free = [...reading.signs].map(([sign, number]) => [sign, reading.things[number]] as const);
    const written = things.reduce((said, thing, number) => {
      const same = free.findIndex(([, one]) => one === thing);
      return said.replace(mark(number), () => (same < 0 ? thing : free.splice(same, 1)[0]![0]));
    }, whole);
    return oneLine(written);
  }

  /** Tokens or words as people are to see them: the things themselves instead of their signs. */
  shown({ signs, things }: Reading, tokens: string[]): string[] {
    return [...signs].reduce(
      (all, [sign, number]) => all.map((one) => one.replaceAll(sign, () => things[number]!)),
      tokens,
    );
  }
}

/** `translation` with the ellipsis that `source` ends in, in place of its full stop, unless it ends in a mark that says more. */
function withEllipsis(source: string, translation: string): string {
  const found = /(\.{3,}|…+)\s*$/u.exec(source);
  if (!found || !translation || /(?:\.\.|…|[?!？！])[^\p{L}\p{N}_]*$/u.test(translation)) return translation;
  return translation.replace(/[.。]?\s*$/u, "") + found[1]!;
}

/** The characters before `text`, the text, and those behind it: emoji at its ends. */
function withoutPictures(
  text: string,
  signs: Map<string, number>,
  things: string[],
): [head: string, text: string, tail: string] {
  const pictures = [...signs]
    .filter(([, number]) => isPicture(things[number]!))
    .map(([sign]) => sign)
    .join("|");
  const found = pictures
    ? new RegExp(`^((?:\\s*(?:${pictures}))*\\s*)(.*?)((?:\\s*(?:${pictures}))*)\\s*$`, "u").exec(text)
    : null;
  if (!found?.[2]?.trim()) return ["", text, ""];
  const again = (part: string) => part.replace(new RegExp(pictures, "gu"), (sign) => things[signs.get(sign)!]!);
  return [again(found[1]!).trimStart(), found[2]!, again(found[3]!)];
}
