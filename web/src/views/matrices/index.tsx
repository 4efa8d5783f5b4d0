/** X × W = Q, K, V, then the formula, symbol by symbol, for one head: real matrices, each cell explains itself. */
import { path, shown } from "../../attention";
import { at, matrix, type Matrix, transposed } from "../../data";
import { css, hue } from "../../draw/colour";
import { fixed } from "../../draw/number";
import { projection } from "../../explain";
import { inputName, layerOf, type Page, tokenOf, usePage } from "../../page";
import type { Symbol } from "../../state";
import { HeadMark, LayerSlider, SideSwitch, Twin } from "../controls";
import { Concat } from "./concat";
import { Formula } from "./formula";
import { AllHeads } from "./heads";
import { Product } from "./product";
import { Weights } from "./weights";

export interface Place {
  page: Page;
  name: string;
  head: number;
  /** Labels of the rows that look and of those that are looked at. */
  queries: string[];
  keys: string[];
  row: number;
  /** The window that comes in, what it is called, and what it was before a norm. */
  x: string;
  input: string;
  first: boolean;
  memory: string;
}

export function placeOf(page: Page): Place {
  const { state, look } = page;
  const layer = layerOf(page);
  const name = path(state.side, layer);
  const station = look.stations.find((one) => one.name === name);
  const [asks, told] = { encoder: [look.source, look.source], decoder: [look.target, look.target], cross: [look.target, look.source] }[state.side] as [typeof look.source, typeof look.source];
  return {
    page, name,
    head: Math.min(state.head, look.model.heads - 1),
    queries: asks.tokens.map(shown),
    keys: told.tokens.map(shown),
    row: tokenOf(state, look),
    x: station?.input ?? "",
    input: station ? inputName(station) : "",
    first: station?.residual.endsWith(".input.x") ?? false,
    memory: station?.memory ?? "",
  };
}

export function MatricesView() {
  const page = usePage();
  const { state, set, t, look, theme } = page;
  const place = placeOf(page);
  return (
    <div class="view">
      <div class="controls">
        <SideSwitch />
        <LayerSlider />
        <div class="chips" role="group" aria-label={t("head")} data-spot="head">
          <span class="chips-name">{t("head")}</span>
          {Array.from({ length: look.model.heads }, (_, head) => (
            <button type="button" class="chip" aria-pressed={head === place.head} onClick={() => set({ head, cell: "" })}
              style={head === place.head ? { background: css(hue(head, theme.dark), 0.16), borderColor: css(hue(head, theme.dark)) } : {}}>
              <HeadMark head={head} /> {head}
            </button>
          ))}
        </div>
      </div>
      <Formula />
      <Open place={place} symbol={state.symbol} />
    </div>
  );
}

function Open({ place, symbol }: { place: Place; symbol: Symbol }) {
  if (symbol === "heads") return <AllHeads place={place} />;
  if (symbol === "concat") return <Concat place={place} />;
  if (symbol === "weights") return <Weights place={place} />;
  if (symbol === "scores") return <Scores place={place} />;
  if (symbol === "z") return <Mixed place={place} />;
  return <Projected place={place} which={symbol} />;
}

const WHICH = { q: 0, k: 1, v: 2 } as const;
const WINDOW = { q: "queries", k: "keys", v: "values" } as const;

/** X × W^Q = Q, and the same for K and V. */
function Projected({ place, which }: { place: Place; which: "q" | "k" | "v" }) {
  const { numbers, t, look, state } = place.page;
  const fromMemory = which !== "q" && state.side === "cross";
  const input = fromMemory ? place.memory : place.x;
  const x = numbers.dense(input);
  const result = numbers.dense(`${place.name}.${WINDOW[which]}`);
  const packed = numbers.dense(`${place.name}.w_qkv`);
  const biases = numbers.has(`${place.name}.b_qkv`) ? numbers.dense(`${place.name}.b_qkv`) : undefined;
  const labels = which === "q" ? place.queries : place.keys;
  const letter = which.toUpperCase();
  const called = fromMemory ? t("memory") : place.input;
  if (!x || !result) return <Missing names={[input, `${place.name}.${WINDOW[which]}`]} page={place.page} />;
  const words = { rowAxis: t("axis.words"), rowLabels: labels };
  const q = matrix(result, place.head);
  return (
    <section>
      <h3>{t(`symbol.${which}`)}: {called} × W<sup>{letter}</sup> = {letter}</h3>
      <p>{t(`explain.${which}`)} {t(fromMemory ? "explain.memory" : place.first ? "explain.x" : state.side === "cross" ? "explain.cross" : "explain.r", { layer: layerOf(place.page) - 1 })} {!fromMemory && called.startsWith("LN") && t("explain.norm")}</p>
      {packed ? (
        <Product row={Math.min(place.row, labels.length - 1)} error={result.window.error + (biases?.window.error ?? 0)}
          left={{ name: called, matrix: matrix(x), error: x.window.error, ...words, colAxis: "d_model" }}
          right={{ name: <>W<sup>{letter}</sup></>, matrix: projection(packed, WHICH[which], place.head), error: packed.window.error, rowAxis: "d_model", colAxis: "d_k" }}
          result={{ name: letter, matrix: q, ...words, colAxis: "d_k" }}
          {...(biases && { bias: (col: number) => biases.data[(WHICH[which] * look.model.heads + place.head) * look.model.d_k + col]! })} />
      ) : (
        <Missing names={[`${place.name}.w_qkv`]} page={place.page} />
      )}
      <MatrixTwin labels={labels} matrix={q} axis="d_k" />
    </section>
  );
}

/** Q × Kᵀ / √d_k. */
function Scores({ place }: { place: Place }) {
  const { numbers, t, look } = place.page;
  const names = ["queries", "keys", "scores"].map((last) => `${place.name}.${last}`);
  const [q, k, scores] = names.map((name) => numbers.dense(name));
  if (!q || !k || !scores) return <Missing names={names} page={place.page} />;
  const result = matrix(scores, place.head);
  return (
    <section>
      <h3>{t("symbol.scores")}: Q × Kᵀ / √dₖ</h3>
      <p>{t("explain.scores", { d_k: look.model.d_k, root: fixed(Math.sqrt(look.model.d_k), 2) })}</p>
      <Product row={place.row} divisor={Math.sqrt(look.model.d_k)} error={scores.window.error}
        left={{ name: "Q", matrix: matrix(q, place.head), error: q.window.error, rowAxis: t("axis.query"), colAxis: "d_k", rowLabels: place.queries }}
        right={{ name: "Kᵀ", matrix: transposed(matrix(k, place.head)), error: k.window.error, rowAxis: "d_k", colAxis: t("axis.key"), colLabels: place.keys }}
        result={{ name: "QKᵀ / √dₖ", matrix: result, rowAxis: t("axis.query"), colAxis: t("axis.key"), rowLabels: place.queries, colLabels: place.keys }} />
      <MatrixTwin labels={place.queries} columns={place.keys} matrix={result} axis={t("axis.key")} />
    </section>
  );
}

/** weights × V = Z. */
function Mixed({ place }: { place: Place }) {
  const { numbers, t, theme } = place.page;
  const names = ["weights", "values", "z"].map((last) => `${place.name}.${last}`);
  const [weights, v, z] = names.map((name) => numbers.dense(name));
  if (!weights || !v || !z) return <Missing names={names} page={place.page} />;
  return (
    <section>
      <h3>softmax × V = Z</h3>
      <p>{t("explain.z")}</p>
      <Product row={place.row} error={z.window.error}
        left={{ name: "softmax", matrix: matrix(weights, place.head), error: weights.window.error, colour: hue(place.head, theme.dark), rowAxis: t("axis.query"), colAxis: t("axis.key"), rowLabels: place.queries, colLabels: place.keys }}
        right={{ name: "V", matrix: matrix(v, place.head), error: v.window.error, rowAxis: t("axis.key"), colAxis: "d_v", rowLabels: place.keys }}
        result={{ name: "Z", matrix: matrix(z, place.head), rowAxis: t("axis.query"), colAxis: "d_v", rowLabels: place.queries }} />
      <MatrixTwin labels={place.queries} matrix={matrix(z, place.head)} axis="d_v" />
    </section>
  );
}

export function MatrixTwin({ labels, columns, matrix: m, axis }: { labels: string[]; columns?: string[]; matrix: Matrix; axis: string }) {
  const { t } = usePage();
  const cols = Math.min(m.cols, 64);
  const head = [t("axis.words"), ...Array.from({ length: cols }, (_, col) => columns?.[col] ?? `${col}`)];
  const rows = () => labels.map((label, row) => [label, ...Array.from({ length: cols }, (_, col) => fixed(at(m, row, col), 3))]);
  return <Twin label={m.cols > cols ? t("table.first", { n: cols, axis }) : t("table")} head={head} rows={rows} />;
}

/** Numbers that are on their way, or that did not travel with a saved file: of long sentences not all that a row has. */
export function Missing({ names, page: { numbers, t } }: { names: string[]; page: Page }) {
  const cut = names.filter((name) => numbers.window(name)?.storage === "top");
  const absent = names.filter((name) => !numbers.has(name));
  if (absent.length) return <p class="note">{t("missing", { names: absent.join(", ") })}</p>;
  if (cut.length) return <p class="note">{t("missing.cut", { names: cut.join(", ") })}</p>;
  return names.some(numbers.failedFor) ? null : <p class="loading">{t("loading")}</p>; // the page's head says what failed
}
