/** The chapters of the tour, in the article's order: what each shows. Their words are in the table: tour.NAME.title, .text, .try. */
import type { State } from "../state/state";

export interface Chapter {
  name: "words" | "qkv" | "formula" | "beast" | "concat" | "looks" | "everything" | "positions" | "wordout";
  show: Partial<State>;
}

export const CHAPTERS: Chapter[] = [
  { name: "words", show: { view: "flow", side: "encoder", layer: 0 } },
  { name: "qkv", show: { view: "matrices", symbol: "q", side: "encoder", layer: 0, cell: "" } },
  { name: "formula", show: { view: "matrices", symbol: "weights", side: "encoder", layer: 0, cell: "" } },
  { name: "beast", show: { view: "matrices", symbol: "heads", side: "encoder", cell: "" } },
  { name: "concat", show: { view: "matrices", symbol: "concat", side: "encoder", cell: "" } },
  { name: "looks", show: { view: "attention", side: "encoder", layer: -1, token: -1, key: -1, heads: null } },
  { name: "everything", show: { view: "flow", side: "encoder", layer: -1 } },
  { name: "positions", show: { view: "positions" } },
  { name: "wordout", show: { view: "decoding", side: "cross", step: 0 } },
];
