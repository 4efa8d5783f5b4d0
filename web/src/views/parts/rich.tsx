/** Words that point at live parts of the page. */
import { usePage } from "../../state/page";
import { fromHash, type State } from "../../state/state";

/** Bring a live part of the page into sight and let it shine for a moment. */
export function pointAt(spot: string): void {
  const part = document.querySelector<HTMLElement>(`[data-spot="${spot}"]`);
  if (!part) return;
  part.scrollIntoView({
    block: "center",
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
  });
  part.classList.add("pointed");
  setTimeout(() => part.classList.remove("pointed"), 1800);
}

/** `*stress*`, `W^Q`, `[words](@spot)` and `[words](view=…)`; everything else is text. */
export function Rich({ text }: { text: string }) {
  const { state, set } = usePage();
  const parts = text.split(/(\*[^*]+\*|\[[^\]]+\]\([^)]+\)|W\^[QKVO])/);
  return (
    <>
      {parts.map((part) => {
        const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
        if (link) {
          const [, words, goal] = link as unknown as [string, string, string];
          const go = () => (goal.startsWith("@") ? pointAt(goal.slice(1)) : set(changes(goal, state)));
          return (
            <button type="button" class="inline" onClick={go}>
              <Rich text={words} />
            </button>
          );
        }
        if (part.startsWith("W^"))
          return (
            <>
              W<sup>{part.slice(2)}</sup>
            </>
          );
        return part.startsWith("*") && part.length > 2 ? <em>{part.slice(1, -1)}</em> : part;
      })}
    </>
  );
}

function changes(goal: string, state: State): Partial<State> {
  return { ...fromHash(goal, state), cell: "" };
}
