/** The keys, wherever the focus is. */
import { useEffect, useRef } from "preact/hooks";
import { layers } from "../numbers/attention";
import { headsOf, layerOf, type Page, stepOf } from "./page";
import { toggled } from "./state";

/** 0–9 heads, [ ] layers, , . steps: everywhere but where somebody writes. */
export function useKeys(shown: Page | undefined): void {
  const latest = useRef(shown);
  latest.current = shown; // at once: a second key may come before the effects of the first
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const page = latest.current;
      if (!page) return;
      const goal = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || /^text/.test((goal as HTMLInputElement).type ?? "")) return;
      const { state, set, look } = page;
      const digit = /^\d$/.test(event.key) ? Number(event.key) : -1;
      if (digit >= 0 && digit < look.model.heads) {
        if (state.view === "matrices") set({ head: digit, cell: "" });
        else
          set({ heads: toggled(headsOf(page), digit, (a, b) => a === b).sort((a, b) => a - b), layer: layerOf(page) });
      } else if (event.key === "[" || event.key === "]") {
        const layer = layerOf(page) + (event.key === "]" ? 1 : -1);
        if (layer >= 0 && layer < layers(look, state.side)) set({ layer, heads: headsOf(page), cell: "" });
      } else if (event.key === "," || event.key === ".") {
        const step = stepOf(page) + (event.key === "." ? 1 : -1);
        if (step >= 0 && step < look.steps.length) set({ step });
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}
