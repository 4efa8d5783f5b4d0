/** SHOUTED and Titled lines, read as if they were neither, as src/glassformer/text/case.py: to a tokenizer STREET is other
 * pieces than street. */
import { isAcronym, isPlural } from "./acronyms";
import { isLower, isUpper, type Rules } from "./rules";
import { sentences } from "./sentences";

const FEWEST_SHOUTED = 2; // words: one alone (USA, PDF) is rather a name
const FEWEST_TITLED = 4; // fewer are rather names (New York City)
const FEWEST_LETTERS = 3; // of a shouted word in a plain line
const DOTLESS = ["tr", "az", "crh", "gag"]; // where I is the capital of ı, and İ of i
const ELIDING = ["fr", "it", "ca"]; // L'ONU

const isCased = (word: string): boolean => word.toUpperCase() !== word.toLowerCase();
const casedWords = (line: string, rules: Rules): string[] =>
  rules
    .all("word", line)
    .map(([word]) => word)
    .filter(isCased);
const firstOf = (text: string): string => (text ? String.fromCodePoint(text.codePointAt(0)!) : "");

/** WHETHER IT HAS SEVERAL WORDS AND NO SMALL LETTER. */
export const shouted = (line: string, rules: Rules): boolean =>
  line === line.toUpperCase() && casedWords(line, rules).length >= FEWEST_SHOUTED;

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
    if (stem !== stem.toUpperCase() || stem === stem.toLowerCase()) {
      const asTitle = isUpper(firstOf(stem)) && isLower(stem.slice(firstOf(stem).length)) && !known;
      return begun(asTitle ? lower(token, code) : token);
    }
    if (known && ([...stem].length < FEWEST_LETTERS || !known(stem))) return token;
    if (mark && ELIDING.includes(code) && [...stem].length <= 2 && isAcronym(tail, "", after, rules))
      return begun(lower(stem, code)) + mark + tail;
    if (isPlural(stem, rules)) return `${stem.slice(0, -1)}s${mark}${lower(tail, code)}`;
    if (isAcronym(stem, before, after, rules)) return stem + mark + lower(tail, code);
    return begun(lower(token, code));
  });
}
