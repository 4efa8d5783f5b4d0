/** The words of the chosen language. */
import { WORDS } from "./words";

export const LANGUAGES = [
  { code: "en", name: "English" },
  { code: "zh", name: "中文" },
] as const;

export type Key = keyof typeof WORDS;
export type Values = Record<string, string | number | boolean>;
export interface Translate {
  (key: Key, values?: Values): string;
  code: string;
}

/** The language of an address or a browser: the first that there is, or English. */
export function languageOf(wanted: readonly string[]): number {
  for (const one of wanted) {
    const index = LANGUAGES.findIndex(({ code }) => one.toLowerCase().split("-")[0] === code);
    if (index >= 0) return index;
  }
  return 0;
}

export function translator(language: number): Translate {
  const t = (key: Key, values: Values = {}) =>
    WORDS[key][language]!.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  return Object.assign(t, { code: LANGUAGES[language]!.code as string });
}
