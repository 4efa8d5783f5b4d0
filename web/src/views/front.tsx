/** The front: what this is, the sentence and its translation, where to start, and the map. */
import { useEffect } from "preact/hooks";
import { CHAPTERS } from "../state/chapters";
import { LEFT, PageContext, type Page } from "../state/page";
import type { Session } from "../state/session";
import { ARTICLE, type State, VIEWS } from "../state/state";
import { LANGUAGES, type Translate } from "../words/messages";
import { WORDS } from "../words/words";
import { Happened } from "./parts/happened";
import { alignedTo, glossOf } from "./parts/gloss";
import { ModelMap } from "./parts/map";

/** A language's name in the page's language: "de" is German, 德语. */
function nameOf(code: string | undefined, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code!) ?? code!;
  } catch {
    return code ?? ""; // a card may say anything
  }
}

interface FrontProps {
  state: State;
  set: (patch: Partial<State>) => void;
  session: Session;
  t: Translate;
  language: number;
  page: Page | undefined;
}

export function Front({ state, set, session, t, language, page }: FrontProps) {
  const look = session.numbers?.look;
  const [source, target] = look?.model.languages.split("-") ?? [];
  const names = { source: nameOf(source, t.code), target: nameOf(target, t.code) };
  const what = source ? t("front.what", names) : t("front.unknown");
  useEffect(() => {
    document.title = `glassformer · ${what}`;
  }, [what]);
  const sets = (sentence: string) =>
    set({ sentence, target: "", token: -1, key: -1, step: -1, cell: "", off: [], blocked: [], turned: [] });
  const long = (text: string) => (text.length > 400 ? " long" : "");
  const touring = state.chapter >= 0;
  return (
    <header class={touring ? "touring" : ""}>
      <div class="masthead">
        <h1>
          glassformer <span class="what">{what}</span>
        </h1>
        {!state.lesson && (
          <div class="masthead-side">
            {session.models.length > 1 && (
              <select
                aria-label={t("model.choose")}
                value={session.model}
                onChange={(event) => {
                  set({ model: event.currentTarget.value, sentence: "", target: "", off: [], blocked: [] });
                  location.reload();
                }}
              >
                {session.models.map((name) => (
                  <option>{name}</option>
                ))}
              </select>
            )}
            <div class="segments" role="group" aria-label={t("language")}>
              {LANGUAGES.map(({ code, name }, n) => (
                <button type="button" lang={code} aria-pressed={n === language} onClick={() => set({ lang: code })}>
                  {name}
                </button>
              ))}
            </div>
          </div>
        )}
      </div>
      <div class="sentence">
        <div class="asked">
          {session.live || !look ? (
            <label>
              <span class="tongue">{source ? t("sentence.in", names) : t("sentence")}</span>
              <textarea
                rows={1}
                class={`source${long(state.sentence)}`}
                aria-label={t("sentence")}
                placeholder={t("sentence")}
                lang={source}
                dir="auto"
                spellcheck={false}
                autocomplete="off"
                enterkeyhint="done"
                value={state.sentence}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || event.isComposing) return;
                  event.preventDefault();
                  event.currentTarget.blur();
                }}
                onInput={(event) =>
                  set({
                    sentence: event.currentTarget.value.replace(/\s*\n\s*/g, " "),
                    target: "",
                    token: -1,
                    key: -1,
                    step: -1,
                    cell: "",
                    blocked: [],
                    turned: [],
                  })
                }
              />
            </label>
          ) : (
            <>
              <span class="tongue">{names.source}</span>
              <p
                class={`source${long(look.source.text)}`}
                tabIndex={long(look.source.text) ? 0 : undefined}
                lang={source}
                dir="auto"
                title={t("sentence.saved")}
              >
                {look.source.text}
              </p>
            </>
          )}
          {session.live && !state.sentence.trim() && (
            <p class="foreign" role="status">
              {t("sentence.empty")}
            </p>
          )}
          {look?.foreign && (
            <p class="foreign" role="status">
              {source ? t("foreign", { language: names.source }) : t("foreign.unknown")}
            </p>
          )}
          {session.live && !state.lesson && !touring && source === "en" && (
            <p class="examples">
              <span>{t("examples")}</span>
              {[ARTICLE + ".", ...WORDS["examples.en"][0].split("|")].map((text, n) => (
                <button
                  type="button"
                  class="chip"
                  aria-pressed={state.sentence === text}
                  title={text}
                  onClick={() => sets(text)}
                >
                  {t(`example.${n}` as "example.0")}
                </button>
              ))}
            </p>
          )}
        </div>
        <div class="answered">
          <span class="tongue">{names.target}</span>
          <p
            class={`translation${session.busy ? " busy" : ""}${long(look?.target.text ?? "")}`}
            tabIndex={long(look?.target.text ?? "") ? 0 : undefined}
            lang={target}
            dir="auto"
            aria-label={t("translation")}
          >
            {look?.target.text ?? "…"}
          </p>
          {page && <Glosses page={page} />}
        </div>
        {!touring && !state.lesson && (
          <button type="button" class="start" onClick={() => set({ ...CHAPTERS[0]!.show, chapter: 0 })}>
            {t("start")} <small>{t("start.what", { n: CHAPTERS.length })}</small>
          </button>
        )}
      </div>
      {page && (
        <PageContext.Provider value={page}>
          <Happened />
          <ModelMap />
        </PageContext.Provider>
      )}
      {!state.lesson && (
        <nav aria-label={t("views")} onKeyDown={along}>
          {VIEWS.map((view) => (
            <button
              type="button"
              aria-current={state.view === view ? "page" : undefined}
              onClick={() => set({ ...(touring && LEFT), view })}
            >
              {t(`view.${view}`)}
            </button>
          ))}
        </nav>
      )}
    </header>
  );
}

/** The arrows walk along a row of buttons, as they do in lists and matrices. */
function along(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  const all = [...event.currentTarget.querySelectorAll("button")];
  all[(all.indexOf(event.target as HTMLButtonElement) + step + all.length) % all.length]?.focus();
}

/** The words of the translation in the reader's language: of a small table, or by what the model looked at (≈). */
function Glosses({ page }: { page: Page }) {
  const { look, t } = page;
  if (look.foreign || look.target.words.length > 40) return null;
  const found = look.target.words.flatMap(({ text, tokens }) => {
    const meaning = glossOf(page, text);
    const near = meaning ? "" : alignedTo(page, tokens[0]!);
    return /[\p{L}\p{N}]/u.test(text) && !/^<.*>$/.test(text) && (meaning || near) ? [{ text, meaning, near }] : [];
  });
  if (!found.length) return null;
  return (
    <ul class="gloss" aria-label={t("gloss")} title={t("gloss.note")}>
      {found.map(({ text, meaning, near }) => (
        <li>
          <bdi>{text}</bdi> <small>{meaning || `≈ ${near}`}</small>
        </li>
      ))}
    </ul>
  );
}
