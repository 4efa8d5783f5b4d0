/** The model in TypeScript computes what PyTorch computed (tests/page/test_contract.py runs this with what that wrote). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { assembled } from "../kernel.mjs";
import { decode, inflate, parseBody } from "../src/numbers/data";
import { Products } from "../src/transformer/products";
import { score } from "../src/transformer/score";
import { BeamSearch, greedy } from "../src/transformer/search";
import { tensor } from "../src/transformer/tensor";
import { record } from "../src/transformer/trace";
import { Transformer } from "../src/transformer/transformer";
import { readModel } from "../src/transformer/weights";
import {
  attentions,
  type Change,
  changed,
  edgesBlocked,
  headsOff,
  rankingOf,
  turned,
  withEachOff,
} from "../src/transformer/what_if";
import type { HeadIndex, Numbers } from "../src/numbers/wire";
import type { Case } from "./case";

const folder = process.env["GLASSFORMER_CONTRACT"];

it("the kernel is what its source says, to the byte", async () =>
  expect(readFileSync(new URL("../src/transformer/kernel.ts", import.meta.url), "utf8")).toBe(await assembled()));

describe.each([[true], [false]])("products (WebAssembly: %s)", (quick) => {
  it.each([
    [1, 1, 1],
    [3, 5, 7],
    [17, 30, 50],
    [600, 8, 12],
  ])("of %i × %i with %i rows", (rows, inner, columns) => {
    const random = (...shape: number[]) =>
      tensor(
        shape,
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => Math.random() - 0.5),
      );
    const products = new Products(quick);
    expect(products.quick).toBe(quick);
    const [x, other, w] = [random(rows, inner), random(3, 3), random(columns, inner)];
    products.keep(other);
    const [matrix, bias] = [products.keep(w), random(columns).data];
    const y = products.linear(x, matrix, bias);
    expect(y.shape).toEqual([rows, columns]);
    for (let row = 0; row < rows; row += 7)
      for (let column = 0; column < columns; column++) {
        let sum = bias[column]!;
        for (let i = 0; i < inner; i++) sum += x.data[row * inner + i]! * w.data[column * inner + i]!;
        expect(y.data[row * columns + column]!).toBeCloseTo(sum, 5);
      }
    expect(products.whole(matrix).data).toEqual(w.data);
  });
});

/** The largest difference, as a share of the largest number; infinite where one is −∞ and the other is not. */
function difference(found: Float32Array, wanted: Float32Array): number {
  if (found.length !== wanted.length) return Infinity;
  let [most, largest] = [0, 0];
  wanted.forEach((one, n) => {
    if (one === found[n]) return;
    largest = Math.max(largest, Math.abs(one - found[n]!));
  });
  for (const one of wanted) if (Number.isFinite(one)) most = Math.max(most, Math.abs(one));
  return largest / Math.max(most, 1e-30);
}

const models = folder ? readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/cases.json`)) : [];
if (!folder) it.skip("what PyTorch computed: tests/page/test_contract.py runs it", () => {});
describe.each(models)("%s", (name) => {
  const cases = JSON.parse(readFileSync(`${folder}/${name}/cases.json`, "utf8")) as Case[];
  let model: Transformer;
  beforeAll(async () => {
    const products = new Products(name !== "bias"); // one of them in plain JavaScript
    const { header, weights } = await readModel(
      new Uint8Array(readFileSync(`${folder}/${name}/model.bin`)).buffer,
      products,
    );
    model = new Transformer(weights, header.model, header.special, products);
  });
  const changes = ({ ask }: Case): Change[] => [
    ...headsOff(model, ask.heads_off ?? []),
    ...edgesBlocked(model, ask.blocked ?? []),
    ...turned(model, ask.turned ?? []),
  ];

  describe.each(cases.map((one, number) => ({ ...one, number })))("case $number", (one) => {
    const { bos_id, eos_id } = { bos_id: 1, eos_id: 2 };
    const source = [...one.source, eos_id];

    it("every window is PyTorch's", async () => {
      const { header, blob } = parseBody<Numbers>(
        new Uint8Array(readFileSync(`${folder}/${name}/numbers-${one.number}.bin`)).buffer,
      );
      const bytes = await inflate(blob(header.groups[0]!), header.groups[0]!);
      const trace = changed(model, changes(one), () =>
        record(model, () => model.forward(source, [bos_id, ...one.target])),
      );
      expect(new Set(trace.keys())).toEqual(new Set(header.windows.map((window) => window.name)));
      for (const window of header.windows) {
        const wanted = decode(window, bytes);
        const found = trace.get(window.name)!;
        expect([found.shape, found.axes, found.place], window.name).toEqual([window.shape, window.axes, window.place]);
        expect(wanted.kind === "dense" && difference(found.data, wanted.data), window.name).toBeLessThan(1e-4);
      }
    });

    it("finds the same translations", () => {
      if (!one.beam.length) return;
      changed(model, changes(one), () => {
        const without = (ids: number[]) => (ids.at(-1) === eos_id ? ids.slice(0, -1) : ids);
        expect(without([...greedy(model, source)].map(({ id }) => id))).toEqual(one.greedy);
        const search = new BeamSearch(model, source);
        while (!search.done) search.step();
        expect(without(search.result().ids)).toEqual(one.beam);
      });
    });

    it("scores and ranks alike", () => {
      changed(model, changes(one), () => {
        score(model, one.source, one.target).forEach((found, n) => expect(found).toBeCloseTo(one.scores[n]!, 3));
        const pytorch = one.ranking;
        if (!pytorch) return;
        const heads = [...attentions(model).keys()].flatMap((attention) =>
          Array.from({ length: model.facts.heads }, (_, head) => [attention, head] as HeadIndex),
        );
        const some = heads.filter((_, n) => n % 3); // in two passes, as long sentences are
        const others = heads.filter((_, n) => n % 3 === 0);
        const target = [bos_id, ...one.target, eos_id];
        const [base, ...rest] = withEachOff(model, source, target, some);
        const [again, ...more] = withEachOff(model, source, target, others);
        expect(again).toEqual(base);
        const ranking = rankingOf([...some, ...others], base!, [...rest, ...more]);
        pytorch.heads.forEach(({ attention, head }, n) => {
          const place = ranking.heads.findIndex(([name, number]) => name === attention && number === head);
          pytorch.per_token[n]!.forEach((wanted, token) =>
            expect(ranking.change[place]![token]!).toBeCloseTo(wanted, 3),
          );
        });
      });
    });
  });
});
