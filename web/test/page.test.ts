import { describe, expect, it } from "vitest";
import { at, type Dense, plain } from "../src/numbers/data";
import { allowed, dotProduct, loudest, outputMatrix, projection, softmax } from "../src/numbers/explain";
import { languageOf, translator } from "../src/words/messages";
import { encodings, LAYOUTS, likeness, wave } from "../src/numbers/positions";
import { fromHash, START, type State, toHash } from "../src/state/state";
import { WORDS } from "../src/words/words";

describe("the URL is the state", () => {
  const state: State = {
    ...START,
    view: "matrices",
    sentence: "<script>alert(1)</script> & 50 % + ü",
    heads: [0, 3],
    layer: 2,
    token: 7,
    symbol: "z",
    cell: "3:12",
    off: [{ attention: "encoder.layers.5.self_attention", head: 3 }],
    lang: "zh",
    pieces: true,
    step: 4,
    chapter: 2,
  };
  it("there and back", () => expect(fromHash(toHash(state))).toEqual(state));
  it("says nothing of what is as at the start", () => expect(toHash(START)).toBe(""));
  it("no head is not the same as the heads that the page chooses", () => {
    expect(fromHash(toHash({ ...START, heads: [] })).heads).toEqual([]);
    expect(fromHash("#heads=auto").heads).toBeNull();
  });
  it("nonsense is as at the start", () =>
    expect(fromHash("#view=nothing&layer=x&side=up&off=a&__proto__=1&%E0%A4%A=1")).toEqual(START));
});

describe("messages", () => {
  it("say the same with the same holes in both languages", () => {
    for (const [key, row] of Object.entries(WORDS)) {
      const holes = row.map((text) => [...text.matchAll(/\{\w+\}|\]\([^)]+\)/g)].map(String).sort().join());
      expect(holes[1], key).toBe(holes[0]);
      expect(
        row.every((text) => text.trim().length > 0) || key === "gap", // between two sentences: none in Chinese
        key,
      ).toBe(true);
    }
  });
  it("are chosen by the browser's language", () => {
    expect([languageOf(["zh-CN", "en"]), languageOf(["fr", "de"]), languageOf(["fr", "zh-TW"])]).toEqual([1, 0, 1]);
    expect(translator(1)("head.n", { n: 3 })).toBe("3 号头");
  });
});

describe("positions", () => {
  it("position 0 is sin 0 and cos 0 in every layout", () => {
    expect([...encodings("halves", 1, 4).data]).toEqual([0, 0, 1, 1]);
    expect([...encodings("halves_exact", 1, 4).data]).toEqual([0, 0, 1, 1]);
    expect([...encodings("interleaved", 1, 4).data]).toEqual([0, 1, 0, 1]);
  });
  it("the last pair of halves has the wavelength 10000 · 2π", () => {
    expect(wave("halves", 128, 63).wavelength).toBeCloseTo(20000 * Math.PI, 3);
    expect(wave("interleaved", 128, 2).wavelength).toBeCloseTo(2 * Math.PI * 10000 ** (1 / 64), 6);
  });
  it("halves_exact is interleaved in another order", () => {
    const [a, b] = [encodings("halves_exact", 5, 8), encodings("interleaved", 5, 8)];
    for (let pair = 0; pair < 4; pair++) expect(at(a, 3, pair)).toBe(at(b, 3, 2 * pair));
  });
  it("P · Pᵀ depends on the distance only, and is d/2 on the diagonal", () => {
    for (const layout of LAYOUTS) {
      const alike = likeness(encodings(layout, 6, 8));
      expect(at(alike, 2, 2)).toBeCloseTo(4, 4);
      expect(at(alike, 0, 3)).toBeCloseTo(at(alike, 2, 5), 4);
    }
  });
});

describe("a number is explained", () => {
  const dense = (shape: number[], data: number[]) =>
    ({ kind: "dense", shape, axes: [], data: Float32Array.from(data), window: null! }) as Dense;
  it("by its largest terms, the others, the bias and √d_k", () => {
    const left = plain(1, 3, Float32Array.from([1, 2, 3]));
    const right = plain(3, 1, Float32Array.from([10, -20, 1]));
    const sum = dotProduct(left, right, 0, 0, { divisor: 2, bias: 1, most: 1 });
    expect(sum.terms).toEqual([{ n: 1, left: 2, right: -20, product: -40 }]);
    expect([sum.others, sum.result]).toEqual([13, -13]);
  });
  it("a softmax with what is not allowed", () => {
    const scores = plain(1, 3, Float32Array.from([0, Math.log(3), -Infinity]));
    expect(softmax(scores, 0, 1).result).toBeCloseTo(0.75, 6);
    expect([...allowed(scores).data]).toEqual([1, 1, 0]);
    expect(loudest(scores, 0)).toBe(1);
  });
  it("W^K of head 1 out of the packed matrix is d_model × d_k", () => {
    const packed = dense(
      [3, 2, 2, 3],
      Array.from({ length: 36 }, (_, n) => n),
    );
    const m = projection(packed, 1, 1);
    expect([m.rows, m.cols, at(m, 0, 0), at(m, 2, 1)]).toEqual([3, 2, 18, 23]);
  });
  it("W^O is heads · d_v × d_model", () => {
    const m = outputMatrix(dense([2, 1, 3], [0, 1, 2, 3, 4, 5]));
    expect([m.rows, m.cols, at(m, 2, 1)]).toEqual([3, 2, 5]);
  });
});
