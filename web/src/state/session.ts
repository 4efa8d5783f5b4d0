/** Where the numbers come from: out of the page itself, or from the server for the sentence in the field. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { askLook, askStart, exact, pairs, useBridge, useModel } from "../numbers/api";
import { embedded, type Numbers } from "../numbers/data";
import { type Own, ownModel, preferred, tooLarge } from "./own";
import { ARTICLE, type State, type Turn } from "./state";

const PAUSE = 40; // ms without a key before a sentence is asked for: a question that is typed over is given up by the server

export interface Session {
  numbers: Numbers | undefined;
  /** The same sentence with nothing switched off, where something is. */
  base: Numbers | undefined;
  live: boolean;
  busy: boolean;
  problem: string;
  /** The model that came with the page, where one did. */
  own: Own | undefined;
  /** The names of the models that there are to choose from, and of the one that answers; empty where there is no choice. */
  models: readonly string[];
  model: string;
  /** Which share of it has come; 1: all, or there is none. */
  share: number;
  /** A warning before it is loaded: it may be too large for this device. */
  large: { wanted: number; there: number } | undefined;
  loadAnyway(): void;
}

const START: Session = {
  numbers: undefined,
  base: undefined,
  live: false,
  busy: false,
  problem: "",
  own: undefined,
  models: [],
  model: "",
  share: 1,
  large: undefined,
  loadAnyway: () => {},
};

/** `language`: the page's, by which a model is preferred unless the address names one. */
export function useSession(state: State, set: (patch: Partial<State>) => void, language: string): Session {
  const [session, setSession] = useState(START);
  const [, redraw] = useState(0);
  const [lost, setLost] = useState("");
  const ready = useRef(false);
  const shown = useRef("");
  const latest = useRef(state);
  if (latest.current !== state) {
    // somebody did something: before the views draw, so that they ask again
    latest.current = state;
    session.numbers?.retry();
    session.base?.retry();
  }
  useLayoutEffect(() => setLost(""), [state, session.numbers]); // before anything that is asked for now can fail

  const watch = (numbers: Numbers): Numbers => {
    let planned = false;
    numbers.arrived = () => {
      if (planned) return;
      planned = true;
      requestAnimationFrame(() => {
        planned = false;
        redraw((n) => n + 1);
      });
    };
    numbers.failed = (error) => setLost(String((error as Error).message));
    return numbers;
  };

  // The first numbers: those in the page, or the server's start.
  useEffect(() => {
    const saved = embedded(document, exact);
    const own = ownModel(document, state.model, language);
    const large = own && tooLarge(own.facts);
    const choice = own && { models: own.shelf.map(({ model }) => model.name), model: own.facts.name };
    const bring = () => {
      setSession((before) => ({ ...before, large: undefined }));
      own?.load((share) => setSession((before) => ({ ...before, share })));
      ready.current = true;
    };
    if (saved) {
      if (saved.look.live) useBridge();
      watch(saved);
      const { source, target, target_given, heads_off: off, blocked, turned } = saved.look;
      const live = saved.look.live || (own !== undefined && !large);
      if (!state.sentence) {
        const first = {
          sentence: source.text,
          target: target_given ? target.text : "",
          off,
          blocked,
          turned,
          ...sightOf(state, turned),
        };
        if (live || own) shown.current = key({ ...state, ...first });
        set(first);
      }
      ready.current = saved.look.live;
      setSession({
        ...START,
        numbers: saved,
        live,
        own,
        large,
        loadAnyway: () => (bring(), setSession((before) => ({ ...before, live: true }))),
      });
      if (own && !large) bring();
      return;
    }
    if (own) {
      const first = () => (bring(), begin());
      setSession({ ...START, own, ...choice, large, share: 0, loadAnyway: first });
      if (!large) first();
    } else begin();

    function begin() {
      askStartOfPreferred().then(
        (start) => {
          ready.current = true;
          const { models, model } = start;
          setSession((before) => ({
            ...before,
            live: true,
            busy: true,
            share: 1,
            ...(models.length && { models, model: model.name }),
          }));
          const { sentence, target, off, turned } = latest.current; // something may have been typed by now
          if (sentence) return; // what the start switches off, or gives, is for its own sentence
          const heads = start.heads_off.map(([attention, head]) => ({ attention, head }));
          set({
            sentence: start.text || `${ARTICLE}.`,
            target: target || start.target,
            off: off.length ? off : heads,
            turned: turned.length ? turned : start.turned,
            ...sightOf(latest.current, start.turned),
          });
        },
        (error) => setSession({ ...START, own, problem: own ? (error as Error).message : "nomodel" }),
      );
    }

    /** The start of the model that the address names, or that the page's language prefers, where the server has several. */
    async function askStartOfPreferred() {
      const start = await askStart();
      const name = start.models.length ? preferred(start.models, state.model, language) : start.model.name;
      if (name === start.model.name) return start;
      useModel(name);
      return askStart();
    }
  }, []);

  // The other language was chosen, and there is a model for it: the page begins anew with that one.
  useEffect(() => {
    if (session.models.length < 2 || state.model || preferred(session.models, "", language) === session.model) return;
    set({ target: "", off: [], blocked: [], turned: [] });
    location.reload();
  }, [language, session.model]);

  // Every sentence after that.
  useEffect(() => {
    if (!ready.current) return;
    if (!state.sentence.trim() || shown.current === key(state)) {
      // back at what is shown, or nothing to ask: whatever was asked for meanwhile has been given up
      setSession((before) => (before.busy || before.problem ? { ...before, busy: false, problem: "" } : before));
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(
      async () => {
        setSession((before) => ({ ...before, busy: true }));
        const ask = { text: state.sentence, ...(state.target && { target: state.target }) };
        try {
          const [numbers, base] = await Promise.all([
            askLook({ ...ask, heads_off: pairs(state.off), blocked: state.blocked, turned: state.turned }, stop.signal),
            state.off.length || state.blocked.length || state.turned.length ? askLook(ask, stop.signal) : undefined,
          ]);
          await Promise.all([numbers, base].map((one) => one?.weights())); // a view that waited would let go of what is dragged
          if (stop.signal.aborted) return;
          shown.current = key(state);
          setSession((before) => ({
            ...before,
            numbers: watch(numbers),
            base: base && watch(base),
            live: true,
            busy: false,
            problem: "",
          }));
        } catch (error) {
          if ((error as Error).name !== "AbortError")
            setSession((before) => ({ ...before, busy: false, problem: (error as Error).message }));
        }
      },
      shown.current ? PAUSE : 0,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key(state), session.live]);
  return { ...session, problem: session.problem || lost };
}

/** A head that is turned from the start is in sight, unless the address says what is. */
function sightOf(state: State, [first]: Turn[]): Partial<State> {
  const match = /^(encoder|decoder)\.layers\.(\d+)\.(self|cross)/.exec(first?.[0] ?? "");
  if (!match || state.heads || state.layer >= 0) return {};
  return {
    side: match[3] === "cross" ? "cross" : (match[1] as "encoder"),
    layer: Number(match[2]),
    heads: [first![1]],
    token: first![2],
    key: first![3][0]!,
  };
}

const key = (state: State): string =>
  JSON.stringify([state.sentence, state.target, state.off, state.blocked, state.turned]);
