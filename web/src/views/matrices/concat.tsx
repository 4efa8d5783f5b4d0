/** Concat(Z₀ … Z₇) × W^O: the strip of slices and the product. */
import { matrix } from "../../numbers/data";
import { css, hue } from "../../draw/colour";
import { concatenated, outputMatrix } from "../../numbers/explain";
import { Heat } from "../../draw/heat";
import { Steps, usePlayer } from "../parts/player";
import { Rich } from "../parts/rich";
import { Missing, MatrixTwin, type Place } from "../parts/matrix";
import { Product } from "./product";

/** Between the slices, in pixels, before they slide together. */
const GAP = 14;

export function Concat({ place }: { place: Place }) {
  const { numbers, t, look, theme, set } = place.page;
  const names = ["z", "output"].map((last) => `${place.name}.${last}`);
  const [z, output] = names.map((name) => numbers.dense(name));
  const weight = numbers.dense(`${place.name}.w_o.weight`);
  const biases = numbers.has(`${place.name}.w_o.bias`) ? numbers.dense(`${place.name}.w_o.bias`) : undefined;
  if (!z || !output) return <Missing names={names} page={place.page} />;
  const heads = Array.from({ length: look.model.heads }, (_, head) => head);
  const bands = heads.map((head) => ({
    name: (
      <>
        Z<sub>{head}</sub>
      </>
    ),
    colour: hue(head, theme.dark),
    go: () => set({ head, symbol: "z", cell: "" }),
  }));
  const player = usePlayer(2, 1.2);
  const words = { rowAxis: t("axis.words"), rowLabels: place.queries };
  return (
    <section>
      <h3>
        Concat(Z<sub>0</sub> … Z<sub>{heads.length - 1}</sub>) × W<sup>O</sup>
      </h3>
      <p>
        <Rich text={t("explain.concat", { n: heads.length, d_k: look.model.d_k, d_model: look.model.d_model })} />
      </p>
      <div class="slide" style={{ gap: `${GAP}px` }} aria-hidden="true">
        {heads.map((head) => (
          <span
            style={{
              borderColor: css(hue(head, theme.dark)),
              // a shift, which asks for no new layout while it moves
              transform: player.at ? `translateX(${-GAP * head}px)` : "",
            }}
          >
            <Heat
              quiet
              matrix={matrix(z, head)}
              cell={[512 / heads.length / look.model.d_k, Math.min(8, 96 / place.queries.length)]}
              theme={theme}
              label={`Z ${head}`}
            />
          </span>
        ))}
      </div>
      <p>
        <Steps player={player} label={t("concat.slide")} />
      </p>
      {weight ? (
        <Product
          row={place.row}
          error={output.window.error + (biases?.window.error ?? 0)}
          left={{
            name: "Concat(Z)",
            matrix: concatenated(z),
            error: z.window.error,
            ...words,
            colAxis: `${heads.length} · d_v`,
            bands,
          }}
          right={{
            name: (
              <>
                W<sup>O</sup>
              </>
            ),
            matrix: outputMatrix(weight),
            error: weight.window.error,
            rowAxis: `${heads.length} · d_v`,
            colAxis: "d_model",
          }}
          result={{ name: "Z", matrix: matrix(output), ...words, colAxis: "d_model" }}
          termName={(n) => t("head.term", { head: Math.floor(n / look.model.d_k), n: n % look.model.d_k })}
          {...(biases && { bias: (col: number) => biases.data[col]! })}
        />
      ) : (
        <Missing names={[`${place.name}.w_o.weight`]} page={place.page} />
      )}
      <MatrixTwin labels={place.queries} matrix={matrix(output)} axis="d_model" />
    </section>
  );
}
