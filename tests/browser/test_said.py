"""What the page says of its numbers is so: where they come from, what was off, whose words stand beside them."""

import base64
import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.http.listening import address_of, listen
from glassformer.page.body import Packed
from glassformer.page.export import page_with, save_page
from glassformer.page.look import look
from glassformer.page.notebook import answer
from glassformer.page.serve import serve
from glassformer.page.service import Service, Services
from glassformer.page.wire import Ask
from glassformer.translator import Translator
from tests.browser.conftest import SENTENCE, TARGET, Open, link

HEAD = ("decoder.layers.1.cross_attention", 0)
EDGE = ("encoder.layers.0.self_attention", 2, 1)
LONG = " ".join([SENTENCE] * 18)


def test_a_saved_page_says_what_was_off(visit: Open, saved: Callable[..., str]) -> None:
    seen = visit(saved(SENTENCE, heads_off=[HEAD], blocked=[EDGE]), link(view="whatif"), offline=True)
    for _ in range(2):
        assert seen.page.locator(".board button.off").count() == 1
        assert seen.page.locator(".blocks li").count() == 1
        assert seen.page.locator(".outcome small").all_inner_texts() == ["now"]
        assert seen.page.locator(".probabilities thead th").all_inner_texts() == ["word", "now"]
        seen.go(link(view="whatif"))  # an address that does not say it


BRIDGE = """page => {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  window.addEventListener("message", async ({ data, source }) => {
    const [message, body] = JSON.parse(await window.ask(JSON.stringify(data)));
    source.postMessage({ ...message, body: Uint8Array.from(atob(body), c => c.charCodeAt(0)).buffer }, "*");
  });
  frame.srcdoc = page;
  document.body.append(frame);
}"""
"""As notebook.BRIDGE."""


def test_a_widget_goes_on_from_what_it_was_made_with(chromium: Any, translator: Translator) -> None:
    asked, service = [], Service(translator)

    def ask(text: str) -> str:
        asked.append(json.loads(text))
        message, (body,) = answer(service, asked[-1])
        return json.dumps([message, base64.b64encode(body).decode()])

    page = chromium.new_page()
    page.expose_function("ask", ask)
    page.evaluate(BRIDGE, page_with(look(translator, Ask(SENTENCE, "Der Zug.", [HEAD]), live=True)))
    frame = page.frame_locator("iframe")
    frame.get_by_role("navigation").get_by_role("button", name="Change it").click()
    off = frame.locator(".board button.off")
    assert off.count() == 1
    frame.locator(".board button").first.click()
    frame.locator("footer b", has_text="2 head(s)").wait_for()
    assert off.count() == 2
    look_again = json.loads(next(one["body"] for one in asked if one["path"] == "/api/look"))
    assert (look_again["target"], look_again["heads_off"][0]) == ("Der Zug.", list(HEAD))
    page.close()


@pytest.mark.parametrize(("side", "window"), [("decoder", "encoder"), ("encoder", "decoder")])
def test_an_open_window_keeps_its_own_words(visit: Open, server: str, side: str, window: str) -> None:
    name = f"{window}.layers.0.feed_forward.inner"
    seen = visit(server, link(view="flow", side=side, layer="0", window=name))
    words = seen.page.locator(".rest .heat-rows").inner_text().split()
    assert (words[0], words[-1]) == {"encoder": ("The", "</s>"), "decoder": ("<s>", ".")}[window]


@pytest.mark.parametrize(("norm", "label"), [("post", "Add & Norm"), ("pre", "Add")])
def test_the_flow_says_where_the_norm_is(
    visit: Open, translator: Translator, tmp_path: Path, norm: str, label: str
) -> None:
    packed = look(translator, Ask(SENTENCE))
    header: Any = packed.header
    save_page(
        Packed(dataclasses.replace(header, model=dataclasses.replace(header.model, norm=norm)), packed.blobs),
        tmp_path / "x.html",
    )
    seen = visit((tmp_path / "x.html").as_uri(), link(view="flow"))
    names = seen.page.locator(".rest-row .door .symbol").all_inner_texts()
    assert [names[2], names[5]] == [label, label]


@pytest.mark.parametrize(("side", "memory"), [("encoder", False), ("decoder", False), ("cross", True)])
@pytest.mark.parametrize("symbol", ["k", "v"])
def test_only_cross_attention_reads_the_memory(visit: Open, server: str, side: str, symbol: str, memory: bool) -> None:
    seen = visit(server, link(view="matrices", side=side, layer="0", symbol=symbol))
    said = seen.page.locator("main section").first.inner_text()
    assert ("memory" in said, "starts from X" in said) == (memory, not memory)


def test_decoder_rows_are_explained(visit: Open, server: str) -> None:
    seen = visit(server)
    rows = seen.page.get_by_text("A row has read up to its word")
    assert rows.count() == 0
    for side in ("decoder", "cross"):
        seen.go(link(side=side))
        assert rows.count() == 1


def test_both_sentences_are_read_by_the_same_heads(visit: Open, server: str) -> None:
    asked: list[Any] = []
    other = "The old train is slow."
    seen = visit(
        server,
        link(view="compare", other=other, off=f"{HEAD[0]}:{HEAD[1]}", blocked=":".join(map(str, EDGE))),
        before=lambda page: page.on("request", lambda request: asked.append(request.post_data_json)),
    )
    seen.page.locator(".one").nth(1).wait_for()
    (second,) = [ask for ask in asked if ask and ask["text"] == other]
    assert second["heads_off"] == [list(HEAD)]
    assert seen.page.get_by_text("to the first sentence only").count() == 1


def test_two_sentences_of_two_checkpoints_say_so(visit: Open, server: str, translator: Translator) -> None:
    other = "The old train is slow."

    def answer(route: Any) -> None:  # a run that went on between the two
        text = route.request.post_data_json["text"]
        step = "step-2" if text == other else "step-1"
        route.fulfill(body=look(translator, Ask(text), live=True, checkpoint=step).body())

    for apart in (True, False):
        seen = visit(
            server,
            link(view="compare", other=other),
            before=lambda page, apart=apart: page.route("**/api/look", answer) if apart else None,  # type: ignore[misc]
        )
        seen.page.locator(".one").nth(1).wait_for()
        assert seen.page.get_by_text("read by step-1, the other by step-2").count() == apart


def test_a_long_saved_sentence_says_what_is_not_there(visit: Open, saved: Callable[..., str]) -> None:
    seen = visit(saved(" ".join([SENTENCE] * 40), TARGET), link(view="matrices", layer="1"), offline=True)
    for symbol in ("z", "heads"):
        seen.go(link(view="matrices", symbol=symbol, layer="1"))
        assert "encoder.layers.1.self_attention.weights" in seen.page.locator("main .note").first.inner_text()


def test_a_long_list_can_be_walked_through(visit: Open, server: str) -> None:
    seen = visit(server, link(sentence=LONG, target=TARGET))
    keys = seen.page.locator(".words.right")
    keys.locator("[tabindex='0']").first.focus()
    seen.page.keyboard.press("End")
    seen.until("document.activeElement.textContent === '</s>'")
    assert keys.locator("[aria-selected=true]").inner_text() == "</s>"
    seen.page.locator(".looks.many").evaluate("box => box.scrollTop = 0")
    seen.until("!document.querySelector('.words.right [aria-selected=true]')")
    assert keys.locator("[tabindex='0']").count() == 1


def test_the_pages_language_chooses_among_the_servers_models(visit: Open, toy: Path) -> None:
    translator = Translator.load(toy)

    def named(name: str) -> Service:
        return Service(dataclasses.replace(translator, name=name), start=Ask(SENTENCE))

    services = Services(named("toy-de"), {"toy-zh": lambda: named("toy-zh")})
    listener, ready = listen(), threading.Event()
    threading.Thread(target=serve, args=(services, listener, lambda _: ready.set()), daemon=True).start()
    assert ready.wait(20)
    seen = visit(address_of(listener))
    seen.until("document.querySelector('header select')?.value === 'toy-de'")
    seen.page.get_by_role("button", name="中文").click()
    seen.until("document.querySelector('header select')?.value === 'toy-zh'")
    seen.page.locator("header select").select_option("toy-de")  # named: the language does not choose any more
    seen.until("document.querySelector('header select')?.value === 'toy-de'")
