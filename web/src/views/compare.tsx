/** Two sentences side by side: what does the same word look at when another word changes? */
import { useEffect, useState } from "preact/hooks";
import { askLook, pairs } from "../numbers/api";
import { type Attention, attentionOf, isSink, layers, meanRow, type Where, wordAt } from "../numbers/attention";
import { bare, changesOf } from "../numbers/changes";
import type { Numbers } from "../numbers/data";
import { percent } from "../draw/number";
import { headsOf, layerOf, tokenOf, usePage } from "../state/page";
import { Changed } from "./parts/happened";
import { HeadChips, HeadMark, LayerSlider, SideSwitch, Table } from "./parts/controls";

export function CompareView() {
  const page = usePage();
  const { state, set, t, look, numbers, live } = page;
  const wanted = state.other || changedWord(look.source.text);
  const [draft, setDraft] = useState(wanted);
  const [other, setOther] = useState<Numbers | null>(null);
  const [problem, setProblem] = useState("");
  const [, redraw] = useState(0);
  useEffect(() => setDraft(wanted), [wanted]);
  useEffect(() => {
    if (!live) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      askLook({ text: draft, heads_off: pairs(state.off) }, stop.signal).then(
        (found) => {
          found.arrived = () => redraw((n) => n + 1);
          setOther(found);
          setProblem("");
          if (draft !== wanted) set({ other: draft });
        },
        (error: Error) => error.name !== "AbortError" && setProblem(error.message),
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [draft, live, JSON.stringify(state.off)]);
  const layer = layerOf(page);
  const here = attentionOf(numbers, state.side, layer, state.pieces);
  const there = other && attentionOf(other, state.side, layer, state.pieces);
  const word = here && Math.max(0, wordAt(here.queries, tokenOf(state, look)));
  const heads = headsOf(page);
  return (
    <div class="view">
      <p class="lead">{t("compare.lead")}</p>
      {live ? (
        <label class="field">
          <span>{t("compare.other")}</span>
          <textarea
            rows={1}
            dir="auto"
            spellcheck={false}
            lang={look.model.languages.split("-")[0]}
            value={draft}
            onInput={(event) => setDraft(event.currentTarget.value.replace(/\s*\n\s*/g, " "))}
            data-spot="other"
          />
        </label>
      ) : (
        <p class="note boxed">{t("compare.live")}</p>
      )}
      {problem && <p role="alert">{problem}</p>}
      {live && look.blocked.length + look.turned.length > 0 && <p class="note">{t("compare.blocked")}</p>}
      {other && other.look.model.checkpoint !== look.model.checkpoint && (
        <p class="note">
          {t("compare.checkpoints", { here: look.model.checkpoint, there: other.look.model.checkpoint })}
        </p>
      )}
      <div class="controls">
        <SideSwitch />
        <LayerSlider />
        <HeadChips />
      </div>
      {here && word !== null && (
        <div class="columns even" data-spot="compare">
          <One
            attention={here}
            heads={heads}
            query={word!}
            text={look.source.text}
            translation={look.target.text}
            beside={other?.look.target.text}
            second={false}
            differs={differing(look.source.text, other?.look.source.text)}
            pick={(n) => set({ token: here.queries[n]!.tokens[0]! })}
          />
          {there && other && (
            <One
              attention={there}
              heads={heads}
              query={sameWord(here, there, word!)}
              text={other.look.source.text}
              translation={other.look.target.text}
              beside={look.target.text}
              second
              differs={differing(other.look.source.text, look.source.text)}
              pick={() => {}}
            />
          )}
        </div>
      )}
      {here && there && (
        <Differences
          here={here}
          there={there}
          word={word!}
          heads={heads}
          names={[
            differing(look.source.text, other!.look.source.text),
            differing(other!.look.source.text, look.source.text),
          ].map((words, n) => [...words].map(bare).join(" ") || `${n + 1}`)}
        />
      )}
      {here && there && (
        <Moved first={numbers} second={other!} side={state.side} pieces={state.pieces} token={tokenOf(state, look)} />
      )}
    </div>
  );
}

/** The article's other ending: what was too tired is now too wide. */
const changedWord = (text: string): string =>
  /\btired\b/.test(text) ? text.replace(/\btired\b/, "wide") : text.replace(/(\p{L}+)(\P{L}*)$/u, "wide$2");

const differing = (text: string, from: string | undefined): Set<string> =>
  new Set(text.split(/\s+/).filter((word) => from !== undefined && !from.split(/\s+/).includes(word)));

function sameWord(here: Attention, there: Attention, word: number): number {
  const text = here.queries[word]!.text;
  const exact = there.queries[word]?.text === text ? word : there.queries.findIndex((one) => one.text === text);
  return exact >= 0 ? exact : Math.min(word, there.queries.length - 1);
}

interface OneProps {
  attention: Attention;
  heads: number[];
  query: number;
  text: string;
  translation: string;
  /** The other translation, where there is one by now. */
  beside: string | undefined;
  second: boolean;
  differs: Set<string>;
  pick: (n: number) => void;
}

function One({ attention, heads, query, text, translation, beside, second, differs, pick }: OneProps) {
  const { t, state } = usePage();
  const mean = heads.length ? meanRow(attention, heads, query) : null;
  const dim = (key: number) => state.sinks && isSink(attention.keys[key]!.text);
  return (
    <article class="one">
      <h3>
        <bdi>
          {text.split(/\s+/).map((word) => (
            <>{differs.has(word) ? <mark>{word}</mark> : word} </>
          ))}
        </bdi>
      </h3>
      <p class="translation">
        {beside === undefined ? (
          <bdi>{translation}</bdi>
        ) : second ? (
          <Changed before={beside} after={translation} side="after" />
        ) : (
          <Changed before={translation} after={beside} side="before" />
        )}
      </p>
      <p class="one-words" role="group" aria-label={t("looks.long")}>
        {attention.queries.slice(0, 60).map((word, n) => (
          <button type="button" class="quiet" aria-pressed={n === query} onClick={() => pick(n)}>
            <bdi>{word.text}</bdi>
          </button>
        ))}
      </p>
      <p class="note">
        {heads.length > 1
          ? t("mean.of", { heads: heads.join(t("comma")) })
          : heads.length
            ? t("head.n", { n: heads[0]! })
            : t("heads.none")}
      </p>
      <ul class="one-bars">
        {mean &&
          attention.keys.slice(0, 60).map((word, key) => (
            <li class={dim(key) ? "dim" : ""}>
              <bdi>{differs.has(word.text) ? <mark>{word.text}</mark> : word.text}</bdi>
              <span class="choice-bar">
                <i style={{ width: `${100 * mean.weights[key]!}%` }} />
              </span>
              <span>{percent(mean.weights[key]!)}</span>
            </li>
          ))}
      </ul>
    </article>
  );
}

interface DifferencesProps {
  here: Attention;
  there: Attention;
  word: number;
  heads: number[];
  names: string[];
}

/** Places of the same words in both lists of keys: a word that was changed stands beside the one that took its place. */
function matched(here: Attention, there: Attention): [before: number, after: number][] {
  const found = changesOf(
    here.keys.map(({ text }) => text),
    there.keys.map(({ text }) => text),
  );
  const gone = found.filter(({ what }) => what === "goes");
  const came = found.filter(({ what }) => what === "comes");
  return [
    ...found.filter(({ what }) => what === "stays").map(({ before, after }): [number, number] => [before, after]),
    ...gone.flatMap(({ before }, n): [number, number][] => (came[n] ? [[before, came[n].after]] : [])),
  ];
}

/** The keys by how much their share changed, those that changed most first. */
function Differences({ here, there, word, heads, names }: DifferencesProps) {
  const { t } = usePage();
  if (!heads.length) return null;
  const first = meanRow(here, heads, word).weights;
  const second = meanRow(there, heads, sameWord(here, there, word)).weights;
  const rows = matched(here, there)
    .map(([a, b]) => ({ a, b, change: second[b]! - first[a]! }))
    .sort((one, two) => Math.abs(two.change) - Math.abs(one.change));
  const name = (a: number, b: number) =>
    here.keys[a]!.text === there.keys[b]!.text ? here.keys[a]!.text : `${here.keys[a]!.text} → ${there.keys[b]!.text}`;
  const most = rows[0];
  return (
    <section data-spot="differences">
      <h3>{t("compare.differences", { word: here.queries[word]!.text })}</h3>
      <p>
        {most && Math.abs(most.change) >= 0.02
          ? t("compare.most", {
              key: name(most.a, most.b),
              before: percent(first[most.a]!),
              after: percent(second[most.b]!),
            })
          : t("compare.nothing")}
      </p>
      <Table
        head={[t("lookedat"), ...names, t("compare.change")]}
        rows={rows
          .slice(0, 40)
          .map(({ a, b, change }) => [name(a, b), percent(first[a]!), percent(second[b]!), points(change)])}
      />
    </section>
  );
}

const points = (change: number): string => {
  const tenths = Math.round(1000 * change);
  return `${tenths > 0 ? "+" : tenths < 0 ? "−" : ""}${(Math.abs(tenths) / 10).toFixed(1)}`;
};

interface MovedProps {
  first: Numbers;
  second: Numbers;
  side: Where;
  pieces: boolean;
  token: number;
}

/** The heads of all layers whose row for the word moved most: half the sum of what its weights changed by. */
function Moved({ first, second, side, pieces, token }: MovedProps) {
  const { t, set, look } = usePage();
  const found = Array.from({ length: layers(look, side) }, (_, layer) => layer).flatMap((layer) => {
    const here = attentionOf(first, side, layer, pieces);
    const there = attentionOf(second, side, layer, pieces);
    if (!here || !there) return [];
    const word = Math.max(0, wordAt(here.queries, token));
    const pairs = matched(here, there);
    return Array.from({ length: here.heads }, (_, head) => {
      const [a, b] = [here.row(head, word).weights, there.row(head, sameWord(here, there, word)).weights];
      return {
        layer,
        head,
        moved: pairs.reduce((sum, [before, after]) => sum + Math.abs(a[before]! - b[after]!), 0) / 2,
      };
    });
  });
  const most = found.sort((a, b) => b.moved - a.moved).slice(0, 3);
  if (!most.length) return null;
  return (
    <section data-spot="moved">
      <h3>{t("compare.moved")}</h3>
      <p class="note">{t("compare.moved.note")}</p>
      <ul class="chips">
        {most.map(({ layer, head, moved }) => (
          <li>
            <button type="button" class="chip" onClick={() => set({ layer, heads: [head] })}>
              <HeadMark head={head} /> {t("head.at", { head, layer: layer + 1 })}
              {t("colon")}
              {percent(moved)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
