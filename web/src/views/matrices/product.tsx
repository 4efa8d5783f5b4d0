/** Left × right = result, with one cell of the result written out and checked. */
import { at, type Matrix } from "../../numbers/data";
import { dotProduct, loudest, type Sum } from "../../numbers/explain";
import { css, type Rgb } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { fixed } from "../../draw/number";
import { usePage } from "../../state/page";

export interface Part {
  name: preact.ComponentChildren;
  matrix: Matrix;
  /** The largest difference that storing it made. */
  error?: number;
  rowAxis: string;
  colAxis: string;
  rowLabels?: string[] | undefined;
  colLabels?: string[] | undefined;
  colour?: Rgb | undefined;
}

interface Props {
  left: Part;
  right: Part;
  result: Part;
  /** The row that is explained where none is chosen. */
  row: number;
  divisor?: number;
  bias?: (col: number) => number;
  /** The largest difference that storing the result made. */
  error: number;
}

export function Product({ left, right, result, row, divisor, bias, error }: Props) {
  const { state, set, t } = usePage();
  const { rows, cols } = result.matrix;
  const [r, c] = /^\d+:\d+$/.test(state.cell) ? (state.cell.split(":").map(Number) as [number, number]) : [row, -1];
  const cell = {
    row: Math.min(r, rows - 1),
    col: c < 0 ? loudest(result.matrix, Math.min(r, rows - 1)) : Math.min(c, cols - 1),
  };
  const sum = dotProduct(left.matrix, right.matrix, cell.row, cell.col, {
    divisor: divisor ?? 1,
    bias: bias?.(cell.col) ?? 0,
    errors: [left.error ?? 0, right.error ?? 0],
  });
  const value = at(result.matrix, cell.row, cell.col);
  const wide = [left, right, result].filter((part) => part.matrix.cols > 100).length; // beside each other, if they fit
  const room = (wide > 1 ? 840 / wide : 384) * (state.chapter >= 0 ? 0.68 : 1);
  return (
    <>
      <div class="product" data-spot="product">
        <Side part={left} mark={{ row: cell.row }} room={room} />
        <span class="operator" aria-hidden="true">
          ×
        </span>
        <Side part={right} mark={{ col: cell.col }} room={room} />
        <span class="operator" aria-hidden="true">
          =
        </span>
        <Side part={result} mark={cell} room={room} pick={(row, col) => set({ cell: `${row}:${col}` })} />
      </div>
      <p class="note">{t("product.click")}</p>
      <Written
        sum={sum}
        value={value}
        error={error}
        name={`${result.rowLabels?.[cell.row] ?? cell.row}, ${result.colLabels?.[cell.col] ?? `${result.colAxis} ${cell.col}`}`}
        of={[left.name, right.name, result.name]}
      />
    </>
  );
}

/** How large a cell may be, for a matrix of that many rows and columns. */
function cellSize({ rows, cols }: Matrix, words: boolean, room: number): [number, number] {
  const space = cols > 100 ? room : words && cols < 40 ? 300 : Math.min(176, room);
  const width = Math.min(20, space / cols);
  const height = rows > 100 ? Math.max(1, Math.floor(300 / rows)) : rows > 40 ? 5 : rows > 24 ? 13 : 18;
  return [width, height];
}

function Side({
  part,
  mark,
  room,
  pick,
}: {
  part: Part;
  mark: { row?: number; col?: number };
  room: number;
  pick?: (row: number, col: number) => void;
}) {
  const { theme } = usePage();
  const size = cellSize(part.matrix, part.colLabels !== undefined, room);
  return (
    <Heat
      matrix={part.matrix}
      title={<b class="symbol">{part.name}</b>}
      rowAxis={part.rowAxis}
      colAxis={part.colAxis}
      rowLabels={part.rowLabels}
      colLabels={part.colLabels}
      colour={part.colour}
      cell={size}
      mark={mark}
      onPick={pick}
      theme={theme}
      label={`${part.matrix.rows} × ${part.matrix.cols}, ${part.rowAxis} × ${part.colAxis}`}
    />
  );
}

function Written({
  sum,
  value,
  error,
  name,
  of,
}: {
  sum: Sum;
  value: number;
  error: number;
  name: string;
  of: preact.ComponentChildren[];
}) {
  const { t, theme } = usePage();
  const difference = Math.abs(sum.result - value);
  const bound = Math.max(2e-4, 1e-4 * Math.abs(value), error + sum.slack);
  const agrees = difference <= bound || sum.result === value;
  const colour = (x: number) => css(x < 0 ? theme.minus : theme.plus);
  if (value === -Infinity) return <p class="written">{t("not.allowed")}</p>;
  return (
    <div class="written" data-spot="written">
      <p>
        {t("written.row")} <b class="symbol">{of[0]}</b> · {t("written.column")} <b class="symbol">{of[1]}</b> →{" "}
        <b class="symbol">{of[2]}</b> [<bdi>{name}</bdi>]
      </p>
      <ol class="terms">
        {sum.terms.map((term) => (
          <li>
            <small>{term.n}</small> {fixed(term.left, 3)} × {fixed(term.right, 3)} ={" "}
            <b style={{ color: colour(term.product) }}>{fixed(term.product, 3)}</b>
          </li>
        ))}
        {sum.count > sum.terms.length && (
          <li>
            <small>{t("written.others", { n: sum.count - sum.terms.length })}</small> <b>{fixed(sum.others, 3)}</b>
          </li>
        )}
        {sum.bias !== 0 && (
          <li>
            <small>{t("written.bias")}</small> <b>{fixed(sum.bias, 3)}</b>
          </li>
        )}
      </ol>
      <p>
        {sum.divisor !== 1 && (
          <span>
            {fixed(sum.result * sum.divisor, 4)} / √dₖ = {fixed(sum.result * sum.divisor, 4)} / {fixed(
              sum.divisor,
              3,
            )}{" "}
          </span>
        )}
        = <b>{fixed(sum.result, 4)}</b>
        <span class={agrees ? "check ok" : "check"}>
          {" "}
          {agrees ? "✓" : "≠"}{" "}
          {t(agrees ? "written.agrees" : "written.differs", {
            value: fixed(value, 4),
            difference: difference.toExponential(0),
          })}
        </span>
      </p>
    </div>
  );
}
