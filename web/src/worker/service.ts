/** The page's questions, answered by the model that came with it: as src/glassformer/page/service.py, by the same types. */
import { lostSigns, withSign } from "../text/carried";
import { Reader } from "../text/reading";
import { Tokenizer } from "../text/tokenizer";
import { wordsOf } from "../text/words";
import { Products } from "../transformer/products";
import { score } from "../transformer/score";
import { BeamSearch, greedy } from "../transformer/search";
import { tensor } from "../transformer/tensor";
import { record, sizeOf } from "../transformer/trace";
import { Transformer } from "../transformer/transformer";
import { readModel, type Weights } from "../transformer/weights";
import {
  attentions,
  type Change,
  changed,
  edgesBlocked,
  headsAtOnce,
  headsOff,
  rankingOf,
  turned,
  WhatIfError,
  withEachOff,
} from "../transformer/what_if";
import {
  type Ask,
  type Edge,
  type HeadIndex,
  type Model,
  type Ranking,
  type RowsAsk,
  type Start,
  VERSION,
  type WeightsAsk,
} from "../numbers/wire";
import { learnedWindows, lookBody, type Seen, type Shown, stepOf } from "./look";
import { bodyOf, packed } from "./pack";

const KEPT = 8_000_000; // bytes of traces of the last questions, from which the page takes what it looks at; two at least

/** A question that cannot be answered: one sentence for the caller. */
export class AskError extends Error {}

/** Lets the page's messages in; throws where nobody waits for the answer any more. */
export type Breathe = () => Promise<void>;

/** Gives away a part of the answer before the rest is there. */
export type Tell = (part: ArrayBuffer) => void;

interface Kept {
  text: string;
  target: string | undefined;
  changes: string;
  seen: Seen;
}

export class Service {
  private kept: Kept[] = [];

  private constructor(
    private readonly header: Model,
    private readonly model: Transformer,
    private readonly weights: Weights,
    private readonly tokenizer: Tokenizer,
    private readonly reader: Reader,
    private readonly start: Ask,
  ) {}

  /** From a model's file. */
  static async load(body: ArrayBuffer, start: Ask, products = new Products()): Promise<Service> {
    const { header, weights, tokenizer: table, rules } = await readModel(body, products);
    const tokenizer = new Tokenizer(table, header.special);
    const model = new Transformer(weights, header.model, header.special, products);
    return new Service(header, model, weights, tokenizer, new Reader(rules, tokenizer), start);
  }

  /** Keep these pieces of a pair: the same translation can be cut into other pieces than the model's. */
  keep(ask: Ask, source: number[], target: number[]): void {
    this.remember(ask, this.record(ask, source, target));
  }

  async answer(path: string, body: string, breathe: Breathe, tell: Tell): Promise<ArrayBuffer> {
    const ask = body ? JSON.parse(body) : {};
    if (path === "/api/model") return utf8(JSON.stringify(this.startOf()));
    if (path === "/api/look") return await this.look(ask as Ask, breathe);
    if (path === "/api/decode") return await this.decode(ask as Ask, breathe, tell);
    if (path === "/api/rank") return utf8(JSON.stringify(await this.rank(ask as Ask, breathe)));
    if (path === "/api/weights") return this.learned(ask as WeightsAsk);
    if (path === "/api/rows") return await this.rows(ask as RowsAsk, breathe);
    throw new AskError(
      `nothing answers to ${path.slice(0, 80)}: wanted one of /api/model, look, decode, rank, weights, rows`,
    );
  }

  private startOf(): Start {
    const { text, target, heads_off, turned } = this.start;
    return {
      version: VERSION,
      model: this.header.model,
      text,
      target: target ?? "",
      heads_off: heads_off ?? [],
      turned: turned ?? [],
      longest: this.header.longest,
      models: [],
    };
  }

  /** The change of the model that a question asks for. */
  private changes(ask: Ask): Change[] {
    return [
      ...headsOff(this.model, ask.heads_off ?? []),
      ...edgesBlocked(this.model, ask.blocked ?? []),
      ...turned(this.model, ask.turned ?? []),
    ];
  }

  private async look(ask: Ask, breathe: Breathe): Promise<ArrayBuffer> {
    const seen = await this.seen(ask, breathe);
    const heads = (ask.heads_off ?? []).map(([attention, head]) => ({ attention, head }));
    const about = {
      version: VERSION,
      model: this.header.model,
      target_given: typeof ask.target === "string",
      heads_off: heads,
      blocked: ask.blocked ?? [],
      turned: ask.turned ?? [],
      foreign: this.reader.isForeign(seen.text),
      live: true,
    };
    return lookBody(
      seen,
      this.written(seen),
      about,
      this.shown(seen.text),
      learnedWindows(this.header.learned, this.header.model),
      this.header.special.eos_id,
    );
  }

  /** The trace for this question; the same one for the same question, also where the page now gives as target what the
   * model had said. */
  private async seen(ask: Ask, breathe: Breathe): Promise<Seen> {
    const before = this.kept.find(
      (one) => one.changes === changesOf(ask) && ask.text === one.text && this.sameTarget(ask, one),
    );
    if (before) return before.seen;
    const [source, given] = this.pieces(ask);
    const target = given ?? (await this.best(ask, source, breathe));
    await breathe();
    return this.remember(ask, this.record(given ? ask : settled(ask, target.length + 1), source, target));
  }

  private sameTarget(ask: Ask, { target, seen }: Kept): boolean {
    return (ask.target ?? undefined) === target || ask.target === this.written(seen);
  }

  /** The translation as people read it. */
  private written({ text, target }: Seen): string {
    return this.reader.write(this.reader.read(text), target);
  }

  /** How tokens and words are shown beside a sentence: what stands for a link is that link. */
  private shown(text: string): Shown {
    const reading = this.reader.read(text);
    const named = (words: string[]) => this.reader.shown(reading, words);
    return {
      tokens: (ids) => named(this.tokenizer.tokens(ids)),
      words: (ids) => {
        const words = wordsOf(this.tokenizer, ids, this.reader.rules);
        return named(words.map((word) => word.text)).map((word, n) => ({ ...words[n]!, text: word }));
      },
    };
  }

  private record(ask: Ask, source: number[], target: number[]): Seen {
    const { bos_id, eos_id } = this.header.special;
    const [whole, begun] = [
      [...source, eos_id],
      [bos_id, ...target],
    ];
    const trace = changed(this.model, this.changes(ask), () =>
      record(this.model, () => this.model.forward(whole, begun)),
    );
    return { trace, text: oneLine(ask.text), source: whole, target: begun };
  }

  private remember(ask: Ask, seen: Seen): Seen {
    this.kept.unshift({ text: ask.text, target: ask.target ?? undefined, changes: changesOf(ask), seen });
    let held = 0;
    this.kept = this.kept.filter((one, n) => (held += sizeOf(one.seen.trace)) <= KEPT || n < 2);
    return seen;
  }

  /** Both sides' ids without their ends, the target's where one is given. Throws for no words, or too many. */
  private pieces(ask: Ask): [source: number[], target: number[] | undefined] {
    if (!ask.text.trim()) throw new AskError("an empty sentence: wanted at least one word");
    for (const [what, text] of [
      ["sentence", ask.text],
      ["translation", ask.target ?? ""],
    ] as const) {
      const tokens = this.tokenizer.encode(text).length + 1;
      if (tokens > this.header.longest)
        throw new AskError(
          `this ${what} has ${tokens} tokens: wanted at most ${this.header.longest}, so make it shorter`,
        );
    }
    const reading = this.reader.read(ask.text);
    return [
      reading.ids,
      typeof ask.target === "string" ? this.tokenizer.encode(this.reader.asTarget(reading, ask.target)) : undefined,
    ];
  }

  /** The best translation's ids, without eos, found a step at a time. */
  private async best(ask: Ask, source: number[], breathe: Breathe): Promise<number[]> {
    const { eos_id } = this.header.special;
    const changes = this.changes(ask);
    const search = changed(this.model, changes, () => new BeamSearch(this.model, [...source, eos_id]));
    while (!search.done) {
      await breathe();
      changed(this.model, changes, () => search.step());
    }
    const { ids, finished } = search.result();
    return this.withSigns(ask, source, finished ? ids.slice(0, -1) : ids, breathe);
  }

  /** A translation with the signs that it lacks, each where the whole is likeliest. */
  private async withSigns(ask: Ask, source: number[], ids: number[], breathe: Breathe): Promise<number[]> {
    const reading = this.reader.read(ask.text);
    for (const sign of lostSigns(reading, this.tokenizer.decode(ids))) {
      let best = -Infinity;
      for (const target of withSign(reading, ids, sign, this.tokenizer, this.reader.rules)) {
        await breathe();
        const scores = changed(this.model, this.changes(ask), () => score(this.model, source, target));
        const total = scores.reduce((sum, one) => sum + one, 0);
        if (total > best) [best, ids] = [total, target];
      }
    }
    return ids;
  }

  /** Each step as soon as it is made; nothing is left for the end. */
  private async decode(ask: Ask, breathe: Breathe, tell: Tell): Promise<ArrayBuffer> {
    const [source] = this.pieces({ ...ask, target: null });
    const [changes, shown] = [this.changes(ask), this.shown(ask.text)];
    const steps = greedy(this.model, [...source, this.header.special.eos_id]);
    for (;;) {
      const { value, done } = changed(this.model, changes, () => steps.next());
      if (done) return new ArrayBuffer(0);
      tell(utf8(`${JSON.stringify(stepOf(shown, value.row, value.id, Math.exp))}\n`));
      await breathe();
    }
  }

  private async rank(ask: Ask, breathe: Breathe): Promise<Ranking> {
    const { bos_id, eos_id } = this.header.special;
    const same = this.kept.find(({ seen }) => seen.text === oneLine(ask.text) && ask.target === this.written(seen));
    const [source, given] = same ? [same.seen.source.slice(0, -1), same.seen.target.slice(1)] : this.pieces(ask);
    const found = given ?? (await this.best(ask, source, breathe));
    const [whole, target] = [
      [...source, eos_id],
      [bos_id, ...found, eos_id],
    ];
    const heads = [...attentions(this.model).keys()].flatMap((name) =>
      Array.from({ length: this.header.model.heads }, (_, head) => [name, head] as HeadIndex),
    );
    const size = headsAtOnce(this.model, whole, target);
    let base: number[] = [];
    const without: number[][] = [];
    for (let first = 0; first < heads.length; first += size) {
      await breathe();
      const [all, ...each] = changed(this.model, this.changes(ask), () =>
        withEachOff(this.model, whole, target, heads.slice(first, first + size)),
      );
      base = all!;
      without.push(...each);
    }
    const ranking = rankingOf(heads, base, without);
    const sum = (row: number[]) => row.reduce((sum, one) => sum + one, 0);
    return {
      heads: ranking.heads.map(([attention, head]) => ({ attention, head })),
      change: ranking.change.map(sum),
      per_token: ranking.change,
      log_probabilities: base,
    };
  }

  private vector(id: number): Float32Array {
    const size = this.header.model.vocabulary_size;
    if (!(id >= 0 && id < size)) throw new AskError(`embedding.weight has no vocabulary ${id}: wanted 0 … ${size - 1}`);
    return this.model.vector(id);
  }

  private learned({ name }: WeightsAsk): ArrayBuffer {
    const known = this.header.learned.filter((one) => one.name === name);
    const [window] = learnedWindows(known, this.header.model, this.weights);
    if (!window) throw new AskError(`no learned matrix '${name}': the look names all of them`);
    const { windows, groups, content } = packed([window]);
    return bodyOf({ windows, groups }, content);
  }

  /** Exact numbers of a window, its first axes fixed. */
  private async rows(ask: RowsAsk, breathe: Breathe): Promise<ArrayBuffer> {
    const { name, at } = ask;
    const [id] = at;
    const d_model = this.header.model.d_model;
    if (name === "embedding.weight" && id === undefined)
      throw new AskError("embedding.weight as a whole is too much to send: wanted a token's id in at");
    const window =
      name === "embedding.weight"
        ? { shape: [1, d_model], axes: ["vocabulary", "d_model"], place: "§3.4, learned", data: this.vector(id!) }
        : (await this.seen({ ...ask, text: ask.text ?? "" }, breathe)).trace.get(name);
    if (!window) throw new AskError(`no window '${name}' in this model: the look names all of them`);
    let { shape, axes, data } = window;
    for (const place of name === "embedding.weight" ? [0] : at) {
      if (!shape.length || place < 0 || place >= shape[0]!)
        throw new AskError(`${name} has no ${axes[0] ?? "such axis"} ${place}: wanted 0 … ${(shape[0] ?? 0) - 1}`);
      const size = data.length / shape[0]!;
      [data, shape, axes] = [data.subarray(place * size, (place + 1) * size), shape.slice(1), axes.slice(1)];
    }
    const { windows, groups, content } = packed([
      { name, axes, shape, place: window.place, group: "numbers", data: tensor(shape, data).data },
    ]);
    return bodyOf({ windows, groups }, content);
  }
}

/** Line ends become spaces. */
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, " ");

const changesOf = ({ heads_off, blocked, turned }: Ask): string =>
  JSON.stringify([heads_off ?? [], blocked ?? [], turned ?? []]);

/** The question with what its own translation, of so many tokens, has: what was chosen for a word that does not come is
 * dropped. */
function settled(ask: Ask, tokens: number): Ask {
  const has = ([name, query, key]: Edge) =>
    name.startsWith("encoder") || (query < tokens && (name.includes("cross") || key < tokens));
  return {
    ...ask,
    blocked: ask.blocked?.filter(has) ?? [],
    turned: ask.turned?.filter(([name, , query]) => name.startsWith("encoder") || query < tokens) ?? [],
  };
}

const utf8 = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;

/** The sentence for whoever asked. */
export const reasonOf = (error: unknown): string =>
  error instanceof AskError || error instanceof WhatIfError
    ? error.message
    : `the page's own model failed: ${String((error as Error)?.message ?? error)}`;
