/** Strings ⇄ ids: SentencePiece's unigram model (Kudo 2018) with bytes for what it does not know, as src/glassformer/text/tokenizer.py. */
import type { SpecialIds, Vocabulary } from "../numbers/wire";
import { normalised } from "./normalise";

export const WORD_START = "▁";

/** Pieces by their characters: a letter more is a step further. */
interface Branch {
  /** The piece that ends here; −1: none. */
  id: number;
  next: Map<string, Branch>;
}

const branch = (): Branch => ({ id: -1, next: new Map() });

/** The best way to cut the text up to a place. */
interface Best {
  /** log P of the pieces up to here, in float32 as SentencePiece has it. */
  total: number;
  /** Where the last of them begins, and which it is; −1: a character that no piece has. */
  start: number;
  id: number;
}

export class Tokenizer {
  private readonly root = branch();
  private readonly byteIds: number[] = [];
  private readonly bytes = new Map<number, number>();
  /** The cost of a character that no piece has: 10 less than the unlikeliest piece. */
  private readonly unknown: number;
  private readonly likeliest: number;
  private readonly scores: Float32Array;

  constructor(
    private readonly table: Vocabulary,
    private readonly special: SpecialIds,
  ) {
    const { pieces, kinds } = table;
    const scores = (this.scores = Float32Array.from(table.scores));
    const normal = scores.filter((_, id) => kinds[id] === "n");
    this.unknown = Math.fround(Math.min(...normal) - 10);
    this.likeliest = Math.max(...normal);
    pieces.forEach((piece, id) => {
      if (kinds[id] === "b") {
        const byte = Number.parseInt(piece.slice(3, 5), 16); // <0xF0>
        this.byteIds[byte] = id;
        this.bytes.set(id, byte);
      }
      if (kinds[id] !== "n" && kinds[id] !== "d") return;
      let at = this.root;
      for (const character of piece) {
        if (!at.next.has(character)) at.next.set(character, branch());
        at = at.next.get(character)!;
      }
      at.id = id;
    });
  }

  /** The ids of `text`, without bos and eos: those pieces that together are the likeliest (Viterbi). */
  encode(text: string): number[] {
    const characters = [...spaced(normalised(text))];
    const best: Best[] = [{ total: 0, start: 0, id: -1 }];
    const reach = (end: number, start: number, id: number, score: number) => {
      const total = Math.fround(best[start]!.total + score); // rounded before it is compared: of equals the first stays
      if (!best[end] || total > best[end].total) best[end] = { total, start, id };
    };
    for (let start = 0; start < characters.length; start++) {
      let at = this.root.next.get(characters[start]!);
      let alone = false;
      for (let end = start + 1; at; at = this.after(at, characters[end++])) {
        if (at.id < 0) continue;
        reach(end, start, at.id, this.scoreOf(at.id, characters, start, end));
        alone ||= end === start + 1;
      }
      if (!alone) reach(start + 1, start, -1, this.unknown);
    }
    return this.way(characters, best);
  }

  private after = (at: Branch, character: string | undefined): Branch | undefined =>
    character === undefined ? undefined : at.next.get(character);

  /** Signs are never cut: they cost less than any piece of their length. */
  private scoreOf(id: number, characters: string[], start: number, end: number): number {
    if (this.table.kinds[id] !== "d") return this.scores[id]!;
    return Math.fround(UTF8.encode(characters.slice(start, end).join("")).length * this.likeliest - 0.1);
  }

  /** The pieces of the best way to the end, in order; of a character that none has its bytes. */
  private way(characters: string[], best: Best[]): number[] {
    const found: number[][] = [];
    for (let end = characters.length; end > 0; end = best[end]!.start) {
      const { start, id } = best[end]!;
      if (id >= 0) found.push([id]);
      else
        found.push(
          [...UTF8.encode(characters.slice(start, end).join(""))].map(
            (byte) => this.byteIds[byte] ?? this.special.unk_id,
          ),
        );
    }
    return found.reverse().flat();
  }

  /** The text of `ids`; pad, bos and eos are left out, unk shows as ⁇, bytes that are no UTF-8 as U+FFFD. */
  decode(ids: number[]): string {
    let text = "";
    let bytes: number[] = [];
    let begun = false; // the space before the first word is SentencePiece's own
    const spell = () => {
      text += utf8(bytes);
      bytes = [];
    };
    for (const id of ids) {
      if (this.isSilent(id)) continue;
      const byte = this.bytes.get(id);
      if (byte !== undefined) {
        bytes.push(byte);
        begun = true;
        continue;
      }
      spell();
      if (id === this.special.unk_id) text += " ⁇ ";
      else {
        const piece = this.table.pieces[id]!;
        text += (begun ? piece : piece.replace(/^▁/, "")).replaceAll(WORD_START, " ");
        if (!begun && piece === WORD_START) continue; // nothing was said yet
      }
      begun = true;
    }
    spell();
    return text;
  }

  /** The pieces as they are shown: ▁ begins a word, <0xF0> is a byte. */
  tokens(ids: number[]): string[] {
    return ids.map((id) => this.table.pieces[id]!);
  }

  isSilent(id: number): boolean {
    const { pad_id, bos_id, eos_id } = this.special;
    return id === pad_id || id === bos_id || id === eos_id;
  }

  /** The words that `ids` spell, each with its positions in them; punctuation marks at a word's ends are words where they
   * are tokens of their own, and so are <s> and </s>. */
  words(ids: number[]): { text: string; tokens: number[] }[] {
    const tokens = this.tokens(ids);
    const between: number[][] = [];
    ids.forEach((id, place) => {
      if (this.isSilent(id)) return;
      if (tokens[place]!.startsWith(WORD_START) || !between.length) between.push([]);
      between.at(-1)!.push(place);
    });
    const words = between
      .flatMap((places) => partsOf(tokens, places))
      .map((places) => ({ text: this.decode(places.map((place) => ids[place]!)), tokens: places }));
    const others = ids.flatMap((id, place) => (this.isSilent(id) ? [{ text: tokens[place]!, tokens: [place] }] : []));
    return [...words, ...others].sort((a, b) => a.tokens[0]! - b.tokens[0]!);
  }
}

const UTF8 = new TextEncoder();

/** As SentencePiece begins: no spaces at the ends, one between words, each written ▁, and one before the first word. */
function spaced(text: string): string {
  const one = text.replace(/^ +/, "").replace(/ {2,}/g, " ").replaceAll(" ", WORD_START);
  return one ? `${WORD_START}${one}`.replace(/▁+$/, "") : "";
}

/** Bytes as text: U+FFFD for each byte that belongs to no character. */
function utf8(bytes: number[]): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= bytes.length && isCharacter(bytes.slice(at, at + size)));
    text += length
      ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes.slice(at, at + length)))
      : "\ufffd";
    at += length ?? 1;
  }
  return text;
}

function isCharacter(bytes: number[]): boolean {
  try {
    return [...new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))].length === 1;
  } catch {
    return false;
  }
}

/** As units.py: Thai, Lao, Tibetan, Burmese, Khmer and their like; kana and Han. */
const UNSPACED =
  /[\u0e00-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaa7f\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u{20000}-\u{3ffff}]/u;

/** The words between two blanks. Chinese has none between words: there each piece is one, with the blank before it; the
 * bytes of a character are together. */
function partsOf(tokens: string[], places: number[]): number[][] {
  if (!places.some((place) => UNSPACED.test(tokens[place]!))) return withoutMarks(tokens, places);
  const isByte = (place: number | undefined) => place !== undefined && tokens[place]!.startsWith("<0x");
  const parts: number[][] = [];
  places.forEach((place, n) => {
    const before = places[n - 1];
    if (before !== undefined && (tokens[before] === WORD_START || (isByte(before) && isByte(place))))
      parts.at(-1)!.push(place);
    else parts.push([place]);
  });
  return parts;
}

function withoutMarks(tokens: string[], places: number[]): number[][] {
  let [first, last] = [0, places.length];
  while (last - 1 > first && isMark(tokens[places[last - 1]!]!)) last--;
  while (first < last - 1 && isMark(tokens[places[first]!]!)) first++;
  return [
    ...places.slice(0, first).map((place) => [place]),
    places.slice(first, last),
    ...places.slice(last).map((place) => [place]),
  ];
}

/** Whether a piece is punctuation only. */
function isMark(token: string): boolean {
  const text = token.startsWith(WORD_START) ? token.slice(1) : token;
  return text.length > 0 && !/[\p{L}\p{N}]/u.test(text);
}
