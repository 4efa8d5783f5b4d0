import { useEffect, useMemo } from "preact/hooks";
import { thousands, writePercent } from "./draw/number";
import { CHAPTERS } from "./state/chapters";
import { useKeys } from "./state/keys";
import { type Page, PageContext } from "./state/page";
import { type Session, useSession } from "./state/session";
import type { View } from "./state/state";
import { useTheme } from "./state/theme";
import { useUrl } from "./state/url";
import { Story } from "./tour";
import { Worksheet } from "./tour/worksheet";
import { AttentionView } from "./views/attention";
import { CompareView } from "./views/compare";
import { DecodingView } from "./views/decoding";
import { FlowView } from "./views/flow";
import { Front } from "./views/front";
import { MatricesView } from "./views/matrices";
import { TakeAway } from "./views/parts/takeaway";
import { turnsOf } from "./views/parts/turns";
import { PositionsView } from "./views/positions";
import { WhatIfView } from "./views/whatif";
import { languageOf, translator } from "./words/messages";

const SHOWN: Record<View, () => preact.ComponentChild> = {
  attention: AttentionView,
  flow: FlowView,
  matrices: MatricesView,
  positions: PositionsView,
  decoding: DecodingView,
  whatif: WhatIfView,
  compare: CompareView,
  worksheet: Worksheet,
};

export function App() {
  const [state, set] = useUrl();
  const language = languageOf([...(state.lang ? [state.lang] : []), ...navigator.languages]);
  const t = useMemo(() => translator(language), [language]);
  writePercent(t("percent"));
  const session = useSession(state, set, t.code);
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.lang = t.code === "zh" ? "zh-CN" : t.code;
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
  const touring = CHAPTERS[state.chapter] !== undefined;
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
      <Front state={state} set={set} session={session} t={t} language={language} page={page} />
      {problem && (
        <p class="problem" role="alert">
          {problem} {page && t("failed.old")}
        </p>
      )}
      <OwnModel session={session} t={t} />
      {page ? (
        <PageContext.Provider value={page}>
          <div class={touring ? "with-story" : ""}>
            <Story />
            <main id="main" tabIndex={-1}>
              <h2 class="sr">{t(`view.${state.view}`)}</h2>
              <View />
              {state.view !== "worksheet" && <TakeAway />}
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

function Foot({ page: { look, t, live, set, state }, own }: { page: Page; own: boolean }) {
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
        {t("weight")}
        {t("gap")}
        <span class="keys">
          {t("keys.help")}
          {t("gap")}
        </span>
        {t("link")}
        {t("gap")}
        {!live && t("sentence.saved")}
      </p>
      {!state.lesson && (
        <p>
          <button type="button" class="quiet" onClick={() => set({ view: "worksheet", chapter: -1 })}>
            {t("worksheet")}
          </button>{" "}
          {t("worksheet.link", { link: "?lesson=looks" })}
        </p>
      )}
    </footer>
  );
}
