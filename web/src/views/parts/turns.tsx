/** Heads that are turned: a query looks at one word alone, weight 1. What is turned, as chips, and the lists to turn it in. */
import { keySide, placeOf, querySide, type Where, wordAt, wordsOf } from "../../numbers/attention";
import { changesOf, usePage } from "../../state/page";
import type { Turn } from "../../state/state";
import type { Look } from "../../numbers/wire";
import { HeadMark } from "./controls";

/** The turns of a word's pieces belong together; of two turns of one query the last holds. */
export function turnsOf(
  look: Look,
  turned: Turn[],
): { side: Where; layer: number; head: number; query: string; key: string; turns: Turn[] }[] {
  const found = new Map<string, ReturnType<typeof turnsOf>[number]>();
  for (const one of turned) {
    const [attention, head, token, keys] = one;
    const side = placeOf(attention).where;
    const [queries, seen] = [wordsOf(querySide(look, side), false), wordsOf(keySide(look, side), false)];
    const word = wordAt(queries, token);
    const id = `${attention} ${head} ${word < 0 ? token : `w${word}`}`;
    const key = seen[wordAt(seen, keys[0] ?? -1)]?.text ?? `${keys}`;
    const before = found.get(id);
    found.set(id, {
      side,
      layer: Number(/\d+/.exec(attention)![0]),
      head,
      query: queries[word]?.text ?? `${token}`,
      key,
      turns: [...(before?.turns ?? []), one],
    });
  }
  return [...found.values()];
}

/** A chip a turn. */
export function Turns() {
  const page = usePage();
  const { state, set, t, look, base, live } = page;
  const found = turnsOf(base?.look ?? look, changesOf(page).turned);
  if (!found.length) return null;
  return (
    <div class="turns" data-spot="turns">
      <ul class="chips">
        {found.map(({ side, layer, head, query, key, turns }) => {
          const name =
            t("turn.name", { head, layer: layer + 1, query, key }) +
            (side === "encoder" ? "" : ` · ${t(`side.${side}`)}`);
          return (
            <li>
              <button
                type="button"
                class="chip"
                disabled={!live}
                aria-label={t("turn.remove", { name })}
                onClick={() => set({ turned: state.turned.filter((one) => !turns.includes(one)) })}
              >
                <HeadMark head={head} /> <bdi>{name}</bdi>
                {live && " ×"}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
