/** The guided tour: a chapter's words, its toy, its question; the model's own numbers stand beside them, in the view. */
import { useEffect, useRef, useState } from "preact/hooks";
import { percent } from "../draw/number";
import { CHAPTERS } from "../state/chapters";
import { DOES_IT, pronounHead, taughtHead } from "../state/opening";
import { LEFT, type Page, usePage } from "../state/page";
import { pointAt, Rich } from "../views/parts/rich";
import { Ask } from "./questions";
import { Toy } from "./toys";

/** Which head of this model looks from the pronoun at a noun, with its true layer; or that none does. */
function aboutIt({ base, numbers, t }: Page): string {
  const seen = base ?? numbers;
  const found = pronounHead(seen);
  if (!found) return t("tour.it.nowhere");
  const taught = taughtHead(seen, "encoder");
  const { layer, head, weight, query, noun } = found;
  const plain = (text: string) => text.replace(/[*[\]()^]/g, "");
  const link = `side=encoder&layer=${layer}&heads=${head}&token=${query.tokens[0]}&key=${noun.tokens[0]}`;
  const said = t(weight > DOES_IT ? "tour.it.found" : "tour.it.none", {
    layer: layer + 1,
    head,
    link,
    share: percent(weight),
    query: plain(query.text),
    key: plain(noun.text),
  });
  return weight > DOES_IT && taught?.layer === layer && taught.head === head
    ? `${said}${t("gap")}${t("tour.it.taught")}`
    : said;
}

export function Story() {
  const page = usePage();
  const { state, set, t, look } = page;
  const heading = useRef<HTMLHeadingElement>(null);
  const [folded, fold] = useState(false);
  const chapter = CHAPTERS[state.chapter];
  useEffect(() => {
    if (!chapter) return;
    heading.current?.focus({ preventScroll: true });
    const timer = setTimeout(() => pointAt(chapter.spot), 150);
    return () => clearTimeout(timer);
  }, [state.chapter]);
  if (!chapter) return null;
  const { name } = chapter;
  const go = (n: number) => (fold(false), set({ ...CHAPTERS[n]!.show, chapter: n }));
  const { model } = look;
  const values = {
    ...model,
    root: Math.sqrt(model.d_k).toFixed(2),
    n: look.source.tokens.length,
    it: name === "looks" ? aboutIt(page) : "",
  };
  const last = state.chapter === CHAPTERS.length - 1;
  return (
    <aside class={`story${folded ? " folded" : ""}`} aria-label={t("tour")}>
      <div class="story-bar">
        {!state.lesson && (
          <button
            type="button"
            class="plain"
            disabled={state.chapter === 0}
            onClick={() => go(state.chapter - 1)}
            aria-label={t("tour.back")}
          >
            ←
          </button>
        )}
        <span class="story-count">{t("tour.chapter", { n: state.chapter + 1, all: CHAPTERS.length })}</span>
        {!state.lesson && !last && (
          <button type="button" class="plain strong" onClick={() => go(state.chapter + 1)}>
            {t("tour.next")} →
          </button>
        )}
        <button type="button" class="plain story-fold" aria-expanded={!folded} onClick={() => fold(!folded)}>
          {t(folded ? "tour.read" : "tour.see")}
        </button>
        {!state.lesson && (
          <button type="button" class="plain" onClick={() => set(LEFT)} aria-label={t("tour.close")}>
            ✕
          </button>
        )}
      </div>
      <div class="story-body">
        <h2 tabIndex={-1} ref={heading}>
          <Rich text={t(`tour.${name}.title`)} />
        </h2>
        {t(`tour.${name}.text`, values)
          .split("\n\n")
          .map((paragraph) => (
            <p>
              <Rich text={paragraph} before={() => fold(true)} />
            </p>
          ))}
        <Toy chapter={name} key={name} />
        <p class="story-model">
          <Rich text={t(`tour.${name}.model`, values)} before={() => fold(true)} />
        </p>
        <Ask name={name} />
        {!state.lesson && (
          <>
            <div class="story-nav">
              <button type="button" class="plain" disabled={state.chapter === 0} onClick={() => go(state.chapter - 1)}>
                ← {t("tour.back")}
              </button>
              {last ? (
                <button type="button" class="plain strong" onClick={() => set(LEFT)}>
                  {t("tour.close")}
                </button>
              ) : (
                <button type="button" class="plain strong" onClick={() => go(state.chapter + 1)}>
                  {t("tour.next")} →
                </button>
              )}
            </div>
            <ol class="story-dots">
              {CHAPTERS.map((one, n) => (
                <li>
                  <button
                    type="button"
                    aria-current={n === state.chapter ? "step" : undefined}
                    onClick={() => go(n)}
                    title={t(`tour.${one.name}.title`).replace(/\W\^/g, "")}
                    aria-label={`${n + 1}. ${t(`tour.${one.name}.title`)}`}
                  >
                    {n + 1}
                  </button>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </aside>
  );
}
