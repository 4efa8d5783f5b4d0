/** The words that look on the left, the words that are looked at on the right, and between them what the heads do. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Attention, isSink, meanRow, path, strongest } from "../../numbers/attention";
import { type Arc, curve, heaviest, thickness } from "../../draw/arcs";
import { css, dash, hue } from "../../draw/colour";
import { percent } from "../../draw/number";
import { isOf, layerOf, turn, usePage } from "../../state/page";

const MIDDLE = 150;
const MANY = 80;

interface Props {
  attention: Attention;
  heads: number[];
  query: number;
  pick: (query: number) => void;
  target: number;
  pickKey: (key: number) => void;
  every: boolean;
  /** Whether the values run along the arcs, from what is looked at to the word that looks. */
  flowing?: boolean;
}

export function Lists({ attention, heads, query, pick, target, pickKey, every, flowing = false }: Props) {
  const ROW = innerWidth < 640 ? 44 : heads.length > 5 ? 42 : 30; // a thumb; or a bar a head and air between the words
  const page = usePage();
  const { t, state, theme, live } = page;
  const [drag, setDrag] = useState<{ head: number; key: number } | null>(null);
  const [under, setHover] = useState(-1);
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const { queries, keys } = attention;
  const hover = under < queries.length ? under : -1; // the mouse may still be where the sentence before had a word
  const rows = Math.max(queries.length, keys.length);
  const many = rows > MANY;
  const seen = hover >= 0 ? hover : query;
  const from = many ? Math.max(0, Math.floor(top / ROW) - 12) : 0;
  const to = many ? from + 48 : rows;

  // before the next frame, in which the chosen word may get the focus: a word that is out of sight is not there
  const reach = (word: number) => {
    box.current!.scrollTop = Math.max(0, (word - 6) * ROW);
    setTop(box.current!.scrollTop);
  };
  useLayoutEffect(() => {
    if (many) reach(query);
  }, [many, query]);
  useLayoutEffect(() => {
    const { scrollTop, clientHeight } = box.current!;
    if (many && state.key >= 0 && (target * ROW < scrollTop || target * ROW > scrollTop + clientHeight - 2 * ROW))
      reach(target);
  }, [many, state.key, target]);

  const arcs = useMemo(() => {
    const list: Arc[] = [];
    const looking = every && hover < 0 ? queries.map((_, n) => n).slice(from, to) : [seen];
    for (const looks of looking)
      for (const head of heads)
        attention.row(head, looks).weights.forEach((weight, key) => {
          list.push({ from: looks, to: key, head, weight });
        });
    return heaviest(list);
  }, [attention, attention.sharpened, heads.join(), seen, every, from]);

  const mean = useMemo(
    () => (heads.length ? meanRow(attention, heads, seen) : null),
    [attention, attention.sharpened, heads.join(), seen],
  );
  // Of each head the end of its heaviest arc, to take hold of; heads that end at one word stand side by side.
  const allowed = (key: number) => state.side !== "decoder" || keys[key]!.tokens.at(-1)! <= queries[query]!.tokens[0]!;
  const attentionName = path(state.side, layerOf(page));
  const held = live && hover < 0 ? heads.slice(0, 8) : [];
  const grips = held.map((head) => {
    const row = attention.row(head, query).weights;
    const heaviestKey = strongest(row, 1, (key) => state.sinks && isSink(keys[key]!.text) && row[key]! < 1)[0] ?? 0;
    const turnedTo = state.turned.find((one) => isOf(one, attentionName, head, queries[query]!))?.[3][0];
    const asked = turnedTo === undefined ? -1 : keys.findIndex((word) => word.tokens.includes(turnedTo));
    return { head, key: drag?.head === head ? drag.key : asked >= 0 ? asked : heaviestKey };
  });
  const turnTo = (head: number, key: number) => allowed(key) && turn(page, head, queries[query]!, keys[key]!);
  const latest = useRef(turnTo);
  latest.current = turnTo; // while one drags the page is drawn again, with what the model says by now
  const body = useRef<HTMLDivElement>(null);
  const take = (head: number, key: number) => (event: PointerEvent) => {
    if (event.button) return;
    event.preventDefault();
    (event.currentTarget as HTMLElement).focus?.();
    let now = key;
    const start = body.current!.getBoundingClientRect().top; // as it was: what the model says by now may move the lists
    const move = ({ clientY }: PointerEvent) => {
      const row = Math.floor((clientY - start) / ROW);
      const next = Math.min(keys.length - 1, Math.max(0, row));
      if (next === now || !allowed(next)) return;
      setDrag({ head, key: (now = next) });
      latest.current(head, next);
    };
    const stop = () => {
      setDrag(null);
      over.abort();
    };
    setDrag({ head, key });
    const over = new AbortController();
    addEventListener("pointermove", move, over);
    addEventListener("pointerup", stop, over);
    addEventListener("pointercancel", stop, over);
  };
  const steer = (head: number, key: number) => (event: KeyboardEvent) => {
    const free = keys.map((_, n) => n).filter(allowed);
    const place = free.indexOf(key);
    const goal = { ArrowUp: free[place - 1], ArrowDown: free[place + 1], Home: free[0], End: free.at(-1) }[event.key];
    const letGo = event.key === "Delete" || event.key === "Backspace" || event.key === "Escape";
    if (goal === undefined && !letGo) return;
    event.preventDefault();
    if (letGo) page.set({ turned: state.turned.filter((one) => !isOf(one, attentionName, head, queries[query]!)) });
    else turnTo(head, goal!);
  };
  const middle = (row: number) => row * ROW + ROW / 2;

  return (
    <div
      class={`looks${many ? " many" : ""}`}
      ref={box}
      onScroll={many ? (event) => setTop(event.currentTarget.scrollTop) : undefined}
      data-spot="lists"
    >
      <div class="looks-names" aria-hidden="true">
        <span>{t("looks")}</span>
        <span>{t("lookedat")}</span>
        <span class="mean-name">{heads.length > 1 ? t("mean.of", { heads: heads.join(t("comma")) }) : ""}</span>
      </div>
      <div class="looks-body" ref={body} style={{ height: `${rows * ROW}px` }}>
        <WordList
          row={ROW}
          words={queries}
          chosen={query}
          pick={pick}
          label={t("looks.long")}
          from={from}
          to={to}
          hover={setHover}
          side="left"
        />
        <div class="arcs-box">
          <svg
            class={`arcs${flowing ? " flowing" : ""}`}
            viewBox={`0 ${from * ROW} ${MIDDLE} ${(Math.min(to, rows) - from) * ROW}`}
            style={{ marginTop: `${from * ROW}px`, height: `${(Math.min(to, rows) - from) * ROW}px` }}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            {arcs.drawn.map((arc) => (
              <path
                d={curve(middle(arc.from), middle(arc.to), MIDDLE)}
                stroke={css(hue(arc.head, theme.dark))}
                stroke-width={thickness(arc.weight)}
                stroke-dasharray={arc.weight > 0.06 ? dash(arc.head) : ""}
                stroke-opacity={0.3 + 0.7 * arc.weight}
                vector-effect="non-scaling-stroke"
              />
            ))}
            {grips.map(({ head, key }) => (
              <g key={head}>
                {drag?.head === head && (
                  <path
                    d={curve(middle(query), middle(key), MIDDLE)}
                    stroke={css(hue(head, theme.dark))}
                    stroke-width="3"
                    vector-effect="non-scaling-stroke"
                  />
                )}
                <path
                  class="grip-arc"
                  d={curve(middle(query), middle(key), MIDDLE)}
                  vector-effect="non-scaling-stroke"
                  onPointerDown={take(head, key)}
                />
              </g>
            ))}
          </svg>
          {grips.map(({ head, key }, n) => (
            <button
              type="button"
              key={head}
              class={`grip${drag?.head === head ? " held" : ""}`}
              role="slider"
              aria-orientation="vertical"
              aria-valuemin={0}
              aria-valuemax={keys.length - 1}
              aria-valuenow={key}
              aria-valuetext={keys[key]?.text}
              aria-label={t("turn.grip", { head, query: queries[query]!.text })}
              style={{
                top: `${middle(key)}px`,
                right: `${-12 + 15 * grips.slice(0, n).filter((one) => one.key === key).length}px`,
                color: css(hue(head, theme.dark)),
              }}
              onPointerDown={take(head, key)}
              onKeyDown={steer(head, key)}
            />
          ))}
        </div>
        <WordList
          row={ROW}
          words={keys}
          chosen={target}
          pick={pickKey}
          label={t("lookedat.long")}
          from={from}
          to={to}
          side="right"
          sinks={state.sinks}
        />
        <div class="bars" aria-hidden="true">
          {keys.slice(from, to).map((word, n) => {
            const key = from + n;
            const dim = state.sinks && isSink(word.text);
            return (
              <div class={dim ? "dim" : ""} style={{ top: `${key * ROW}px`, height: `${ROW}px` }}>
                <span class="bar-stack">
                  {heads.map((head) => {
                    const weight = attention.row(head, seen).weights[key]!;
                    return (
                      <i
                        style={{
                          width: `${100 * weight}%`,
                          height: `${Math.min(9, 30 / heads.length)}px`,
                          background: css(hue(head, theme.dark)),
                        }}
                        title={`${t("head.n", { n: head })}${t("colon")}${percent(weight)}`}
                      />
                    );
                  })}
                </span>
                <span class="bar-number">{mean && mean.weights[key]! >= 0.005 ? percent(mean.weights[key]!) : ""}</span>
              </div>
            );
          })}
        </div>
      </div>
      {arcs.left > 0 && <p class="note">{t("arcs.left", { n: arcs.left })}</p>}
    </div>
  );
}

interface ListProps {
  words: { text: string }[];
  chosen: number;
  pick: (n: number) => void;
  label: string;
  from: number;
  to: number;
  hover?: (n: number) => void;
  side: "left" | "right";
  sinks?: boolean;
  row: number;
}

function WordList({ row: ROW, words, chosen, pick, label, from, to, hover, side, sinks }: ListProps) {
  const list = useRef<HTMLUListElement>(null);
  const walk = (event: KeyboardEvent) => {
    const goal = { ArrowUp: chosen - 1, ArrowDown: chosen + 1, Home: 0, End: words.length - 1 }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    const next = Math.min(words.length - 1, Math.max(0, goal));
    pick(next);
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  return (
    <ul
      class={`words ${side}`}
      role="listbox"
      aria-label={label}
      ref={list}
      onKeyDown={walk}
      onMouseLeave={() => hover?.(-1)}
    >
      {words.map((word, n) =>
        n < from || n >= to ? null : (
          <li
            key={n}
            role="option"
            aria-selected={n === chosen}
            tabIndex={
              n === chosen || (chosen < from && n === from) || (chosen >= to && n === Math.min(to, words.length) - 1)
                ? 0
                : -1
            }
            class={sinks && isSink(word.text) ? "dim" : ""}
            style={{ top: `${n * ROW}px`, height: `${ROW}px`, lineHeight: `${ROW}px` }}
            onClick={() => pick(n)}
            onMouseEnter={() => hover?.(n)}
          >
            <bdi>{word.text}</bdi>
          </li>
        ),
      )}
    </ul>
  );
}
