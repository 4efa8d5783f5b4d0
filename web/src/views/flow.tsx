/** Everything in one picture: sentence → X or R → heads → Q K V → Z → output. Each station is a door. */
import { path, placeOf, shown } from "../numbers/attention";
import { type Dense, matrix, type Matrix } from "../numbers/data";
import { css, hue, type Rgb } from "../draw/colour";
import { Heat } from "../draw/heat";
import { concatenated, projection } from "../numbers/explain";
import { inputName, layerOf, usePage } from "../state/page";
import type { MatrixName } from "../state/state";
import type { Station } from "../numbers/wire";
import { Rich } from "./parts/rich";
import { HeadMark, LayerSlider, SideSwitch } from "./parts/controls";
import { percent } from "../draw/number";
import { Norm } from "./norm";
import { MatrixTwin } from "./parts/matrix";
import { Piece } from "./parts/piece";

export function FlowView() {
  const page = usePage();
  const { state, t, look } = page;
  const layer = layerOf(page);
  const name = path(state.side, layer);
  const station = look.stations.find((one) => one.name === name);
  if (!station) return null;
  const side = state.side === "encoder" ? look.source : look.target;
  const first = station.residual.endsWith(".input.x");
  const row = side.tokens.length > 40 ? 8 : side.tokens.length > 16 ? 16 : 20;
  return (
    <div class="view">
      <div class="controls">
        <SideSwitch />
        <LayerSlider />
      </div>
      <p class="lead">{t(first ? "flow.lead.x" : "flow.lead.r", { layer: layer + 1, before: layer })}</p>
      <div class="flow" data-spot="flow">
        <Column n={1} title={t("flow.1")}>
          <ol class="flow-words">
            {side.tokens.map((token) => (
              <li style={{ height: `${row}px`, lineHeight: `${row}px`, fontSize: row < 16 ? "8px" : undefined }}>
                <Piece token={token} />
              </li>
            ))}
          </ol>
        </Column>
        <Column n={2} title={t(first ? "flow.2.x" : "flow.2.r")}>
          <Strip window={station.input} name={inputName(station)} symbol="q" row={row} />
          {station.kind === "cross_attention" && <Strip window={station.memory} name={t("memory")} symbol="k" />}
        </Column>
        <Column n={3} title={t("flow.3", { n: look.model.heads })} wide>
          <HeadRows name={name} />
        </Column>
        <Column n={4} title={t("flow.5")}>
          <Strip window={`${name}.z`} name="Concat(Z)" symbol="concat" made={concatenated} />
          <Learned name={name} />
          <Strip window={`${name}.output`} name="Z" symbol="concat" />
        </Column>
      </div>
      <Rest station={station} />
      <Norm station={station} />
    </div>
  );
}

function Column({
  n,
  title,
  wide,
  children,
}: {
  n: number;
  title: string;
  wide?: boolean;
  children: preact.ComponentChildren;
}) {
  return (
    <section class={`flow-column${wide ? " wide" : ""}`}>
      <h3>
        <span class="flow-number">{n}</span> <Rich text={title} />
      </h3>
      {children}
    </section>
  );
}

/** A small picture of a matrix, and the way to the large one. */
function Door({
  m,
  name,
  label,
  onClick,
  width,
  height,
  colour,
  open,
}: {
  m: Matrix | undefined;
  name: preact.ComponentChildren;
  label: string;
  onClick: () => void;
  width: number;
  height: number;
  colour?: Rgb;
  open?: boolean;
}) {
  const { theme } = usePage();
  return (
    <button type="button" class="door" aria-pressed={open} onClick={onClick}>
      <span class="symbol">{name}</span>
      {m ? (
        <Heat quiet matrix={m} colour={colour} cell={[width / m.cols, height / m.rows]} theme={theme} label={label} />
      ) : (
        <span class="door-empty" style={{ width: `${width}px`, height: `${height}px` }} />
      )}
      {m && (
        <span class="size">
          {m.rows} × {m.cols}
        </span>
      )}
    </button>
  );
}

function Strip({
  window,
  name,
  symbol,
  row,
  made = matrix,
}: {
  window: string;
  name: string;
  symbol: MatrixName;
  row?: number;
  made?: (tensor: Dense) => Matrix;
}) {
  const { numbers, set } = usePage();
  const tensor = numbers.dense(window);
  const m = tensor && made(tensor);
  return (
    <Door
      m={m}
      name={name}
      label={name}
      width={150}
      height={row && m ? row * m.rows : Math.min(130, Math.max(50, 8 * (m?.rows ?? 10)))}
      onClick={() => set({ view: "matrices", symbol, cell: "" })}
    />
  );
}

function Learned({ name }: { name: string }) {
  const { numbers, set } = usePage();
  const weight = numbers.dense(`${name}.w_o.weight`);
  const m = weight && {
    rows: weight.data.length / weight.shape[0]!,
    cols: weight.shape[0]!,
    data: weight.data,
    start: 0,
    rowStride: 1,
    colStride: weight.data.length / weight.shape[0]!,
  };
  return (
    <Door
      m={m}
      name={
        <>
          × W<sup>O</sup>
        </>
      }
      label="W^O"
      width={110}
      height={110}
      onClick={() => set({ view: "matrices", symbol: "concat", cell: "" })}
    />
  );
}

const PROJECTIONS = [
  ["q", "queries", "Q"],
  ["k", "keys", "K"],
  ["v", "values", "V"],
] as const;

/** One line a head: its W's, its Q, K, V, its weights, its Z. */
function HeadRows({ name }: { name: string }) {
  const { numbers, look, set, theme, t } = usePage();
  const packed = numbers.dense(`${name}.w_qkv`);
  const z = numbers.dense(`${name}.z`);
  const weights = numbers.dense(`${name}.weights`);
  return (
    <ol class="flow-heads">
      {Array.from({ length: look.model.heads }, (_, head) => {
        const open = (symbol: MatrixName) => () => set({ view: "matrices", head, symbol, cell: "" });
        const said = t("head.n", { n: head });
        return (
          <li style={{ borderColor: css(hue(head, theme.dark)) }}>
            <span class="flow-head">
              <HeadMark head={head} /> {head}
            </span>
            {PROJECTIONS.map(([symbol, , letter], n) => (
              <Door
                m={packed && projection(packed, n, head)}
                name={
                  <>
                    W<sup>{letter}</sup>
                  </>
                }
                label={`W^${letter}, ${said}`}
                width={30}
                height={40}
                onClick={open(symbol)}
              />
            ))}
            <span class="arrow" aria-hidden="true">
              →
            </span>
            {PROJECTIONS.map(([symbol, window, letter]) => {
              const tensor = numbers.dense(`${name}.${window}`);
              return (
                <Door
                  m={tensor && matrix(tensor, head)}
                  name={letter}
                  label={`${letter}, ${said}`}
                  width={48}
                  height={40}
                  onClick={open(symbol)}
                />
              );
            })}
            <span class="arrow" aria-hidden="true">
              →
            </span>
            <Door
              m={weights && matrix(weights, head)}
              colour={hue(head, theme.dark)}
              name="softmax"
              label={`softmax, ${said}`}
              width={40}
              height={40}
              onClick={open("weights")}
            />
            <span class="arrow" aria-hidden="true">
              →
            </span>
            <Door
              m={z && matrix(z, head)}
              name={
                <>
                  Z<sub>{head}</sub>
                </>
              }
              label={`Z, ${said}`}
              width={48}
              height={40}
              onClick={open("z")}
            />
          </li>
        );
      })}
    </ol>
  );
}

/** The way after attention in this layer: add (and norm), the feed-forward network, add (and norm) again. */
function Rest({ station }: { station: Station }) {
  const { numbers, state, set, t, look, theme } = usePage();
  const at = `${station.side}.layers.${station.layer}`;
  const pre = look.model.norm === "pre";
  const add = t(pre ? "flow.add" : "flow.addnorm");
  const windows = [
    [station.residual, t("flow.residual")],
    [`${station.name}.output`, t("flow.attended")],
    [station.output, add],
    [`${at}.feed_forward.inner`, t(`activation.${look.model.activation}`)],
    [`${at}.feed_forward.output`, t("flow.feedforward")],
    [`${at}.feed_forward_add_norm.output`, add],
  ] as const;
  const signs = ["", "+", "=", pre ? "→ LN → W₁ →" : "→ W₁ →", "→ W₂ →", `+ ${add} =`];
  const open = numbers.has(state.window) ? numbers.dense(state.window) : undefined;
  const found = windows.find(([window]) => window === state.window)?.[1] ?? state.window;
  const from = placeOf(state.window);
  const opened = `${found} · ${t(`at.${from.where}`, { n: from.layer + 1 })}`;
  const zeros =
    open && state.window.endsWith("feed_forward.inner")
      ? open.data.filter((value) => value === 0).length / open.data.length
      : 0;
  const side = state.window.startsWith("encoder") ? look.source : look.target; // it stays open on the other side
  return (
    <section class="rest" data-spot="rest">
      <h3>{t("flow.rest")}</h3>
      <div class="rest-row">
        {windows.map(([window, name], n) => {
          const tensor = numbers.dense(window);
          return (
            <>
              {n > 0 && (
                <span class="arrow" aria-hidden="true">
                  {signs[n]}
                </span>
              )}
              <Door
                m={tensor && matrix(tensor)}
                name={name}
                label={name}
                width={120}
                height={80}
                open={state.window === window}
                onClick={() => set({ window: state.window === window ? "" : window })}
              />
            </>
          );
        })}
      </div>
      {open && (
        <>
          <Heat
            matrix={matrix(open)}
            title={<b title={state.window}>{opened}</b>}
            rowAxis={t("axis.words")}
            colAxis={open.axes.at(-1)!}
            rowLabels={side.tokens.map(shown)}
            cell={[Math.max(1, Math.min(6, Math.floor(900 / open.shape.at(-1)!))), side.tokens.length > 40 ? 5 : 16]}
            theme={theme}
            label={opened}
          />
          {zeros > 0 && <p class="note">{t("flow.zeros", { share: percent(zeros) })}</p>}
          <MatrixTwin labels={side.tokens.map(shown)} matrix={matrix(open)} axis={open.axes.at(-1)!} />
        </>
      )}
    </section>
  );
}
