/** All heads by what they matter for this sentence. */
import { useEffect, useRef, useState } from "preact/hooks";
import { askRank } from "../../numbers/api";
import { shown } from "../../numbers/attention";
import type { HeadName, Ranking } from "../../numbers/wire";
import { css } from "../../draw/colour";
import { fixed } from "../../draw/number";
import { usePage } from "../../state/page";
import { sameHead, toggled } from "../../state/state";
import { HeadMark, layerName, Twin } from "../parts/controls";

export function Rank() {
  const { t, look: now, base, set, state, theme } = usePage();
  const look = base?.look ?? now; // the sentence as it is: a head that is off changes nothing of what each is worth
  const [ranking, setRanking] = useState<Ranking | null>(null);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState("");
  const running = useRef<AbortController | null>(null);
  // another pair came: what is known, or asked, is about the one before
  useEffect(
    () => () => {
      running.current?.abort();
      setRanking(null);
      setAsking(false);
      setProblem("");
    },
    [look.source.text, look.target.ids.join()],
  );
  async function ask() {
    const stop = (running.current = new AbortController());
    setAsking(true);
    setProblem("");
    const answer = await askRank({ text: look.source.text, target: look.target.text }, stop.signal).catch(
      (error: Error) => error,
    );
    if (stop.signal.aborted) return;
    if (answer instanceof Error) setProblem(answer.message);
    else setRanking(answer);
    setAsking(false);
  }
  const most = ranking ? Math.max(...ranking.change.map(Math.abs), 1e-9) : 1;
  return (
    <section data-spot="rank">
      <h3>{t("rank.title")}</h3>
      <p>{t("rank.note")}</p>
      <button type="button" class="plain" data-ask="rank.ask" disabled={asking} onClick={ask}>
        {t(asking ? "rank.asking" : "rank.ask")}
      </button>
      {asking && <progress aria-label={t("rank.asking")} />}
      {problem && <p role="alert">{problem}</p>}
      {ranking && (
        <>
          <p class="note">
            {t("rank.unit", {
              head: layerName(t, ranking.heads[0]!.attention),
              change: fixed(ranking.change[0]!, 2),
              times: fixed(Math.exp(-ranking.change[0]!), 0),
            })}
          </p>
          <ol class="ranking">
            {ranking.heads.slice(0, 16).map((name, n) => (
              <li>
                <button
                  type="button"
                  class="quiet"
                  aria-pressed={state.off.some((one) => sameHead(one, name))}
                  onClick={() => set({ off: toggled(state.off, name, sameHead) })}
                >
                  <HeadMark head={name.head} /> {short(name)}
                </button>
                <span class="choice-bar">
                  <i
                    style={{
                      width: `${(100 * Math.abs(ranking.change[n]!)) / most}%`,
                      background: css(ranking.change[n]! < 0 ? theme.minus : theme.plus),
                    }}
                  />
                </span>
                <span>{fixed(ranking.change[n]!, 2)}</span>
              </li>
            ))}
          </ol>
          <Twin
            head={[t("head"), t("rank.change"), ...look.target.tokens.slice(1).map(shown), "</s>"]}
            rows={() =>
              ranking.heads.map((name, n) => [
                short(name),
                fixed(ranking.change[n]!, 3),
                ...ranking.per_token[n]!.map((value) => fixed(value, 3)),
              ])
            }
          />
        </>
      )}
    </section>
  );

  function short({ attention, head }: HeadName): string {
    return t("head.in", { head, layer: layerName(t, attention) });
  }
}
