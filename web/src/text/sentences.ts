/** Where sentences end, as src/glassformer/text/sentence_ends.py says: a full stop ends a sentence, or an abbreviation, or
 * both; the words on both of its sides decide. */
import { folded, isLower, isUpper, type Rules } from "./rules";

const QUOTE = 200; // characters: a quotation of up to so many is not cut inside
const NESTED = 6; // quotations within each other, and side by side: more are not looked at
const MARKS = /^[.!?…。！？｡।॥؟۔။።፧։܂߹᙮᠃᠉᱾᱿꓿꘎꛳꤯꧉꫰꯫‼⁇⁈⁉]+/u;
const ELIDED = /^(?:[cdjlmnst]|qu|dell|all|sull|nell|un)['’](?=[\p{L}\p{N}_])/iu;

/** `text` cut where sentences end; joined it is `text`. */
export function sentences(text: string, rules: Rules): string[] {
  const ends = rules.find("inside", text) ? new Text(text, rules).ends() : [text.length];
  return ends.map((end, n) => text.slice(ends[n - 1] ?? 0, end)).filter(Boolean);
}

const size = (text: string): boolean => text.toUpperCase() !== text.toLowerCase();
const firstOf = (text: string): string => (text ? String.fromCodePoint(text.codePointAt(0)!) : "");

type Span = [first: number, last: number];

class Text {
  /** Quotations and brackets that are not cut inside, first and last character. */
  private readonly spans: Span[];
  private readonly code: string;
  private readonly noCapitals: boolean;
  private readonly noSmall: boolean;

  constructor(
    private readonly text: string,
    private readonly rules: Rules,
  ) {
    this.code = rules.told.source;
    this.noCapitals = text === text.toLowerCase();
    this.noSmall = text === text.toUpperCase();
    const first = /[«»]/.exec(text)?.[0];
    const matches = [
      ...rules.all("span", text),
      ...(first ? rules.all(first === "»" ? "german_quote" : "french_quote", text) : []),
    ];
    this.spans = matches
      .map((match): Span => [match.index, match.index + match[0].length - 1])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  }

  /** Whether capitals say something: the text has both sizes of letters, or none at all of either. */
  private get cased(): boolean {
    return !this.noCapitals && !this.noSmall;
  }

  private number(place: number): number {
    const found = this.spans.findIndex(([first]) => first >= place);
    return found < 0 ? this.spans.length : found;
  }

  /** The places behind the sentences, white space included; the last is the text's end. */
  ends(): number[] {
    const { text, rules } = this;
    const ends: number[] = [];
    let start = 0;
    for (const match of rules.all("candidate", text)) {
      const number = this.number(match.index);
      let stop = match.index + match[0].length;
      stop =
        this.spans.slice(number, number + NESTED).find(([first]) => first < stop && /["']/.test(text[first]!))?.[0] ??
        stop;
      if (stop >= text.length) break;
      if (
        text.slice(start, Math.min(start + QUOTE, match.index)).trim() &&
        this.isEnd(start, match.index, match[0], stop)
      ) {
        ends.push(stop);
        start = stop;
      }
    }
    if (this.code === "el")
      for (const match of text.matchAll(/[;\u037e]\s+(?=[«“"]?[\u0386-\u03ab])/gu))
        ends.push(match.index + match[0].length);
    return [...new Set([...ends, text.length])].sort((a, b) => a - b);
  }

  private isEnd(start: number, at: number, marks: string, stop: number): boolean {
    const { text, rules } = this;
    const closed = this.near(stop).find(([, last]) => at < last && last < stop);
    if (!closed && this.near(at).some(([, last]) => at < last)) return false;
    const rest = text.slice(stop, stop + 60);
    if (/^(?:[.,;:?!…)\]}，、；：]|» )/u.test(rest)) return false;
    const item = rules.begins("item", rest);
    const following = rules.begins("next_word", rest.slice((item ?? rules.begins("opening", rest)!).length)) ?? "";
    if (item === undefined && isLower(firstOf(following)) && !this.noCapitals && !/^[a-z]+[A-Z]/.test(following))
      return false;
    const answer = closed && this.isEndBehind(start, closed, rest, following);
    if (answer !== undefined) return answer;
    const run = MARKS.exec(marks)![0];
    const before = text.slice(Math.max(start, at - QUOTE), at);
    if (run[0] === "…" || run.startsWith("..")) return this.isEndWithEllipsis(before, run, following);
    if (rules.find("footnote", marks.trimEnd())) return true;
    if (run !== ".") return true;
    return (
      this.isEndWithStop(before, rest, following, item !== undefined) ??
      (item !== undefined || !rules.has("library", /[\p{L}\p{N}]+$/u.exec(before)?.[0] ?? ""))
    );
  }

  /** The quotations and brackets that begin before a place, as many as are looked at. */
  private near(place: number): Span[] {
    const number = this.number(place);
    return this.spans.slice(Math.max(0, number - NESTED), number);
  }

  /** Behind a quotation or bracket with a mark of its own; nothing where that is an ordinary end. */
  private isEndBehind(start: number, [opened, closed]: Span, rest: string, following: string): boolean | undefined {
    const { text, rules } = this;
    const before = text.slice(Math.max(start, opened - QUOTE), opened).trimEnd();
    const end = text[closed]!;
    if (")）]".includes(end)) {
      if (!before) return true;
      return /^[\p{L}\p{N}_(（]/u.test(rest) && !rules.has("starters", folded(following)) ? false : undefined;
    }
    if (end === "》") return false;
    if (rules.begins("speech", rest) !== undefined && !/[:：]$/.test(before)) return false;
    return before && following && !size(firstOf(following)) && !/[:,：，،.!?。！？]$/.test(before) ? false : undefined;
  }

  /** Three dots end a sentence where a capital follows, but in “I… I did not know”. */
  private isEndWithEllipsis(before: string, run: string, following: string): boolean {
    const { rules, code } = this;
    const last = rules.all("next_word", before).at(-1)?.[0];
    const words = before.split(/\s+/).filter(Boolean).length;
    const next = folded(following);
    if (last && following && folded(last) === next) return false;
    if (following && !size(firstOf(following))) return code !== "zh" && code !== "ja" && words > 3 && run[0] === ".";
    if (code === "de") return words > 3 || (words > 1 && rules.has("starters", next));
    return words > 1 || (next !== "i" && rules.has("starters", next));
  }

  /** Whether a full stop ends a sentence; nothing: no rule knows. */
  private isEndWithStop(before: string, rest: string, following: string, item: boolean): boolean | undefined {
    const { rules, code } = this;
    const last = rules.find("last_word", before);
    const word = last?.[0].replace(ELIDED, "");
    if (!last || !word) return undefined;
    const alone = !before.slice(0, last.index).replace(/[ \t\n\xa0"'“„«(\-*•]/g, "");
    const starts = rules.has("starters", folded(following).replaceAll("’", "'")) && this.cased;
    const number =
      (item && word.length > 1) ||
      /^\p{Nd}/u.test(rest) ||
      (rules.whole("roman", following) && following !== "I") ||
      (rules.has("numbered", folded(following)) && hasNumber(rest.slice(rest.indexOf(following) + following.length)));
    if (/^\p{Nd}+$/u.test(word))
      return (alone && word.length <= 3) || isItemInside(before, word)
        ? false
        : this.isEndWithNumber(word, before, following);
    const begun = before.slice(0, -word.length);
    const counted = /\p{Nd}\s*$/u.test(begun);
    if (rules.has("measures", word) && isUpper(firstOf(following)) && counted) return true;
    if (rules.has("everyday", word) && !alone && isUpper(firstOf(following)) && !counted) return true;
    for (const name of namesOf(begun, word)) {
      if (rules.has("numbered", name) && number) return false;
      if (rules.has("lists", name) && following) return this.cased || !size(firstOf(following));
      if (rules.has("sometimes", name)) {
        if (rules.whole("time_first", begun)) return false;
        if (item || this.isNextItem(before, rest)) return true; // Boil it for 20 min. b) Serve
        return following && size(firstOf(following))
          ? starts
          : Boolean(following) && ["etc", "इत्यादि", "आदि", "إلخ", "الخ"].includes(name);
      }
      if (rules.has("never", name)) return false;
    }
    if (item) return true;
    if (rules.whole("dotted", word)) return starts;
    const small = this.noCapitals && !this.noSmall;
    const initialFollows = following.length === 1 && rest[rest.indexOf(following) + 1] === "."; // S. A.
    if (rules.whole("initial", word) && !small)
      return (
        starts &&
        !(number || initialFollows || /(?:^|[\s(“"])[\p{L}\p{Nl}\p{No}]\.[\s-]?[\p{L}\p{Nl}\p{No}]$/u.test(before))
      );
    if (following && (rules.has("starters", word) || rules.find("cjk_end", word) !== undefined)) return true;
    if (code === "de" && rules.whole("roman", word)) return starts;
    if (rules.has("numbered", folded(word)) && !number) {
      if (/\p{Nd}\.?\s+$/u.test(begun)) return starts; // 3 févr. Paul
      return this.cased ? true : undefined;
    }
    const afterVerb = /^\p{Nd}/u.test(rest) && isLower(word) && rules.whole("verb", word);
    return rules.begins("brand", following) !== undefined || afterVerb ? true : undefined;
  }

  /** Whether a list's next item begins: 3. Serve behind 2. Boil it for 20 min. */
  private isNextItem(before: string, rest: string): boolean {
    const found = this.rules.begins("counted", rest);
    return found !== undefined && new RegExp(`(?:^|[.!?:;]\\s+)${parseInt(found) - 1}[.)]\\s`).test(before);
  }

  /** A number with a full stop: in German perhaps an ordinal. */
  private isEndWithNumber(word: string, before: string, following: string): boolean | undefined {
    const { rules, code } = this;
    if ((code !== "de" && code !== "") || !following) return undefined;
    const next = folded(following);
    if (rules.has("months", next) && Number(word) <= 31) return false;
    if (code !== "de" || word.length > 2) return undefined;
    const earlier = rules.all("next_word", before.slice(-40)).at(-1)?.[0];
    return !(earlier && rules.has("ordinal_after", folded(earlier))) || (next !== "a" && rules.has("starters", next));
  }
}

/** Whether an abbreviation that `rest` goes on behind has a number: Ref. No. 12. */
const hasNumber = (rest: string): boolean => /^\.\s?#?\p{Nd}/u.test(rest);

/** Whether a list's item begins within a sentence: first 1. open it, 2. Water it. */
const isItemInside = (before: string, number: string): boolean =>
  new RegExp(`[,;:]\\s+${number}$`).test(before) &&
  (Number(number) === 1 || new RegExp(`(?:^|[\\s(])${Number(number) - 1}\\.\\s`).test(before));

/** The entries that the tables may have: the last three words together (i. d. R.), two (z. B.), and the last one. */
function namesOf(before: string, word: string): string[] {
  const tail = /(?:[^\s.]{1,6}\.\s?){1,3}$/u.exec(before.slice(-24));
  const pieces = tail?.[0].match(/[^\s.]+/gu) ?? [];
  return [...pieces.map((_, n) => folded([...pieces.slice(n), word].join("."))), folded(word)];
}
