import { layers, path, type Where } from "../../numbers/attention";
import { css, hue } from "../../draw/colour";
import { percent } from "../../draw/number";
import { changesOf, usePage } from "../../state/page";
import { isOff, sameHead, toggled } from "../../state/state";
import type { Look } from "../../numbers/wire";
import { Rich } from "../parts/rich";
import { Blocks } from "./blocks";
import { Changed } from "../parts/happened";
import { BlankNote, Piece } from "../parts/piece";
import { Rank } from "./rank";
import { Turning } from "./turning";

const SIDES: Where[] = ["encoder", "decoder", "cross"];

export function WhatIfView() {
  const page = usePage();
  const { set, t, live, look, base } = page;
  const { off } = changesOf(page);
  return (
    <div class="view">
      <p class="lead">
        <Rich text={t("whatif.lead")} />
      </p>
      {!live && (
        <p class="note boxed">
          {t("whatif.live")} <code>glassformer look "{look.source.text}"</code>
        </p>
      )}
      <div class="columns">
        <section data-spot="switches">
          <h3>{t("whatif.heads")}</h3>
          <div class="switchboard">
            {SIDES.map((side) => (
              <Board side={side} />
            ))}
          </div>
          {live && off.length > 0 && (
            <button type="button" class="plain" onClick={() => set({ off: [] })}>
              {t("whatif.allon", { n: off.length })}
            </button>
          )}
          {(live || look.blocked.length > 0) && <Blocks />}
        </section>
        <section data-spot="outcome">
          <h3>{t("whatif.outcome")}</h3>
          <Outcome base={base?.look} after={look} />
        </section>
      </div>
      <Turning />
      {live && <Rank />}
    </div>
  );
}

function Board({ side }: { side: Where }) {
  const page = usePage();
  const { state, set, t, look, live, theme } = page;
  const heads = Array.from({ length: look.model.heads }, (_, head) => head);
  const changes = changesOf(page);
  return (
    <table class="board">
      <caption>{t(`side.${side}`)}</caption>
      <tbody>
        {Array.from({ length: layers(look, side) }, (_, layer) => (
          <tr>
            <th scope="row">{layer + 1}</th>
            {heads.map((head) => {
              const name = { attention: path(side, layer), head };
              const off = isOff(changes.off, name.attention, head);
              return (
                <td>
                  <button
                    type="button"
                    aria-pressed={!off}
                    disabled={!live}
                    aria-label={t("whatif.switch", { side: t(`side.${side}`), layer: layer + 1, head })}
                    title={t("whatif.switch", { side: t(`side.${side}`), layer: layer + 1, head })}
                    class={off ? "off" : ""}
                    style={
                      off
                        ? {}
                        : { background: css(hue(head, theme.dark), 0.22), borderColor: css(hue(head, theme.dark)) }
                    }
                    onClick={() => set({ off: toggled(state.off, name, sameHead) })}
                  >
                    {off ? "×" : head}
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The translation before and after, and the chance of each of its words; a saved page has only what it was made with. */
function Outcome({ base, after }: { base: Look | undefined; after: Look }) {
  const { t } = usePage();
  const changed = after.heads_off.length + after.blocked.length + after.turned.length > 0;
  const before = changed ? base : after;
  return (
    <>
      {before && (
        <p class="outcome">
          <small>{t("whatif.before")}</small>
          {changed ? (
            <Changed before={before.target.text} after={after.target.text} side="before" />
          ) : (
            <bdi>{before.target.text}</bdi>
          )}
        </p>
      )}
      {changed && (
        <p class="outcome">
          <small>{t("whatif.after")}</small>
          <Changed before={before?.target.text ?? after.target.text} after={after.target.text} side="after" />
        </p>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label={t("whatif.outcome")}>
        <table class="probabilities">
          <thead>
            <tr>
              <th scope="col">{t("decoding.chosen")}</th>
              {before && <th scope="col">{t("whatif.before")}</th>}
              {changed && <th scope="col">{t("whatif.after")}</th>}
            </tr>
          </thead>
          <tbody>
            {after.steps.map((step, n) => {
              const same = before?.target.ids.slice(0, n + 1).join() === after.target.ids.slice(0, n + 1).join();
              const was = same ? before?.steps[n] : undefined; // after other words a probability is another question's answer
              const old = was && [was.chosen, ...was.choices].find((choice) => choice.id === step.chosen.id);
              return (
                <tr>
                  <th scope="row">
                    <Piece token={step.chosen.token} />
                  </th>
                  {before && <td>{old ? <Bar share={old.probability} /> : "–"}</td>}
                  {changed && (
                    <td>
                      <Bar share={step.chosen.probability} />
                    </td>
                  )}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <BlankNote tokens={after.steps.map(({ chosen }) => chosen.token)} />
    </>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <span class="share">
      <i style={{ width: `${60 * share}px` }} />
      {percent(share)}
    </span>
  );
}
