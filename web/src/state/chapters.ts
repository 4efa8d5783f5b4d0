/** The chapters of the tour, in the article's order: what each shows beside its words, and what it lights up there. Their
 * words are in the table: tour.NAME.title, .text, .ask; their toys and questions in tour/. */
import type { State } from "./state";

export const NAMES = [
  "words",
  "qkv",
  "formula",
  "beast",
  "concat",
  "looks",
  "positions",
  "norm",
  "feedforward",
  "wordout",
  "good",
] as const;
export type ChapterName = (typeof NAMES)[number];

export interface Chapter {
  name: ChapterName;
  show: Partial<State>;
  /** The part of the view that the chapter speaks of: it is brought into sight. */
  spot: string;
}

const matrices: Partial<State> = { view: "matrices", side: "encoder", layer: 0, cell: "" };
const flow: Partial<State> = { view: "flow", side: "encoder", layer: 0, window: "" };

export const CHAPTERS: Chapter[] = [
  { name: "words", show: { view: "positions" }, spot: "sum" },
  { name: "qkv", show: { ...matrices, symbol: "q" }, spot: "product" },
  { name: "formula", show: { ...matrices, symbol: "weights" }, spot: "softmax" },
  { name: "beast", show: { ...matrices, symbol: "heads" }, spot: "all-heads" },
  { name: "concat", show: { ...matrices, symbol: "concat" }, spot: "product" },
  {
    name: "looks",
    show: { view: "attention", side: "encoder", layer: -1, token: -1, key: -1, heads: null },
    spot: "lists",
  },
  { name: "positions", show: { view: "positions" }, spot: "encoding" },
  { name: "norm", show: flow, spot: "norm" },
  { name: "feedforward", show: { ...flow, window: "encoder.layers.0.feed_forward.inner" }, spot: "rest" },
  { name: "wordout", show: { view: "decoding", step: 0 }, spot: "choices" },
  { name: "good", show: { view: "whatif" }, spot: "switches" },
];
