"""How large is a saved page, and how soon is it usable? Beside BertViz 1.4.1, on the same attention, in headless Chromium.

Three encoders with random weights (their queries made larger, so that a row's weights are as uneven as a trained model's),
layers × heads × tokens: 6 × 8 × 32, 12 × 12 × 128, 12 × 12 × 1024. Our page has all that the model computed, and a
decoder; BertViz gets the encoder's attention only, for which it writes its model view (all heads) and its head view (one
layer). It loads d3, jQuery and RequireJS from a content network: here they are served from a folder, jQuery 2.1.1 in
place of 2.0.0, which npm does not have. It is tried up to 512 tokens, there with the smaller of its
views: what it would write for 1024 is four times as much.

  usable   from the start of the navigation to the first frame in which the weights are drawn: of ours the words and
           curves, the map of all words and the pair in every layer and head; of BertViz its first line
  hover    from a movement of the mouse over a word to the frame after it: half the moves take longer (median), 1 in 20 (p95)
  memory   resident, of the process that draws the page

Wanted of ours: file ≤ 15 MB, usable ≤ 2 s, hover ≤ 30 ms.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import rows
import torch
from chromium import DRAWN, HOVER, chromium, renderer_megabytes

from glassformer.config import ModelConfig
from glassformer.engines.native import Native
from glassformer.model import Transformer
from glassformer.page.export import save_page
from glassformer.page.look import look, see
from glassformer.page.wire import Ask
from glassformer.translator import Translator

SIZES = [(6, 8, 32, 512), (12, 12, 128, 768), (12, 12, 1024, 768)]
BERTVIZ_TRIES = 512
SCRIPTS = ["d3@5.7.0", "jquery@2.1.1", "requirejs@2.3.6"]
FILES = {"d3": "d3/dist/d3.min.js", "jquery": "jquery/dist/jquery.min.js", "require": "requirejs/require.js"}
TEXT = "the animal it was too street and we house is not here for you with my time all day"
REPEATS, MOVES, PATIENCE = 3, 40, 60
OURS = """() => document.querySelector('.words.left li') && document.querySelector('.heat-canvas canvas')?.width > 1 && !document.querySelector('.loading')
  && document.querySelector('.pair-grid') && ![...document.querySelectorAll('.pair-grid button')].some((one) => one.textContent === '·')"""
THEIRS = "() => document.querySelector('#vis svg line')"
WORDS = {"ours": ".words.left li", "head": "#vis svg text"}


def made(layers: int, heads: int, d_model: int) -> Translator:
    shipped = Translator.load("en-de")
    torch.manual_seed(0)
    sizes = {"d_model": d_model, "heads": heads, "d_ff": 4 * d_model, "encoder_layers": layers, "decoder_layers": 1}
    config = ModelConfig(vocabulary_size=len(shipped.tokenizer), dropout=0.0, **sizes)
    model = Transformer(config).eval()
    with torch.no_grad():
        for layer in model.encoder.layers:
            layer.self_attention.w_qkv[:d_model] *= 6
    return replace(shipped, engine=Native(model), name=f"{layers}x{heads}")


def sentence(translator: Translator, tokens: int) -> str:
    """Words of one piece each, </s> being the last token."""
    words = [word for word in TEXT.split() if len(translator.tokenizer.encode(word)) == 1]
    return " ".join(words[n % len(words)] for n in range(tokens - 1))


def usable(browser: Any, page: Path, drawn: str, scripts: Path | None, words: str) -> dict[str, Any]:
    """One visit: when it is drawn, how long a hover takes, how much memory is held."""
    # Playwright looks for "usable" with eval, which the page's policy forbids
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    if scripts:
        for name, file in FILES.items():
            context.route(re.compile(rf"^https://.*/{name}(\.min)?\.js$"), answer_with(scripts / file))
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE * 1e3)
    tab.add_init_script(f"{DRAWN}{HOVER}drawn({drawn}).then((time) => {{ window.usable = time; }});")
    try:
        tab.goto(page.as_uri(), wait_until="commit")
        # waits in our process: one that draws for minutes answers nothing, and would never say that the time is over
        found: dict[str, Any] = {"usable_s": tab.wait_for_function("window.usable").json_value() / 1e3}
        found["memory_MB"] = renderer_megabytes(browser)
        found |= hover(tab, words) if words else {}
        context.close()
    except Exception as error:
        found = {
            "usable_s": f"blank after {PATIENCE} s"
            if "Timeout" in type(error).__name__
            else f"crashed: {str(error)[:60]}"
        }
    return found


def answer_with(file: Path) -> Callable[[Any], None]:
    return lambda route: route.fulfill(path=file)


def hover(tab: Any, words: str) -> dict[str, float]:
    boxes = tab.evaluate(
        "words => [...document.querySelectorAll(words)].map(one => one.getBoundingClientRect()).map(b => [b.x + b.width / 2, b.y + b.height / 2]).filter(([, y]) => y > 0 && y < 880)",
        words,
    )
    for move in range(MOVES):
        x, y = boxes[(7 * move) % len(boxes)]
        tab.mouse.move(x, y)
        tab.wait_for_timeout(40)
    times = tab.evaluate("window.hovers")[3:]
    return {"hover_ms": statistics.median(times), "hover_p95_ms": statistics.quantiles(times, n=20)[-1]}


def visits(page: Path, drawn: str, scripts: Path | None, words: str, repeats: int = 1) -> dict[str, Any]:
    """A fresh browser for each visit; the median of each figure."""
    seen = []
    for _ in range(repeats):
        with chromium() as browser:
            seen.append(usable(browser, page, drawn, scripts, words))
    if isinstance(seen[0]["usable_s"], str):
        return seen[0]
    return {name: statistics.median(visit[name] for visit in seen) for name in seen[0]}


def bertviz_pages(attention: list[torch.Tensor], tokens: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    from bertviz import head_view, model_view

    views = {"head": head_view} if len(tokens) > 256 else {"head": head_view, "model": model_view}
    for name, view in views.items():
        path = folder / f"bertviz-{name}.html"
        path.write_text(view(attention, tokens, html_action="return").data, encoding="utf-8")
        yield name, path
        path.unlink()


def node_scripts(folder: Path) -> Path | None:
    """BertViz's scripts, from npm; None, and said, where they or BertViz cannot be had."""
    try:
        import bertviz  # noqa: F401

        subprocess.run([shutil.which("npm") or "npm", "install", "--silent", "--prefix", folder, *SCRIPTS], check=True)
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        print(f"without BertViz: {error} (pip install 'glassformer[bench]', and npm)")
        return None
    return folder / "node_modules"


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    lengths = [tokens for _, _, tokens, _ in SIZES]
    parser.add_argument("--tokens", type=int, nargs="+", choices=lengths, default=lengths)
    wanted_lengths = parser.parse_args().tokens
    missed = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        scripts = node_scripts(folder / "scripts")
        for layers, heads, tokens, d_model in (size for size in SIZES if size[2] in wanted_lengths):
            translator = made(layers, heads, d_model)
            setting = {"layers": layers, "heads": heads}
            path = folder / "ours.html"
            save_page(look(translator, Ask(sentence(translator, tokens), "Das Tier")), path)
            ours = {"file_MB": path.stat().st_size / 1e6, **visits(path, OURS, None, WORDS["ours"], REPEATS)}
            measured = [{"page": "glassformer", **setting, "tokens": tokens, **ours}]
            wanted = {"file_MB": 15, "usable_s": 2, "hover_ms": 30}
            missed += [
                f"{tokens} tokens: {name} {ours[name]:.3g}" for name, most in wanted.items() if ours[name] > most
            ]
            length = min(tokens, BERTVIZ_TRIES)
            seen = see(translator, Ask(sentence(translator, length), "Das Tier"))
            attention = [seen.trace[f"encoder.layers.{n}.self_attention.weights"][None] for n in range(layers)]
            names = translator.tokenizer.tokens(seen.source_ids)
            for name, theirs in bertviz_pages(attention, names, folder) if scripts else ():
                found = visits(theirs, THEIRS, scripts, WORDS.get(name, ""))
                size = theirs.stat().st_size / 1e6
                measured.append(
                    {"page": f"BertViz, {name} view", **setting, "tokens": length, "file_MB": size, **found}
                )
            rows.write("page", measured)
    print(f"missed: {'; '.join(missed)}" if missed else "all as wanted")


if __name__ == "__main__":
    main()
