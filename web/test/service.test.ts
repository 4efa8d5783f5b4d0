/** The page's own model answers as the server does (tests/page/test_contract.py runs this with what the server answered). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { decode, inflate, parseBody } from "../src/numbers/data";
import { Rules } from "../src/text/rules";
import { Tokenizer } from "../src/text/tokenizer";
import { wordsOf } from "../src/text/words";
import { Products } from "../src/transformer/products";
import { readModel } from "../src/transformer/weights";
import { reasonOf, Service } from "../src/worker/service";
import type { Ask, Look, Numbers, Ranking, Start, DecodingStep } from "../src/numbers/wire";
import type { Case } from "./case";

const folder = process.env["GLASSFORMER_CONTRACT"];
const models = folder ? readdirSync(folder).filter((name) => existsSync(`${folder}/${name}/cases.json`)) : [];
const file = (name: string): ArrayBuffer => new Uint8Array(readFileSync(`${folder}/${name}/model.bin`)).buffer;
const text = (body: ArrayBuffer): string => new TextDecoder().decode(body);
const breathe = async (): Promise<void> => {};

if (!folder) it.skip("what the server answered: tests/page/test_contract.py runs it", () => {});
else
  describe("the tokenizer", () => {
    it.each(models.includes("en-de") ? ["toy", "en-de"] : ["toy"])("of %s cuts and joins as Python's", async (name) => {
      const { header, tokenizer: table, rules: told } = await readModel(file(name), new Products());
      const [tokenizer, rules] = [new Tokenizer(table, header.special), new Rules(told)];
      const lines = JSON.parse(readFileSync(`${folder}/${name}/lines.json`, "utf8")) as {
        text: string | null;
        ids: number[];
        said: string;
        words: [string, number[]][];
      }[];
      for (const line of lines) {
        if (line.text !== null) expect(tokenizer.encode(line.text), JSON.stringify(line.text)).toEqual(line.ids);
        expect(tokenizer.decode(line.ids), line.ids.join()).toBe(line.said);
        if (line.text !== null)
          expect(
            wordsOf(tokenizer, [...line.ids, header.special.eos_id], rules).map(({ text, tokens }) => [text, tokens]),
          ).toEqual(line.words);
      }
    });
  });

describe.each(models)("%s", (name) => {
  const cases = JSON.parse(readFileSync(`${folder}/${name}/cases.json`, "utf8")) as (Case & {
    look: Omit<Look, "weights"> & { weights: string[] };
  })[];
  let service: Service;
  beforeAll(async () => {
    service = await Service.load(file(name), { text: "Begin." });
  });
  const ask = async (path: string, body: object) => service.answer(path, JSON.stringify(body), breathe, () => {});

  it("says which model it is", async () => {
    const start = JSON.parse(text(await ask("/api/model", {}))) as Start;
    expect([start.text, start.longest]).toEqual(["Begin.", 256]);
    expect(start.model).toEqual({ ...cases[0]!.look.model, checkpoint: "" });
  });

  it.each(cases.map((one, number) => ({ ...one, number })))(
    "case $number: its look is the server's",
    async ({ ask: asked, look, ranking }) => {
      const { header, blob } = parseBody<Look>(await ask("/api/look", asked));
      const { windows, groups, weights, steps, ...rest } = header;
      const { steps: wanted, windows: _, weights: learned, groups: __, ...others } = look;
      expect(rest).toEqual({ ...others, live: true, target_given: asked.target !== undefined });
      expect(weights.map((window) => window.name)).toEqual(learned);
      steps.forEach((step, n) => {
        expect(step.choices.map(({ probability }) => probability.toFixed(3))).toEqual(
          wanted[n]!.choices.map(({ probability }) => probability.toFixed(3)),
        );
        expect([step.chosen.id, step.chosen.token]).toEqual([wanted[n]!.chosen.id, wanted[n]!.chosen.token]);
      });
      const scores = windows.find((window) => window.name === "encoder.layers.0.self_attention.weights")!;
      const group = groups.find((one) => one.name === scores.group)!;
      const whole = decode(scores, await inflate(blob(group), group));
      const row = parseBody<Numbers>(
        await ask("/api/rows", {
          ...asked,
          target: look.target.text,
          name: scores.name,
          at: [1, 2 % scores.shape[1]!],
        }),
      );
      const exact = decode(row.header.windows[0]!, row.blob(row.header.groups[0]!));
      const [width, second] = [scores.shape[2]!, scores.shape[1]! + (2 % scores.shape[1]!)];
      expect(whole.kind === "dense" && exact.kind === "dense" && [...exact.data]).toEqual(
        whole.kind === "dense" && [...whole.data.slice(second * width, (second + 1) * width)],
      );
      if (!ranking) return;
      const ranked = JSON.parse(text(await ask("/api/rank", { ...asked, target: look.target.text }))) as Ranking;
      ranked.log_probabilities.forEach((one, n) => expect(one).toBeCloseTo(ranking.log_probabilities[n]!, 3));
      ranked.change.forEach((one, n) => expect(one).toBeCloseTo(ranking.change[n]!, 2));
    },
  );

  it("decodes a step a line, each told when it is made", async () => {
    const told: string[] = [];
    const question = JSON.stringify({ text: cases[0]!.ask.text });
    let begun = 0;
    const between = async () => void expect(told.length).toBe(++begun); // a step has been told before the next one is made
    const left = await service.answer("/api/decode", question, between, (part) => told.push(text(part)));
    expect(left.byteLength).toBe(0);
    const steps = told.map((line) => JSON.parse(line) as DecodingStep);
    const ids = steps.map(({ chosen }) => chosen.id);
    expect(ids.filter((id) => id !== 2)).toEqual(cases[0]!.greedy);
  });

  it("gives learned matrices, and rows of the embedding", async () => {
    for (const learned of cases[0]!.look.weights) {
      const { header, blob } = parseBody<Numbers>(await ask("/api/weights", { name: learned }));
      expect(decode(header.windows[0]!, blob(header.groups[0]!)).shape).toEqual(header.windows[0]!.shape);
    }
    const { header } = parseBody<Numbers>(await ask("/api/rows", { name: "embedding.weight", at: [5] }));
    expect(header.windows[0]!.shape).toEqual([header.windows[0]!.length / 4]);
  });

  it.each<[string, object, RegExp]>([
    ["/api/look", { text: " " }, /^an empty sentence: wanted at least one word$/],
    ["/api/look", { text: "a ".repeat(300) }, /^this sentence has 30\d tokens: wanted at most 256/],
    ["/api/look", { text: "it", heads_off: [["nowhere", 0]] } satisfies Ask, /^no attention 'nowhere'/],
    [
      "/api/look",
      { text: "it", target: "es", blocked: [["encoder.layers.0.self_attention", 9, 0]] } satisfies Ask,
      /^no edge \(9, 0\)/,
    ],
    ["/api/rows", { text: "it", name: "nothing", at: [] }, /^no window 'nothing'/],
    ["/api/rows", { text: "it", name: "encoder.memory", at: [900] }, /^encoder.memory has no position 900/],
    ["/api/weights", { name: "w" }, /^no learned matrix 'w'/],
    ["/etc", {}, /^nothing answers to \/etc/],
  ])("%s says what is wrong with %j", async (path, body, said) => {
    const why = await ask(path, body).then(() => "an answer", reasonOf);
    expect(why).toMatch(said);
  });

  it("gives up what nobody waits for", async () => {
    let steps = 0;
    const stop = async () => {
      if (++steps > 2) throw new Error("gone");
    };
    await expect(
      service.answer("/api/look", JSON.stringify({ text: "another sentence" }), stop, () => {}),
    ).rejects.toThrow("gone");
    expect(steps).toBe(3);
  });
});
