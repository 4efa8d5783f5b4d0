import { matrix, transposed } from "../../numbers/data";
import { css, hue } from "../../draw/colour";
import { fixed } from "../../draw/number";
import { projection } from "../../numbers/explain";
import { layerOf, usePage } from "../../state/page";
import type { MatrixName } from "../../state/state";
import { HeadMark, LayerSlider, SideSwitch } from "../parts/controls";
import { Missing, MatrixTwin, type Place, placeOf } from "../parts/matrix";
import { Concat } from "./concat";
import { Formula } from "./formula";
import { AllHeads } from "./heads";
import { Product } from "./product";
import { Weights } from "./weights";
import { Rich } from "../parts/rich";

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
            <button
              type="button"
              class="chip"
              aria-pressed={head === place.head}
              onClick={() => set({ head, cell: "" })}
              style={
                head === place.head
                  ? { background: css(hue(head, theme.dark), 0.16), borderColor: css(hue(head, theme.dark)) }
                  : {}
              }
            >
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

function Open({ place, symbol }: { place: Place; symbol: MatrixName }) {
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
      <h3>
        {t(`symbol.${which}`)}
        {t("colon")}
        {called} × W<sup>{letter}</sup> = {letter}
      </h3>
      <p>
        {t(`explain.${which}`)}
        {t("gap")}
        {t(
          fromMemory
            ? "explain.memory"
            : place.first
              ? "explain.x"
              : state.side === "cross"
                ? "explain.cross"
                : "explain.r",
          { layer: layerOf(place.page) },
        )}
        {t("gap")}
        {!fromMemory && called.startsWith("LN") && t("explain.norm", { input: called }) + t("gap")}
        {t("explain.learned")}
      </p>
      {packed ? (
        <Product
          row={Math.min(place.row, labels.length - 1)}
          error={result.window.error + (biases?.window.error ?? 0)}
          left={{ name: called, matrix: matrix(x), error: x.window.error, ...words, colAxis: "d_model" }}
          right={{
            name: (
              <>
                W<sup>{letter}</sup>
              </>
            ),
            matrix: projection(packed, WHICH[which], place.head),
            error: packed.window.error,
            rowAxis: "d_model",
            colAxis: "d_k",
          }}
          result={{ name: letter, matrix: q, ...words, colAxis: "d_k" }}
          {...(biases && {
            bias: (col: number) => biases.data[(WHICH[which] * look.model.heads + place.head) * look.model.d_k + col]!,
          })}
        />
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
      <h3>
        {t("symbol.scores")}
        {t("colon")}Q × <Rich text="K^T / √d_k" />
      </h3>
      <p>
        <Rich text={t("explain.scores", { d_k: look.model.d_k, root: fixed(Math.sqrt(look.model.d_k), 2) })} />
      </p>
      <Product
        row={place.row}
        divisor={Math.sqrt(look.model.d_k)}
        error={scores.window.error}
        left={{
          name: "Q",
          matrix: matrix(q, place.head),
          error: q.window.error,
          rowAxis: t("axis.query"),
          colAxis: "d_k",
          rowLabels: place.queries,
        }}
        right={{
          name: <Rich text="K^T" />,
          matrix: transposed(matrix(k, place.head)),
          error: k.window.error,
          rowAxis: "d_k",
          colAxis: t("axis.key"),
          colLabels: place.keys,
        }}
        result={{
          name: <Rich text="QK^T / √d_k" />,
          matrix: result,
          rowAxis: t("axis.query"),
          colAxis: t("axis.key"),
          rowLabels: place.queries,
          colLabels: place.keys,
        }}
      />
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
      <Product
        row={place.row}
        error={z.window.error}
        left={{
          name: "softmax",
          matrix: matrix(weights, place.head),
          error: weights.window.error,
          colour: hue(place.head, theme.dark),
          rowAxis: t("axis.query"),
          colAxis: t("axis.key"),
          rowLabels: place.queries,
          colLabels: place.keys,
        }}
        right={{
          name: "V",
          matrix: matrix(v, place.head),
          error: v.window.error,
          rowAxis: t("axis.key"),
          colAxis: "d_v",
          rowLabels: place.keys,
        }}
        result={{
          name: "Z",
          matrix: matrix(z, place.head),
          rowAxis: t("axis.query"),
          colAxis: "d_v",
          rowLabels: place.queries,
        }}
      />
      <MatrixTwin labels={place.queries} matrix={matrix(z, place.head)} axis="d_v" />
    </section>
  );
}
