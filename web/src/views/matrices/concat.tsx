/** Concat(Z₀ … Z₇) × W^O: the strip of slices and the product. */
import { matrix } from "../../numbers/data";
import { css, hue } from "../../draw/colour";
import { concatenated, outputMatrix } from "../../numbers/explain";
import { Rich } from "../parts/rich";
import { Missing, MatrixTwin, type Place } from "../parts/matrix";
import { Product } from "./product";

export function Concat({ place }: { place: Place }) {
  const { numbers, t, look, theme, set } = place.page;
  const names = ["z", "output"].map((last) => `${place.name}.${last}`);
  const [z, output] = names.map((name) => numbers.dense(name));
  const weight = numbers.dense(`${place.name}.w_o.weight`);
  const biases = numbers.has(`${place.name}.w_o.bias`) ? numbers.dense(`${place.name}.w_o.bias`) : undefined;
  if (!z || !output) return <Missing names={names} page={place.page} />;
  const heads = Array.from({ length: look.model.heads }, (_, head) => head);
  const words = { rowAxis: t("axis.words"), rowLabels: place.queries };
  return (
    <section>
      <h3>
        Concat(Z<sub>0</sub> … Z<sub>{heads.length - 1}</sub>) × W<sup>O</sup>
      </h3>
      <p>
        <Rich text={t("explain.concat", { n: heads.length, d_k: look.model.d_k, d_model: look.model.d_model })} />
      </p>
      <div class="slices" role="group" aria-label="Concat">
        {heads.map((head) => (
          <button
            type="button"
            onClick={() => set({ head, symbol: "z", cell: "" })}
            style={{ background: css(hue(head, theme.dark), 0.18), borderBottomColor: css(hue(head, theme.dark)) }}
          >
            Z<sub>{head}</sub>
          </button>
        ))}
      </div>
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
          {...(biases && { bias: (col: number) => biases.data[col]! })}
        />
      ) : (
        <Missing names={[`${place.name}.w_o.weight`]} page={place.page} />
      )}
      <MatrixTwin labels={place.queries} matrix={matrix(output)} axis="d_model" />
    </section>
  );
}
