/** Which words of a SHOUTED line stay in capitals when it is read in small letters, as src/glassformer/text/acronyms.py. */
import type { Rules } from "./rules";

const VOWEL = /[AEIOUYÀ-ÖØ-ÞŒĀ-ŐŪ-ŮИЕЁАОУЫЭЮЯІЇЄ]/u;
const LETTERS = /^[A-ZŁŃŚŹŻČŠŽБВГДЖЗКЛМНПРСТФХЦЧШЩ]+$/u;
const SLAVIC = ["cs", "sk", "sl", "hr", "sr", "bs", "mk", "bg"];

/** `before` and `after`: what stands beside the word. */
export function isAcronym(word: string, before: string, after: string, rules: Rules): boolean {
  const code = rules.told.source;
  if (/\p{N}/u.test(word)) {
    const behind = word.replace(/^[0-9]+/, "");
    return !(behind !== word && rules.has("units", behind)) && /[^\p{N}]/u.test(word);
  }
  if ([...word].length === 1) return isLetter(word, after, code);
  if (rules.has("acronyms_and_words", word)) return isName(word, before, after, rules);
  if (word === "AIDS") {
    const earlier = /([\p{L}\p{Nl}\p{No}]+)\s+$/u.exec(before)?.[1];
    return !(earlier && rules.has("helpers", earlier)) && !/^\s+THE(?![\p{L}\p{N}_])/u.test(after);
  }
  if (
    rules.has("acronyms", word) ||
    (word.length > 2 && rules.whole("number", word)) ||
    ["II", "IV", "VI", "IX", "XI"].includes(word)
  )
    return true;
  const spoken = SLAVIC.includes(code) && /[RLРЛ]/.test(word);
  return (
    LETTERS.test(word) &&
    !VOWEL.test(word) &&
    !spoken &&
    !rules.has("no_vowel", word) &&
    after[0] !== "." &&
    new Set(word).size > 1
  );
}

/** DVDS, PCS: an acronym with an s; of one that is also a word (PINS) it is that word's. */
export const isPlural = (word: string, rules: Rules): boolean =>
  word.length > 2 &&
  word.endsWith("S") &&
  !rules.has("acronyms", word) &&
  rules.has("acronyms", word.slice(0, -1)) &&
  !rules.has("acronyms_and_words", word.slice(0, -1));

function isLetter(word: string, after: string, code: string): boolean {
  if (after.startsWith("-MAIL")) return false;
  if (code === "en") return !"AO".includes(word) || /^(?:\.\s*[A-Z](?![\p{L}\p{N}_])\.|\. [A-Z]{2})/u.test(after);
  return after[0] === ".";
}

function isName(word: string, before: string, after: string, rules: Rules): boolean {
  const earlier = /([\p{L}\p{Nl}\p{No}]+)\s+$/u.exec(before)?.[1];
  const later = /^\s+([\p{L}\p{Nl}\p{No}]+)/u.exec(after)?.[1];
  const determined = earlier !== undefined && rules.has("determiners", earlier);
  if (word === "AM" || word === "PM") return word === "PM" && !/\p{Nd}\s*$/u.test(before) && determined;
  if (/^-[\p{L}\p{Nl}\p{No}]/u.test(after) || /[\p{L}\p{Nl}\p{No}]-$/u.test(before)) return true;
  if (rules.told.source === "en" && determined && !["PIN", "ZIP", "ICE", "SAP", "RAM", "LED"].includes(word))
    return true;
  const small = word.toLowerCase();
  if (later !== undefined && rules.has(`follows_${small}`, later)) return true;
  return rules.find(`leads_${small}`, before) !== undefined;
}
