/** The one formula, in MathML. Each symbol is a door to its matrix. */
import { usePage } from "../../state/page";
import { type MatrixName, type State, SYMBOLS } from "../../state/state";
import { Rich } from "../parts/rich";

const SAME_CELLS = ["scores", "weights"];

/** From scores to weights and back the chosen cell stays: it is the same pair of words. */
const opened = ({ symbol, cell }: State, to: MatrixName): Partial<State> => ({
  symbol: to,
  cell: SAME_CELLS.includes(symbol) && SAME_CELLS.includes(to) ? cell : "",
});

/** A symbol of the formula. The buttons below say the same to the keyboard. */
function Door({ to, children }: { to: MatrixName; children: preact.ComponentChildren }) {
  const { state, set } = usePage();
  return (
    <mrow class={`sym${state.symbol === to ? " open" : ""}`} onClick={() => set(opened(state, to))}>
      {children}
    </mrow>
  );
}

export function Formula() {
  return (
    <div class="formula" data-spot="formula">
      <math display="block" aria-label="softmax(Q Kᵀ / √d_k) V = Z">
        <mrow>
          <Door to="weights">
            <mi mathvariant="normal">softmax</mi>
          </Door>
          <mo>(</mo>
          <mfrac>
            <Door to="scores">
              <Door to="q">
                <mi>Q</mi>
              </Door>
              <mo>⁢</mo>
              <Door to="k">
                <msup>
                  <mi>K</mi>
                  <mi mathvariant="normal">T</mi>
                </msup>
              </Door>
            </Door>
            <Door to="scores">
              <msqrt>
                <msub>
                  <mi>d</mi>
                  <mi>k</mi>
                </msub>
              </msqrt>
            </Door>
          </mfrac>
          <mo>)</mo>
          <mspace width=".15em" />
          <Door to="v">
            <mi>V</mi>
          </Door>
          <mo>=</mo>
          <Door to="z">
            <mi>Z</mi>
          </Door>
        </mrow>
      </math>
      <SymbolTabs />
    </div>
  );
}

const NAMES: Record<MatrixName, string> = {
  q: "Q",
  k: "K",
  v: "V",
  scores: "QK^T / √d_k",
  weights: "softmax",
  z: "Z",
  heads: "",
  concat: "W^O",
};

function SymbolTabs() {
  const { state, set, t } = usePage();
  return (
    <div class="segments wrap" role="group" aria-label={t("matrices.which")}>
      {SYMBOLS.map((symbol) => (
        <button type="button" aria-pressed={state.symbol === symbol} onClick={() => set(opened(state, symbol))}>
          {NAMES[symbol] && (
            <b>
              <Rich text={NAMES[symbol]} />
            </b>
          )}{" "}
          {t(`symbol.${symbol}`)}
        </button>
      ))}
    </div>
  );
}
