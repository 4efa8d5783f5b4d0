/** Edges: a word may not look at another. The score becomes −∞ before the softmax, and the row's other weights share what it had. */
import { useState } from "preact/hooks";
import { keySide, layers, path, placeOf, querySide, type Where, wordAt, wordsOf } from "../../numbers/attention";
import { changesOf, tokenOf, usePage } from "../../state/page";
import type { Edge } from "../../state/state";
import type { Look } from "../../numbers/wire";

const SIDES: Where[] = ["encoder", "decoder", "cross"];
const EVERY = -1;

export function Blocks() {
  const page = usePage();
  const { state, set, t, look, base, live } = page;
  const [layer, setLayer] = useState(EVERY);
  const [places, setPlaces] = useState({ query: -1, key: -1 });
  const { side } = state;
  const { queries, keys } = wordsFor(base?.look ?? look, side);
  const query =
    places.query >= 0 && places.query < queries.length
      ? places.query
      : Math.max(0, wordAt(queries, tokenOf(state, look)));
  const key = places.key >= 0 && places.key < keys.length ? places.key : Math.min(1, keys.length - 1);
  const every = Array.from({ length: layers(look, side) }, (_, n) => n);
  const block = () => {
    const chosen = layer === EVERY ? every : [layer];
    const made = chosen.flatMap((n) =>
      queries[query]!.tokens.flatMap((q) => keys[key]!.tokens.map((k): Edge => [path(side, n), q, k])),
    );
    set({
      blocked: [...state.blocked, ...made.filter((edge) => !state.blocked.some((one) => one.join() === edge.join()))],
    });
  };
  return (
    <div class="blocks" data-spot="blocks">
      <h3>{t("block.title")}</h3>
      <p class="note">{t("block.note")}</p>
      {live && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            block();
          }}
        >
          <Select
            label={t("side")}
            value={SIDES.indexOf(side)}
            options={SIDES.map((one) => t(`side.${one}`))}
            set={(n) => {
              setPlaces({ query: -1, key: -1 });
              setLayer(EVERY);
              set({ side: SIDES[n]!, token: -1, key: -1 });
            }}
          />
          <Select
            label={t("layer")}
            value={layer + 1}
            options={[t("block.every"), ...every.map((n) => String(n + 1))]}
            set={(n) => setLayer(n - 1)}
          />
          <Select
            label={t("looks")}
            value={query}
            options={queries.map((word) => word.text)}
            set={(n) => setPlaces({ query: n, key })}
          />
          <Select
            label={t("block.notat")}
            value={key}
            options={keys.map((word) => word.text)}
            set={(n) => setPlaces({ query, key: n })}
          />
          <button class="plain">{t("block.block")}</button>
        </form>
      )}
      <ul class="chips">
        {grouped(base?.look ?? look, changesOf(page).blocked).map(({ side, query, key, layers, edges }) => {
          const name = `${query} ↛ ${key} · ${t(`side.${side}`)} ${layers}`;
          return (
            <li>
              <button
                type="button"
                class="chip"
                disabled={!live}
                aria-label={t("block.remove", { name })}
                onClick={() => set({ blocked: state.blocked.filter((edge) => !edges.includes(edge)) })}
              >
                <bdi>{name}</bdi>
                {live && " ×"}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Select({
  label,
  value,
  options,
  set,
}: {
  label: string;
  value: number;
  options: string[];
  set: (n: number) => void;
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => set(Number(event.currentTarget.value))}>
        {options.map((text, n) => (
          <option value={n}>{text}</option>
        ))}
      </select>
    </label>
  );
}

const wordsFor = (look: Look, side: Where) => ({
  queries: wordsOf(querySide(look, side), false),
  keys: wordsOf(keySide(look, side), false),
});

/** The edges of two words belong together, whatever the layer and however many pieces the words have. */
function grouped(look: Look, edges: Edge[]) {
  const found = new Map<string, { side: Where; query: string; key: string; numbers: Set<number>; edges: Edge[] }>();
  for (const edge of edges) {
    const [attention, q, k] = edge;
    const side = placeOf(attention).where;
    const { queries, keys } = wordsFor(look, side);
    const [query, key] = [queries[wordAt(queries, q)]?.text ?? `${q}`, keys[wordAt(keys, k)]?.text ?? `${k}`];
    const id = [side, wordAt(queries, q), wordAt(keys, k)].join();
    if (!found.has(id)) found.set(id, { side, query, key, numbers: new Set(), edges: [] });
    found.get(id)!.numbers.add(Number(/\d+/.exec(attention)![0]));
    found.get(id)!.edges.push(edge);
  }
  return [...found.values()].map(({ numbers, ...one }) => ({
    ...one,
    layers:
      numbers.size === layers(look, one.side)
        ? ""
        : [...numbers]
            .sort((a, b) => a - b)
            .map((n) => n + 1)
            .join(", "),
  }));
}
