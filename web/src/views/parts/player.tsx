/** A motion in steps: play, pause, a step back, a step on. Where the system asks for no motion only the steps are there. */
import { useEffect, useState } from "preact/hooks";
import { usePage } from "../../state/page";

export interface Player {
  /** From 0 to count - 1. */
  at: number;
  count: number;
  playing: boolean;
  go(at: number): void;
  play(on: boolean): void;
}

/** `seconds` a step. `outside` is a step that somebody else keeps, as the address does. */
export function usePlayer(count: number, seconds: number, outside?: { at: number; set: (at: number) => void }): Player {
  const [own, setOwn] = useState(0);
  const [playing, play] = useState(false);
  const at = Math.min(outside ? outside.at : own, count - 1);
  const go = outside ? outside.set : setOwn;
  useEffect(() => {
    if (!playing) return;
    if (at >= count - 1) return play(false);
    const timer = setTimeout(() => go(at + 1), 1000 * seconds);
    return () => clearTimeout(timer);
  }, [playing, at, count]);
  return { at, count, playing, go, play };
}

export function Steps({ player, label }: { player: Player; label: string }) {
  const { t } = usePage();
  const { at, count, playing, go, play } = player;
  const start = () => {
    if (!playing && at >= count - 1) go(0);
    play(!playing);
  };
  const to = (step: number) => {
    play(false);
    go(step);
  };
  return (
    <span class="player" role="group" aria-label={label}>
      <button
        type="button"
        class="moves"
        onClick={start}
        aria-label={`${t(playing ? "pause" : "play")}${t("colon")}${label}`}
      >
        {playing ? "❚❚" : "▶"}
      </button>
      <button type="button" disabled={at <= 0} onClick={() => to(at - 1)} aria-label={t("step.back")}>
        ←
      </button>
      <span class="sr">{t("step.at", { n: at + 1, all: count })}</span>
      <span class="player-at" aria-hidden="true">
        {at + 1}
        <small> / {count}</small>
      </span>
      <button type="button" disabled={at >= count - 1} onClick={() => to(at + 1)} aria-label={t("step.next")}>
        →
      </button>
    </span>
  );
}
