/** The page's own model, in a Worker: it hears BridgeAsk and answers BridgeAnswer, as a notebook does, one after the other. */
import { type Ask, type BridgeAnswer, type BridgeAsk, VERSION } from "../numbers/wire";
import { reasonOf, Service } from "./service";

/** The first message: the model's file, what to begin with, and the pieces of a pair that is on the page already. */
export interface Load {
  model: ArrayBuffer;
  start: Ask;
  pieces?: { source: number[]; target: number[] };
}

class Gone extends Error {}

const gone = new Set<number>();
let service: Promise<Service> | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Let messages in, one of which may say that nobody waits for answer `id` any more. */
async function breathe(id: number): Promise<void> {
  await new Promise<void>((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (port1.close(), done());
    port2.postMessage(0);
  });
  if (gone.delete(id)) throw new Gone();
}

async function loaded({ model, start, pieces }: Load): Promise<Service> {
  const made = await Service.load(model, start);
  if (pieces) made.keep(start, pieces.source, pieces.target);
  return made;
}

async function answer({ id, path, body }: BridgeAsk): Promise<void> {
  let begun = false;
  const send = (status: number, part: ArrayBuffer, more: boolean) => {
    begun = true;
    const about: BridgeAnswer = { glassformer: VERSION, id, status, more };
    postMessage({ ...about, body: part }, { transfer: [part] });
  };
  try {
    await breathe(id);
    const tell = (part: ArrayBuffer) => send(200, part, true);
    send(200, await (await service!).answer(path, body, () => breathe(id), tell), false);
  } catch (error) {
    if (error instanceof Gone) return;
    const problem = `${JSON.stringify({ error: reasonOf(error) })}\n`;
    send(begun ? 200 : 400, new TextEncoder().encode(problem).buffer, false); // as over HTTP: the last line of what has begun
  }
}

addEventListener("message", ({ data }: MessageEvent<Load | BridgeAsk>) => {
  if ("model" in data) service = loaded(data);
  else if (data.path === "/api/stop") gone.add(data.id);
  else last = last.then(() => answer(data));
});
