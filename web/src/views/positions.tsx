/** The positional encoding: for this sentence, for any length, in the layouts that are in use. */
import { useMemo } from "preact/hooks";
import { shown } from "../numbers/attention";
import { at, columns, matrix } from "../numbers/data";
import { css } from "../draw/colour";
import { Heat } from "../draw/heat";
import { fixed } from "../draw/number";
import { usePage } from "../state/page";
import { encodings, LAYOUTS, likeness, wave } from "../numbers/positions";
import { MatrixTwin, Missing } from "./parts/matrix";
import { Rich } from "./parts/rich";

export function PositionsView() {
  return (
    <div class="view">
      <Sum />
      <Table />
    </div>
  );
}

/** X, P and X + P for this sentence. */
function Sum() {
  const page = usePage();
  const { numbers, look, t, theme } = page;
  const parts = [
    ["embeddings", t("positions.embeddings")],
    ["positions", "P"],
    ["x", "X"],
  ] as const;
  const names = parts.map(([last]) => `encoder.input.${last}`);
  const tensors = names.map((name) => numbers.dense(name));
  if (tensors.some((tensor) => !tensor)) return <Missing names={names} page={page} />;
  const labels = look.source.tokens.map(shown);
  const [e, p, x] = tensors.map((tensor) => matrix(tensor!));
  return (
    <section data-spot="sum">
      <h3>{t("positions.sum")}</h3>
      <p>{t("positions.sum.note")}</p>
      <div class="product">
        {[e!, p!, x!].map((m, n) => (
          <>
            {n > 0 && (
              <span class="operator" aria-hidden="true">
                {n === 1 ? "+" : "="}
              </span>
            )}
            <Heat
              matrix={m}
              title={<b class="symbol">{parts[n]![1]}</b>}
              rowAxis={t("axis.words")}
              colAxis="d_model"
              rowLabels={labels}
              theme={theme}
              label={parts[n]![1]}
              cell={[Math.max(0.5, 256 / m.cols), labels.length > 40 ? 5 : 15]}
            />
          </>
        ))}
      </div>
      {look.model.embedding_norm ? (
        <p class="note">{t("positions.norm")}</p>
      ) : (
        <div class="written">
          <p>
            <bdi>{labels[0]}</bdi> [0]: {fixed(at(e!, 0, 0), 3)} + {fixed(at(p!, 0, 0), 3)} ={" "}
            {fixed(at(e!, 0, 0) + at(p!, 0, 0), 3)}
            <span class="check ok">
              {" "}
              {Math.abs(at(e!, 0, 0) + at(p!, 0, 0) - at(x!, 0, 0)) < 1e-2 ? "✓" : "≠"} X {fixed(at(x!, 0, 0), 3)}
            </span>
          </p>
        </div>
      )}
      <MatrixTwin labels={labels} matrix={p!} axis="d_model" />
    </section>
  );
}

function Table() {
  const { state, set, look, t, theme } = usePage();
  const { model } = look;
  const layout = LAYOUTS.includes(state.layout as (typeof LAYOUTS)[number])
    ? state.layout
    : model.positions === "learned"
      ? "halves"
      : model.positions;
  const trained = model.longest_trained || 100;
  const longest = Math.max(4 * trained, 128);
  const length = state.length || Math.min(20, longest);
  const dims = state.dims || model.d_model;
  const p = useMemo(() => encodings(layout, length, dims, model.first_position), [layout, length, dims]);
  const alike = useMemo(() => likeness(length > 400 ? { ...p, rows: 400 } : p), [p]);
  const dim = Math.min(state.dim >= 0 ? state.dim : Math.floor(dims / 8), dims - 1);
  const { cosine, wavelength } = wave(layout, dims, dim);
  const height = Math.max(1, Math.min(18, Math.floor(380 / length)));
  return (
    <section data-spot="encoding">
      <h3>{t("positions.title")}</h3>
      <div class="controls">
        <div class="segments" role="group" aria-label={t("positions.layout")} data-spot="layout">
          {LAYOUTS.map((one) => (
            <button type="button" aria-pressed={one === layout} onClick={() => set({ layout: one })}>
              {t(`layout.${one}`)} {one === model.positions && <span class="badge">{t("layout.model")}</span>}
            </button>
          ))}
        </div>
        <label class="slider" data-spot="length">
          <span>
            {t("positions.length")} <b>{length}</b>
          </span>
          <input
            type="range"
            min={2}
            max={longest}
            value={length}
            onInput={(event) => set({ length: Number(event.currentTarget.value) })}
          />
        </label>
        <span class="player">
          <button
            type="button"
            aria-label={`${t("positions.length")} −1`}
            onClick={() => set({ length: Math.max(2, length - 1) })}
          >
            −
          </button>
          <button
            type="button"
            aria-label={`${t("positions.length")} +1`}
            onClick={() => set({ length: Math.min(longest, length + 1) })}
          >
            +
          </button>
          {model.longest_trained > 0 && (
            <button type="button" onClick={() => set({ length: Math.min(longest, trained + 1) })}>
              {t("positions.past", { n: trained + 1 })}
            </button>
          )}
        </span>
        <label class="slider">
          <span>
            {t("positions.dims")} <b>{dims}</b>
          </span>
          <input
            type="range"
            min={4}
            max={Math.max(512, model.d_model)}
            step={4}
            value={dims}
            onInput={(event) => set({ dims: Number(event.currentTarget.value), dim: -1 })}
          />
        </label>
      </div>
      <p class="note">
        {model.positions === "learned" && `${t("layout.learned.note")} `}
        {t(`layout.${layout as "halves"}.note`)}{" "}
        {model.longest_trained > 0 && t(length > trained ? "positions.beyond" : "positions.within", { n: trained })}
      </p>
      <div class="product">
        <div class="trained">
          <Heat
            matrix={p}
            title={<b class="symbol">P</b>}
            rowAxis={t("axis.position")}
            colAxis={t("axis.dimension")}
            theme={theme}
            label={t("positions.title")}
            most={1}
            rowLabels={length <= 32 ? Array.from({ length }, (_, n) => String(n + model.first_position)) : undefined}
            cell={[512 / dims, height]}
            mark={{ col: dim, ...(model.longest_trained > 0 && length > trained && { row: trained }) }}
            onPick={(_, col) => set({ dim: col })}
          />
          {length > trained && model.longest_trained > 0 && (
            <p class="trained-mark">
              {t("positions.ends", { n: trained, share: Math.round((100 * trained) / length) })}
            </p>
          )}
        </div>
        <Heat
          matrix={alike}
          title={
            <b class="symbol">
              <Rich text="P · P^T" />
            </b>
          }
          rowAxis={t("axis.position")}
          colAxis={t("axis.position")}
          theme={theme}
          label="P · Pᵀ"
          colour={theme.ink}
          range={[Math.min(...alike.data.subarray(0, alike.cols)), dims / 2]}
          cell={[Math.max(0.6, 300 / alike.cols), Math.max(0.6, 300 / alike.rows)]}
        />
      </div>
      <Formula layout={layout} dims={dims} />
      <div class="written" data-spot="distance">
        <p>{t("positions.distance")}</p>
        <Distance values={Array.from({ length: Math.min(length, 200) }, (_, row) => at(alike, 0, row))} />
      </div>
      <div class="written" data-spot="wave">
        <p>
          {t("positions.wave", {
            dim,
            name: cosine ? "cos" : "sin",
            length: fixed(wavelength, wavelength < 100 ? 2 : 0),
          })}
        </p>
        <Wave values={Array.from({ length }, (_, row) => at(p, row, dim))} colour={css(theme.plus)} />
        <p class="note">
          <Rich text={t("positions.alike")} />
        </p>
      </div>
      <MatrixTwin
        labels={Array.from({ length }, (_, n) => String(n + model.first_position))}
        matrix={columns(p, 0, Math.min(dims, 64))}
        axis={t("axis.dimension")}
      />
    </section>
  );
}

/** The encoding as it is computed: at any position, seen in training or not. */
function Formula({ layout, dims }: { layout: string; dims: number }) {
  const { t } = usePage();
  const pairs = dims / 2;
  const exponent =
    layout === "halves" ? (
      <mfrac>
        <mi>i</mi>
        <mrow>
          <mn>{pairs - 1}</mn>
        </mrow>
      </mfrac>
    ) : (
      <mfrac>
        <mi>i</mi>
        <mn>{pairs}</mn>
      </mfrac>
    );
  const angle = (
    <mfrac>
      <mi mathvariant="normal">pos</mi>
      <msup>
        <mn>10000</mn>
        {exponent}
      </msup>
    </mfrac>
  );
  return (
    <div class="written formula-positions" data-spot="formula-positions">
      <math display="block" aria-label="sin(pos / 10000^(i / pairs)), cos(pos / 10000^(i / pairs))">
        <mi>P</mi>
        <mo>=</mo>
        <mi mathvariant="normal">sin</mi>
        <mo>(</mo>
        {angle}
        <mo>)</mo>
        <mo>,</mo>
        <mspace width=".6em" />
        <mi mathvariant="normal">cos</mi>
        <mo>(</mo>
        {angle}
        <mo>)</mo>
      </math>
      <p>{t("positions.formula")}</p>
    </div>
  );
}

/** P[0] · P[n]: the dot product of two positions is a function of how far apart they are. */
function Distance({ values }: { values: number[] }) {
  const { theme } = usePage();
  const most = Math.max(...values);
  const least = Math.min(...values);
  const points = values.map(
    (value, n) =>
      `${((600 * n) / Math.max(1, values.length - 1)).toFixed(1)},${(56 - (52 * (value - least)) / (most - least || 1)).toFixed(1)}`,
  );
  return (
    <svg
      class="wave"
      viewBox="0 0 600 60"
      preserveAspectRatio="none"
      role="img"
      aria-label={`P[0] · P[0] = ${fixed(values[0]!, 1)}, P[0] · P[${values.length - 1}] = ${fixed(values.at(-1)!, 1)}`}
    >
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={css(theme.plus)}
        stroke-width="2"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}

function Wave({ values, colour }: { values: number[]; colour: string }) {
  const x = (n: number) => (n / Math.max(1, values.length - 1)) * 600;
  const points = values.map((value, n) => `${x(n).toFixed(1)},${(30 - 26 * value).toFixed(1)}`);
  return (
    <svg class="wave" viewBox="0 0 600 60" preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2="600" y1="30" y2="30" stroke="currentColor" stroke-opacity=".2" />
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke={colour}
        stroke-width="2"
        vector-effect="non-scaling-stroke"
      />
      {values.length <= 64 && values.map((value, n) => <circle cx={x(n)} cy={30 - 26 * value} r="2" fill={colour} />)}
    </svg>
  );
}
