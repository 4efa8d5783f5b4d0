/** Left × right = result, with one cell of the result written out and checked. */
import { useEffect, useState } from "preact/hooks";
import { at, type Matrix } from "../../numbers/data";
import { dotProduct, loudest, type Sum } from "../../numbers/explain";
import { css, type Rgb } from "../../draw/colour";
import { Heat, type HeatProps } from "../../draw/heat";
import { fixed } from "../../draw/number";
import { usePage } from "../../state/page";
import { Steps, usePlayer } from "../parts/player";

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
  bands?: HeatProps["bands"];
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
  /** The names of a sum's terms: by the words that they belong to, where there are words. */
  termName?: (n: number) => string;
}

export function Product({ left, right, result, row, divisor, bias, error, termName }: Props) {
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
  const terms = left.matrix.cols;
  const steps = Math.min(terms, 32);
  const player = usePlayer(steps + 1, 0.12);
  const [swept, sweep] = useState(false);
  useEffect(() => sweep(false), [cell.row, cell.col, result.matrix.data]);
  const done = Math.round((player.at * terms) / steps);
  const runs = swept && done > 0 ? done - 1 : undefined;
  const walk = {
    ...player,
    play: (on: boolean) => {
      if (on) sweep(true);
      player.play(on);
    },
    go: (at: number) => {
      sweep(true);
      player.go(at);
    },
  };
  const wide = [left, right, result].filter((part) => part.matrix.cols > 100).length; // beside each other, if they fit
  const room = (wide > 1 ? 840 / wide : 384) * (state.chapter >= 0 ? 0.68 : 1);
  return (
    <>
      <div class="product" data-spot="product">
        <Side part={left} mark={{ row: cell.row }} room={room} runs={runs} />
        <span class="operator" aria-hidden="true">
          ×
        </span>
        <Side
          part={right}
          mark={{ col: cell.col }}
          room={room}
          runs={runs}
          // a row of Q and a column of Kᵀ are as long as each other: they are multiplied number by number
          inner={
            right.rowLabels || terms > 100 ? undefined : cellSize(left.matrix, left.colLabels !== undefined, room)[0]
          }
        />
        <span class="operator" aria-hidden="true">
          =
        </span>
        <Side part={result} mark={cell} room={room} pick={(row, col) => set({ cell: `${row}:${col}` })} />
      </div>
      <p class="note">{t("product.click")}</p>
      <Written
        sum={sum}
        termName={termName ?? ((n) => left.colLabels?.[n] ?? `${left.colAxis}[${n}]`)}
        value={value}
        error={error}
        name={`${result.rowLabels?.[cell.row] ?? cell.row}, ${result.colLabels?.[cell.col] ?? `${result.colAxis} ${cell.col}`}`}
        row={left.rowLabels?.[cell.row] ?? `${cell.row}`}
        column={right.colLabels?.[cell.col] ?? `${cell.col}`}
        of={[left.name, right.name, result.name]}
      >
        <Sweep products={productsOf(left.matrix, right.matrix, cell)} done={swept ? done : terms}>
          <Steps player={walk} label={t("product.sweep")} />
        </Sweep>
      </Written>
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
  runs,
  inner,
}: {
  part: Part;
  mark: { row?: number; col?: number };
  room: number;
  pick?: (row: number, col: number) => void;
  runs?: number | undefined;
  /** How high a cell is, where that is given. */
  inner?: number | undefined;
}) {
  const { theme } = usePage();
  const [wide, high] = cellSize(part.matrix, part.colLabels !== undefined, room);
  const size: [number, number] = [wide, inner ?? high];
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
      runs={runs}
      bands={part.bands}
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
  row,
  column,
  of,
  termName,
  children,
}: {
  sum: Sum;
  value: number;
  error: number;
  name: string;
  row: string;
  column: string;
  of: preact.ComponentChildren[];
  termName: (n: number) => string;
  children: preact.ComponentChildren;
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
        {t("written.row", { row })} <b class="symbol">{of[0]}</b> · {t("written.column", { column })}{" "}
        <b class="symbol">{of[1]}</b> → <b class="symbol">{of[2]}</b> [<bdi>{name}</bdi>]
      </p>
      <ol class="terms">
        {sum.terms.map((term) => (
          <li>
            <small>
              <bdi>{termName(term.n)}</bdi>
            </small>{" "}
            {fixed(term.left, 3)} × {fixed(term.right, 3)} ={" "}
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
      {children}
    </div>
  );
}

const productsOf = (left: Matrix, right: Matrix, { row, col }: { row: number; col: number }): number[] =>
  Array.from({ length: left.cols }, (_, n) => at(left, row, n) * at(right, n, col));

/** The products as they add up, all of them: a row of the one matrix and a column of the other run together into a cell. */
function Sweep({ products, done, children }: { products: number[]; done: number; children: preact.ComponentChildren }) {
  const { t, theme } = usePage();
  let sum = 0;
  const sums = [0, ...products.map((product) => (sum += product))];
  const [low, high] = [Math.min(...sums), Math.max(...sums)];
  const x = (n: number) => (600 * n) / products.length;
  const y = (value: number) => 52 - (48 * (value - low)) / (high - low || 1);
  return (
    <div class="sweep">
      <p>
        {children} {t("product.sofar", { n: done, all: products.length })} <b>{fixed(sums[done]!, 4)}</b>
      </p>
      <svg viewBox="0 0 600 56" preserveAspectRatio="none" aria-hidden="true">
        <line
          x1="0"
          x2="600"
          y1={y(0)}
          y2={y(0)}
          stroke="currentColor"
          stroke-opacity=".25"
          vector-effect="non-scaling-stroke"
        />
        <polyline
          fill="none"
          stroke={css(theme.plus)}
          stroke-width="2"
          vector-effect="non-scaling-stroke"
          points={sums
            .slice(0, done + 1)
            .map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`)
            .join(" ")}
        />
      </svg>
    </div>
  );
}
