/** The many-headed beast: every head's Q, K, V, weights and Z side by side. */
import { matrix } from "../../numbers/data";
import { css, hue } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { HeadMark } from "../parts/controls";
import { Missing, MatrixTwin, type Place } from "../parts/matrix";

const COLUMNS = [
  ["queries", "Q", "q"],
  ["keys", "K", "k"],
  ["values", "V", "v"],
  ["weights", "softmax", "weights"],
  ["z", "Z", "z"],
] as const;

export function AllHeads({ place }: { place: Place }) {
  const { numbers, t, look, theme, set } = place.page;
  const names = COLUMNS.map(([last]) => `${place.name}.${last}`);
  const tensors = names.map((name) => numbers.dense(name));
  if (tensors.some((tensor) => !tensor)) return <Missing names={names} page={place.page} />;
  return (
    <section data-spot="all-heads">
      <h3>{t("symbol.heads")}</h3>
      <p>{t("explain.heads", { n: look.model.heads, d_k: look.model.d_k, d_model: look.model.d_model })}</p>
      <div class="beasts">
        {Array.from({ length: look.model.heads }, (_, head) => (
          <article class="beast" style={{ borderTopColor: css(hue(head, theme.dark)) }}>
            <h4>
              <HeadMark head={head} /> {t("head.n", { n: head })}
            </h4>
            {COLUMNS.map(([, letter, symbol], n) => {
              const m = matrix(tensors[n]!, head);
              return (
                <button type="button" class="mini" onClick={() => set({ head, symbol, cell: "" })}>
                  <span class="symbol">
                    {letter}
                    {letter.length === 1 && <sub>{head}</sub>}
                  </span>
                  <Heat
                    matrix={m}
                    quiet
                    colour={letter === "softmax" ? hue(head, theme.dark) : undefined}
                    cell={[120 / m.cols, Math.max(2, Math.min(6, 84 / m.rows))]}
                    theme={theme}
                    label={`${t("head.n", { n: head })}${t("colon")}${m.rows} × ${m.cols}`}
                  />
                </button>
              );
            })}
          </article>
        ))}
      </div>
      <MatrixTwin labels={place.queries} matrix={matrix(tensors[4]!, place.head)} axis="d_v" />
    </section>
  );
}
