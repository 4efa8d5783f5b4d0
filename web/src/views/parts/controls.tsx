/** The switches that several views share. */
import { useState } from "preact/hooks";
import { layers, path, type Where } from "../../numbers/attention";
import { css, dash, hue } from "../../draw/colour";
import { headsOf, layerOf, usePage } from "../../state/page";
import { isOff, toggled } from "../../state/state";

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

export function LayerSlider() {
  const page = usePage();
  const { state, set, t, look } = page;
  const last = layers(look, state.side) - 1;
  const layer = layerOf(page);
  return (
    <label class="slider" data-spot="layer">
      <span>
        {t("layer")} <b>{layer}</b>
        <small> / {last}</small>
      </span>
      <input
        type="range"
        min={0}
        max={last}
        value={layer}
        aria-keyshortcuts="[ ]"
        onInput={(event) => set({ layer: Number(event.currentTarget.value), cell: "" })}
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

export function HeadChips({ every = false }: { every?: boolean }) {
  const page = usePage();
  const { state, set, t, look, theme } = page;
  const all = Array.from({ length: look.model.heads }, (_, head) => head);
  const shown = every && !state.heads ? all : headsOf(page);
  const attention = path(state.side, layerOf(page));
  return (
    <div class="chips" role="group" aria-label={t("heads")} data-spot="heads">
      <span class="chips-name">{t("heads")}</span>
      {all.map((head) => {
        const on = shown.includes(head);
        const off = isOff(look.heads_off, attention, head);
        return (
          <button
            type="button"
            class={`chip${off ? " off" : ""}`}
            aria-pressed={on}
            aria-keyshortcuts={head < 8 ? String(head + 1) : undefined}
            title={off ? t("head.off", { n: head }) : t("head.n", { n: head })}
            style={on ? { background: css(hue(head, theme.dark), 0.16), borderColor: css(hue(head, theme.dark)) } : {}}
            onClick={() => set({ heads: toggled(shown, head, (a, b) => a === b).sort((a, b) => a - b) })}
          >
            <HeadMark head={head} /> {head}
          </button>
        );
      })}
      <button type="button" class="quiet" onClick={() => set({ heads: all })}>
        {t("heads.all")}
      </button>
      <button
        type="button"
        class="quiet"
        title={t("heads.telling.note")}
        onClick={() => set({ heads: null, layer: -1 })}
      >
        {t("heads.telling")}
      </button>
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
