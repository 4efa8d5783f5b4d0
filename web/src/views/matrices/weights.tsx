/** Scores → who is allowed → softmax: one row of it written out. */
import { at, matrix, plain } from "../../numbers/data";
import { useState } from "preact/hooks";
import { css, hue } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { fixed, percent } from "../../draw/number";
import { allowed, loudest, softmax } from "../../numbers/explain";
import { Steps, usePlayer } from "../parts/player";
import { MatrixTwin, Missing, type Place } from "../parts/matrix";
import { Rich } from "../parts/rich";

export function Weights({ place }: { place: Place }) {
  const { numbers, t, theme, state, set } = place.page;
  const names = ["scores", "weights"].map((last) => `${place.name}.${last}`);
  const [s, w] = names.map((name) => numbers.dense(name));
  if (!s || !w) return <Missing names={names} page={place.page} />;
  const scores = matrix(s, place.head);
  const weights = matrix(w, place.head);
  const may = allowed(scores);
  const masked = may.data.includes(0);
  const chosen = /^(\d+):(\d+)$/.exec(state.cell);
  const row = Math.min(chosen ? Number(chosen[1]) : place.row, weights.rows - 1);
  const col = Math.min(chosen ? Number(chosen[2]) : loudest(weights, row), weights.cols - 1);
  const written = softmax(scores, row, col);
  const cell: [number, number] = [
    Math.max(1, Math.min(20, (state.chapter >= 0 ? 170 : 260) / scores.cols)),
    scores.rows > 40 ? 6 : 18,
  ];
  const axes = {
    rowAxis: t("axis.query"),
    colAxis: t("axis.key"),
    colLabels: place.keys,
    rowLabels: place.queries,
    cell,
    theme,
    mark: { row, col },
    onPick: (r: number, c: number) => set({ cell: `${r}:${c}` }),
  };
  const exact = w.window.error > 0 ? numbers.row(`${place.name}.weights`, [place.head, row]) : undefined;
  const values = Array.from({ length: weights.cols }, (_, n) => exact?.[n] ?? at(weights, row, n));
  const value = values[col]!;
  const agrees = Math.abs(written.result - value) <= Math.max(1e-3, exact ? 0 : w.window.error);
  return (
    <section>
      <h3>{t("weights.title")}</h3>
      <p>
        {t("explain.weights")}
        {t("gap")}
        {!masked && t("explain.unmasked")}
      </p>
      <div class="product" data-spot="softmax">
        <Heat {...axes} matrix={scores} title={<Rich text="QK^T / √d_k" />} label={t("symbol.scores")} />
        <span class="operator" aria-hidden="true">
          →
        </span>
        {masked && (
          <>
            <Heat
              {...axes}
              matrix={may}
              title={<b class="symbol">{t("allowed")}</b>}
              colour={theme.ink}
              label={t("allowed")}
            />
            <span class="operator" aria-hidden="true">
              →
            </span>
          </>
        )}
        <Heat
          {...axes}
          matrix={weights}
          title={<b class="symbol">softmax</b>}
          colour={hue(place.head, theme.dark)}
          label={t("symbol.weights")}
        />
      </div>
      <div class="written">
        <p>
          <bdi>{place.queries[row]}</bdi> → <bdi>{place.keys[col]}</bdi>
        </p>
        {written.score === -Infinity ? (
          <p>{t("not.allowed")}</p>
        ) : (
          <p>
            e
            <sup>
              {fixed(written.score, 3)} − {fixed(written.highest, 3)}
            </sup>{" "}
            / Σ = {fixed(written.share, 4)} / {fixed(written.total, 4)} = <b>{fixed(written.result, 4)}</b>
            <span class={agrees ? "check ok" : "check"}>
              {" "}
              {agrees ? "✓" : "≠"}{" "}
              {t("written.agrees", {
                value: fixed(value, 4),
                difference: Math.abs(written.result - value).toExponential(0),
              })}
            </span>
          </p>
        )}
        <p class="note">{t("explain.max")}</p>
        <Row
          values={values}
          scores={Array.from({ length: scores.cols }, (_, n) => at(scores, row, n))}
          highest={written.highest}
          labels={place.keys}
          chosen={col}
          place={place}
          masked={masked}
        />
      </div>
      <MatrixTwin
        labels={place.queries}
        columns={place.keys}
        matrix={plain(
          weights.rows,
          weights.cols,
          weights.data.subarray(weights.start, weights.start + weights.rows * weights.cols),
        )}
        axis={t("axis.key")}
      />
    </section>
  );
}

interface RowProps {
  values: number[];
  scores: number[];
  highest: number;
  labels: string[];
  chosen: number;
  place: Place;
  masked: boolean;
}

/** One row on its way from dot products to shares: the same bars, step by step. */
function Row({ values, scores, highest, labels, chosen, place, masked }: RowProps) {
  const { t, theme, look } = place.page;
  const root = Math.sqrt(look.model.d_k);
  const stages = [
    { name: "QK^T", of: scores.map((score) => score * root) },
    { name: "÷ √d_k", of: scores },
    ...(masked ? [{ name: t("allowed"), of: scores }] : []),
    { name: "e^(x − max)", of: scores.map((score) => Math.exp(score - highest)) },
    { name: "softmax", of: values },
  ];
  const player = usePlayer(stages.length, 1.4);
  const [shows, show] = useState(false);
  if (labels.length > 64) return null;
  const at = shows ? player.at : stages.length - 1;
  const walk = {
    ...player,
    play: (on: boolean) => (on && (show(true), player.at >= stages.length - 1 && player.go(0)), player.play(on)),
    go: (n: number) => (show(true), player.go(n)),
  };
  const now = stages[at]!;
  const most =
    at <= 1 + Number(masked) ? Math.max(...stages[0]!.of.filter(Number.isFinite).map(Math.abs)) : Math.max(...now.of);
  const plus = css(hue(place.head, theme.dark));
  return (
    <div class="stages" data-spot="stages">
      <p>
        <Steps player={walk} label={t("softmax.steps")} />{" "}
        <b>
          <Rich text={now.name} />
        </b>
      </p>
      <ul class="row-bars">
        {now.of.map((value, n) => (
          <li class={n === chosen ? "lit" : ""}>
            <bdi>{labels[n]}</bdi>
            <i
              style={{
                height: `${Number.isFinite(value) ? Math.max(1, (60 * Math.abs(value)) / most) : 0}px`,
                background: value < 0 ? css(theme.minus) : plus,
              }}
            />
            <small>{at === stages.length - 1 ? percent(value) : fixed(value, 2)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}
