/** Scores → who is allowed → softmax: one row of it written out. */
import { at, matrix, plain } from "../../numbers/data";
import { hue } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { fixed, percent } from "../../draw/number";
import { allowed, loudest, softmax } from "../../numbers/explain";
import { MatrixTwin, Missing, type Place } from "../parts/matrix";

export function Weights({ place }: { place: Place }) {
  const { numbers, t, theme, state, set } = place.page;
  const names = ["scores", "weights"].map((last) => `${place.name}.${last}`);
  const [s, w] = names.map((name) => numbers.dense(name));
  if (!s || !w) return <Missing names={names} page={place.page} />;
  const scores = matrix(s, place.head);
  const weights = matrix(w, place.head);
  const may = allowed(scores);
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
      <p>{t("explain.weights")}</p>
      <div class="product" data-spot="softmax">
        <Heat {...axes} matrix={scores} title={<b class="symbol">QKᵀ / √dₖ</b>} label={t("symbol.scores")} />
        <span class="operator" aria-hidden="true">
          →
        </span>
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
        <Row values={values} labels={place.keys} chosen={col} place={place} />
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

function Row({ values, labels, chosen, place }: { values: number[]; labels: string[]; chosen: number; place: Place }) {
  if (labels.length > 64) return null;
  const [r, g, b] = hue(place.head, place.page.theme.dark);
  return (
    <ul class="row-bars">
      {values.map((value, n) => (
        <li class={n === chosen ? "lit" : ""}>
          <bdi>{labels[n]}</bdi>
          <i style={{ height: `${Math.max(1, 60 * value)}px`, background: `rgb(${r} ${g} ${b})` }} />
          <small>{percent(value)}</small>
        </li>
      ))}
    </ul>
  );
}
