/** The page's questions to its own server, in a notebook its parent window, or the model that came with it. Nothing is ever asked
 * of anybody else, and no view knows who answered. */
import { type Fetch, type Numbers, parseExact, parseLook } from "./data";
import {
  type Ask,
  type BridgeAnswer,
  type BridgeAsk,
  type HeadName,
  type Ranking,
  type Start,
  type DecodingStep,
  VERSION,
} from "./wire";

export class ServerError extends Error {}

type Transport = (path: string, body: string, signal?: AbortSignal) => Promise<Response>;

let model = "";

/** The model of a server that has several: asked from now on. Empty: its first. */
export function useModel(name: string): void {
  model = name;
}

const http: Transport = (path, body, signal) => {
  const address = path + (model && `?model=${encodeURIComponent(model)}`);
  return path === "/api/model"
    ? fetch(address)
    : fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: signal ?? null });
};

let transport = http;
let asked = 0;

/** Questions as messages: who hears them answers with the same number, in one message or, a part at a time, in several. */
function messages(
  ear: EventTarget,
  send: (ask: BridgeAsk) => void,
  isFrom: (event: MessageEvent) => boolean,
): Transport {
  return (path, body, signal) =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      let parts: ReadableStreamDefaultController<Uint8Array> | undefined;
      const hear = (event: Event) => {
        const { data } = event as MessageEvent<BridgeAnswer & { body?: ArrayBuffer }>;
        if (!isFrom(event as MessageEvent) || data?.glassformer !== VERSION || data.id !== id || !data.status) return;
        if (!data.more) ear.removeEventListener("message", hear);
        if (!parts && data.more) {
          const stream = new ReadableStream<Uint8Array>({ start: (made) => void (parts = made) });
          resolve(new Response(stream, { status: data.status }));
        }
        if (!parts) return resolve(new Response(data.body ?? null, { status: data.status }));
        if (data.body?.byteLength) parts.enqueue(new Uint8Array(data.body));
        if (!data.more) parts.close();
      };
      ear.addEventListener("message", hear);
      signal?.addEventListener("abort", () => {
        ear.removeEventListener("message", hear);
        if (ear !== window) send({ glassformer: VERSION, id, path: "/api/stop", body: "" }); // the Worker is ours
        const gone = new DOMException("", "AbortError");
        parts?.error(gone);
        reject(gone);
      });
      send({ glassformer: VERSION, id, path, body });
    });
}

/** In a notebook the page is a sandboxed frame without a server: its parent window asks the kernel for it. */
export function useBridge(): void {
  transport = messages(
    window,
    (ask) => window.parent.postMessage(ask, "*"),
    ({ source }) => source === window.parent,
  );
}

/** Where the model came with the page, its own Worker answers; questions wait until it is there. */
export function useOwn(worker: Promise<Worker>): void {
  const ready = worker.then((one) =>
    messages(
      one,
      (ask) => one.postMessage(ask),
      () => true,
    ),
  );
  transport = async (...question) => (await ready)(...question);
}

async function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const answer = await transport(`/api/${path}`, JSON.stringify(body), signal);
  if (!answer.ok) {
    const said = (await answer.json().catch(() => ({}))) as { error?: string };
    throw new ServerError(said.error ?? `${answer.status} ${answer.statusText}`);
  }
  return answer;
}

export const pairs = (heads: HeadName[]): [string, number][] => heads.map(({ attention, head }) => [attention, head]);

export async function askStart(): Promise<Start> {
  return (await (await post("model", {})).json()) as Start;
}

export async function askLook(ask: Ask, signal?: AbortSignal): Promise<Numbers> {
  return parseLook(await (await post("look", ask, signal)).arrayBuffer(), exact);
}

/** Numbers that did not travel with their look, or not exactly. */
export const exact: Fetch = async (look, { name }, learned, at) => {
  const {
    source,
    target,
    heads_off,
    blocked,
    turned,
    model: { checkpoint },
  } = look;
  const ask = {
    name,
    at,
    text: source.text,
    target: target.text,
    heads_off: pairs(heads_off),
    blocked,
    turned,
    checkpoint,
  };
  const answer = learned ? post("weights", { name, checkpoint }) : post("rows", ask);
  return parseExact(await (await answer).arrayBuffer());
};

export async function askRank(ask: Ask, signal?: AbortSignal): Promise<Ranking> {
  return (await (await post("rank", ask, signal)).json()) as Ranking;
}

/** Each step as soon as the model has made it. */
export async function* askDecode(ask: Ask, signal?: AbortSignal): AsyncGenerator<DecodingStep> {
  const reader = (await post("decode", ask, signal)).body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    const lines = text.split("\n");
    text = done ? "" : lines.pop()!;
    for (const line of lines) if (line.trim()) yield step(line);
    if (done) return;
  }
}

function step(line: string): DecodingStep {
  const said = JSON.parse(line) as DecodingStep & { error?: string };
  if (said.error) throw new ServerError(said.error);
  return said;
}
