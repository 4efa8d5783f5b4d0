/** Two sentences side by side: what does the same word look at when another word changes? */
import { useEffect, useState } from "preact/hooks";
import { askLook, pairs } from "../numbers/api";
import { type Attention, attentionOf, isSink, keySide, meanRow, strongest, wordAt } from "../numbers/attention";
import type { Numbers } from "../numbers/data";
import { percent } from "../draw/number";
import { headsOf, layerOf, tokenOf, usePage } from "../state/page";
import { HeadChips, LayerSlider, SideSwitch, Table } from "./parts/controls";

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
          names={[keySide(look, state.side).text, keySide(other!.look, state.side).text]}
        />
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
  differs: Set<string>;
  pick: (n: number) => void;
}

function One({ attention, heads, query, text, translation, differs, pick }: OneProps) {
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
        <bdi>{translation}</bdi>
      </p>
      <p class="one-words" role="group" aria-label={t("looks.long")}>
        {attention.queries.slice(0, 60).map((word, n) => (
          <button type="button" class="quiet" aria-pressed={n === query} onClick={() => pick(n)}>
            <bdi>{word.text}</bdi>
          </button>
        ))}
      </p>
      <ul class="one-bars">
        {mean &&
          attention.keys.slice(0, 60).map((word, key) => (
            <li class={dim(key) ? "dim" : ""}>
              <bdi>{differs.has(word.text) ? <mark>{word.text}</mark> : word.text}</bdi>
              <span class="choice-bar">
                <i style={{ width: `${dim(key) ? 0 : 100 * mean.weights[key]!}%` }} />
              </span>
              <span>{percent(mean.weights[key]!)}</span>
            </li>
          ))}
      </ul>
    </article>
  );
}

function Differences({
  here,
  there,
  word,
  heads,
  names,
}: {
  here: Attention;
  there: Attention;
  word: number;
  heads: number[];
  names: string[];
}) {
  const { t } = usePage();
  if (!heads.length) return null;
  const first = meanRow(here, heads, word).weights;
  const second = meanRow(there, heads, sameWord(here, there, word)).weights;
  return (
    <details class="twin">
      <summary>{t("table")}</summary>
      <Table
        head={[t("lookedat"), ...names]}
        rows={strongest(first, 40).map((key) => {
          const match = there.keys.findIndex(
            (one, n) => one.text === here.keys[key]!.text && (n === key || here.keys[n]?.text !== one.text),
          );
          return [here.keys[key]!.text, percent(first[key]!), match < 0 ? "–" : percent(second[match]!)];
        })}
      />
    </details>
  );
}
