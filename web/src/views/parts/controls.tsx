/** The switches that several views share. */
import { useState } from "preact/hooks";
import { layers, path, placeOf, type Where } from "../../numbers/attention";
import { css, dash, hue } from "../../draw/colour";
import { headsOf, layerOf, type Page, usePage } from "../../state/page";
import { isOff, type State, toggled } from "../../state/state";

const SIDES: Where[] = ["encoder", "decoder", "cross"];

export function SideSwitch() {
  const { state, set, t } = usePage();
  return (
    <div class="segments" role="group" aria-label={t("side")} data-spot="side">
      {SIDES.map((side) => (
        <button
          type="button"
          aria-pressed={state.side === side}
          title={t(`side.${side}.long`)}
          onClick={() => set({ side, token: -1, key: -1, cell: "" })}
        >
          {t(`side.${side}`)}
        </button>
      ))}
    </div>
  );
}

/** A layer as people count them, with the side it is on; its name in Python stands in the tooltip beside it. */
export function layerName(t: Page["t"], attention: string): string {
  const { where, layer } = placeOf(attention);
  return t(`at.${where}`, { n: layer + 1 });
}

/** The attention that a slider or chips choose in: the state's own side, or the attention beside the words of decoding. */
export interface HeadChoice {
  side: Where;
  layer: number;
  heads: number[];
  /** The choice when everything is as the page opened. */
  auto: Partial<State> | null;
  setLayer(layer: number): void;
  setHeads(heads: number[]): void;
}

export function useChoice(): HeadChoice {
  const page = usePage();
  const { state, set } = page;
  return {
    side: state.side,
    layer: layerOf(page),
    heads: headsOf(page),
    auto: { heads: null, layer: -1 },
    setLayer: (layer) => set({ layer, heads: headsOf(page), cell: "" }),
    setHeads: (heads) => set({ heads, layer: layerOf(page) }),
  };
}

export function LayerSlider({ of }: { of?: HeadChoice }) {
  const own = useChoice();
  const { side, layer, setLayer } = of ?? own;
  const { t, look } = usePage();
  const count = layers(look, side);
  return (
    <label
      class="slider"
      data-spot="layer"
      title={t("layer.python", {
        n: layer + 1,
        name: `${side === "encoder" ? "encoder" : "decoder"}.layers[${layer}]`,
      })}
    >
      <span>
        {t("layer")} <b>{layer + 1}</b>
        <small> {t("of", { n: count })}</small>
      </span>
      <input
        type="range"
        min={1}
        max={count}
        value={layer + 1}
        aria-keyshortcuts="[ ]"
        onInput={(event) => setLayer(Number(event.currentTarget.value) - 1)}
      />
    </label>
  );
}

/** A head's mark: its colour, its number and its dash. */
export function HeadMark({ head }: { head: number }) {
  const { theme } = usePage();
  return (
    <svg class="head-mark" width="18" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        stroke={css(hue(head, theme.dark))}
        stroke-width="4"
        stroke-dasharray={dash(head)}
      />
    </svg>
  );
}

export function HeadChips({ of }: { of?: HeadChoice }) {
  const own = useChoice();
  const { side, layer, heads, auto, setHeads } = of ?? own;
  const { set, t, look, theme } = usePage();
  const all = Array.from({ length: look.model.heads }, (_, head) => head);
  return (
    <div class="chips" role="group" aria-label={t("heads")} data-spot="heads">
      <span class="chips-name">{t("heads")}</span>
      {all.map((head) => {
        const on = heads.includes(head);
        const off = isOff(look.heads_off, path(side, layer), head);
        return (
          <button
            type="button"
            class={`chip${off ? " off" : ""}`}
            aria-pressed={on}
            aria-label={off ? t("head.off", { n: head }) : t("head.n", { n: head })}
            aria-keyshortcuts={!of && head < 10 ? String(head) : undefined}
            title={off ? t("head.off", { n: head }) : t("head.n", { n: head })}
            style={on ? { background: css(hue(head, theme.dark), 0.16), borderColor: css(hue(head, theme.dark)) } : {}}
            onClick={() => setHeads(toggled(heads, head, (a, b) => a === b).sort((a, b) => a - b))}
          >
            <HeadMark head={head} /> {head}
          </button>
        );
      })}
      <button type="button" class="quiet" onClick={() => setHeads(all)}>
        {t("heads.all")}
      </button>
      {auto && (
        <button type="button" class="quiet" title={t("heads.telling.note")} onClick={() => set(auto)}>
          {t("heads.telling")}
        </button>
      )}
    </div>
  );
}

export function Toggle({
  on,
  label,
  note,
  set,
}: {
  on: boolean;
  label: string;
  note?: string;
  set: (on: boolean) => void;
}) {
  return (
    <label class="toggle" title={note}>
      <input type="checkbox" checked={on} onChange={(event) => set(event.currentTarget.checked)} /> {label}
    </label>
  );
}

/** The same numbers as a table, made when it is opened. */
export function Twin({ label, head, rows }: { label?: string; head: string[]; rows: () => (string | number)[][] }) {
  const { t } = usePage();
  return <Folded summary={label ?? t("table")}>{() => <Table head={head} rows={rows()} />}</Folded>;
}

const MOST_ROWS = 400;

export function Table({ head, rows }: { head: string[]; rows: (string | number)[][] }) {
  const { t } = usePage();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("table")}>
      <table>
        <thead>
          <tr>
            {head.map((cell) => (
              <th scope="col">{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map(([first, ...cells]) => (
            <tr>
              <th scope="row">
                <bdi>{first}</bdi>
              </th>
              {cells.map((cell) => (
                <td>
                  <bdi>{cell}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p class="note">{t("table.more", { n: rows.length - MOST_ROWS })}</p>}
    </div>
  );
}

function Folded({ summary, children }: { summary: string; children: () => preact.ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="twin" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  );
}
