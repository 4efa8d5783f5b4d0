import { useEffect, useMemo } from "preact/hooks";
import { thousands } from "./draw/number";
import { LANGUAGES, languageOf, translator } from "./words/messages";
import { type Page, PageContext } from "./state/page";
import { type Session, useSession } from "./state/session";
import { type State, type View, VIEWS } from "./state/state";
import { Story } from "./tour";
import { CHAPTERS } from "./tour/chapters";
import { useKeys } from "./state/keys";
import { useTheme } from "./state/theme";
import { useUrl } from "./state/url";
import { AttentionView } from "./views/attention";
import { CompareView } from "./views/compare";
import { DecodingView } from "./views/decoding";
import { FlowView } from "./views/flow";
import { MatricesView } from "./views/matrices";
import { PositionsView } from "./views/positions";
import { turnsOf } from "./views/parts/turns";
import { WhatIfView } from "./views/whatif/index";

const SHOWN: Record<View, () => preact.ComponentChild> = {
  attention: AttentionView,
  flow: FlowView,
  matrices: MatricesView,
  positions: PositionsView,
  decoding: DecodingView,
  whatif: WhatIfView,
  compare: CompareView,
};

export function App() {
  const [state, set] = useUrl();
  const language = languageOf([...(state.lang ? [state.lang] : []), ...navigator.languages]);
  const t = useMemo(() => translator(language), [language]);
  const session = useSession(state, set, t.code);
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.lang = t.code;
  }, [t]);
  const { numbers } = session;
  const page: Page | undefined = numbers && {
    state,
    set,
    numbers,
    look: numbers.look,
    base: session.base,
    t,
    theme,
    live: session.live,
  };
  useKeys(page);
  const View = SHOWN[state.view];
  const problem =
    session.problem === "nomodel" ? t("nomodel") : session.problem && t("failed", { why: session.problem });
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("skip")}
      </a>
      <Head state={state} set={set} session={session} t={t} language={language} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <OwnModel session={session} t={t} />
      {page ? (
        <PageContext.Provider value={page}>
          <div class={state.chapter >= 0 ? "with-story" : ""}>
            <Story />
            <main id="main" tabIndex={-1}>
              <h2 class="sr">{t(`view.${state.view}`)}</h2>
              <View />
            </main>
          </div>
          <Foot page={page} own={session.own !== undefined} />
        </PageContext.Provider>
      ) : (
        <main id="main" tabIndex={-1}>
          {!problem && !session.large && <p class="loading">{t("waiting")}</p>}
        </main>
      )}
    </>
  );
}

/** How far the model has come, or why it has not been asked to. */
function OwnModel({ session: { own, share, large, loadAnyway }, t }: { session: Session; t: Page["t"] }) {
  if (!own) return null;
  if (large)
    return (
      <p class="problem" role="alert">
        {t("model.large", large)}{" "}
        <button type="button" onClick={loadAnyway}>
          {t("model.anyway")}
        </button>
      </p>
    );
  if (share >= 1) return null;
  return (
    <p class="coming">
      <label>
        {t("model.coming", { n: Math.round(100 * share) })} <progress value={share} />
      </label>
    </p>
  );
}

/** A language's name in the page's language: "de" is German, 德语. */
function nameOf(code: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
  } catch {
    return code; // a card may say anything
  }
}

interface HeadProps {
  state: State;
  set: (patch: Partial<State>) => void;
  session: Session;
  t: Page["t"];
  language: number;
}

function Head({ state, set, session, t, language }: HeadProps) {
  const look = session.numbers?.look;
  const [source, target] = look?.model.languages.split("-") ?? [];
  return (
    <header>
      <div class="masthead">
        <h1>glassformer</h1>
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
          <button
            type="button"
            class="plain"
            aria-pressed={state.chapter >= 0}
            onClick={() => (state.chapter >= 0 ? set({ chapter: -1 }) : set({ ...CHAPTERS[0]!.show, chapter: 0 }))}
          >
            {t("tour")}
          </button>
          <div class="segments" role="group" aria-label={t("language")}>
            {LANGUAGES.map(({ code, name }, n) => (
              <button type="button" lang={code} aria-pressed={n === language} onClick={() => set({ lang: code })}>
                {name}
              </button>
            ))}
          </div>
        </div>
      </div>
      <div class="sentence">
        {session.live || !look ? (
          <textarea
            rows={1}
            class={`source${state.sentence.length > 400 ? " long" : ""}`}
            aria-label={t("sentence")}
            lang={source}
            dir="auto"
            spellcheck={false}
            autocomplete="off"
            value={state.sentence}
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
        ) : (
          <p
            class={`source${look.source.text.length > 400 ? " long" : ""}`}
            tabIndex={look.source.text.length > 400 ? 0 : undefined}
            lang={source}
            dir="auto"
            title={t("sentence.saved")}
          >
            {look.source.text}
          </p>
        )}
        {look?.foreign && (
          <p class="foreign" role="status">
            {source ? t("foreign", { language: nameOf(source, t.code) }) : t("foreign.unknown")}
          </p>
        )}
        <p
          class={`translation${session.busy ? " busy" : ""}${(look?.target.text.length ?? 0) > 400 ? " long" : ""}`}
          tabIndex={(look?.target.text.length ?? 0) > 400 ? 0 : undefined}
          lang={target}
          dir="auto"
          aria-label={t("translation")}
        >
          {look?.target.text ?? "…"}
        </p>
      </div>
      <nav aria-label={t("views")}>
        {VIEWS.map((view) => (
          <button type="button" aria-current={state.view === view ? "page" : undefined} onClick={() => set({ view })}>
            {t(`view.${view}`)}
          </button>
        ))}
      </nav>
    </header>
  );
}

function Foot({ page: { look, t, live }, own }: { page: Page; own: boolean }) {
  const { model } = look;
  return (
    <footer>
      <p>
        {t("model.facts", {
          name: [model.name, model.checkpoint].filter(Boolean).join(" · ") || "model",
          layers: `${model.encoder_layers} + ${model.decoder_layers}`,
          heads: model.heads,
          d_model: model.d_model,
          parameters: thousands(model.parameters),
        })}
        {look.heads_off.length > 0 && (
          <>
            {" "}
            · <b>{t("model.off", { n: look.heads_off.length })}</b>
          </>
        )}
        {look.blocked.length > 0 && (
          <>
            {" "}
            · <b>{t("model.blocked", { n: look.blocked.length })}</b>
          </>
        )}
        {look.turned.length > 0 && (
          <>
            {" "}
            · <b>{t("model.turned", { n: turnsOf(look, look.turned).length })}</b>
          </>
        )}
      </p>
      {own && live && (
        <p>
          {t("model.own")}
          {model.rounded > 0 && <> {t("model.rounded", { n: (100 * model.rounded).toFixed(1) })}</>}
        </p>
      )}
      <p>
        {t("weight")} {t("keys.help")}. {t("link")} {!live && t("sentence.saved")}
      </p>
    </footer>
  );
}
