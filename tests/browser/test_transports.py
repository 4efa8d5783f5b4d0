"""The most telling views, whoever answers: a server, a notebook's kernel, the model in a file. No view knows which."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from glassformer.page.export import page_with
from glassformer.page.look import look
from glassformer.page.notebook import answer
from glassformer.page.service import Service
from glassformer.page.wire import Ask
from glassformer.trace import Trace
from glassformer.translator import Translator
from glassformer.what_if import heads_off
from tests.browser.conftest import SENTENCE, TARGET, Open, Visit, link, number
from tests.browser.test_said import BRIDGE

OTHER, ITS = "The lamp flickers.", "Die Lampe flackert."
OFF = [("decoder.layers.0.cross_attention", 0), ("decoder.layers.1.cross_attention", 1)]


@pytest.fixture(params=["server", "notebook", "file"])
def seen(
    request: pytest.FixtureRequest, visit: Open, chromium: Any, server: str, alone: str, translator: Translator
) -> Iterator[Visit]:
    if request.param != "notebook":
        yield visit({"server": server, "file": alone}[request.param])
        return
    service = Service(translator)

    def ask(text: str) -> str:
        message, (body,) = answer(service, json.loads(text))
        return json.dumps([message, base64.b64encode(body).decode()])

    page = chromium.new_page()
    found = Visit(page, [], [])
    page.on("pageerror", lambda error: found.wrong.append(str(error)))
    page.expose_function("ask", ask)
    page.evaluate(BRIDGE, page_with(look(translator, Ask(SENTENCE), live=True)))
    page.frame_locator("iframe").locator("main .view").wait_for()
    found.page = page.frames[1]
    yield found
    page.close()


def test_every_view_has_its_numbers_whoever_answers(seen: Visit, translator: Translator) -> None:
    says = "text => document.querySelector('.translation:not(.busy)')?.textContent === text"
    seen.until(says, TARGET)
    seen.page.locator("textarea.source").fill(OTHER)
    seen.until(says, ITS)
    trace = translator.trace(OTHER)
    seen.go(link(sentence=OTHER, view="attention", layer="1", heads="0", pieces="true"))
    close(seen, trace, "These weights", "encoder.layers.1.self_attention.weights", 0)
    seen.go(link(sentence=OTHER, view="matrices", side="cross", layer="0", head="1", symbol="z"))
    seen.page.locator(".written .check.ok").wait_for()
    close(seen, trace, "as a table", "decoder.layers.0.cross_attention.z", 1)
    seen.go(link(sentence=OTHER, view="flow", layer="0", window="encoder.layers.0.feed_forward.inner"))
    close(seen, trace, "as a table", "encoder.layers.0.feed_forward.inner")
    seen.go(link(sentence=OTHER, view="decoding"))
    assert seen.page.locator(".produced").inner_text().split()[-1] == "</s>"
    with heads_off(translator.model, OFF):
        without = translator.tokenizer.decode(translator.ids_of(OTHER, None, None)[1])
    seen.go(link(sentence=OTHER, view="whatif", off=",".join(f"{name}:{head}" for name, head in OFF)))
    seen.until(says, without)
    seen.go(link(sentence=OTHER, view="whatif"))
    seen.page.locator("[data-ask='rank.ask']").click()
    seen.page.locator(".ranking li").first.wait_for()
    first = Service(translator).rank(Ask(OTHER, ITS)).heads[0]
    assert f"head {first.head}" in seen.page.locator(".ranking li").first.inner_text()
    seen.go(link(sentence=OTHER, view="compare", other=SENTENCE))
    seen.page.locator("main", has_text=TARGET).wait_for()
    assert seen.wrong == []


def close(seen: Visit, trace: Trace, table: str, window: str, *at: int) -> None:
    shown = [[number(cell) for cell in row[1:]] for row in seen.table(table)]
    for row, wanted in zip(shown, trace[window][at].tolist(), strict=True):
        assert row == pytest.approx(wanted, abs=6e-4)
