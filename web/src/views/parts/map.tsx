/** The whole model on one screen, drawn from this model's shapes, and the way round the page. A word is a line from left to
 * right: the residual connection carries it through every layer, and in each layer the words that it looks at run into it. */
import { useMemo, useState } from "preact/hooks";
import {
  attentionOf,
  type Attention,
  BLANK,
  heightsOf,
  layers,
  meanRow,
  strongest,
  type Where,
  type Word,
  wordAt,
  wordsOf,
} from "../../numbers/attention";
import { css, hue } from "../../draw/colour";
import { percent } from "../../draw/number";
import { headsOf, layerOf, type Page, stepOf, tokenOf, usePage } from "../../state/page";
import type { Numbers } from "../../numbers/data";
import type { Side } from "../../numbers/wire";
import type { State } from "../../state/state";
import { Piece } from "./piece";
import { Steps, usePlayer } from "./player";

interface Stop {
  kind: "words" | "embed" | "layer" | "memory" | "linear" | "out";
  /** Of the drawing's width. */
  width: number;
  where?: Where;
  layer?: number;
  go: Partial<State>;
}

function stopsOf({ look, state }: Page): Stop[] {
  const of = state.view === "attention" || state.view === "matrices" ? state.view : "flow";
  const at = (where: Where, layer: number): Stop => ({
    kind: "layer",
    width: 1,
    where,
    layer,
    go: { view: of, side: where, layer, cell: "", ...(where !== state.side && { token: -1, key: -1 }) },
  });
  const every = (where: Where) => Array.from({ length: layers(look, where) }, (_, layer) => layer);
  return [
    { kind: "words", width: 1.25, go: { view: "attention" } },
    { kind: "embed", width: 0.95, go: { view: "positions" } },
    ...every("encoder").map((layer) => at("encoder", layer)),
    { kind: "memory", width: 0.7, go: { view: "matrices", side: "cross", symbol: "k", cell: "", layer: -1 } },
    ...every("decoder").flatMap((layer) => [at("decoder", layer), at("cross", layer)]),
    { kind: "linear", width: 1.3, go: { view: "decoding" } },
    { kind: "out", width: 1.1, go: { view: "decoding" } },
  ];
}

/** What a layer's ribbons are drawn of, in the map's own rows: words of the sentence, and pieces of the translation, of
 * which the decoder writes one a step. */
const weightsAt = (numbers: Numbers, { where, layer }: Stop): Attention | undefined =>
  attentionOf(numbers, where!, layer!, where !== "encoder", where === "decoder");

/** The words that are written, each with the decoder's rows that write it: a row writes the token after it. */
function writtenOf(target: Side): Word[] {
  const words = wordsOf(target, false).map(({ text, tokens }) => ({ text, tokens: tokens.map((token) => token - 1) }));
  return [...words, { text: "</s>", tokens: [target.tokens.length - 1] }].filter(({ tokens }) => tokens[0]! >= 0);
}

export function ModelMap() {
  const page = usePage();
  const { t, state, set, look, numbers } = page;
  const [open, setOpen] = useState(false);
  const stops = stopsOf(page);
  const player = usePlayer(stops.length, 1.3);
  const [walking, setWalking] = useState(false);
  const walk = {
    ...player,
    go: (at: number) => (setWalking(true), player.go(at)),
    play: (on: boolean) => (on && setWalking(true), player.play(on)),
  };
  const layer = layerOf(page);
  const is = (stop: Stop) => {
    if (state.view === "decoding") return stop.kind === "linear";
    if (state.view === "positions") return stop.kind === "embed";
    return stop.where === state.side && stop.layer === layer && ["attention", "flow", "matrices"].includes(state.view);
  };
  const now = stops.findIndex(is);
  const source = wordsOf(look.source, false);
  const target = wordsOf(look.target, true);
  const query = Math.max(
    0,
    wordAt(
      source,
      state.side === "encoder" ? tokenOf(state, look) : tokenOf({ ...state, side: "encoder", token: -1 }, look),
    ),
  );
  const row = state.side === "encoder" || state.token < 0 ? stepOf(page) : Math.min(state.token, target.length - 1);
  const written = writtenOf(look.target);
  const width = stops.reduce((sum, stop) => sum + stop.width, 0);
  let edge = 0;
  const edges = stops.map((stop) => [edge, (edge += stop.width)] as const);
  const columns = stops.map((stop) => `minmax(0, ${stop.width}fr)`).join(" ");
  const told = walking ? stops[player.at]! : stops[now];
  const name = (stop: Stop) =>
    stop.where ? t(`at.${stop.where}`, { n: stop.layer! + 1 }) : t(`map.${stop.kind as "words"}`);
  return (
    <section class={`map${open ? " open" : ""}`} aria-label={t("map")} data-spot="map">
      <button type="button" class="map-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("map")}
        {t("colon")}
        <b>{now >= 0 ? name(stops[now]!) : t("map.whole")}</b> <span aria-hidden="true">{open ? "▴" : "▾"}</span>
      </button>
      <div class="map-body">
        <div class="map-picture" style={{ gridTemplateColumns: columns }}>
          <Lines
            stops={stops}
            edges={edges}
            width={width}
            query={query}
            row={row}
            until={walking ? player.at : stops.length}
          />
          <Names side="left" words={source} lit={query} from={0} to={edges[0]![1] / width} />
          <Names
            side="right"
            words={written}
            lit={written.findIndex(({ tokens }) => tokens.includes(row))}
            from={edges.at(-1)![0] / width}
            to={1}
          />
          {stops.map((stop, n) => (
            <button
              type="button"
              class={`stop ${stop.kind} ${stop.where ?? ""}`}
              aria-current={n === now ? "true" : undefined}
              data-walked={walking && n === player.at ? "" : undefined}
              title={
                stop.where
                  ? `${name(stop)} · ${stop.where === "encoder" ? "encoder" : "decoder"}.layers.${stop.layer}`
                  : name(stop)
              }
              aria-label={stop.where && name(stop)}
              onClick={() => set(stop.go)}
            >
              <span class="stop-name">
                {stop.kind === "layer" ? (
                  <>
                    {stop.layer! + 1}
                    {stop.where !== "encoder" && <small> {t(`map.${stop.where as "cross"}`)}</small>}
                  </>
                ) : (
                  t(`map.${stop.kind as "words"}`)
                )}
              </span>
              {stop.kind === "linear" && (
                <span class="stop-bars" aria-hidden="true">
                  {look.steps[Math.min(row, look.steps.length - 1)]?.choices.slice(0, 5).map((choice) => (
                    <span>
                      <i style={{ width: `${100 * choice.probability}%` }} />
                      <Piece token={choice.token} />
                    </span>
                  ))}
                </span>
              )}
            </button>
          ))}
          {(["encoder", "decoder"] as const).map((side) => {
            const of = stops.flatMap((stop, n) =>
              stop.kind === "layer" && (stop.where === "encoder") === (side === "encoder") ? [n] : [],
            );
            return (
              <span class="map-group" aria-hidden="true" style={{ gridColumn: `${of[0]! + 1} / ${of.at(-1)! + 2}` }}>
                {t(`map.${side}s`, { n: layers(look, side) })}
              </span>
            );
          })}
        </div>
        <p class="map-told">
          <Steps player={walk} label={t("map.walk", { word: source[query]?.text ?? "" })} />
          {!walking && <span aria-hidden="true">{t("map.walk", { word: source[query]?.text ?? "" })}</span>}
          <span role="status">{walking && told ? explained(telling(page, told, query, row, name(told))) : ""}</span>
        </p>
      </div>
    </section>
  );

  function explained(text: string): string {
    return text.includes(BLANK) ? `${text}${t("gap")}${t("blank")}` : text;
  }

  /** The change of the word at a stop, in one sentence. */
  function telling(page: Page, stop: Stop, query: number, row: number, name: string): string {
    const word = source[query]?.text ?? "";
    const made = target[row + 1]?.text ?? "</s>";
    const { model } = look;
    if (stop.kind === "layer") {
      const attention = weightsAt(numbers, stop);
      if (!attention) return name;
      const at = stop.where === "encoder" ? query : Math.min(row, attention.queries.length - 1);
      const heads = Array.from({ length: attention.heads }, (_, head) => head);
      const mean = meanRow(attention, heads, at).weights;
      const list = strongest(mean, 3)
        .filter((key, n) => n === 0 || mean[key]! >= 0.01) // the mask forbids words: they have 0 %, and are no source
        .map((key) => `${attention.keys[key]!.text} ${percent(mean[key]!)}`)
        .join(t("and"));
      return t("map.told.layer", {
        name,
        word: stop.where === "encoder" ? word : (attention.queries[at]?.text ?? ""),
        list,
      });
    }
    const step = page.look.steps[row];
    return t(`map.told.${stop.kind as "words"}`, {
      word,
      made,
      n: stop.kind === "memory" ? look.source.tokens.length : source.length,
      d_model: model.d_model,
      vocabulary: model.vocabulary_size,
      share: step ? percent(step.chosen.probability) : "",
    });
  }
}

/** As many words as stand one below the other without touching. */
const ROOM = 14;
const ROOM_BESIDE_THE_TOUR = 11;

interface NamesProps {
  side: "left" | "right";
  words: Word[];
  /** Which of them is followed. */
  lit: number;
  /** Shares of the drawing's width. */
  from: number;
  to: number;
}

/** The words of a side in their rows; of a long sentence each second or third, counted from the one that is followed. */
function Names({ side, words, lit, from, to }: NamesProps) {
  const { state } = usePage();
  const every = Math.ceil(words.length / (state.chapter < 0 ? ROOM : ROOM_BESIDE_THE_TOUR));
  return (
    <span
      class={`map-names ${side}`}
      aria-hidden="true"
      style={{ left: `${100 * from}%`, right: `${100 * (1 - to)}%` }}
    >
      {words.map(({ text }, n) =>
        (n - Math.max(lit, 0)) % every ? null : (
          <bdi class={n === lit ? "lit" : ""} style={{ top: `${(100 * (n + 0.5)) / words.length}%` }}>
            {text}
          </bdi>
        ),
      )}
    </span>
  );
}

interface LinesProps {
  stops: Stop[];
  edges: (readonly [number, number])[];
  width: number;
  query: number;
  row: number;
  until: number;
}

/** The words' lines and what runs into the chosen ones: stretched to the columns behind which they lie. */
function Lines({ stops, edges, width, query, row, until }: LinesProps) {
  const page = usePage();
  const { look, numbers, state, theme } = page;
  const shownLayer = layerOf(page);
  const heads = headsOf(page);
  const first = stops.findIndex(({ kind }) => kind === "embed");
  const memory = stops.findIndex(({ kind }) => kind === "memory");
  const last = stops.findIndex(({ kind }) => kind === "linear");
  const sources = wordsOf(look.source, false).length;
  const heights = heightsOf(writtenOf(look.target), look.target.tokens.length);
  const [up, down] = [(n: number) => (100 * (n + 0.5)) / sources, (n: number) => 100 * heights[n]!];
  const reach = (n: number) => edges[Math.min(n, stops.length - 1)]![1];
  const line = (y: number, x1: number, x2: number, lit: boolean, faint = "") => (
    <path class={`${lit ? "lit" : ""} ${faint}`} d={`M${x1} ${y}H${x2}`} vector-effect="non-scaling-stroke" />
  );
  const ribbons = useMemo(
    () =>
      stops.flatMap((stop, n) => {
        if (stop.kind !== "layer") return [];
        const attention = weightsAt(numbers, stop);
        if (!attention) return [];
        const here = stop.where === state.side && stop.layer === shownLayer && heads.length > 0;
        return ribbonsOf(
          attention,
          stop.where === "encoder" ? query : Math.min(row, attention.queries.length - 1),
          here ? heads : null,
        ).map((one) => ({ ...one, n, stop, here }));
      }),
    [numbers, query, row, state.side, shownLayer, heads.join(), stops.length],
  );
  const [end, back] = [Math.min(reach(until), edges[last]![0]), edges[memory]![1]];
  return (
    <svg class="map-lines" viewBox={`0 0 ${width} 100`} preserveAspectRatio="none" aria-hidden="true">
      {Array.from({ length: sources }, (_, n) => line(up(n), edges[first]![0], edges[memory]![1], false))}
      {Array.from({ length: sources }, (_, n) => line(up(n), edges[memory]![1], edges[last]![0], false, "kept"))}
      {heights.map((_, n) => line(down(n), back, edges[last]![0], false))}
      {ribbons.map(({ n, stop, head, from, weight, here }) => {
        const [x1, x2] = edges[n]!;
        const y1 = (stop.where === "decoder" ? down : up)(from);
        const y2 = stop.where === "encoder" ? up(query) : down(row);
        const bend = (x2 - x1) * 0.5;
        return (
          <path
            class={`ribbon${n > until ? " later" : ""}${stop.where === "cross" ? " cross" : ""}`}
            d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
            style={{ stroke: here ? css(hue(head, theme.dark)) : undefined, strokeWidth: `${0.5 + 9 * weight}px` }}
            vector-effect="non-scaling-stroke"
          />
        );
      })}
      {until >= first && line(up(query), edges[first]![0], Math.min(reach(until), edges[memory]![1]), true)}
      {end > back && line(down(row), back, end, true)}
    </svg>
  );
}

/** The weights that run into a word: of the heads in use each one's weights, elsewhere the mean of all. */
function ribbonsOf(
  attention: Attention,
  query: number,
  heads: number[] | null,
): { head: number; from: number; weight: number }[] {
  const all = Array.from({ length: attention.heads }, (_, head) => head);
  const rows = heads
    ? heads.map((head) => ({ head, weights: attention.row(head, query).weights }))
    : [{ head: -1, weights: meanRow(attention, all, query).weights }];
  return rows.flatMap(({ head, weights }) =>
    strongest(weights, 6)
      .filter((from) => weights[from]! > 0.04)
      .map((from) => ({ head, from, weight: weights[from]! })),
  );
}
