/** The meaning of a word of the translation: from a small table, or the source word that it looks at most. */
import { attentionOf, isSink, meanRow, strongest, wordAt } from "../../numbers/attention";
import { bare } from "../../numbers/changes";
import type { Page } from "../../state/page";
import { WORDS } from "../../words/words";

const tables = new Map<string, Map<string, string>>();

/** The table of a language in the page's language: word=meaning;word=meaning. */
function tableOf(language: string, column: number): Map<string, string> {
  const key = `${language} ${column}`;
  let found = tables.get(key);
  if (!found) {
    const row = (WORDS as Record<string, readonly string[]>)[`gloss.${language}`];
    found = new Map((row?.[column] ?? "").split(";").map((pair) => pair.split("=") as [string, string]));
    tables.set(key, found);
  }
  return found;
}

/** "" where there is nothing to say: a mark, or the reader's own language. */
export function glossOf({ look, t }: Pick<Page, "look" | "t">, word: string): string {
  const target = look.model.languages.split("-")[1] ?? "";
  if (!/[\p{L}\p{N}]/u.test(word) || t.code.startsWith(target)) return "";
  const table = tableOf(target, t.code === "en" ? 0 : 1);
  return table.get(bare(word)) ?? table.get(bare(word).toLowerCase()) ?? "";
}

/** The source word that a word of the translation looks at most, in the last layer's mean: the row before it makes it. */
export function alignedTo({ numbers, look, t }: Pick<Page, "numbers" | "look" | "t">, token: number): string {
  if (t.code.startsWith(look.model.languages.split("-")[1] ?? "-")) return "";
  const attention = attentionOf(numbers, "cross", look.model.decoder_layers - 1, true);
  const row = attention && wordAt(attention.queries, token - 1);
  if (!attention || row === undefined || row < 0) return "";
  const all = Array.from({ length: attention.heads }, (_, head) => head);
  const [best] = strongest(meanRow(attention, all, row).weights, 1, (key) => isSink(attention.keys[key]!.text));
  const word = best === undefined ? undefined : look.source.words.find(({ tokens }) => tokens.includes(best));
  return word?.text ?? "";
}
