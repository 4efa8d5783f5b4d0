/** The words that look on the left, the words that are looked at on the right, and between them what the heads do. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Attention, isSink, meanRow } from "../../attention";
import { type Arc, curve, heaviest, thickness } from "../../draw/arcs";
import { css, dash, hue } from "../../draw/colour";
import { percent } from "../../draw/number";
import { usePage } from "../../page";

const ROW = 30;
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
}

export function Lists({ attention, heads, query, pick, target, pickKey, every }: Props) {
  const { t, state, theme } = usePage();
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
    if (many && state.key >= 0 && (target * ROW < scrollTop || target * ROW > scrollTop + clientHeight - 2 * ROW)) reach(target);
  }, [many, state.key, target]);

  const arcs = useMemo(() => {
    const list: Arc[] = [];
    const looking = every && hover < 0 ? queries.map((_, n) => n).slice(from, to) : [seen];
    for (const looks of looking)
      for (const head of heads)
        attention.row(head, looks).weights.forEach((weight, key) => {
          if (!(state.sinks && isSink(keys[key]!.text))) list.push({ from: looks, to: key, head, weight });
        });
    return heaviest(list);
  }, [attention, attention.sharpened, heads.join(), seen, every, state.sinks, from]);

  const mean = useMemo(() => (heads.length ? meanRow(attention, heads, seen) : null), [attention, attention.sharpened, heads.join(), seen]);
  const middle = (row: number) => row * ROW + ROW / 2;

  return (
    <div class={`looks${many ? " many" : ""}`} ref={box} onScroll={many ? (event) => setTop(event.currentTarget.scrollTop) : undefined} data-spot="lists">
      <div class="looks-names" aria-hidden="true">
        <span>{t("looks")}</span>
        <span>{t("lookedat")}</span>
      </div>
      <div class="looks-body" style={{ height: `${rows * ROW}px` }}>
        <WordList words={queries} chosen={query} pick={pick} label={t("looks.long")} from={from} to={to} hover={setHover} side="left" />
        <svg class="arcs" viewBox={`0 ${from * ROW} ${MIDDLE} ${(Math.min(to, rows) - from) * ROW}`} style={{ marginTop: `${from * ROW}px`, height: `${(Math.min(to, rows) - from) * ROW}px` }} preserveAspectRatio="none" aria-hidden="true">
          {arcs.drawn.map((arc) => (
            <path d={curve(middle(arc.from), middle(arc.to), MIDDLE)} stroke={css(hue(arc.head, theme.dark))} stroke-width={thickness(arc.weight)}
              stroke-dasharray={arc.weight > 0.06 ? dash(arc.head) : ""} stroke-opacity={0.3 + 0.7 * arc.weight} vector-effect="non-scaling-stroke" />
          ))}
        </svg>
        <WordList words={keys} chosen={target} pick={pickKey} label={t("lookedat.long")} from={from} to={to} side="right" sinks={state.sinks} />
        <div class="bars" aria-hidden="true">
          {keys.slice(from, to).map((word, n) => {
            const key = from + n;
            const dim = state.sinks && isSink(word.text);
            return (
              <div class={dim ? "dim" : ""} style={{ top: `${key * ROW}px`, height: `${ROW}px` }}>
                <span class="bar-stack">
                  {heads.map((head) => {
                    const weight = attention.row(head, seen).weights[key]!;
                    return <i style={{ width: `${100 * weight}%`, height: `${Math.min(9, 24 / heads.length)}px`, background: css(hue(head, theme.dark)) }} title={`${head}: ${percent(weight)}`} />;
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
}

function WordList({ words, chosen, pick, label, from, to, hover, side, sinks }: ListProps) {
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
    <ul class={`words ${side}`} role="listbox" aria-label={label} ref={list} onKeyDown={walk} onMouseLeave={() => hover?.(-1)}>
      {words.map((word, n) =>
        n < from || n >= to ? null : (
          <li key={n} role="option" aria-selected={n === chosen} tabIndex={n === chosen || (chosen < from && n === from) || (chosen >= to && n === Math.min(to, words.length) - 1) ? 0 : -1}
            class={sinks && isSink(word.text) ? "dim" : ""} style={{ top: `${n * ROW}px`, height: `${ROW}px`, lineHeight: `${ROW}px` }}
            onClick={() => pick(n)} onMouseEnter={() => hover?.(n)}>
            <bdi>{word.text}</bdi>
          </li>
        ),
      )}
    </ul>
  );
}
