/** The changes of a list of words: a word stays, goes or comes. */

export interface Change {
  text: string;
  what: "stays" | "goes" | "comes";
  /** Its places before and after; -1 where it is not there. */
  before: number;
  after: number;
}

/** A word without the marks around it; a mark as it is. */
export const bare = (word: string): string => word.replace(/^[\p{P}\s]+|[\p{P}\s]+$/gu, "") || word;

/** The shortest way from one list to the other, by their longest common subsequence; a comma after a word makes no other word. */
export function changesOf(one: string[], other: string[]): Change[] {
  const [before, after] = [one.map(bare), other.map(bare)];
  const [rows, cols] = [before.length, after.length];
  const common = Array.from({ length: rows + 1 }, () => new Uint16Array(cols + 1));
  for (let i = rows - 1; i >= 0; i--)
    for (let j = cols - 1; j >= 0; j--)
      common[i]![j] =
        before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const found: Change[] = [];
  let [i, j] = [0, 0];
  while (i < rows || j < cols)
    if (i < rows && j < cols && before[i] === after[j])
      found.push({ text: one[i]!, what: "stays", before: i++, after: j++ });
    else if (j >= cols || (i < rows && common[i + 1]![j]! >= common[i]![j + 1]!))
      found.push({ text: one[i]!, what: "goes", before: i++, after: -1 });
    else found.push({ text: other[j]!, what: "comes", before: -1, after: j++ });
  return found;
}

export const wordsIn = (text: string): string[] =>
  /\s/.test(text.trim()) || !/[\u3040-\u9fff]/.test(text) ? text.split(/\s+/).filter(Boolean) : [...text];
