/** The guided tour, in the article's order. */
import { useEffect, useRef } from "preact/hooks";
import { percent } from "../draw/number";
import { DOES_IT, pronounHead, taughtHead } from "../state/opening";
import { type Page, usePage } from "../state/page";
import { CHAPTERS } from "./chapters";
import { Rich } from "../views/parts/rich";

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
    layer,
    head,
    link,
    share: percent(weight),
    query: plain(query.text),
    key: plain(noun.text),
  });
  return weight > DOES_IT && taught?.layer === layer && taught.head === head ? `${said} ${t("tour.it.taught")}` : said;
}

export function Story() {
  const page = usePage();
  const { state, set, t } = page;
  const heading = useRef<HTMLHeadingElement>(null);
  const chapter = CHAPTERS[state.chapter];
  useEffect(() => heading.current?.focus({ preventScroll: true }), [state.chapter]);
  if (!chapter) return null;
  const go = (n: number) => set({ ...CHAPTERS[n]!.show, chapter: n });
  return (
    <aside class="story" aria-label={t("tour")}>
      <p class="story-count">
        {t("tour.chapter", { n: state.chapter + 1, all: CHAPTERS.length })}
        <button type="button" class="quiet" onClick={() => set({ chapter: -1 })} aria-label={t("tour.close")}>
          ✕
        </button>
      </p>
      <h2 tabIndex={-1} ref={heading}>
        <Rich text={t(`tour.${chapter.name}.title`)} />
      </h2>
      {t(`tour.${chapter.name}.text`, chapter.name === "looks" ? { it: aboutIt(page) } : {})
        .split("\n\n")
        .map((paragraph) => (
          <p>
            <Rich text={paragraph} />
          </p>
        ))}
      <div class="try">
        <h3>{t("tour.try")}</h3>
        <p>
          <Rich text={t(`tour.${chapter.name}.try`)} />
        </p>
      </div>
      <div class="story-nav">
        <button type="button" class="plain" disabled={state.chapter === 0} onClick={() => go(state.chapter - 1)}>
          ← {t("tour.back")}
        </button>
        {state.chapter < CHAPTERS.length - 1 ? (
          <button type="button" class="plain strong" onClick={() => go(state.chapter + 1)}>
            {t("tour.next")} →
          </button>
        ) : (
          <button type="button" class="plain strong" onClick={() => set({ chapter: -1 })}>
            {t("tour.close")}
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
              title={t(`tour.${one.name}.title`)}
              aria-label={`${n + 1}. ${t(`tour.${one.name}.title`)}`}
            >
              {n + 1}
            </button>
          </li>
        ))}
      </ol>
    </aside>
  );
}
