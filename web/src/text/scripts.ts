/** Whether a text is in a script or language that the model does not read, as src/glassformer/text/scripts.py and
 * other_language.py. */
import { folded, type Rules } from "./rules";

const SCRIPTS = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Armenian",
  "Bengali",
  "Ethiopic",
  "Georgian",
  "Gujarati",
  "Gurmukhi",
  "Kannada",
  "Khmer",
  "Lao",
  "Malayalam",
  "Myanmar",
  "Oriya",
  "Sinhala",
  "Tamil",
  "Telugu",
  "Thaana",
  "Thai",
  "Tibetan",
  "Hangul",
];
const LETTERS: [script: string, pattern: RegExp][] = [
  ...SCRIPTS.map((script): [string, RegExp] => [script, new RegExp(`\\p{Script=${script}}`, "u")]),
  ["Han", /[\p{Script=Han}\p{Script=Bopomofo}]/u],
  ["Kana", /[\p{Script=Hiragana}\p{Script=Katakana}ー]/u],
];
const WORDLIKE = ["Han", "Kana", "Hangul"]; // a character says as much as three letters of an alphabet
const SHARE = 0.5; // of the letters
const FEWEST = 3; // letters of an alphabet: fewer are a sign (π)
const FEWEST_LATIN = 8; // at a model that reads none: names and codes stand in every language's text
const FEWEST_WORDS = 3; // different words of the other language
const TIMES = 4; // so many times as many as of the model's

export const isForeign = (text: string, rules: Rules): boolean =>
  isInOtherScript(text, rules.told.scripts) || isInOtherLanguage(text, rules);

function isInOtherScript(text: string, known: string[]): boolean {
  const found = new Map<string, number>();
  for (const character of text.match(/\p{L}/gu) ?? []) {
    const letter = String.fromCodePoint(character.normalize("NFKC").codePointAt(0)!);
    const script =
      LETTERS.find(([, pattern]) => pattern.test(letter))?.[0] ?? (/\p{Script=Common}/u.test(letter) ? "" : "another");
    if (script) found.set(script, (found.get(script) ?? 0) + 1);
  }
  const weight = (names: string[]) =>
    names.reduce((sum, name) => sum + found.get(name)! * (WORDLIKE.includes(name) ? 3 : 1), 0);
  const strange = [...found.keys()].filter((name) => !known.includes(name));
  if (!known.length || !strange.length || weight(strange) < SHARE * weight([...found.keys()])) return false;
  const script = strange.sort((a, b) => found.get(b)! - found.get(a)!)[0]!;
  const fewest = WORDLIKE.includes(script) ? 1 : script === "Latin" ? FEWEST_LATIN : FEWEST;
  return strange.reduce((sum, name) => sum + found.get(name)!, 0) >= fewest;
}

/** By the words that only make grammar, which every sentence of some length has. */
function isInOtherLanguage(text: string, rules: Rules): boolean {
  const own = rules.told.source;
  const codes = Object.keys(rules.told.words).flatMap((name) => (name.startsWith("grammar_") ? [name.slice(8)] : []));
  if (!codes.includes(own)) return false;
  const words = new Set(
    rules.all("grammar_word", text).flatMap(([word]) => (word.length > 1 ? [folded(word.replace("’", "'"))] : [])),
  );
  const count = (code: string) => [...words].filter((word) => rules.has(`grammar_${code}`, word)).length;
  const likeliest = codes.reduce((best, code) => (count(code) > count(best) ? code : best));
  return likeliest !== own && count(likeliest) >= FEWEST_WORDS && count(likeliest) >= TIMES * Math.max(count(own), 0.5);
}
