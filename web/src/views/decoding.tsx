/** The translation, a word at a time: what the row that is produced looks at, and what may come next. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { meanRow, merged, path, shown, wordsOf } from "../numbers/attention";
import { askDecode, pairs } from "../numbers/api";
import { plain } from "../numbers/data";
import { css, lit, type Rgb } from "../draw/colour";
import { Heat } from "../draw/heat";
import { fixed, percent } from "../draw/number";
import { stepOf, usePage } from "../state/page";
import type { DecodingStep } from "../numbers/wire";
import { type HeadChoice, HeadChips, HeadMark, LayerSlider, Table, Twin } from "./parts/controls";
import { BlankNote, Piece } from "./parts/piece";
import { Steps, usePlayer } from "./parts/player";

export function DecodingView() {
  const page = usePage();
  const { set, t, look, theme } = page;
  const [streamed, decode, problem] = useDecoding();
  const steps = look.steps;
  const player = usePlayer(steps.length, 1, { at: stepOf(page), set: (step) => set({ step }) });
  if (!steps.length) return <p class="note">{t("loading")}</p>;
  const now = stepOf(page);
  const step = steps[now]!;
  return (
    <div class="view">
      <p class="lead">{t("decoding.lead")}</p>
      <div class="controls">
        <span data-spot="steps">
          {t("step")} <Steps player={player} label={t("decoding.play")} />
        </span>
      </div>
      <ol class="produced" aria-label={t("decoding.sofar")}>
        {steps.map((one, n) => (
          <li class={n < now ? "past" : n === now ? "now" : "future"}>
            <button type="button" aria-current={n === now ? "step" : undefined} onClick={() => set({ step: n })}>
              <Piece token={one.chosen.token} />
            </button>
          </li>
        ))}
      </ol>
      <p class="sr" aria-live="polite">
        {t("decoding.says", { word: shown(step.chosen.token), share: percent(step.chosen.probability) })}
      </p>
      <div class="columns">
        <section data-spot="choices">
          <h3>{t("decoding.choices")}</h3>
          <Choices step={step} colour={theme.plus} />
          <p class="note">{t("decoding.choices.note", { n: look.model.vocabulary_size })}</p>
          <BlankNote tokens={[...steps.map(({ chosen }) => chosen.token), ...step.choices.map(({ token }) => token)]} />
          {look.model.languages.endsWith("-de") && /^▁?(es|er|sie)$/i.test(step.chosen.token) && (
            <p class="note boxed">{t("decoding.gender")}</p>
          )}
        </section>
        <Looked now={now} />
      </div>
      {page.live && (
        <section>
          <button type="button" class="plain" onClick={decode}>
            {t("decoding.live")}
          </button>
          <p class="note">{t("decoding.greedy")}</p>
          {problem && <p role="alert">{problem}</p>}
          <p class="streamed">
            {streamed.map((one) => (
              <bdi>{one.chosen.token.replace("▁", " ")}</bdi>
            ))}
          </p>
        </section>
      )}
      <Twin
        head={[t("step"), t("decoding.chosen"), ...step.choices.map((_, n) => `${n + 1}.`)]}
        rows={() =>
          steps.map((one, n) => [
            n + 1,
            shown(one.chosen.token),
            ...one.choices.map((choice) => `${shown(choice.token)} ${percent(choice.probability)}`),
          ])
        }
      />
    </div>
  );
}

export function Choices({ step, colour }: { step: DecodingStep; colour: Rgb }) {
  return (
    <ol class="choices">
      {step.choices.map((choice) => (
        <li class={choice.id === step.chosen.id ? "chosen" : ""}>
          <Piece token={choice.token} />
          <span class="choice-bar">
            <i style={{ width: `${100 * choice.probability}%`, background: css(colour) }} />
          </span>
          <span>{percent(choice.probability)}</span>
        </li>
      ))}
    </ol>
  );
}

/** The cross-attention of the row, and under it what the rows before looked at. */
function Looked({ now }: { now: number }) {
  const page = usePage();
  const { state, t, look, numbers, theme } = page;
  const layer =
    state.clayer >= 0 ? Math.min(state.clayer, look.model.decoder_layers - 1) : look.model.decoder_layers - 1;
  const tensor = numbers.get(`${path("cross", layer)}.weights`);
  const attention = useMemo(
    () => tensor && merged(tensor, wordsOf(look.target, true), wordsOf(look.source, state.pieces)),
    [tensor, state.pieces],
  );
  if (!attention) return <p class="loading">{t("loading")}</p>;
  const every = Array.from({ length: look.model.heads }, (_, head) => head);
  const heads = state.cheads?.length ? state.cheads.filter((head) => head < every.length) : every;
  const choice: HeadChoice = {
    side: "cross",
    layer,
    heads,
    auto: null,
    setLayer: (clayer) => page.set({ clayer }),
    setHeads: (cheads) => page.set({ cheads: cheads.length < every.length ? cheads : null }),
  };
  const { keys } = attention;
  const rows = Math.min(now + 1, attention.queries.length);
  const data = new Float32Array(look.steps.length * keys.length);
  for (let row = 0; row < rows; row++) data.set(meanRow(attention, heads, row).weights, row * keys.length);
  const mean = meanRow(attention, heads, Math.min(now, attention.queries.length - 1));
  const most = Math.max(...mean.weights);
  const cell = Math.max(3, Math.min(24, Math.floor(460 / keys.length)));
  return (
    <section data-spot="alignment">
      <h3>{t("decoding.looks")}</h3>
      <div class="controls small">
        <LayerSlider of={choice} />
        <HeadChips of={choice} />
      </div>
      <p class="source-lit">
        {keys.map((word, n) => (
          <span
            style={{ ...lit(theme, theme.plus, mean.weights[n]!), fontWeight: mean.weights[n] === most ? 600 : 400 }}
            title={percent(mean.weights[n]!)}
          >
            <bdi>{word.text}</bdi>
          </span>
        ))}
      </p>
      <Heat
        matrix={plain(look.steps.length, keys.length, data)}
        colour={theme.ink}
        cell={[cell, look.steps.length > 40 ? 6 : Math.max(14, Math.min(20, cell))]}
        theme={theme}
        title={t("decoding.alignment")}
        rowAxis={t("axis.produced")}
        colAxis={t("axis.key")}
        rowLabels={look.steps.map((one) => shown(one.chosen.token))}
        colLabels={keys.length <= 64 ? keys.map((word) => word.text) : undefined}
        mark={{ row: now }}
        onPick={(row) => page.set({ step: row })}
        label={t("decoding.alignment")}
      />
      <details class="twin">
        <summary>{t("table.weights")}</summary>
        <Table
          head={[t("lookedat"), ...heads.map(String)]}
          rows={keys.map((word, key) => [
            word.text,
            ...heads.map((head) =>
              fixed(attention.row(head, Math.min(now, attention.queries.length - 1)).weights[key]!, 3),
            ),
          ])}
        />
      </details>
      <p class="note">
        {heads.length === every.length ? (
          t("decoding.allheads")
        ) : (
          <>
            {heads.map((head) => (
              <>
                <HeadMark head={head} /> {head}{" "}
              </>
            ))}
          </>
        )}
      </p>
    </section>
  );
}

/** A small model is through before one has looked: a word stands this many milliseconds before the next comes. */
const A_WORD = 250;

/** Live: decodes again, a word at a time, as the model makes them; of another look nothing stays. */
function useDecoding(): [steps: DecodingStep[], run: () => void, problem: string] {
  const { look } = usePage();
  const [steps, setSteps] = useState<DecodingStep[]>([]);
  const [problem, setProblem] = useState("");
  const running = useRef<AbortController | null>(null);
  const clear = () => {
    running.current?.abort();
    setSteps([]);
    setProblem("");
  };
  useEffect(() => clear, [look]);
  async function run() {
    clear();
    const stop = (running.current = new AbortController());
    const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const ask = {
      text: look.source.text,
      heads_off: pairs(look.heads_off),
      blocked: look.blocked,
      turned: look.turned,
    };
    try {
      for await (const step of askDecode(ask, stop.signal)) {
        if (stop.signal.aborted) return; // in a notebook all steps come at once
        setSteps((before) => [...before, step]);
        if (!quiet) await new Promise((done) => setTimeout(done, A_WORD));
      }
    } catch (error) {
      if (!stop.signal.aborted) setProblem((error as Error).message);
    }
  }
  return [steps, run, problem];
}
