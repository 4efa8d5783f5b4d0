import { describe, expect, it } from "vitest";
import { merged } from "../src/numbers/attention";
import type { Numbers } from "../src/numbers/data";
import { isContent, nounsOf, openingOf, openingWord, pronounHead, says, telling } from "../src/state/opening";
import { fromHash, START, type State, toHash } from "../src/state/state";
import { turnsOf } from "../src/views/parts/turns";
import type { Look } from "../src/numbers/wire";

const words = (text: string) => text.split(" ").map((word, n) => ({ text: word, tokens: [n] }));
const SENTENCE = words("The cup missed the saucer because it was chipped . </s>");
const IT = 6;
const size = SENTENCE.length;

/** Heads of a layer: each a list of [query, key] at which it looks alone; other words look at </s>. */
function layer(...heads: [number, number][][]) {
  const data = new Float32Array(heads.length * size * size);
  heads.forEach((looks, head) => {
    for (let q = 0; q < size; q++) {
      const key = looks.find(([query]) => query === q)?.[1] ?? size - 1;
      data[(head * size + q) * size + key] = 1;
    }
  });
  return { kind: "dense", window: { error: 0 }, shape: [heads.length, size, size], axes: [], data } as never;
}

const TWO_BACK = Array.from({ length: size - 2 }, (_, n) => [n + 2, n] as [number, number]);
const TO_SAUCER = Array.from({ length: size }, (_, n) => [n, 4] as [number, number]);

function numbers(tensors: unknown[], taught = "", source = SENTENCE): Numbers {
  const side = { text: "", tokens: source.map(({ text }) => text), ids: [], words: source };
  const look = {
    source: side,
    target: side,
    model: { encoder_layers: tensors.length, decoder_layers: 1, heads: 2, taught_head: taught },
  } as unknown as Look;
  return {
    look,
    get: (name: string) => tensors[Number(/\d+/.exec(name)![0])],
    failedFor: () => false,
    row: () => undefined,
  } as unknown as Numbers;
}

describe("the words of the opening", () => {
  it("the pronoun looks, or else the last word that says something", () => {
    expect(openingWord(SENTENCE)).toBe(IT);
    expect(openingWord(words("The lamp is on the table . </s>"))).toBe(5);
    expect(openingWord(words(". </s>"))).toBe(0);
  });
  it("marks, ends and small words say nothing", () =>
    expect(SENTENCE.filter(isContent).map(({ text }) => text)).toEqual(["cup", "missed", "saucer", "chipped"]));
  it("nouns stand behind an article", () => {
    expect(nounsOf(SENTENCE)).toEqual([1, 2, 4]);
    expect(nounsOf(words("Rain fell on my old coat ."))).toEqual([4, 5]);
  });
});

describe("the heads of the opening", () => {
  const lower = layer(TWO_BACK, TO_SAUCER);
  const upper = layer([[IT, 1]], [[IT, 8]]);
  const all = [lower, upper].map((tensor) => merged(tensor, SENTENCE, SENTENCE));
  it("a head that always looks so far, or there, says nothing", () => {
    expect(says(all[0]!, 0, IT)).toMatchObject({ key: 4, weight: 1, beyond: 0 });
    expect(says(all[0]!, 1, IT).beyond).toBeCloseTo(0, 6);
    expect(says(all[1]!, 0, IT)).toMatchObject({ key: 1, weight: 1, beyond: 1 });
  });
  it("are found in any layer", () => {
    expect(telling(all, IT)).toEqual({ layer: 1, heads: [0, 1] });
    expect(openingOf(numbers([upper, lower]), "encoder", false)).toEqual({ layer: 0, heads: [0, 1] });
  });
  it("none beside a pronoun's noun looks at another noun", () => {
    const both = merged(layer([[IT, 1]], [[IT, 4]]), SENTENCE, SENTENCE);
    expect(telling([both], IT)).toEqual({ layer: 0, heads: [0] });
    const plain = words("The cup missed the saucer because we were tired . </s>");
    expect(telling([merged(layer([[IT, 1]], [[IT, 4]]), plain, plain)], IT)).toEqual({ layer: 0, heads: [0, 1] });
  });
  it("the one that was taught is among them, if there is a pronoun", () => {
    const taught = "encoder.layers.0.self_attention:1";
    expect(openingOf(numbers([lower, upper], taught), "encoder", false)).toMatchObject({ layer: 0, heads: [1] });
    const plain = words("The cup missed the saucer because we were tired . </s>");
    expect(openingOf(numbers([lower, upper], taught, plain), "encoder", false)).toEqual(
      openingOf(numbers([lower, upper], "", plain), "encoder", false),
    );
  });
  it("nothing before all numbers are there", () =>
    expect(openingOf(numbers([upper, undefined]), "encoder", false)).toBeUndefined());
});

describe("the head that looks from the pronoun at a noun", () => {
  const weak = layer([[IT, 8]], []);
  it("has its true layer", () =>
    expect(pronounHead(numbers([weak, layer([], [[IT, 1]])]))).toMatchObject({
      layer: 1,
      head: 1,
      weight: 1,
      noun: { text: "cup" },
    }));
  it("is told with its weight where it is none", () => expect(pronounHead(numbers([weak]))!.weight).toBe(0));
  it("nothing without a pronoun", () =>
    expect(pronounHead(numbers([weak], "", words("a b c d e f g h i j k")))).toBeUndefined());
  it("the taught one goes before an equal one", () =>
    expect(
      pronounHead(numbers([layer([[IT, 1]], []), layer([], [[IT, 4]])], "encoder.layers.1.self_attention:1")),
    ).toMatchObject({ layer: 1, head: 1, noun: { text: "saucer" } }));
});

describe("turns", () => {
  it("are in the address, there and back", () => {
    const state: State = {
      ...START,
      turned: [
        ["encoder.layers.5.self_attention", 3, 9, [7]],
        ["decoder.layers.0.cross_attention", 0, 2, [1, 2]],
      ],
    };
    expect(fromHash(toHash(state))).toEqual(state);
    expect(fromHash("#turned=a:1:2,b:1:2:x,c:1:2:3.").turned).toEqual([]);
  });
  it("of a word's pieces are one", () => {
    const side = {
      text: "",
      tokens: [],
      ids: [],
      words: [
        { text: "it", tokens: [0, 1] },
        { text: "saucer", tokens: [2, 3] },
      ],
    };
    const found = turnsOf({ source: side, target: side } as unknown as Look, [
      ["encoder.layers.5.self_attention", 3, 0, [2, 3]],
      ["encoder.layers.5.self_attention", 3, 1, [2, 3]],
    ]);
    expect(found.map(({ layer, head, query, key, turns }) => [layer, head, query, key, turns.length])).toEqual([
      [5, 3, "it", "saucer", 2],
    ]);
  });
});
