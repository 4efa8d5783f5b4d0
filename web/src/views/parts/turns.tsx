/** Heads that are turned: a query looks at one word alone, weight 1. What is turned, as chips, and the lists to turn it in. */
import { keySide, querySide, type Where, wordAt, wordsOf } from "../../numbers/attention";
import { changesOf, usePage } from "../../state/page";
import type { Turn } from "../../state/state";
import type { Look } from "../../numbers/wire";
import { HeadMark } from "./controls";

const sideOf = (attention: string): Where =>
  attention.includes("cross") ? "cross" : attention.startsWith("decoder") ? "decoder" : "encoder";

/** The turns of a word's pieces belong together; of two turns of one query the last holds. */
export function turnsOf(
  look: Look,
  turned: Turn[],
): { side: Where; layer: number; head: number; query: string; key: string; turns: Turn[] }[] {
  const found = new Map<string, ReturnType<typeof turnsOf>[number]>();
  for (const one of turned) {
    const [attention, head, token, keys] = one;
    const side = sideOf(attention);
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

/** A chip a turn, and what the model says without any of them. */
export function Turns() {
  const page = usePage();
  const { state, set, t, look, base, live } = page;
  const found = turnsOf(base?.look ?? look, changesOf(page).turned);
  if (!found.length) return null;
  const before = new Set(base?.look.target.text.split(" "));
  return (
    <div class="turns" data-spot="turns">
      <ul class="chips">
        {found.map(({ side, layer, head, query, key, turns }) => {
          const name =
            t("turn.name", { head, layer, query, key }) + (side === "encoder" ? "" : ` · ${t(`side.${side}`)}`);
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
      {base && (
        <p class="note">
          {t("whatif.before")}: <bdi>{base.look.target.text}</bdi>
          <br />
          {t("whatif.after")}:{" "}
          <bdi>
            {look.target.text.split(" ").map((word) => (
              <>{before.has(word) ? word : <mark>{word}</mark>} </>
            ))}
          </bdi>
        </p>
      )}
    </div>
  );
}
