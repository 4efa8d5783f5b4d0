/** The rules of a model's languages: patterns and words, which came with it (src/glassformer/page/rules.py). */
import type { Rules as Told } from "../numbers/wire";

export class Rules {
  private readonly compiled = new Map<string, RegExp>();
  private readonly tables = new Map<string, Set<string>>();

  constructor(readonly told: Told) {}

  /** To find every match with; nothing for a model without this one. */
  pattern(name: string): RegExp | undefined {
    const source = this.told.patterns[name];
    if (source !== undefined && !this.compiled.has(name)) this.compiled.set(name, new RegExp(source, "gu"));
    return this.compiled.get(name);
  }

  all(name: string, text: string): RegExpExecArray[] {
    const pattern = this.pattern(name);
    return pattern ? [...text.matchAll(pattern)] : [];
  }

  /** The first match. */
  find(name: string, text: string): RegExpExecArray | undefined {
    const pattern = this.pattern(name);
    if (!pattern) return undefined;
    pattern.lastIndex = 0;
    return pattern.exec(text) ?? undefined;
  }

  /** A match that begins where `text` does. */
  begins(name: string, text: string): string | undefined {
    const found = this.find(name, text);
    return found?.index === 0 ? found[0] : undefined;
  }

  /** Whether `text` as a whole is a match. */
  whole(name: string, text: string): boolean {
    const key = `${name}$`;
    if (!this.compiled.has(key)) this.compiled.set(key, new RegExp(`^(?:${this.told.patterns[name]})$`, "u"));
    return this.compiled.get(key)!.test(text);
  }

  has(table: string, word: string): boolean {
    if (!this.tables.has(table)) this.tables.set(table, new Set(this.told.words[table]));
    return this.tables.get(table)!.has(word);
  }
}

/** As words are compared: without case. */
export const folded = (word: string): string => word.toLowerCase().replaceAll("ß", "ss");
export const isUpper = (text: string): boolean => /\p{Uppercase}/u.test(text) && !/[\p{Lowercase}\p{Lt}]/u.test(text);
export const isLower = (text: string): boolean => /\p{Lowercase}/u.test(text) && !/[\p{Uppercase}\p{Lt}]/u.test(text);
