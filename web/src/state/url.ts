/** The page's state, kept in its address. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { CHAPTERS } from "./chapters";
import { fromHash, type State, toHash } from "./state";

/** The state in the address. A teacher's link is an address with ?lesson=looks&sentence=…, and may have a state behind it. */
function firstState(): State {
  const { lesson, ...said } = Object.fromEntries(new URLSearchParams(location.search));
  const state = fromHash(location.hash, fromHash(new URLSearchParams(said as Record<string, string>).toString()));
  const chapter = CHAPTERS.findIndex(({ name }) => name === lesson);
  return chapter < 0 || location.hash ? state : { ...state, ...CHAPTERS[chapter]!.show, chapter, lesson: true };
}

/** The state in the URL. A change of the view can be undone with the browser's Back; other changes replace. */
export function useUrl(): [State, (patch: Partial<State>) => void] {
  const [state, setState] = useState(firstState);
  const set = useCallback((patch: Partial<State>) => {
    setState((before) => {
      const after = { ...before, ...patch };
      try {
        const moved = after.view !== before.view || after.chapter !== before.chapter;
        history[moved ? "pushState" : "replaceState"](null, "", toHash(after) || location.pathname + location.search);
      } catch {
        // a sandboxed frame has no history
      }
      return after;
    });
  }, []);
  useEffect(() => {
    const moved = () =>
      setState(({ sentence, lang }) => {
        const there = fromHash(location.hash);
        return { ...there, sentence: there.sentence || sentence, lang: there.lang || lang };
      });
    addEventListener("popstate", moved);
    addEventListener("hashchange", moved);
    return () => {
      removeEventListener("popstate", moved);
      removeEventListener("hashchange", moved);
    };
  }, []);
  return [state, set];
}
