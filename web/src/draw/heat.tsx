/** A matrix with its name, its axes and its sizes. It can be walked through with mouse and arrow keys. */
import { useEffect, useRef, useState } from "preact/hooks";
import { at, type Matrix } from "../numbers/data";
import { amount, between, type Rgb, signed, type Theme } from "./colour";
import { fixed } from "./number";
import { cellAt, paint, usual } from "./paint";

export interface HeatProps {
  matrix: Matrix;
  title?: preact.ComponentChildren;
  /** What the axes are called, and the labels of their rows and columns where there are any. */
  rowAxis?: string;
  colAxis?: string;
  rowLabels?: string[] | undefined;
  colLabels?: string[] | undefined;
  /** Amounts from 0 to 1 in this colour; without it, signed numbers. */
  colour?: Rgb | undefined;
  most?: number;
  /** With `colour`: from where to where the colour grows, evenly. */
  range?: [from: number, to: number] | undefined;
  cell?: [width: number, height: number];
  /** What is lit up: a row, a column, a cell. */
  mark?: { row?: number; col?: number } | undefined;
  onPick?: ((row: number, col: number) => void) | undefined;
  label: string;
  quiet?: boolean;
  theme: Theme;
}

export function Heat(props: HeatProps) {
  const { matrix, theme, colour, cell = [3, 18], mark, onPick, rowLabels, colLabels } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<[number, number] | null>(null);
  const most = props.most ?? (colour ? 1 : usual(matrix));
  useEffect(() => {
    if (canvas.current)
      paint(
        canvas.current,
        matrix,
        props.range
          ? between(theme, colour!, ...props.range)
          : colour
            ? amount(theme, colour, most)
            : signed(theme, most),
      );
  }, [
    props.range?.join(),
    matrix.data,
    matrix.start,
    matrix.rows,
    matrix.cols,
    matrix.rowStride,
    theme,
    most,
    colour?.join(),
  ]);

  const width = matrix.cols * cell[0];
  const height = matrix.rows * cell[1];
  const place = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return cellAt(matrix, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (!step || !onPick) return;
    event.preventDefault();
    event.stopPropagation();
    const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
    onPick(clamp((mark?.row ?? 0) + step[0], matrix.rows), clamp((mark?.col ?? 0) + step[1], matrix.cols));
  };
  // the mouse may still be where the matrix before had a row
  const told =
    hover && hover[0] < matrix.rows && hover[1] < matrix.cols
      ? hover
      : mark?.row !== undefined && mark.col !== undefined
        ? ([mark.row, mark.col] as const)
        : null;
  const showLabels = rowLabels && cell[1] >= 11;
  return (
    <figure class="heat">
      {props.title !== undefined && (
        <figcaption>
          {props.title}{" "}
          <span class="size">
            {matrix.rows} × {matrix.cols}
          </span>
        </figcaption>
      )}
      <div class="heat-body" style={{ gridTemplateColumns: `auto minmax(0, ${width}px)` }}>
        {colLabels && (
          <div class="heat-cols" aria-hidden="true">
            {colLabels.map((label, col) => (
              <span class={mark?.col === col ? "lit" : ""}>
                <bdi>{label}</bdi>
              </span>
            ))}
          </div>
        )}
        {showLabels && (
          <div class="heat-rows" aria-hidden="true">
            {rowLabels.map((label, row) => (
              <span
                class={mark?.row === row ? "lit" : ""}
                style={{ height: `${cell[1]}px`, lineHeight: `${cell[1]}px` }}
              >
                <bdi>{label}</bdi>
              </span>
            ))}
          </div>
        )}
        <div
          class={`heat-canvas${onPick ? " pick" : ""}`}
          style={{ height: `${height}px` }}
          role={onPick ? "group" : "img"}
          aria-label={props.label}
          tabIndex={onPick ? 0 : undefined}
          onMouseMove={(event) => setHover(place(event))}
          onMouseLeave={() => setHover(null)}
          onClick={onPick && ((event) => onPick(...place(event)))}
          onKeyDown={walk}
        >
          <canvas ref={canvas} />
          {mark?.row !== undefined && (
            <i
              class="mark"
              style={{ top: `${(100 * mark.row) / matrix.rows}%`, height: `${100 / matrix.rows}%`, left: 0, right: 0 }}
            />
          )}
          {mark?.col !== undefined && (
            <i
              class="mark"
              style={{ left: `${(100 * mark.col) / matrix.cols}%`, width: `${100 / matrix.cols}%`, top: 0, bottom: 0 }}
            />
          )}
        </div>
      </div>
      {!props.quiet && (
        <p class="heat-foot">
          <span class="axes">
            {props.rowAxis} × {props.colAxis}
          </span>
          <Legend colour={colour} ends={props.range ?? (colour ? [0, most] : [-most, most])} theme={theme} />
          <output>
            {told
              ? `${rowLabels?.[told[0]] ?? told[0]} · ${colLabels?.[told[1]] ?? told[1]}: ${fixed(at(matrix, told[0], told[1]), 4)}`
              : " "}
          </output>
        </p>
      )}
    </figure>
  );
}

function Legend({
  colour,
  ends: [from, to],
  theme,
}: {
  colour: Rgb | undefined;
  ends: [number, number];
  theme: Theme;
}) {
  const ends = [fixed(from, Number.isInteger(from) ? 0 : 1), fixed(to, Number.isInteger(to) ? 0 : 1)];
  const stops = colour ? [theme.paper, colour] : [theme.minus, theme.neutral, theme.plus];
  return (
    <span class="legend">
      {ends[0]}{" "}
      <i
        style={{ background: `linear-gradient(90deg, ${stops.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})` }}
      />{" "}
      {ends[1]}
    </span>
  );
}
