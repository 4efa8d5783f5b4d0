/** SHOUTED and Titled lines, read as if they were neither: to a tokenizer STREET is other pieces than street.
 *
 * This is the simple part of src/glassformer/text/case.py: it knows no acronyms, names or languages, and cuts sentences at
 * their marks alone. */
const FEWEST_SHOUTED = 2; // words: one alone (USA, PDF) is rather a name
const FEWEST_TITLED = 4; // fewer are rather names (New York City)
const WORD = /[\p{L}\p{Nl}\p{No}]+(?:['’][\p{L}\p{Nl}\p{No}]+)*/gu;
const SENTENCE = /[^.!?…。！？]+(?:[.!?…]+["'»”’«“)\]]*(?:\s+|$)|[。！？]+[」』）”’]*\s*|[.!?…]+)?|[.!?…。！？]+\s*/gu;

const casedWords = (line: string): string[] => (line.match(WORD) ?? []).filter((word) => word.toUpperCase() !== word.toLowerCase());

/** WHETHER IT HAS SEVERAL WORDS AND NO SMALL LETTER. */
export const shouted = (line: string): boolean => line === line.toUpperCase() && casedWords(line).length >= FEWEST_SHOUTED;

/** Whether Each Of Its Words Begins With A Capital, and they are too many for a name; 3 where a mark ends them. */
export function titled(line: string): boolean {
  const words = casedWords(line);
  const fewest = FEWEST_TITLED - Number(/[.!?…][^\p{L}\p{N}_]*$/u.test(line));
  return words.length >= fewest && words.every((word) => word[0] !== word[0]!.toLowerCase()) && line !== line.toUpperCase();
}

/** A shouted or titled line in small letters, but for the first one of each sentence; any other as it is. */
export const plain = (line: string): string => (shouted(line) || titled(line) ? (line.match(SENTENCE) ?? []).map(capital).join("") : line);

const capital = (sentence: string): string => sentence.replace(/^([^\p{L}]*\p{L})?([^]*)$/u, (_, first: string | undefined, rest: string) => (first ?? "") + rest.toLowerCase());
