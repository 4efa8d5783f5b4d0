/** The effect of a change, in one sentence made of numbers: after a head is off or turned, or a look forbidden. */
import { useEffect, useState } from "preact/hooks";
import { askLook, pairs } from "../../numbers/api";
import { shown as readable } from "../../numbers/attention";
import { bare, changesOf, wordsIn } from "../../numbers/changes";
import type { Look } from "../../numbers/wire";
import { fixed, percent } from "../../draw/number";
import { usePage } from "../../state/page";
import { layerName } from "./controls";
import { glossOf } from "./gloss";
import { turnsOf } from "./turns";

/** Two texts as one: what went is struck out, what came is marked. */
export function Changed({ before, after, side }: { before: string; after: string; side: "before" | "after" }) {
  const left = side === "before" ? "goes" : "comes";
  const [was, is] = [wordsIn(before), wordsIn(after)];
  const shown = changesOf(was, is).filter(({ what }) => what === "stays" || what === left);
  return (
    <bdi>
      {shown.map(({ text, what, after }, n) => (
        <>
          {n > 0 && " "}
          {what === "stays" ? (
            side === "after" ? (
              is[after]
            ) : (
              text
            )
          ) : side === "before" ? (
            <del>{text}</del>
          ) : (
            <mark>{text}</mark>
          )}
        </>
      ))}
    </bdi>
  );
}

/** The translation as it was, read again with the change: the model's probabilities of the same words. */
function useReread(): Look | undefined {
  const { look, base, live } = usePage();
  const [found, setFound] = useState<{ of: Look; look: Look }>();
  const same = base?.look.target.text === look.target.text;
  useEffect(() => {
    if (!base || same || !live) return;
    const stop = new AbortController();
    const { heads_off, blocked, turned, source } = look;
    const target = base.look.target.text;
    askLook({ text: source.text, target, heads_off: pairs(heads_off), blocked, turned }, stop.signal).then(
      (numbers) => setFound({ of: look, look: numbers.look }),
      () => {}, // the sentence then says nothing of log P
    );
    return () => stop.abort();
  }, [look, base]);
  return same ? look : found?.of === look ? found.look : undefined;
}

export function Happened() {
  const page = usePage();
  const { t, look, base } = page;
  const reread = useReread();
  if (!base || look.heads_off.length + look.blocked.length + look.turned.length === 0) return null;
  const gloss = (word: string) => {
    const meaning = glossOf(page, word);
    return t("gloss.of", { word: bare(word), meaning: meaning && t("gloss.in", { meaning }) });
  };
  const found = changesOf(wordsIn(base.look.target.text), wordsIn(look.target.text));
  const list = (what: "goes" | "comes") =>
    found
      .filter((one) => one.what === what)
      .map(({ text }) => gloss(text))
      .join(t("and"));
  const [lost, came] = [list("goes"), list("comes")];
  const what =
    !lost && !came ? "happened.nothing" : !came ? "happened.lost" : !lost ? "happened.came" : "happened.both";
  return (
    <p class="happened" role="status" data-spot="happened">
      {subject()}
      {t("gap")}
      {t(what, { lost, came })}
      {t("gap")}
      {reread && measured(base.look, reread)}
    </p>
  );

  function subject(): string {
    const { heads_off: off, blocked, turned } = look;
    if (off.length + blocked.length + turned.length > 1 && (off.length > 1 || blocked.length + off.length > 0))
      return t("happened.many", { n: off.length + turnsOf(look, turned).length + (blocked.length > 0 ? 1 : 0) });
    if (off.length) return t("happened.without", { head: off[0]!.head, layer: layerName(t, off[0]!.attention) });
    if (blocked.length) return t("happened.blocked");
    const [turn] = turnsOf(look, turned);
    return t("happened.turned", {
      head: turn!.head,
      layer: layerName(t, turned[0]![0]),
      query: turn!.query,
      key: turn!.key,
    });
  }

  /** By how much log P of the old translation changed, and at which of its words most. */
  function measured(was: Look, is: Look): string {
    const logs = was.steps.map((step, n) => {
      const now = is.steps[n]?.chosen;
      return now?.id === step.chosen.id ? Math.log(now.probability) - Math.log(step.chosen.probability) : Number.NaN;
    });
    if (logs.some(Number.isNaN)) return "";
    const total = logs.reduce((sum, one) => sum + one, 0);
    if (!lost && !came && Math.abs(total) < 0.05) return t("happened.little", { change: fixed(total, 3) });
    const most = logs.indexOf(logs.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)));
    const [before, after] = [was.steps[most]!.chosen, is.steps[most]!.chosen];
    return t("happened.log", {
      change: fixed(total, 2),
      word: readable(before.token),
      before: percent(before.probability),
      after: percent(after.probability),
    });
  }
}
