/** Words that point at live parts of the page. */
import { usePage } from "../../state/page";
import { fromHash, type State } from "../../state/state";

/** Bring a live part of the page into sight and let it shine for a moment. */
export function pointAt(spot: string): void {
  const part = document.querySelector<HTMLElement>(`[data-spot="${spot}"]`);
  if (!part) return;
  const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  part.scrollIntoView({ block: "start", behavior: quiet ? "auto" : "smooth" });
  part.classList.add("pointed");
  setTimeout(() => part.classList.remove("pointed"), 1800);
}

/** `*stress*`, `W^Q`, `K^T`, `√d_k`, `[words](@spot)` and `[words](view=…)`; everything else is text. `before` runs before a link. */
export function Rich({ text, before }: { text: string; before?: () => void }) {
  const { state, set } = usePage();
  const parts = text.split(/(\*[^*]+\*|\[[^\]]+\]\([^)]+\)|W\^[QKVO][₀₁]?|[KP]\^T|√d_k|d_(?:k|v|model))/);
  return (
    <>
      {parts.map((part) => {
        const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
        if (link) {
          const [, words, goal] = link as unknown as [string, string, string];
          const go = () => {
            before?.();
            if (goal.startsWith("@")) setTimeout(() => pointAt(goal.slice(1)));
            else set({ ...fromHash(goal, state), cell: "" } satisfies State);
          };
          return (
            <button type="button" class="inline" onClick={go}>
              <Rich text={words} />
            </button>
          );
        }
        if (part.startsWith("W^"))
          return (
            <>
              W<sup>{part[2]}</sup>
              {part.slice(3)}
            </>
          );
        if (part.endsWith("^T"))
          return (
            <>
              {part[0]}
              <sup class="upright">T</sup>
            </>
          );
        if (part === "√d_k")
          return (
            <span class="root">
              √
              <span>
                <i>d</i>
                <sub>k</sub>
              </span>
            </span>
          );
        if (/^d_(k|v|model)$/.test(part))
          return (
            <>
              <i>d</i>
              <sub>{part.slice(2)}</sub>
            </>
          );
        return part.startsWith("*") && part.length > 2 ? <em>{part.slice(1, -1)}</em> : part;
      })}
    </>
  );
}
