/** What the page asks its own server, or in a notebook its parent window. Nothing is ever asked of anybody else. */
import { type Fetch, type Numbers, parseExact, parseLook } from "./data";
import { type Ask, type BridgeAnswer, type HeadName, type Ranking, type Start, type Step, VERSION } from "./wire";

export class ServerError extends Error {}

type Transport = (path: string, body: string, signal?: AbortSignal) => Promise<Response>;

const http: Transport = (path, body, signal) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: signal ?? null });

let transport = http;
let asked = 0;

/** In a notebook the page is a sandboxed frame without a server: its parent window asks the kernel for it. */
export function useBridge(): void {
  transport = (path, body, signal) =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      const hear = ({ data, source }: MessageEvent<BridgeAnswer & { body?: ArrayBuffer }>) => {
        if (source !== window.parent || data?.glassformer !== VERSION || data.id !== id || !data.status) return;
        window.removeEventListener("message", hear);
        resolve(new Response(data.body ?? null, { status: data.status }));
      };
      window.addEventListener("message", hear);
      signal?.addEventListener("abort", () => {
        window.removeEventListener("message", hear);
        reject(new DOMException("", "AbortError"));
      });
      window.parent.postMessage({ glassformer: VERSION, id, path, body }, "*");
    });
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
  const answer = await fetch("/api/model");
  if (!answer.ok) throw new ServerError(`${answer.status} ${answer.statusText}`);
  return (await answer.json()) as Start;
}

export async function askLook(ask: Ask, signal?: AbortSignal): Promise<Numbers> {
  return parseLook(await (await post("look", ask, signal)).arrayBuffer(), exact);
}

/** What did not travel with its look, or not exactly. */
export const exact: Fetch = async (look, { name }, learned, at) => {
  const { source, target, heads_off, blocked, turned, model: { checkpoint } } = look;
  const ask = { name, at, text: source.text, target: target.text, heads_off: pairs(heads_off), blocked, turned, checkpoint };
  const answer = learned ? post("weights", { name, checkpoint }) : post("rows", ask);
  return parseExact(await (await answer).arrayBuffer());
};

export async function askRank(ask: Ask, signal?: AbortSignal): Promise<Ranking> {
  return (await (await post("rank", ask, signal)).json()) as Ranking;
}

/** Each step as soon as the model has made it. */
export async function* askDecode(ask: Ask, signal?: AbortSignal): AsyncGenerator<Step> {
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

function step(line: string): Step {
  const said = JSON.parse(line) as Step & { error?: string };
  if (said.error) throw new ServerError(said.error);
  return said;
}
