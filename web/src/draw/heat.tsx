/** A matrix with its name, its axes and its sizes. It can be walked through with mouse and arrow keys. */
import { useEffect, useRef, useState } from "preact/hooks";
import { at, type Matrix } from "../numbers/data";
import { amount, between, css, type Rgb, signed, type Theme } from "./colour";
import { fixed } from "./number";
import { cellAt, extremes, paint, usual } from "./paint";

export interface HeatProps {
  matrix: Matrix;
  title?: preact.ComponentChildren;
  /** The names of the axes, and the labels of their rows and columns where there are any. */
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
  /** The highlight: a row, a column, a cell. */
  mark?: { row?: number; col?: number } | undefined;
  onPick?: ((row: number, col: number) => void) | undefined;
  /** Bands over groups of columns, such as the heads' slices, each the way to something. */
  bands?: { name: preact.ComponentChildren; colour: Rgb; go: () => void }[] | undefined;
  /** Where a motion is: a cell of the lit row or column. */
  runs?: number | undefined;
  label: string;
  quiet?: boolean;
  theme: Theme;
}

export function Heat(props: HeatProps) {
  const { matrix, theme, colour, mark, onPick, rowLabels, colLabels, bands } = props;
  const [zoom, setZoom] = useState(1);
  const cell = (props.cell ?? [3, 18]).map((size) => size * zoom) as [number, number];
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<[number, number] | null>(null);
  const most = props.most ?? (colour ? 1 : usual(matrix));
  const { least, highest } = extremes(matrix);
  const amounts = !colour && least >= 0 && highest > 0; // as after a ReLU: there is nothing below 0
  useEffect(() => {
    if (canvas.current)
      paint(
        canvas.current,
        matrix,
        props.range
          ? between(theme, colour!, ...props.range)
          : colour
            ? amount(theme, colour, most)
            : amounts
              ? between(theme, theme.plus, 0, most)
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
  const spread = useRef<{ apart: number; zoom: number } | null>(null);
  const pinch = (event: TouchEvent) => {
    const [a, b] = event.touches;
    if (!a || !b) return void (spread.current = null);
    event.preventDefault();
    const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    spread.current ??= { apart, zoom };
    setZoom(Math.min(12, Math.max(1, (spread.current.zoom * apart) / spread.current.apart)));
  };
  const latest = useRef(pinch);
  latest.current = pinch;
  useEffect(() => {
    const over = new AbortController(); // not as attributes: what listens there may not keep the browser from zooming itself
    for (const name of ["touchstart", "touchmove", "touchend"] as const)
      canvas.current!.parentElement!.addEventListener(name, (event) => latest.current(event), {
        passive: false,
        signal: over.signal,
      });
    return () => over.abort();
  }, []);
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
      <div
        class="heat-body"
        style={{ gridTemplateColumns: zoom > 1 ? `auto ${width}px` : `auto minmax(0, ${width}px)` }}
      >
        {bands && (
          <div class="heat-bands">
            {bands.map(({ name, colour, go }) => (
              <button
                type="button"
                onClick={go}
                style={{ background: css(colour, 0.18), borderBottomColor: css(colour) }}
              >
                {name}
              </button>
            ))}
          </div>
        )}
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
          {props.runs !== undefined && (
            <i
              class="runs"
              style={
                mark?.row !== undefined
                  ? {
                      left: `${(100 * props.runs) / matrix.cols}%`,
                      top: `${(100 * mark.row) / matrix.rows}%`,
                      height: `${100 / matrix.rows}%`,
                    }
                  : {
                      top: `${(100 * props.runs) / matrix.rows}%`,
                      left: `${(100 * (mark?.col ?? 0)) / matrix.cols}%`,
                      width: `${100 / matrix.cols}%`,
                    }
              }
            />
          )}
          {hover && told === hover && (
            <span
              class="tip"
              style={{ left: `${(100 * (told[1] + 0.5)) / matrix.cols}%`, top: `${(100 * told[0]) / matrix.rows}%` }}
            >
              {fixed(at(matrix, told[0], told[1]), 4)}
            </span>
          )}
        </div>
      </div>
      {!props.quiet && (
        <p class="heat-foot">
          <span class="axes">
            {props.rowAxis} × {props.colAxis}
          </span>
          <Legend
            colour={colour ?? (amounts ? theme.plus : undefined)}
            beyond={Math.max(highest, -least)}
            ends={props.range ?? (colour || amounts ? [0, most] : [-most, most])}
            theme={theme}
          />
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
  beyond,
  theme,
}: {
  colour: Rgb | undefined;
  ends: [number, number];
  /** How far the numbers go: beyond the ends the colour stays as it is there. */
  beyond: number;
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
      {beyond > to * 1.02 && Number.isFinite(beyond) && ` (… ${fixed(beyond, 1)})`}
    </span>
  );
}
