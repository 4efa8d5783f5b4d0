/** A text is read, and a translation written, as Python does it (tests/page/test_contract.py runs this with what that did). */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { places } from "../src/text/carried";
import { plain } from "../src/text/case";
import { normalised } from "../src/text/normalise";
import { protect } from "../src/text/protected";
import { Reader } from "../src/text/reading";
import { Rules } from "../src/text/rules";
import { sentences } from "../src/text/sentences";
import { Tokenizer } from "../src/text/tokenizer";
import { wordsOf } from "../src/text/words";
import type { Rules as Told, SpecialIds, Vocabulary } from "../src/numbers/wire";

interface Readings {
  rules: Told;
  vocabulary: Vocabulary;
  special: SpecialIds;
  readings: {
    text: string;
    sentences: string[];
    plain: string;
    ids: number[];
    shown: string[];
    foreign: boolean;
    said: number[];
    written: string;
    places: [spaced: number[], unspaced: number[]];
    as_target: string;
    by_library: boolean;
  }[];
}

const SHARE = 0.06;
const folder = process.env["GLASSFORMER_CONTRACT"];
if (!folder) it.skip("how Python reads: tests/page/test_contract.py runs it", () => {});
else
  describe.each(readdirSync(`${folder}/readings`))("%s", (name) => {
    const {
      rules: told,
      vocabulary,
      special,
      readings,
    } = JSON.parse(readFileSync(`${folder}/readings/${name}`, "utf8")) as Readings;
    const tokenizer = new Tokenizer(vocabulary, special);
    const [reader, rules] = [new Reader(told, tokenizer), new Rules(told)];
    const known = (word: string) =>
      tokenizer.encode(word.toLowerCase()).length === 1 && tokenizer.encode(word).length > 2;
    /** Where Python asks the library of sentence ends the page knows single words alone, and may err now and then. */
    const differences = (what: (one: Readings["readings"][number]) => [found: unknown, wanted: unknown]) =>
      readings
        .map((one) => ({ one, values: what(one) }))
        .filter(({ values: [found, wanted] }) => JSON.stringify(found) !== JSON.stringify(wanted))
        .filter(({ one }, _, all) => !one.by_library || all.length > SHARE * readings.length)
        .map(({ one: { text }, values: [found, wanted] }) => ({ text, found, wanted }));

    it("sentences end where they do in Python", () =>
      expect(differences((one) => [sentences(seen(one.text), rules), one.sentences])).toEqual([]));
    it("capitals are read as in Python", () =>
      expect(differences((one) => [plain(seen(one.text), rules, known), one.plain])).toEqual([]));
    it("a text has Python's tokens", () =>
      expect(differences((one) => [reader.read(one.text).ids, one.ids])).toEqual([]));
    it("tokens are shown as in Python", () =>
      expect(differences((one) => [reader.shown(reader.read(one.text), tokenizer.tokens(one.ids)), one.shown])).toEqual(
        [],
      ));
    it("another language is told", () =>
      expect(differences((one) => [reader.isForeign(one.text), one.foreign])).toEqual([]));
    it("a translation is written as in Python", () =>
      expect(differences((one) => [reader.write(reader.read(one.text), one.said), one.written])).toEqual([]));
    it("something can stand where it can in Python", () =>
      expect(
        differences((one) => [[false, true].map((unspaced) => places(tokenizer, one.said, unspaced)), one.places]),
      ).toEqual([]));
    it("a given translation is read as in Python", () =>
      expect(differences((one) => [reader.asTarget(reader.read(one.text), one.text), one.as_target])).toEqual([]));
    it("where no blanks are between words each piece is one", () => {
      const pieces = [
        "<pad>",
        "<s>",
        "</s>",
        "▁",
        "动物",
        "，",
        "<0xE5>",
        "<0x81>",
        "<0xAE>",
        "▁is",
        "n",
        "▁ผม",
        "เปิด",
      ];
      const kinds = "cccnnnbbbnnnn";
      const small = { pad_id: 0, bos_id: 1, eos_id: 2 } as SpecialIds;
      const asian = new Tokenizer({ pieces, kinds, scores: pieces.map(() => -1) }, small);
      const words = wordsOf(asian, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2], rules);
      expect(words.map(({ tokens }) => tokens)).toEqual([[0], [1, 2], [3], [4, 5, 6], [7, 8], [9], [10], [11]]);
      expect(words[1]!.text).toBe("动物");
    });

    const seen = (text: string): string =>
      told.patterns["things"] ? protect(text, rules, true).text : normalised(text);
  });
