"""A head is turned: by mouse, by finger, by keyboard; and the page opens on the heads that say most."""

import re
from contextlib import ExitStack
from typing import Any

import pytest

from glassformer.translator import Translator
from glassformer.what_if import turned
from tests.browser.conftest import ASKED, SENTENCE, TARGET, Open, Visit, link

ENCODER = "encoder.layers.1.self_attention"
AT = {"layer": "1", "heads": "0"}


def places(translator: Translator) -> dict[str, list[int]]:
    return dict(translator.words(translator.ids_of(SENTENCE, "", None)[0], special=True))


def grip(seen: Visit) -> Any:
    return seen.page.get_by_role("slider", name=re.compile("^Head 0"))


def row(seen: Visit, word: str) -> tuple[float, float]:
    """The middle of the ring's place beside a key."""
    box = seen.page.locator(".words.right li", has_text=re.compile(f"^{word}$")).bounding_box()
    return grip(seen).bounding_box()["x"] + 13, box["y"] + box["height"] / 2


def is_turned(seen: Visit, translator: Translator, query: str, key: str) -> None:
    """In the address, in the numbers, in words, and in what the model says."""
    at = places(translator)
    seen.until(
        "name => document.querySelector('.turns')?.textContent.includes(name)", f"head 0 of layer 2: {query} → {key}"
    )
    turns = ",".join(f"{ENCODER}:0:{place}:{'.'.join(map(str, at[key]))}" for place in at[query])
    seen.until("turns => decodeURIComponent(location.hash).includes(`turned=${turns}`)", turns)
    seen.until("key => document.querySelector('.reading li')?.textContent.includes(`${key} 100 %`)", key)
    with ExitStack() as stack:
        for place in at[query]:
            stack.enter_context(turned(translator.model, ENCODER, 0, place, at[key]))
        said = translator.translate(SENTENCE)
    seen.until("text => document.querySelector('.translation').textContent === text", said)


@pytest.mark.parametrize("by", ["ring", "arc"])
def test_by_mouse(visit: Open, server: str, translator: Translator, by: str) -> None:
    seen = visit(server, link(token=str(places(translator)["clock"][0]), **AT))
    mouse = seen.page.mouse
    x, y = row(seen, "old")
    box = grip(seen).bounding_box()
    if by == "ring":
        mouse.move(box["x"] + 13, box["y"] + 13)
    else:
        point = seen.page.locator(".grip-arc").evaluate(
            "arc => { const p = arc.getPointAtLength(arc.getTotalLength() / 2).matrixTransform(arc.getScreenCTM());"
            " return [p.x, p.y] }"
        )
        mouse.move(*point)
    mouse.down()
    mouse.move(x, y + 60, steps=3)
    mouse.move(x, y, steps=3)
    mouse.up()
    is_turned(seen, translator, "clock", "old")
    mouse.move(x, y + 90)  # it was let go
    seen.page.get_by_role("button", name="Let go: head 0 of layer 2").click()
    seen.until("!document.querySelector('.turns') && !location.hash.includes('turned')")
    seen.until("text => document.querySelector('.translation').textContent === text", TARGET)
    assert seen.wrong == []


def test_by_keyboard_also_under_what_if(visit: Open, server: str, translator: Translator) -> None:
    seen = visit(server, link(view="whatif", token=str(places(translator)["clock"][0]), **AT))
    grip(seen).focus()
    seen.page.keyboard.press("Home")
    at = places(translator)
    seen.until("text => document.querySelector('.turns')?.textContent.includes(text)", "clock → The")
    assert grip(seen).get_attribute("aria-valuetext") == "The"
    seen.page.keyboard.press("ArrowDown")
    seen.until("text => document.querySelector('.turns')?.textContent.includes(text)", "clock → old")
    seen.until("document.querySelectorAll('.outcome').length === 2")
    assert f"{ENCODER}%3A0%3A{at['clock'][0]}" in seen.state()
    assert seen.page.evaluate("document.activeElement.getAttribute('role')") == "slider"
    assert "1 head(s) turned" in seen.page.locator("footer").inner_text()
    seen.page.keyboard.press("Delete")
    seen.until("!document.querySelector('.turns')")


def test_by_finger(visit: Open, server: str, translator: Translator) -> None:
    seen = visit(server, link(token=str(places(translator)["clock"][0]), **AT), width=390)
    seen.page.locator(".looks").evaluate("lists => lists.scrollIntoView({ block: 'center' })")
    x, y = row(seen, "old")
    box = grip(seen).bounding_box()
    touch = seen.page.context.new_cdp_session(seen.page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", (box["x"] + 13, box["y"] + 13))
    for step in (0.3, 0.6, 1):
        send("touchMove", (x, box["y"] + 13 + step * (y - box["y"] - 13)))
    send("touchEnd")
    is_turned(seen, translator, "clock", "old")
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_word_of_the_target_is_not_turned_to_a_later_one(visit: Open, server: str) -> None:
    seen = visit(server, link(side="decoder", token="1", layer="1", heads="0"))
    grip(seen).focus()
    for press, word in (("End", ""), ("Home", "0"), ("ArrowDown", "0"), ("ArrowDown", "0")):
        seen.page.keyboard.press(press)
        seen.page.evaluate(ASKED)
        seen.until("!document.querySelector('.translation.busy')")
        if word:  # its first piece sees nothing after it, not even its own others
            assert grip(seen).get_attribute("aria-valuenow") == word
    assert seen.page.locator("[role=alert]").count() == 0


def test_a_saved_page_shows_what_was_turned_and_offers_nothing(visit: Open, saved: Any) -> None:
    seen = visit(saved(SENTENCE, turned=[(ENCODER, 0, 1, [0])]), link(lang="en", layer="1", heads="0"), offline=True)
    assert seen.page.locator(".turns button").is_disabled()
    assert seen.page.get_by_role("slider", name=re.compile("^Head")).count() == 0


def test_the_opening_is_said_and_the_tour_names_a_head_or_none(visit: Open, server: str) -> None:
    seen = visit(server)
    assert "Opened on the heads, of all layers" in seen.page.locator(".reading").inner_text()
    heads = [chip.inner_text().strip() for chip in seen.page.locator(".chip[aria-pressed=true]").all()]
    seen.page.locator(".words.left li").first.click()  # another word: the same heads
    assert [chip.inner_text().strip() for chip in seen.page.locator(".chip[aria-pressed=true]").all()] == heads
    assert "taught" not in seen.page.locator("main").inner_text()
    seen.go(link(chapter="5"))
    assert "This sentence has no pronoun" in seen.page.locator(".story").inner_text()
    seen.go(link(chapter="5", sentence="The train stopped because it was snowing."))
    seen.until(
        "/In this model (head \\d of layer \\d looks from|no head does that)/"
        ".test(document.querySelector('.story').textContent)"
    )


def test_what_was_taught_is_said_where_the_card_says_it(visit: Open, server: str) -> None:
    def card(route: Any) -> None:
        answer = route.fetch()
        body = answer.body().replace(b'"taught_head":""', b'"taught_head":"encoder.layers.0.self_attention:1"')
        length = len(answer.body()) - int.from_bytes(answer.body()[:4], "little")
        route.fulfill(response=answer, body=(len(body) - length).to_bytes(4, "little") + body[4:])

    seen = visit(
        server,
        link(sentence="The train stopped because it was snowing."),
        before=lambda page: page.route("**/api/look", card),
    )
    assert "Layer 1" in seen.page.locator("[data-spot=layer]").inner_text()
    assert "1" in [chip.inner_text().strip() for chip in seen.page.locator(".chip[aria-pressed=true]").all()]
    told = [item.inner_text() for item in seen.page.locator(".reading li").all()]
    assert [item for item in told if "head 1" in item and "this head was taught to look there" in item]
    assert sum("taught" in item for item in told) == 1


def test_a_head_that_is_turned_from_the_start_is_in_sight(visit: Open, saved: Any) -> None:
    """``look --turn``, saved: the page opens on that head, whatever says most."""
    for layer, head in ((0, 1), (1, 0)):
        seen = visit(saved(SENTENCE, turned=[(f"encoder.layers.{layer}.self_attention", head, 1, [0])]), offline=True)
        assert f"head {head} of layer {layer + 1}: " in seen.page.locator(".turns").inner_text()
        assert f"Layer {layer + 1}" in seen.page.locator("[data-spot=layer]").inner_text()
        chosen = [chip.inner_text().strip() for chip in seen.page.locator(".chips .chip[aria-pressed=true]").all()]
        assert chosen == [str(head)]
