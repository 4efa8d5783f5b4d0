/** All layers × heads: for one pair of words, and as small pictures of everything. */
import { useEffect, useRef, useState } from "preact/hooks";
import { attentionOf, layers, type merged, path, type Where, wordAt, type Word } from "../../numbers/attention";
import { type Matrix, matrix, type Numbers, plain } from "../../numbers/data";
import { amount, hue, lit } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { fixed, percent, whole } from "../../draw/number";
import { paint } from "../../draw/paint";
import { layerOf, usePage } from "../../state/page";
import { isOff } from "../../state/state";
import { HeadMark, Twin } from "../parts/controls";

/** Who sees *animal* from *it*? A cell a head. */
export function PairGrid({ query, target }: { query: Word; target: Word }) {
  const page = usePage();
  const { state, set, t, look, numbers, theme } = page;
  const heads = Array.from({ length: look.model.heads }, (_, head) => head);
  const rows = Array.from({ length: layers(look, state.side) }, (_, layer) => {
    const attention = attentionOf(numbers, state.side, layer, state.pieces);
    if (!attention) return null;
    const from = wordAt(attention.queries, query.tokens[0]!);
    const to = wordAt(attention.keys, target.tokens[0]!);
    return heads.map((head) => attention.row(head, from).weights[to]!);
  });
  const now = layerOf(page);
  return (
    <section class="pair" data-spot="pair">
      <h3>{t("pair.title", { query: `“${query.text}”`, key: `“${target.text}”` })}</h3>
      <p class="note">{t("pair.note")}</p>
      <div
        class="scroll"
        tabIndex={0}
        role="region"
        aria-label={t("pair.title", { query: `“${query.text}”`, key: `“${target.text}”` })}
      >
        <table class={`pair-grid${heads.length > 8 ? " tight" : ""}`}>
          <thead>
            <tr>
              <th scope="col">{t("layer")}</th>
              {heads.map((head) => (
                <th scope="col">
                  <HeadMark head={head} />
                  <br />
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, layer) => (
              <tr class={layer === now ? "now" : ""}>
                <th scope="row">{layer + 1}</th>
                {heads.map((head) => {
                  const weight = row?.[head];
                  const share = weight === undefined ? "·" : Math.round(100 * weight);
                  const off = isOff(look.heads_off, path(state.side, layer), head);
                  return (
                    <td>
                      <button
                        type="button"
                        class={off ? "off" : ""}
                        style={lit(theme, hue(head, theme.dark), weight ?? 0)}
                        aria-label={t("pair.cell", {
                          layer: layer + 1,
                          head,
                          share: weight === undefined ? "" : whole(weight),
                        })}
                        title={t("pair.cell", {
                          layer: layer + 1,
                          head,
                          share: weight === undefined ? "" : percent(weight),
                        })}
                        onClick={() => set({ layer, heads: [head] })}
                      >
                        {share}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const isPooled = (numbers: Numbers, side: Where, layer: number): boolean =>
  numbers.has(`${path(side, layer)}.weights.pooled`);

/** The weights of one head as a matrix of words, or the pooled ones where they are too many. */
export function useWeights(layer: number, wanted = true): ((head: number) => Matrix) | null {
  const { state, numbers } = usePage();
  if (!wanted) return null;
  const name = `${path(state.side, layer)}.weights`;
  const pooled = numbers.has(`${name}.pooled`) ? numbers.dense(`${name}.pooled`) : undefined;
  if (pooled) return (head) => matrix(pooled, head);
  const attention = attentionOf(numbers, state.side, layer, state.pieces);
  return attention ? (head) => wordMatrix(attention, [head]) : null;
}

/** The mean of `heads` as a matrix, a row for each word that looks. */
export function wordMatrix(attention: ReturnType<typeof merged>, heads: number[]): Matrix {
  const { queries, keys } = attention;
  const data = new Float32Array(queries.length * keys.length);
  for (let query = 0; query < queries.length; query++)
    for (const head of heads)
      attention
        .row(head, query)
        .weights.forEach((weight, key) => (data[query * keys.length + key]! += weight / heads.length));
  return plain(queries.length, keys.length, data);
}

export function Overview() {
  const { state, t, look } = usePage();
  const heads = Array.from({ length: look.model.heads }, (_, head) => head);
  return (
    <section data-spot="overview">
      <h3>{t("overview.title")}</h3>
      <p class="note">{t("overview.note")}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("overview.title")}>
        <div class="overview" style={{ gridTemplateColumns: `auto repeat(${heads.length}, minmax(34px, 84px))` }}>
          <span />
          {heads.map((head) => (
            <span class="overview-head" aria-hidden="true">
              <HeadMark head={head} /> {head}
            </span>
          ))}
          {Array.from({ length: layers(look, state.side) }, (_, layer) => (
            <OverviewRow layer={layer} heads={heads} />
          ))}
        </div>
      </div>
    </section>
  );
}

function OverviewRow({ layer, heads }: { layer: number; heads: number[] }) {
  const page = usePage();
  const { state, set, t, numbers } = page;
  const [spot, near] = useNear();
  const weights = useWeights(layer, near);
  const now = layerOf(page);
  return (
    <>
      <span class="overview-layer" aria-hidden="true" ref={spot}>
        {layer + 1}
      </span>
      {heads.map((head) => (
        <button
          type="button"
          class="thumb"
          aria-label={t("overview.cell", { layer: layer + 1, head })}
          aria-pressed={layer === now && !!state.heads?.includes(head)}
          onClick={() => {
            set({ layer, heads: [head] });
            window.scrollTo({ top: 0 });
          }}
        >
          {weights && <Thumb matrix={weights(head)} head={head} pooled={isPooled(numbers, state.side, layer)} />}
        </button>
      ))}
    </>
  );
}

/** Whether a place has been near the window, or is to be printed: 144 pictures of a long sentence are not drawn before. */
function useNear(): [preact.RefObject<HTMLSpanElement>, boolean] {
  const spot = useRef<HTMLSpanElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const draw = () => setNear(true);
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && draw(), {
      rootMargin: "300px",
    });
    watch.observe(spot.current!);
    addEventListener("beforeprint", draw);
    return () => {
      watch.disconnect();
      removeEventListener("beforeprint", draw);
    };
  }, []);
  return [spot, near];
}

function Thumb({ matrix: weights, head, pooled }: { matrix: Matrix; head: number; pooled: boolean }) {
  const { theme } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current)
      paint(canvas.current, weights, amount(theme, hue(head, theme.dark), brightest(weights, pooled)));
  }, [weights.data, weights.start, theme, head]);
  return <canvas ref={canvas} />;
}

/** Pooled maps are means and so faint: there the brightest block has the full colour. */
function brightest(m: Matrix, pooled: boolean): number {
  if (!pooled) return 1;
  let most = 0;
  for (let i = 0; i < m.rows * m.cols; i++) most = Math.max(most, m.data[m.start + i]!);
  return most || 1;
}

export function WeightsTwin({ attention, heads }: { attention: ReturnType<typeof merged>; heads: number[] }) {
  const { t } = usePage();
  const rows = () => {
    const mean = wordMatrix(attention, heads.length ? heads : [0]);
    return attention.queries
      .slice(0, 200)
      .map((word, n) => [
        word.text,
        ...Array.from(mean.data.subarray(n * mean.cols, n * mean.cols + Math.min(mean.cols, 200)), (weight) =>
          fixed(weight, 3),
        ),
      ]);
  };
  return (
    <Twin
      label={t("table.weights")}
      head={[t("looks.at"), ...attention.keys.slice(0, 200).map((word) => word.text)]}
      rows={rows}
    />
  );
}

/** One head of a long sentence: a pixel is a word, or the mean of a block of words. */
export function Large({ layer, head }: { layer: number; head: number }) {
  const { t, theme, numbers, state } = usePage();
  const weights = useWeights(layer);
  if (!weights) return null;
  const m = weights(head);
  return (
    <section>
      <h3>
        <HeadMark head={head} /> {t("matrix.large", { n: head })}
      </h3>
      <Heat
        matrix={m}
        colour={hue(head, theme.dark)}
        most={brightest(m, isPooled(numbers, state.side, layer))}
        cell={[420 / m.cols, 420 / m.rows]}
        theme={theme}
        rowAxis={t("axis.query")}
        colAxis={t("axis.key")}
        label={t("matrix.label")}
      />
    </section>
  );
}
