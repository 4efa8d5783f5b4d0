"""The model inside the page: how large is the file, how soon does it translate, and does it say what PyTorch says?

The shipped model in a file on disk, without a network, in headless Chromium: all of it in one browser, in this order.

  usable       from the start of the navigation until the words and curves of the saved sentence are drawn
  first        from there until the first other sentence's translation is there (the model is loaded meanwhile)
  key_to_page  from a key to the frame that shows its translation, beam 4, with the page's pause before it asks
  rank         all heads ranked for the article's sentence
  slow phone   the same on 390 px with the page's thread slowed four times (Chromium slows no Worker, where the model computes)
  memory       of the process that draws the page, after all that: resident, its own alone (without what it shares with
               other processes), and its own of an empty page
  decode       greedy translation of the article's sentence in the Worker, WebAssembly and plain JavaScript: the first, the
               median of the next; ranking in the Worker

Wanted: file ≤ 17 MB (int8 ≤ 12), usable + first ≤ 1.2 s, key_to_page ≤ 200 ms, rank ≤ 1 s, decode ≤ 40 ms (plain JavaScript
120), memory of its own ≤ 200 MB. page_equal.py says whether it computes what PyTorch computes.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

import rows
import torch
from chromium import DRAWN, chromium, renderer_megabytes

from glassformer.cli.look import ARTICLE
from glassformer.page.export import save_page
from glassformer.page.look import ALONE, look
from glassformer.page.model import model_body, rounded
from glassformer.page.wire import Ask
from glassformer.translator import Translator

SEEN = "() => document.querySelector('.words.left li')"
SAID = "() => !document.querySelector('.translation.busy') && document.querySelector('.translation')?.textContent !== window.before"
TYPED = [f"I have {number} big houses." for number in range(2, 22)]
RANKED = """
async () => {
  const begun = performance.now();
  document.querySelector("[data-ask='rank.ask']").click();
  return (await drawn(() => document.querySelector(".ranking li"))) - begun;
}
"""
TIMES = """
async ([model64, text, forbid, repeats]) => {
  const script = document.getElementById("worker").textContent;
  const url = URL.createObjectURL(new Blob([forbid ? "delete self.WebAssembly;" : "", script], { type: "text/javascript" }));
  const worker = new Worker(url);
  const model = Uint8Array.from(atob(model64), (one) => one.charCodeAt(0)).buffer;
  let id = 0;
  const asked = async (path, ask) => {
    const begun = performance.now();
    let steps = 0;
    worker.postMessage({ glassformer: 1, id: ++id, path, body: JSON.stringify(ask) });
    await new Promise((heard) => (worker.onmessage = ({ data }) => (data.more ? steps++ : heard())));
    return [performance.now() - begun, steps];
  };
  worker.postMessage({ model, start: { text: "" } }, [model]);
  const [load] = await asked("/api/model", {});
  const decoded = [];
  for (let n = 0; n <= repeats; n++) decoded.push(await asked("/api/decode", { text }));
  const looked = [];
  for (let n = 0; n <= repeats; n++) looked.push((await asked("/api/look", { text: text.replace("animal", `animal ${n}`) }))[0]);
  const ranked = [];
  for (let n = 0; n < 3; n++) ranked.push((await asked("/api/rank", { text }))[0]);
  worker.terminate();
  return { load, decoded, looked, ranked };
}
"""
"""Times of the Worker's answers in milliseconds, with the messages' way there and back."""


def visit(path: Path, *, slow: bool) -> dict[str, Any]:
    with chromium() as browser:
        size = {"width": 390, "height": 844} if slow else {"width": 1280, "height": 900}
        # Playwright looks for "said" with eval, which the page's policy forbids
        context = browser.new_context(viewport=size, offline=True, bypass_csp=True)
        tab = context.new_page()
        if slow:
            context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        tab.add_init_script(f"{DRAWN}drawn({SEEN}).then((time) => {{ window.usable = time; }});")
        tab.goto(path.as_uri(), wait_until="commit")
        found = {"usable_s": tab.wait_for_function("window.usable").json_value() / 1e3}
        found["first_s"] = typed(tab, "I have a big house.") / 1e3
        found["key_to_page_ms"] = statistics.median(typed(tab, text) for text in TYPED)
        typed(tab, ARTICLE)
        tab.evaluate("location.hash += '&view=whatif'")
        tab.locator("[data-ask='rank.ask']").wait_for()
        tab.wait_for_timeout(500)
        return {**found, "rank_s": tab.evaluate(RANKED) / 1e3, **memory(browser)}


def memory(browser: Any) -> dict[str, float]:
    return {"memory_MB": renderer_megabytes(browser), "own_memory_MB": renderer_megabytes(browser, own=True)}


def in_worker(path: Path) -> list[dict[str, Any]]:
    """How long the Worker's answers take, by WebAssembly and by JavaScript."""
    model = model_of(path)
    found = []
    with chromium() as browser:
        tab = browser.new_page()
        tab.goto("about:blank")
        empty = renderer_megabytes(browser, own=True)
        tab.goto(path.as_uri())
        for forbidden in (False, True):
            times = tab.evaluate(TIMES, [model, ARTICLE, forbidden, 15])
            (first, steps), *next_ones = times["decoded"]
            found.append(
                {
                    "device": "Worker, plain JavaScript" if forbidden else "Worker, WebAssembly",
                    "load_s": times["load"] / 1e3,
                    "steps": steps,
                    "first_decode_ms": first,
                    "decode_ms": statistics.median(time for time, _ in next_ones),
                    "look_ms": statistics.median(times["looked"][1:]),
                    "rank_s": min(times["ranked"]) / 1e3,
                    "empty_memory_MB": empty,
                }
            )
    return found


def model_of(path: Path) -> str:
    """In base64; the page gives its own away."""
    return path.read_text("utf-8").partition('id="model">')[2].partition("<")[0]


def typed(tab: Any, text: str) -> float:
    """Milliseconds from the last key to the frame that shows another translation."""
    tab.evaluate("window.before = document.querySelector('.translation').textContent")
    tab.evaluate(f"void (window.time = drawn({SAID}).then((time) => time - window.begun))")  # not waited for here
    tab.evaluate("addEventListener('input', () => { window.begun = performance.now(); }, true)")
    tab.locator("textarea.source").fill(text)
    return float(tab.evaluate("window.time"))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.set_num_threads(1)
    exact = Translator.load("en-de")
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for name, translator in (("bfloat16", exact), ("int8", rounded(exact))):
            path = Path(folder) / f"{name}.html"
            save_page(look(translator, Ask(ARTICLE), budget=ALONE), path, model_body(translator))
            file_size = {"weights": name, "file_MB": path.stat().st_size / 1e6}
            measured += [{**file_size, "device": "page", **visit(path, slow=False)}]
            measured += [{**file_size, "device": "slow phone", **visit(path, slow=True)}]
            measured += [{**file_size, **row} for row in in_worker(path)]
    rows.write("page_alone", measured)


if __name__ == "__main__":
    main()
