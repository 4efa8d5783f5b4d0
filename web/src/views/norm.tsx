/** Residual and LayerNorm on one row: what came in, what is added, its mean and spread, and the row after it. */
import { shown } from "../numbers/attention";
import { at, matrix } from "../numbers/data";
import { normalised } from "../numbers/toy";
import type { Station } from "../numbers/wire";
import { css } from "../draw/colour";
import { fixed } from "../draw/number";
import { tokenOf, usePage } from "../state/page";

export function Norm({ station }: { station: Station }) {
  const { numbers, look, t, state } = usePage();
  const pre = look.model.norm === "pre";
  const names = [station.residual, `${station.name}.output`, pre ? station.input : station.output];
  const tensors = names.map((name) => numbers.dense(name));
  if (tensors.some((tensor) => !tensor)) return null;
  const [residual, attended, normed] = tensors.map((tensor) => matrix(tensor!));
  const side = station.side === "encoder" ? look.source : look.target;
  const row = Math.min(
    tokenOf({ ...state, side: station.side === "encoder" ? "encoder" : "decoder" }, look),
    residual!.rows - 1,
  );
  const values = (m: typeof residual) => Array.from({ length: m!.cols }, (_, col) => at(m!, row, col));
  const [came, added, after] = [values(residual), values(attended), values(normed)];
  const sum = came.map((value, n) => value + added[n]!);
  const before = pre ? came : sum;
  const { mean, spread } = normalised(before);
  const then = normalised(after);
  const word = shown(side.tokens[row]!);
  const facts = {
    word,
    mean: fixed(mean, 3),
    spread: fixed(spread, 3),
    mean2: fixed(then.mean, 3),
    spread2: fixed(then.spread, 3),
  };
  const most = Math.max(...[...before, ...after].map(Math.abs));
  return (
    <section data-spot="norm" class="norm">
      <h3>{t("norm.title", { word })}</h3>
      <p>{t(pre ? "norm.pre" : "norm.post")}</p>
      <math display="block" aria-label="LN(x) = (x − mean) / spread · γ + β">
        <mi mathvariant="normal">LN</mi>
        <mo>(</mo>
        <mi>x</mi>
        <mo>)</mo>
        <mo>=</mo>
        <mfrac>
          <mrow>
            <mi>x</mi>
            <mo>−</mo>
            <mi>μ</mi>
          </mrow>
          <msqrt>
            <msup>
              <mi>σ</mi>
              <mn>2</mn>
            </msup>
            <mo>+</mo>
            <mi>ε</mi>
          </msqrt>
        </mfrac>
        <mo>·</mo>
        <mi>γ</mi>
        <mo>+</mo>
        <mi>β</mi>
      </math>
      <Strip
        name={pre ? t("norm.before") : t("norm.sum")}
        values={before}
        most={most}
        said={t("norm.stats", { mean: facts.mean, spread: facts.spread })}
      />
      <Strip
        name={t("norm.after")}
        values={after}
        most={most}
        said={t("norm.stats", { mean: facts.mean2, spread: facts.spread2 })}
      />
      <p class="note">{t("norm.note")}</p>
      <div class="norm-sum">
        <Strip name={t("flow.residual")} values={came} most={most} said="" />
        <Strip name={`+ ${t("flow.attended")}`} values={added} most={most} said="" />
        <Strip
          name="="
          values={sum}
          most={most}
          said={t("norm.stats", { mean: fixed(normalised(sum).mean, 3), spread: fixed(normalised(sum).spread, 3) })}
        />
      </div>
    </section>
  );
}

/** A row as bars up and down from 0. */
function Strip({ name, values, most, said }: { name: string; values: number[]; most: number; said: string }) {
  const { theme } = usePage();
  const path = (sign: number) =>
    values.map((value, n) => (value * sign > 0 ? `M${n + 0.5} 20v${((-20 * value) / most).toFixed(2)}` : "")).join("");
  return (
    <div class="strip">
      <span>{name}</span>
      <svg viewBox={`0 0 ${values.length} 40`} preserveAspectRatio="none" role="img" aria-label={`${name} ${said}`}>
        <line
          x1="0"
          x2={values.length}
          y1="20"
          y2="20"
          stroke="currentColor"
          stroke-opacity=".3"
          vector-effect="non-scaling-stroke"
        />
        <path d={path(1)} stroke={css(theme.plus)} stroke-width=".8" />
        <path d={path(-1)} stroke={css(theme.minus)} stroke-width=".8" />
      </svg>
      <small>{said}</small>
    </div>
  );
}
