import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  at,
  columns,
  decode,
  embedded,
  type Matrix,
  matrix,
  parseExact,
  parseLook,
  plain,
  transposed,
} from "../src/numbers/data";
import { attentionOf, heightsOf, merged, meanRow, shown } from "../src/numbers/attention";
import type { Numbers } from "../src/numbers/data";
import type { PackedWindow } from "../src/numbers/wire";

const window = (changes: Partial<PackedWindow>): PackedWindow => ({
  name: "w",
  axes: ["query", "key"],
  shape: [2, 2],
  place: "",
  storage: "float32",
  group: "g",
  offset: 0,
  length: 0,
  error: 0,
  top: 0,
  ...changes,
});

const bytes = (array: Float32Array | Uint16Array | Uint8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe("decode", () => {
  it("float32 exactly, −∞ too", () => {
    const found = decode(window({ length: 16 }), bytes(new Float32Array([1.5, -2, -Infinity, 0])));
    expect(found.kind === "dense" && [...found.data]).toEqual([1.5, -2, -Infinity, 0]);
  });

  it("bfloat16 is the upper half of a float32", () => {
    const found = decode(
      window({ storage: "bfloat16", length: 8 }),
      bytes(new Uint16Array([0x3f80, 0xc000, 0x3f00, 0])),
    );
    expect(found.kind === "dense" && [...found.data]).toEqual([1, -2, 0.5, 0]);
  });

  it("root8 is (q / 255)²", () => {
    const found = decode(window({ storage: "root8", length: 4 }), new Uint8Array([0, 51, 255, 102]));
    expect(found.kind === "dense" && found.data[1]).toBeCloseTo(0.04, 6);
    expect(found.kind === "dense" && found.data[2]).toBe(1);
  });

  it("a window at an offset that is not aligned", () => {
    const group = joined(new Uint8Array([9]), bytes(new Float32Array([3, 4, 5, 6])));
    const found = decode(window({ offset: 1, length: 16 }), group);
    expect(found.kind === "dense" && [...found.data]).toEqual([3, 4, 5, 6]);
  });

  it("top: the rests of all rows, their keys, their roots", () => {
    const group = joined(
      bytes(new Float32Array([0.25, 0.5])),
      bytes(new Uint16Array([3, 1, 0, 2])),
      new Uint8Array([255, 51, 102, 0]),
    );
    const found = decode(
      window({ storage: "top", top: 2, shape: [1, 2, 4], axes: ["head", "query", "key"], length: group.length }),
      group,
    );
    expect(found.kind).toBe("top");
    const words = (n: number) => Array.from({ length: n }, (_, token) => ({ text: `w${token}`, tokens: [token] }));
    const { weights, rest } = merged(found, words(2), words(4)).row(0, 0);
    expect(rest).toBe(0.25);
    expect(weights[3]).toBe(1);
    expect(weights[1]).toBeCloseTo(0.04, 6);
    expect(weights[0]).toBe(0);
    expect(merged(found, words(2), words(4)).row(0, 1).rest).toBe(0.5);
  });

  it("refuses bytes that do not fit the shape", () => {
    expect(() => decode(window({ length: 12 }), new Uint8Array(12))).toThrow(
      /12 bytes for float32 of 2 × 2, wanted 16/,
    );
  });
});

describe("words and pieces", () => {
  it("a piece without its ▁; a blank of its own is shown as one", () =>
    expect(["▁The", "ow", "▁", "▁▁", "▁of▁the", "</s>"].map(shown)).toEqual(["The", "ow", "␣", "␣", "of␣the", "</s>"]));

  it("queries by pieces and keys by words, kept apart from both by pieces", () => {
    const words = [
      { text: "it", tokens: [0] },
      { text: "didn't", tokens: [1, 2] },
    ];
    const look = { source: { tokens: ["▁it", "▁didn", "'t"], words }, target: { tokens: ["<s>", "▁es"], words: [] } };
    const weights = decode(
      window({ shape: [1, 2, 3], axes: ["head", "query", "key"], length: 24 }),
      bytes(new Float32Array([0.5, 0.25, 0.25, 0, 0.25, 0.75])),
    );
    const numbers = { look, get: () => weights } as unknown as Numbers;
    const rows = (keyPieces?: boolean) => {
      const attention = attentionOf(numbers, "cross", 0, true, keyPieces)!;
      return attention.queries.map((_, query) => [...attention.row(0, query).weights]);
    };
    expect(rows()).toEqual([
      [0.5, 0.25, 0.25],
      [0, 0.25, 0.75],
    ]);
    expect(rows(false)).toEqual([
      [0.5, 0.5],
      [0, 1],
    ]);
  });

  it("a token's line lies in its word's share of the height", () => {
    const words = [
      { text: "Das", tokens: [0] },
      { text: "überquerte", tokens: [1, 2] },
    ];
    expect(heightsOf(words, 3)).toEqual([0.25, 0.625, 0.875]);
    expect(heightsOf([], 2)).toEqual([0.25, 0.75]);
  });
});

function body(header: object, ...groups: Uint8Array[]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return joined(length, text, ...groups).buffer as ArrayBuffer;
}

describe("a body of numbers", () => {
  const one = deflateSync(bytes(new Float32Array([1, 2, 3, 4])));
  const two = deflateSync(joined(new Uint8Array(4), bytes(new Float32Array([5, 6, 7, 8]))));
  const groups = [
    { name: "one", offset: 0, length: one.length, size: 16 },
    { name: "two", offset: one.length, length: two.length, size: 20 },
  ];
  const windows = [
    window({ name: "a", group: "one", length: 16 }),
    window({ name: "b", group: "two", offset: 4, length: 16 }),
    window({ name: "c", storage: "none" }),
  ];

  it("is inflated group by group, when it is wanted", async () => {
    const numbers = parseLook(body({ windows, weights: [], groups }, one, two));
    expect(numbers.get("b")).toBeUndefined();
    await new Promise<void>((arrived) => (numbers.arrived = arrived));
    expect([...numbers.dense("b")!.data]).toEqual([5, 6, 7, 8]);
    expect(numbers.has("a")).toBe(true);
    expect(numbers.has("c")).toBe(false);
    await expect(numbers.load("nothing")).rejects.toThrow("no window nothing");
  });

  it("asks again for what failed only when somebody did something", async () => {
    let asked = 0;
    const numbers = parseLook(body({ windows, weights: [], groups }, one, two), async () => {
      if (++asked === 1) throw new Error("not now");
      return decode(window({ length: 16 }), bytes(new Float32Array([1, 2, 3, 4])));
    });
    const failed = new Promise((told) => (numbers.failed = told));
    expect(numbers.get("c")).toBeUndefined();
    expect(String(await failed)).toBe("Error: not now");
    expect([numbers.get("c"), numbers.failedFor("c"), asked]).toEqual([undefined, true, 1]);
    numbers.retry();
    expect(numbers.get("c")).toBeUndefined();
    await new Promise<void>((arrived) => (numbers.arrived = arrived));
    expect([[...numbers.dense("c")!.data], numbers.failedFor("c"), asked]).toEqual([[1, 2, 3, 4], false, 2]);
  });

  it("of one window", async () => {
    const found = await parseExact(body({ windows: [windows[1]], groups }, one, two));
    expect(found.kind === "dense" && [...found.data]).toEqual([5, 6, 7, 8]);
  });

  it("in a saved page is base64", async () => {
    const parts: Record<string, string> = {
      look: JSON.stringify({ windows, weights: [], groups, live: false }),
      "group-one": Buffer.from(one).toString("base64"),
    };
    const page = {
      getElementById: (id: string) => (parts[id] ? { textContent: parts[id] } : null),
    } as unknown as Document;
    const found = await embedded(page)!.load("a");
    expect(found.kind === "dense" && [...found.data]).toEqual([1, 2, 3, 4]);
  });
});

describe("matrices", () => {
  const m: Matrix = plain(2, 3, new Float32Array([1, 2, 3, 4, 5, 6]));
  it("are turned and cut without copying", () => {
    expect(at(transposed(m), 2, 1)).toBe(6);
    expect(at(columns(m, 1, 3), 1, 0)).toBe(5);
  });
  it("of a head", () => {
    const tensor = {
      kind: "dense",
      window: window({}),
      shape: [2, 1, 2],
      axes: [],
      data: new Float32Array([1, 2, 3, 4]),
    } as const;
    expect(at(matrix(tensor as never, 1), 0, 1)).toBe(4);
  });
});

describe("pieces to words", () => {
  // Queries look, keys are looked at: rows sum to 1.
  const tensor = {
    kind: "dense",
    window: window({}),
    shape: [1, 3, 3],
    axes: [],
    data: new Float32Array([0.5, 0.3, 0.2, 0.1, 0.1, 0.8, 0.6, 0.2, 0.2]),
  } as never;
  const words = [
    { text: "ani", tokens: [0, 1] },
    { text: "it", tokens: [2] },
  ];
  const attention = merged(tensor, words, words);
  it("keys are summed and queries averaged", () => {
    const { weights } = attention.row(0, 0);
    expect(weights[0]).toBeCloseTo((0.8 + 0.2) / 2, 6);
    expect(weights[1]).toBeCloseTo((0.2 + 0.8) / 2, 6);
    expect(attention.row(0, 1).weights[0]).toBeCloseTo(0.8, 6);
  });
  it("each row still sums to 1", () => {
    for (const query of [0, 1])
      expect([...meanRow(attention, [0], query).weights].reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  });
});
