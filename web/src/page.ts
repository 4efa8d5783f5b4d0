/** What every view knows: the state, the numbers, the words of the chosen language. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { attentionOf, layers, querySide, tellingHeads, type Where, wordAt, wordsOf } from "./attention";
import type { Numbers } from "./data";
import type { Theme } from "./draw/colour";
import type { Translate } from "./messages";
import type { State } from "./state";
import type { Look, Station } from "./wire";

export interface Page {
  state: State;
  set(patch: Partial<State>): void;
  numbers: Numbers;
  look: Look;
  /** The sentence with nothing switched off, where something is in `numbers`. */
  base: Numbers | undefined;
  t: Translate;
  theme: Theme;
  /** Whether there is a model to ask. */
  live: boolean;
}

/** What is switched off: where there is a model to ask at once as it is chosen, elsewhere as the numbers were made. */
export const changesOf = ({ live, state, look }: Page): Pick<State, "off" | "blocked"> =>
  live ? state : { off: look.heads_off, blocked: look.blocked };

export const PageContext = createContext<Page>(null!);
export const usePage = (): Page => useContext(PageContext);

/** The layer in use: the last unless another is chosen. */
export function layerOf(state: State, look: Look, where: Where = state.side): number {
  const last = layers(look, where) - 1;
  return state.layer < 0 ? last : Math.min(state.layer, last);
}

/** The token that looks: the chosen one, or "it", or the last word. */
export function tokenOf(state: State, look: Look): number {
  const side = querySide(look, state.side);
  if (state.token >= 0 && state.token < side.tokens.length) return state.token;
  const words = wordsOf(side, false);
  const it = words.find((word) => /^(it|es|sie|er|il|elle|它)$/i.test(word.text));
  const last = words.findLast((word) => !/^<\/?s>$|^\p{P}+$/u.test(word.text));
  return (it ?? last ?? words[0])?.tokens[0] ?? 0;
}

/** The heads in use: those that are chosen, or the two that tell most about the word that looks. */
export function headsOf(page: Page): number[] {
  const { state, numbers, look } = page;
  if (state.heads) return state.heads.filter((head) => head < look.model.heads);
  const attention = attentionOf(numbers, state.side, layerOf(state, look), state.pieces);
  if (!attention) return [];
  return tellingHeads(attention, Math.max(0, wordAt(attention.queries, tokenOf(state, look))));
}

/** What comes into a sub-layer, as the article calls it: X at the bottom, R above; LN( ) where the model norms first. */
export function inputName(station: Station): string {
  const name = station.residual.endsWith(".input.x") ? "X" : "R";
  return station.input === station.residual ? name : `LN(${name})`;
}
