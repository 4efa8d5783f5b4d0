/** The model that came with the page, in its file or beside it, and the Worker in which it computes. */
import { useOwn } from "../numbers/api";
import { fromBase64 } from "../numbers/data";
import type { Ask, Look, ModelFacts, Shelf, Shelved } from "../numbers/wire";
import type { Load } from "../worker/worker";

export interface Own {
  facts: ModelFacts;
  /** All models that there are to choose from. */
  shelf: Shelved[];
  /** Bring it, and ask it from now on. Tells which share of it has come. */
  load(told: (share: number) => void): void;
}

/** Bytes of memory that a model takes: its weights in float32, some of them twice while it comes, and what it computes. */
const memoryOf = ({ parameters }: ModelFacts): number => 5 * parameters + 60_000_000;

/** Memory that this device may not have: the memory that the model takes, and the device's, in MB. Not every browser says its own. */
export function tooLarge(facts: ModelFacts): { wanted: number; there: number } | undefined {
  const there = 1000 * ((navigator as { deviceMemory?: number }).deviceMemory ?? Infinity);
  const wanted = Math.round(memoryOf(facts) / 1e6);
  return wanted > there / 4 ? { wanted, there } : undefined;
}

/** Of several models the one that the address names, or one into the page's language, or the first. */
export function preferred(names: readonly string[], wanted: string, language: string): string {
  return names.find((name) => name === wanted) ?? names.find((name) => name.endsWith(`-${language}`)) ?? names[0]!;
}

/** `wanted`: the name of one on the shelf; empty: by the page's language. */
export function ownModel(root: Document, wanted: string, language: string): Own | undefined {
  const [inFile, shelf] = [root.getElementById("model-comes"), root.getElementById("shelf")];
  const read = async () => {
    await parsed(root);
    const file = root.getElementById("model")!;
    const body = fromBase64(file.textContent!).buffer as ArrayBuffer;
    // The Worker has it now, and nobody needs it twice. A copy that the browser saves says so: it has its numbers alone.
    for (const gone of [file, inFile!, ...(shelf ? [shelf] : [])]) gone.remove();
    return body;
  };
  if (inFile && !shelf) {
    const look = JSON.parse(root.getElementById("look")!.textContent!) as Look;
    const [source, target] = [look.source.ids.slice(0, -1), look.target.ids.slice(1)];
    return {
      facts: look.model,
      shelf: [],
      load: () => useOwn(working(read, { start: askOf(look), pieces: { source, target } })),
    };
  }
  if (!shelf) return undefined;
  const { models } = JSON.parse(shelf.textContent!) as Shelf;
  const name = preferred(
    models.map(({ model }) => model.name),
    wanted,
    language,
  );
  const chosen = models.find(({ model }) => model.name === name)!;
  return {
    facts: chosen.model,
    shelf: models,
    load: (told) => useOwn(working(() => (inFile ? read() : fetched(chosen, told)), { start: chosen.start })),
  };
}

const askOf = ({ source, target, target_given, heads_off, blocked, turned }: Look): Ask => ({
  text: source.text,
  ...(target_given && { target: target.text }),
  heads_off: heads_off.map(({ attention, head }) => [attention, head]),
  blocked,
  turned,
});

/** All of the page is there, what stands below its script, too. */
const parsed = async (root: Document): Promise<void> => {
  if (root.readyState === "loading")
    await new Promise((done) => root.addEventListener("DOMContentLoaded", done, { once: true }));
};

async function working(model: () => Promise<ArrayBuffer>, about: Omit<Load, "model">): Promise<Worker> {
  const script = new Blob([document.getElementById("worker")!.textContent!], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(script));
  await new Promise((drawn) => setTimeout(drawn)); // what the page has already is seen first
  const load: Load = { ...about, model: await model() };
  worker.postMessage(load, [load.model]);
  return worker;
}

async function fetched({ file, size }: Shelved, told: (share: number) => void): Promise<ArrayBuffer> {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`);
  const reader = answer.body!.getReader();
  const body = new Uint8Array(size);
  for (let at = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return body.buffer;
    body.set(value, at);
    at += value.length;
    told(at / size);
  }
}
