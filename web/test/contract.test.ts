/** Python wrote these numbers (tests/page/test_contract.py runs this): what is decoded here is what Python reads. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decode, inflate, parseBody, ROOT8 } from "../src/numbers/data";
import type { Numbers } from "../src/numbers/wire";

const folder = process.env["GLASSFORMER_CONTRACT"];

interface Wanted {
  name: string;
  storage: string;
  /** Row by row; of `top` the stored weights where they were, and 0 elsewhere. null: −∞ */
  values: (number | null)[];
  rest: number[];
}

if (!folder) it.skip("what Python wrote: tests/page/test_contract.py runs it", () => {});
else
  describe("what Python wrote", () => {
    const body = new Uint8Array(readFileSync(`${folder}/numbers.bin`)).buffer as ArrayBuffer;
    const wanted = JSON.parse(readFileSync(`${folder}/wanted.json`, "utf8")) as Wanted[];
    const { header, blob } = parseBody<Numbers>(body);

    it("is every storage", () =>
      expect(new Set(wanted.map(({ storage }) => storage))).toEqual(new Set(["float32", "bfloat16", "root8", "top"])));

    it.each(wanted)("$name ($storage)", async ({ name, values, rest }) => {
      const window = header.windows.find((one) => one.name === name)!;
      const group = header.groups.find((one) => one.name === window.group)!;
      const found = decode(window, await inflate(blob(group), group));
      const expected = Float32Array.from(values, (value) => value ?? -Infinity);
      if (found.kind === "dense") return expect(found.data).toEqual(expected);
      const width = window.shape.at(-1)!;
      const dense = new Float32Array(expected.length);
      found.keys.forEach((key, n) => (dense[Math.floor(n / found.k) * width + key] = ROOT8[found.roots[n]!]!));
      expect(dense).toEqual(expected);
      return expect(found.rest).toEqual(Float32Array.from(rest));
    });
  });
