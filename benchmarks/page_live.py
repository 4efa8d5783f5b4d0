"""How long after a key, or a click, does the live page show the answer? The shipped model, its own server, headless Chromium.

  typed   from the key that ends the last word of a sentence of 14 tokens to the first frame that shows its attention:
          the page's pause for further keys (40 ms), the model (a beam of 4), the trace, its way to the page, drawing
  head    from the click that switches one head off to the frame with the new translation (the same pause)
  rank    from the click to the frame with all heads ranked; a bar is there meanwhile

Wanted, as medians: typed ≤ 300 ms, head ≤ 500 ms, rank ≤ 3 s.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rows
from chromium import DRAWN, chromium, renderer_megabytes

from glassformer.http.listening import address_of, listen
from glassformer.translator import Translator

BEGIN = "The old man did not cross the street because he was too"
ENDS = ("tired", "late", "young", "old", "hot", "cold", "small", "happy", "busy", "sick")
TOKENS = 14
REPEATS = 24
WANTED = {"typed": 300, "head": 500, "rank": 3000}


@contextmanager
def server() -> Iterator[str]:
    """``glassformer look`` in a process of its own, as people run it."""
    with listen() as listener:
        port = listener.getsockname()[1]
        address = address_of(listener)
    words = [sys.executable, "-m", "glassformer", "look", BEGIN, "--no-browser", "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}api/model", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def sentences() -> list[str]:
    """Of TOKENS tokens each, </s> being the last."""
    tokenizer = Translator.load("en-de").tokenizer
    found = [f"{BEGIN} {end}" for end in ENDS if len(tokenizer.encode(f"{BEGIN} {end}")) + 1 == TOKENS]
    if len(found) < 3:
        raise SystemExit(f"only {len(found)} sentences of {TOKENS} tokens: {found}")
    return found


def after(tab: Any, event: str, holds: str, act: Any) -> float:
    """Milliseconds from the last ``event`` that ``act`` makes to the frame after ``holds``."""
    tab.evaluate(
        f"() => {{ window.shown = undefined; addEventListener('{event}', (event) => {{ window.begun = event.timeStamp; window.shown = drawn({holds}); }}, true); }}"
    )
    act()
    return float(tab.evaluate("async () => (await window.shown) - window.begun"))


def typed(tab: Any) -> Iterator[float]:
    tab.goto(tab.url.split("#")[0])
    tab.locator(".words.left li").first.wait_for()
    field = tab.locator("textarea.source")
    texts = sentences()
    for number in range(REPEATS):
        text = texts[number % len(texts)]
        begin, end = text.rsplit(" ", 1)
        field.fill(begin)
        tab.wait_for_timeout(700)
        field.press("End")
        holds = f"() => document.querySelector('.translation:not(.busy)') && [...document.querySelectorAll('.words.left li')].some((one) => one.textContent === '{end}')"
        yield after(tab, "keydown", holds, lambda end=end: tab.keyboard.type(f" {end}"))


def head(tab: Any) -> Iterator[float]:
    tab.goto(f"{tab.url.split('#')[0]}#view=whatif")
    buttons = tab.locator(".board button")
    buttons.first.wait_for()
    tab.wait_for_timeout(700)
    for number in range(REPEATS):
        button = buttons.nth((5 * number) % buttons.count())
        yield after(
            tab,
            "click",
            "() => document.querySelectorAll('.outcome').length === 2 && document.querySelector('footer b') && document.querySelector('.translation:not(.busy)')",
            button.click,
        )
        button.click()
        tab.wait_for_timeout(500)


def rank(tab: Any) -> Iterator[float]:
    for _ in range(5):
        tab.goto(f"{tab.url.split('#')[0]}#view=whatif")
        tab.reload()
        tab.locator("[data-ask='rank.ask']").wait_for()
        tab.wait_for_timeout(700)
        yield after(
            tab, "click", "() => document.querySelector('.ranking li')", tab.locator("[data-ask='rank.ask']").click
        )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    measured = []
    with server() as address, chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.add_init_script(DRAWN)
        tab.goto(address)
        for name, measure in {"typed": typed, "head": head, "rank": rank}.items():
            times = list(measure(tab))[1:]
            figures = {"median_ms": statistics.median(times), "p95_ms": statistics.quantiles(times, n=20)[-1]}
            measured.append(
                {
                    "what": name,
                    "model": "en-de",
                    **figures,
                    "wanted_ms": WANTED[name],
                    "load": os.getloadavg()[0],
                    "repeats": len(times),
                }
            )
        measured[-1]["memory_MB"] = renderer_megabytes(browser)
    rows.write("page_live", measured)
    missed = [row["what"] for row in measured if row["median_ms"] > row["wanted_ms"]]
    print(f"missed: {', '.join(missed)}" if missed else "all as wanted")


if __name__ == "__main__":
    main()
