/** The context of every view: the state, the numbers, the words of the chosen language. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { layers, path, querySide, type Where, type Word, wordsOf } from "../numbers/attention";
import type { Numbers } from "../numbers/data";
import type { Theme } from "../draw/colour";
import type { Translate } from "../words/messages";
import { openingOf, openingWord } from "./opening";
import type { State, Turn } from "./state";
import type { Look, Station } from "../numbers/wire";

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

/** The heads that are off, the edges that are blocked, the turns: where there is a model to ask at once as it is chosen, elsewhere as the numbers were made. */
export const changesOf = ({ live, state, look }: Page): Pick<State, "off" | "blocked" | "turned"> =>
  live ? state : { off: look.heads_off, blocked: look.blocked, turned: look.turned };

export const PageContext = createContext<Page>(null!);
export const usePage = (): Page => useContext(PageContext);

type Seen = Pick<Page, "state" | "look" | "numbers" | "base">;

/** The layer in use: that of the heads that say most (of what nobody changed), unless another is chosen; of the decoder the last. */
export function layerOf({ state, look, numbers, base }: Seen, where: Where = state.side): number {
  const last = layers(look, where) - 1;
  if (state.layer >= 0) return Math.min(state.layer, last);
  return where === "encoder" ? (openingOf(base ?? numbers, where, state.pieces)?.layer ?? last) : last;
}

/** The token that looks: the chosen one, or the pronoun, or the last word that says something. */
export function tokenOf(state: State, look: Look): number {
  const side = querySide(look, state.side);
  if (state.token >= 0 && state.token < side.tokens.length) return state.token;
  const words = wordsOf(side, false);
  return words[openingWord(words)]?.tokens[0] ?? 0;
}

/** The heads in use: those that are chosen, or the ones the page opens on; they stay when another word is chosen. */
export function headsOf({ state, look, numbers, base }: Seen): number[] {
  if (state.heads) return state.heads.filter((head) => head < look.model.heads);
  const opening = openingOf(base ?? numbers, state.side, state.pieces);
  if (!opening) return [];
  const layer = layerOf({ state, look, numbers, base });
  return opening.layer === layer
    ? opening.heads
    : (openingOf(base ?? numbers, state.side, state.pieces, layer)?.heads ?? []);
}

/** Let `query` look with this head at `key` alone. What the page opened on stays: it is chosen by the unchanged numbers. */
export function turn(page: Page, head: number, query: Word, key: Word): void {
  const { state, set } = page;
  const attention = path(state.side, layerOf(page));
  const made = query.tokens.map((token): Turn => [attention, head, token, key.tokens]);
  const free = state.blocked.filter(
    ([name, q, k]) => !(name === attention && query.tokens.includes(q) && key.tokens.includes(k)),
  );
  set({
    turned: [...state.turned.filter((one) => !isOf(one, attention, head, query)), ...made],
    blocked: free,
    token: query.tokens[0]!,
    key: key.tokens[0]!,
  });
}

export const isOf = ([name, of, token]: Turn, attention: string, head: number, query: Word): boolean =>
  name === attention && of === head && query.tokens.includes(token);

/** The input of a sub-layer, as the article calls it: X at the bottom, R above; LN( ) where the model norms first. */
export function inputName(station: Station): string {
  const name = station.residual.endsWith(".input.x") ? "X" : "R";
  return station.input === station.residual ? name : `LN(${name})`;
}

/** The step of decoding that is shown: the first unless another is chosen. */
/** The page without what a chapter of the tour has set: what was chosen before it is not there any more. */
export const LEFT: Partial<State> = {
  chapter: -1,
  lesson: false,
  side: "encoder",
  layer: -1,
  heads: null,
  token: -1,
  key: -1,
  symbol: "q",
  cell: "",
  window: "",
  step: -1,
};

export const stepOf = ({ state, look }: Page): number => Math.min(Math.max(state.step, 0), look.steps.length - 1);
