/** SHOUTED and Titled lines, read as if they were neither, as src/glassformer/text/case.py: to a tokenizer STREET is other
 * pieces than street. */
import { isAcronym, isPlural } from "./acronyms";
import { isLower, isUpper, type Rules } from "./rules";
import { sentences } from "./sentences";

const FEWEST_SHOUTED = 2; // words: one alone (USA, PDF) is rather a name
const FEWEST_TITLED = 4; // fewer are rather names (New York City)
const FEWEST_CAPS_LOCK = 3; // two are rather units or kinds (pH dB, mRNA)
const FEWEST_LETTERS = 3; // of a shouted word in a plain line
const DOTLESS = ["tr", "az", "crh", "gag"]; // where I is the capital of ı, and İ of i
const ELIDING = ["fr", "it", "ca"]; // L'ONU

/** Small in a shouted word, too: DVDs, NATO's, STRAßE. */
const SMALL_END = /(?<=[\p{L}\p{Nl}\p{No}]{2})s$|(?<=[\p{L}\p{Nl}\p{No}])['’]s$|ß/gu;
const isCased = (word: string): boolean => word.toUpperCase() !== word.toLowerCase();
/** The words that have letters of two sizes; those behind a digit are units. */
const casedWords = (line: string, rules: Rules): string[] =>
  rules
    .all("word", line)
    .filter((match) => !/\p{Nd}$/u.test(line.slice(Math.max(0, match.index - 2), match.index)))
    .map(([word]) => word)
    .filter(isCased);
const isLoud = (word: string): boolean => {
  const large = word.replace(SMALL_END, "");
  return large === large.toUpperCase() && large !== large.toLowerCase();
};
/** Whether a condition holds of two letters that stand side by side in a word, somewhere or everywhere. */
const pairs = (word: string): [string, string][] => {
  const letters = [...word];
  return letters.slice(1).map((letter, n) => [letters[n]!, letter]);
};
/** iPHONE, McDONALD: a capital behind a small letter. */
const hasOwnCase = (word: string): boolean => pairs(word).some(([one, next]) => isLower(one) && isUpper(next));
/** Whether these words are hELLO, i AM tOM: the first begins small, and another one, too, where the first may be a name. */
function isCapsLock(words: string[]): boolean {
  const turned = words.filter((word) => {
    const rest = word.slice(firstOf(word).length);
    return isLower(firstOf(word)) && (!rest || isLoud(rest));
  });
  if (words.length < FEWEST_CAPS_LOCK || !turned.some((word) => [...word].length > 1) || turned[0] !== words[0])
    return false;
  return (
    words.every((word) => turned.includes(word) || isLoud(word)) &&
    (turned.length > 1 || !"eimt".includes(words[0]![0]!))
  );
}
const firstOf = (text: string): string => (text ? String.fromCodePoint(text.codePointAt(0)!) : "");

/** WHETHER IT HAS SEVERAL WORDS AND NO SMALL LETTER, but for those of names (iPhone), plurals (DVDs) and units (5pm). */
export function shouted(line: string, rules: Rules): boolean {
  const words = casedWords(line, rules);
  if (line === line.toUpperCase()) return words.length >= FEWEST_SHOUTED;
  const loud = words.filter(isLoud).length;
  const own = words.filter((word) => !isLoud(word) && hasOwnCase(word)).length;
  return loud >= FEWEST_SHOUTED && loud > own && own === words.length - loud && !isCapsLock(words);
}

/** In capitals where it is written in zIgZaG, with its letters' sizes exchanged where it was typed wITH cAPS LOCK ON. */
function asMeant(line: string, rules: Rules): string {
  const code = rules.told.source;
  const words = casedWords(line, rules);
  if (isCapsLock(words))
    return [...line]
      .map((one) => (isUpper(one) ? lower(one, code) : one === "ß" ? one : inUpperCase(one, code)))
      .join("");
  const long = words.filter((word) => [...word].length >= FEWEST_LETTERS);
  const zigzag = long.filter((word) => pairs(word).every(([one, next]) => isUpper(one) !== isUpper(next))).length;
  return zigzag >= FEWEST_SHOUTED && zigzag > long.length / 2 ? inUpperCase(line, code) : line;
}

/** Whether Each Of Its Words Begins With A Capital, and they are too many for a name; 3 where a mark ends them. */
export function titled(line: string, rules: Rules): boolean {
  const words = casedWords(line, rules);
  const fewest = FEWEST_TITLED - Number(rules.find("marks", line) !== undefined);
  return (
    words.length >= fewest &&
    words.every((word) => firstOf(word) !== firstOf(word).toLowerCase()) &&
    line !== line.toUpperCase()
  );
}

/** A shouted or titled line in small letters, but for what is a capital anyway; of any other line its shouted sentences, and
 * its shouted words that `known` says to be words. */
export function plain(line: string, rules: Rules, known: (word: string) => boolean): string {
  if (!/\p{Uppercase}/u.test(line)) return line;
  line = asMeant(line, rules);
  if (shouted(line, rules) || titled(line, rules))
    return sentences(line, rules)
      .map((one) => small(one, rules))
      .join("");
  if (!/(?:(?![a-z])[\p{L}\p{Nl}\p{No}]){3}/u.test(line)) return line;
  return sentences(line, rules)
    .map((one) => (shouted(one, rules) ? small(one, rules) : small(one, rules, known)))
    .join("");
}

export function lower(text: string, code: string): string {
  if (DOTLESS.includes(code)) text = text.replaceAll("I", "ı");
  return text.replaceAll("İ", "i").toLowerCase();
}

/** In capitals of a language: ß becomes SS; Greek loses its accents; Georgian, of one size of letters, stays. */
export function inUpperCase(text: string, code: string): string {
  if (code === "ka") return text;
  if (DOTLESS.includes(code)) text = text.replaceAll("i", "İ");
  if (code === "el") text = text.normalize("NFD").replaceAll("\u0301", "").normalize("NFC");
  return text.toUpperCase();
}

/** In small letters, the first one capital; with `known` only what that says. */
function small(sentence: string, rules: Rules, known?: (word: string) => boolean): string {
  const code = rules.told.source;
  const dotted = rules
    .all("small_dotted", sentence)
    .map((match) => [match.index, match.index + match[0].length] as const);
  const first = sentence.search(/[\p{L}\p{Nl}\p{No}]/u);
  return sentence.replace(rules.pattern("token")!, (token: string, start: number) => {
    const stop = start + token.length;
    const [before, after] = [sentence.slice(Math.max(0, start - 40), start), sentence.slice(stop, stop + 40)];
    if (dotted.some(([from, to]) => from <= start && start < to))
      return code === "de" && token === "B" ? token : lower(token, code); // z. B.
    const begun = (word: string): string => {
      const title = rules.begins("title", sentence.slice(start, stop + 1).toUpperCase());
      const named = rules.has("names", token.toUpperCase()) || title?.length === token.length;
      const behind = dotted.some(([, to]) => to < start && !sentence.slice(to, start).trim());
      const begins =
        first === start ||
        named ||
        (rules.find("before_name", before.toUpperCase()) && !behind) ||
        (code === "de" && /[A-Z]{2}-$/.test(before));
      if (!isLower(word) || !begins) return word;
      if (code === "nl" && word.startsWith("ij")) return `IJ${word.slice(2)}`;
      return inUpperCase(firstOf(word), DOTLESS.includes(code) ? code : "") + word.slice(firstOf(word).length);
    };
    const [, stem, mark, tail] = /^([^'’]*)(['’]?)(.*)$/u.exec(token) as unknown as [string, string, string, string];
    const large = stem.replaceAll("ß", "ẞ");
    if (large !== large.toUpperCase() || stem === stem.toLowerCase()) {
      const asTitle = isUpper(firstOf(stem)) && isLower(stem.slice(firstOf(stem).length)) && !known;
      return begun(asTitle ? lower(token, code) : token);
    }
    if (known && ([...stem].length < FEWEST_LETTERS || !known(stem))) return token;
    if (mark && ELIDING.includes(code) && [...stem].length <= 2 && isAcronym(tail, "", after, rules))
      return begun(lower(stem, code)) + mark + tail;
    if (isPlural(stem, rules)) return `${stem.slice(0, -1)}s${mark}${lower(tail, code)}`;
    if (isAcronym(stem, before, mark + tail + after, rules)) return stem + mark + lower(tail, code);
    return begun(lower(token, code));
  });
}
