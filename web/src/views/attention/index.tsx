/** Attention: the article's picture of "it", with this model's numbers. */
import { useState } from "preact/hooks";
import { attentionOf, isSink, meanRow, strongest, wordAt } from "../../numbers/attention";
import { css, hue } from "../../draw/colour";
import { Heat } from "../../draw/heat";
import { fixed, percent } from "../../draw/number";
import { headsOf, layerOf, tokenOf, usePage } from "../../state/page";
import { isPronoun, openingOf, taughtHead } from "../../state/opening";
import { Turns } from "../parts/turns";
import { HeadChips, HeadMark, LayerSlider, SideSwitch, Toggle } from "../parts/controls";
import { Large, Overview, PairGrid, WeightsTwin, wordMatrix } from "./grids";
import { Lists } from "../parts/lists";
import { BlankNote } from "../parts/piece";

export function AttentionView() {
  const page = usePage();
  const { state, set, t, look, numbers, theme } = page;
  const [every, setEvery] = useState(false);
  const [flowing, setFlowing] = useState(false);
  const layer = layerOf(page);
  const attention = attentionOf(numbers, state.side, layer, state.pieces);
  if (!attention || (!state.heads && !openingOf(page.base ?? numbers, state.side, state.pieces)))
    return <p class="loading">{t("loading")}</p>;
  const { queries, keys } = attention;
  const heads = headsOf(page);
  const query = Math.max(0, wordAt(queries, tokenOf(state, look)));
  const exact = heads.map((head) => attention.sharpen(head, query)).every(Boolean);
  const skip = (key: number) => isSink(keys[key]!.text) || (state.side !== "cross" && key === query);
  const mean = heads.length ? meanRow(attention, heads, query) : null;
  const chosen = state.key >= 0 ? wordAt(keys, state.key) : -1;
  const target = chosen >= 0 ? chosen : ((mean && strongest(mean.weights, 1, skip)[0]) ?? 0);
  const small = queries.length <= 64 && keys.length <= 64;
  const cell = Math.max(6, Math.min(26, Math.floor(420 / keys.length)));
  const word = queries[query]!.text;

  return (
    <div class="view">
      <div class="controls">
        <SideSwitch />
        <LayerSlider />
        <HeadChips />
      </div>
      {reading()}
      <div class="attention">
        <div>
          <Lists
            attention={attention}
            heads={heads}
            query={query}
            target={target}
            every={every}
            flowing={flowing}
            pick={(n) => set({ token: queries[n]!.tokens[0]!, key: -1 })}
            pickKey={(n) => set({ key: keys[n]!.tokens[0]! })}
          />
          <p class="note flowing-note">
            <button type="button" class="plain moves" aria-pressed={flowing} onClick={() => setFlowing(!flowing)}>
              <span aria-hidden="true">{flowing ? "❚❚" : "▶"}</span> {t("values.flow")}
            </button>{" "}
            {flowing && t("values.flow.note", { word })}
          </p>
          {page.live && <p class="note">{t("turn.note")}</p>}
          <Turns />
          <div class="toggles">
            <Toggle on={!state.pieces} label={t("words")} note={t("words.note")} set={(on) => set({ pieces: !on })} />
            <Toggle on={state.sinks} label={t("sinks")} note={t("sinks.note")} set={(on) => set({ sinks: on })} />
            <Toggle on={every} label={t("everyone")} set={setEvery} />
          </div>
          {!state.pieces && queries.length + keys.length < look.source.tokens.length + look.target.tokens.length && (
            <p class="note">{t("words.note")}</p>
          )}
          {state.pieces && <BlankNote tokens={[...queries, ...keys].map(({ text }) => text)} />}
          {!exact && <p class="note">{t("rounded", { error: fixed(attention.error, 4) })}</p>}
          {mean && mean.rest > 0 && (
            <p class="note">{t("rest", { share: percent(mean.rest), n: keys.length - attention.stored })}</p>
          )}
        </div>
        <div>
          <PairGrid query={queries[query]!} target={keys[target]!} />
          {!small && heads.length > 0 && <Large layer={layer} head={heads[0]!} />}
          {small && heads.length > 0 && (
            <section>
              <h3>{t(heads.length > 1 ? "matrix.title" : "matrix.one", { heads: heads.join(t("comma")) })}</h3>
              <Heat
                matrix={wordMatrix(attention, heads)}
                colour={theme.ink}
                cell={[cell, Math.max(14, Math.min(22, cell))]}
                theme={theme}
                rowAxis={t("axis.query")}
                colAxis={t("axis.key")}
                rowLabels={queries.map(({ text }) => text)}
                colLabels={keys.map(({ text }) => text)}
                mark={{ row: query, col: target }}
                label={t("matrix.label")}
                onPick={(row, col) => set({ token: queries[row]!.tokens[0]!, key: keys[col]!.tokens[0]! })}
              />
            </section>
          )}
        </div>
      </div>
      <Overview />
      <WeightsTwin attention={attention} heads={heads} />
    </div>
  );

  /** The same in words, whatever is looked at, the word itself and full stops too; a screen reader hears it at each change. */
  function reading() {
    const taught = taughtHead(numbers, state.side);
    return (
      <div class="reading" data-spot="reading">
        <p class="sr" aria-live="polite">
          {mean ? saying(mean.weights) : t("heads.none")}
        </p>
        <p class="reading-line" aria-hidden="true">
          <bdi class="quoted">{word}</bdi> {t("reading.attends")}
        </p>
        <ul aria-hidden="true">
          {heads.map((head) => {
            const weights = attention!.row(head, query).weights;
            return (
              <li style={{ borderColor: css(hue(head, theme.dark)) }}>
                <HeadMark head={head} /> <small>{t("head.n", { n: head })}</small>{" "}
                {strongest(weights, 3)
                  .filter((key, n) => n === 0 || weights[key]! > 0.02)
                  .map((key, n) => (
                    <span>
                      {n ? t("comma") : ""}
                      <bdi>
                        <b>{quoted(keys[key]!.text)}</b>
                      </bdi>{" "}
                      {percent(weights[key]!)}
                      {key === query && state.side !== "cross" && <small> {t("itself")}</small>}
                    </span>
                  ))}
                {layer === taught?.layer && head === taught.head && isPronoun(word) && (
                  <small> · {t("head.taught")}</small>
                )}
              </li>
            );
          })}
          {!heads.length && <li>{t("heads.none")}</li>}
        </ul>
        {state.side !== "encoder" && <p class="note">{t("side.rows")}</p>}
        {!state.heads && state.layer < 0 && state.token < 0 && <p class="note">{t("heads.telling.note")}</p>}
      </div>
    );
  }

  function saying(weights: Float32Array): string {
    const words = strongest(weights, 3).map((key) => `${quoted(keys[key]!.text)} ${percent(weights[key]!)}`);
    return t("reading.says", { word, list: words.join(t("comma")) });
  }
}

/** A mark stands in quotes, so that it is no mark of the sentence about it. */
const quoted = (text: string): string => (/^[\p{P}]+$/u.test(text) ? `“${text}”` : text);
