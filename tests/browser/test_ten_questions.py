"""The ten questions of a newcomer, each answered within three steps of the front, in both languages, at a desk and on a
phone. What is on the screen is held against the trace."""

import re
from typing import Any

import pytest

from glassformer.translator import Translator
from tests.browser.conftest import VIEWS, Open, Visit, link, number

IT = "The train stopped because it was snowing."


def view(seen: Visit, name: str) -> None:
    """A click on a view's name."""
    seen.page.get_by_role("navigation").get_by_role("button").nth(VIEWS.index(name)).click()
    seen.until("!document.querySelector('main .loading')")


def symbol(seen: Visit, sign: str) -> None:
    """A click on a symbol of the formula."""
    seen.page.locator(".formula .segments button", has_text=sign).first.click()
    seen.until("!document.querySelector('main .loading')")


def percents(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"(\d+(?:\.\d)?) ?%", text)]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_ten_questions(visit: Open, server: str, translator: Translator, locale: str, width: int) -> None:
    trace = translator.trace(IT)
    config = translator.model.config
    last = config.encoder_layers - 1
    rows, d_k = len(trace.about["source_tokens"]), config.d_model // config.heads
    front = link(sentence=IT)

    def start() -> Any:
        seen.go(front)
        return seen.page.locator("main")

    seen = visit(server, front, width=width, locale=locale)
    main = seen.page.locator("main")

    # 4 (on the front itself): what do the heads look at from "it"?
    said = seen.page.locator(".reading ul").inner_text()
    layer = int(seen.page.locator("[data-spot=layer] b").inner_text()) - 1
    head = int(seen.page.locator("[data-spot=heads] .chip[aria-pressed=true]").first.inner_text())
    places = translator.words(trace.about["source_ids"], special=True)
    query = next(at for word, at in places if word == "it")
    row = trace[f"encoder.layers.{layer}.self_attention.weights"][head, query].mean(0)
    most = 100 * max(float(row[at].sum()) for _, at in places)
    assert min(abs(share - most) for share in percents(said)) <= 0.6

    # 1: Q, K and V, their sizes, one cell
    view(seen, "matrices")
    said = main.inner_text()
    for size in (f"{rows} × {config.d_model}", f"{config.d_model} × {d_k}", f"{rows} × {d_k}"):
        assert size in said
    assert "✓" in seen.page.locator(".written .check").inner_text()
    assert re.search("learned in training|训练中学到", said)

    # 2: the formula, a score and its weight
    symbol(seen, "QK")
    assert "√" in main.inner_text()
    name = f"encoder.layers.{layer}.self_attention"
    scores = trace[f"{name}.scores"][0]
    shown = number(seen.page.locator(".written > p b").last.inner_text())
    assert float((scores - shown).abs().min()) <= 1e-3
    symbol(seen, "softmax")
    assert re.search("cancels out|结果不变", main.inner_text())

    # 3: how many heads, and what becomes of the Z's
    symbol(seen, "WO")
    assert seen.page.locator(".heat-bands button").count() == config.heads
    assert f"{config.heads} " in main.inner_text()

    # 5: another ending
    start()
    view(seen, "compare")
    seen.page.locator("[data-spot=differences] tbody tr").first.wait_for()
    assert seen.page.locator("[data-spot=differences] mark, [data-spot=compare] mark").count() > 0
    assert seen.page.locator("[data-spot=moved] .chip").count() > 0

    # 6 and 7: order, and sentences longer than any in training
    start()
    view(seen, "positions")
    assert seen.page.locator(".badge").count() == 1
    said = seen.page.locator("[data-spot=formula-positions]").inner_text()
    assert "10000" in said
    assert re.search("not a learned table|不是学来的表", said)
    seen.page.locator("[data-spot=encoding] .player button").last.click()
    assert re.search("training ended at|训练却止于", seen.page.locator("[data-spot=encoding]").inner_text())

    # 8: the next word
    start()
    view(seen, "decoding")
    share = 100 * float(trace["probabilities"][0, trace.about["target_ids"][1]])
    assert abs(percents(seen.page.locator(".choices .chosen").inner_text())[0] - share) <= 0.6

    # 9: the head that matters most, and what happens without it
    start()
    view(seen, "whatif")
    seen.page.locator("[data-ask]").click()
    seen.page.locator(".ranking .quiet").first.click()
    seen.until("!!document.querySelector('.happened') && !document.querySelector('.busy')")
    assert re.search("Without head|关掉", seen.page.locator(".happened").inner_text())

    # 10: residual and LayerNorm
    start()
    view(seen, "flow")
    said = seen.page.locator("[data-spot=norm]").inner_text()
    assert re.search("residual connection|残差", said)
    assert re.search(r"(?:mean|均值) −?\d\.\d+", said)
    assert last >= 0
    assert seen.wrong == []
    if width == 390:
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
