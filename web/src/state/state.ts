/** The state of the page is its URL: any view is a link, in saved files too. */
import type { Where } from "../numbers/attention";
import type { HeadName } from "../numbers/wire";

export const VIEWS = ["attention", "flow", "matrices", "positions", "decoding", "whatif", "compare"] as const;
/** The worksheet stands in no list of views: teachers find it at the foot of the page. */
export type View = (typeof VIEWS)[number] | "worksheet";

export const SYMBOLS = ["q", "k", "v", "scores", "weights", "z", "heads", "concat"] as const;
export type MatrixName = (typeof SYMBOLS)[number];

export type Edge = [attention: string, query: number, key: number];
/** A head's query that looks at these keys (a word's pieces) alone. */
export type Turn = [attention: string, head: number, query: number, keys: number[]];

export const ARTICLE = "The animal didn't cross the street because it was too tired";

export interface State {
  view: View;
  /** The sentence, and the translation to read instead of the model's own ("" = its own). */
  sentence: string;
  target: string;
  side: Where;
  /** -1: the last. */
  layer: number;
  /** The heads that are shown; null: the two that tell most. */
  heads: number[] | null;
  /** The head whose matrices are open. */
  head: number;
  /** The token that looks and the one that is looked at; -1: chosen by the page. */
  token: number;
  key: number;
  pieces: boolean;
  sinks: boolean;
  symbol: MatrixName;
  /** The cell of the open matrix that is explained, "" or row:column. */
  cell: string;
  /** The window that the flow has open. */
  window: string;
  step: number;
  /** The layer and the heads of the decoder → encoder attention beside the words of decoding; -1: the last, null: all. */
  clayer: number;
  cheads: number[] | null;
  off: HeadName[];
  /** A blocked edge: an attention, a query, a key. */
  blocked: Edge[];
  turned: Turn[];
  /** The sentence to compare with. */
  other: string;
  layout: string;
  length: number;
  dims: number;
  dim: number;
  lang: string;
  /** Which model of a site; "": its first. */
  model: string;
  /** The tour's chapter, from 0; -1: no tour. */
  chapter: number;
  /** A teacher's link: this chapter, and nothing else on the page. */
  lesson: boolean;
}

export const START: State = {
  view: "attention",
  sentence: "",
  target: "",
  side: "encoder",
  layer: -1,
  heads: null,
  head: 0,
  token: -1,
  key: -1,
  pieces: false,
  sinks: true,
  symbol: "q",
  cell: "",
  window: "",
  step: -1,
  clayer: -1,
  cheads: null,
  off: [],
  blocked: [],
  turned: [],
  other: "",
  layout: "",
  length: 0,
  dims: 0,
  dim: -1,
  lang: "",
  model: "",
  chapter: -1,
  lesson: false,
};

const ONE_OF: Partial<Record<keyof State, readonly string[]>> = {
  view: [...VIEWS, "worksheet"],
  symbol: SYMBOLS,
  side: ["encoder", "decoder", "cross"],
};

export function toHash(state: State): string {
  const parts: string[] = [];
  for (const key of Object.keys(START) as (keyof State)[]) {
    const value = state[key];
    const written = write(value);
    if (written !== write(START[key])) parts.push(`${key}=${encodeURIComponent(written).replaceAll("%20", "+")}`);
  }
  return parts.length ? `#${parts.join("&")}` : "";
}

function write(value: State[keyof State]): string {
  if (value === null) return "auto";
  if (!Array.isArray(value)) return String(value);
  return value
    .map((one) =>
      typeof one === "number"
        ? String(one)
        : Array.isArray(one)
          ? one.map((part) => (Array.isArray(part) ? part.join(".") : part)).join(":")
          : `${one.attention}:${one.head}`,
    )
    .join(",");
}

/** The state in a link; parts that it lacks, or has wrongly, are as at the start. */
export function fromHash(hash: string, base: State = START): State {
  const state: Record<string, unknown> = { ...base };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [key, raw] = part.split("=", 2) as [keyof State, string | undefined];
    if (!Object.hasOwn(START, key) || raw === undefined) continue;
    const value = read(key, decode(raw));
    if (value !== undefined) state[key] = value;
  }
  return state as unknown as State;
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll("+", " "));
  } catch {
    return raw;
  }
}

function read(key: keyof State, text: string): unknown {
  if (key === "heads" || key === "cheads") return text === "auto" ? null : numbers(text);
  if (key === "off")
    return text
      .split(",")
      .map((name) => /^([\w.]+):(\d+)$/.exec(name))
      .flatMap((match) => (match ? [{ attention: match[1]!, head: Number(match[2]) }] : []));
  if (key === "blocked")
    return text
      .split(",")
      .map((edge) => /^([\w.]+):(\d+):(\d+)$/.exec(edge))
      .flatMap((match) => (match ? [[match[1]!, Number(match[2]), Number(match[3])] satisfies Edge] : []));
  if (key === "turned")
    return text
      .split(",")
      .map((turn) => /^([\w.]+):(\d+):(\d+):(\d+(?:\.\d+)*)$/.exec(turn))
      .flatMap((match) =>
        match ? [[match[1]!, Number(match[2]), Number(match[3]), match[4]!.split(".").map(Number)] satisfies Turn] : [],
      );
  const start = START[key];
  if (typeof start === "boolean") return text === "true";
  if (typeof start === "number") return /^-?\d+$/.test(text) ? Number(text) : undefined;
  const allowed = ONE_OF[key];
  return allowed && !allowed.includes(text) ? undefined : text;
}

const numbers = (text: string): number[] =>
  text
    .split(",")
    .filter((part) => /^\d+$/.test(part))
    .map(Number);

export const isOff = (off: HeadName[], attention: string, head: number): boolean =>
  off.some((one) => one.attention === attention && one.head === head);

export const toggled = <Item>(list: Item[], item: Item, same: (a: Item, b: Item) => boolean): Item[] =>
  list.some((one) => same(one, item)) ? list.filter((one) => !same(one, item)) : [...list, item];

export const sameHead = (a: HeadName, b: HeadName): boolean => a.attention === b.attention && a.head === b.head;
