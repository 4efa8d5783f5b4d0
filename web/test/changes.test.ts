import { describe, expect, it } from "vitest";
import { changesOf, wordsIn } from "../src/numbers/changes";
import { flipped, head, normalised, shares, times, W, X } from "../src/numbers/toy";
import { WORDS } from "../src/words/words";

const said = (before: string, after: string) =>
  changesOf(wordsIn(before), wordsIn(after))
    .filter(({ what }) => what !== "stays")
    .map(({ text, what }) => `${what} ${text}`);

describe("what became of the words", () => {
  it("names the word that is lost, and no word beside a comma that moved", () => {
    expect(said("die Straße nicht, weil es", "die Straße, weil es")).toEqual(["goes nicht,"]);
    expect(said("a b", "a b")).toEqual([]);
    expect(said("a c", "a b c")).toEqual(["comes b"]);
  });
  it("knows both places of a word that stays", () => {
    expect(
      changesOf(["a", "b", "c"], ["b", "x", "c"])
        .filter(({ what }) => what === "stays")
        .map(({ before, after }) => [before, after]),
    ).toEqual([
      [1, 0],
      [2, 2],
    ]);
  });
  it("takes Chinese by signs", () => expect(said("它太累了", "它太宽了")).toEqual(["goes 累", "comes 宽"]));
});

describe("the toy", () => {
  it("is computed, not written down", () => {
    const one = head(0);
    expect(one.scores).toEqual(times(times([X[0]!], W.q), flipped(times(X, W.k)))[0]);
    expect(one.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(one.divided[0]).toBeCloseTo(one.scores[0]! / Math.sqrt(3), 9);
    expect(shares([0, 0])).toEqual([0.5, 0.5]);
  });
  it("normalises a row to mean 0 and spread 1", () => {
    const { mean, spread, row } = normalised([1, 3, 5, 7]);
    expect([mean, spread]).toEqual([4, Math.sqrt(5)]);
    expect(normalised(row).mean).toBeCloseTo(0, 9);
    expect(normalised(row).spread).toBeCloseTo(1, 9);
  });
});

describe("Chinese", () => {
  const zh = Object.entries(WORDS)
    .filter(([key]) => !/^(gloss\.de|examples\.en|words\.)/.test(key))
    .map(([key, row]) => [key, row[1]] as const);
  it("has no half-width comma, colon or full stop beside its signs, and no space before a percent sign", () => {
    for (const [key, text] of zh) {
      expect(text, key).not.toMatch(/[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]/);
      expect(text, key).not.toMatch(/\d %/);
      expect(text, key).not.toMatch(/[。，：；] /);
    }
  });
  it("uses the terms of the textbooks", () => {
    const all = zh.map(([, text]) => text).join("\n");
    for (const term of [
      "查询",
      "键",
      "值",
      "自注意力",
      "交叉注意力",
      "多头注意力",
      "掩码",
      "层归一化",
      "残差",
      "编码器输出",
      "词元",
      "位置编码",
    ])
      expect(all).toContain(term);
  });
});
