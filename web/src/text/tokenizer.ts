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
