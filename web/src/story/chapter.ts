/** A chapter of the tour: what it shows, and what it points at. Its words are in the table: NAME.title, .text, .try. */
import type { State } from "../state";

export type Name = "words" | "qkv" | "formula" | "beast" | "concat" | "looks" | "everything" | "positions" | "wordout";

export interface Chapter {
  name: Name;
  show: Partial<State>;
  spot: string;
}
