"""The front and the map: what this is, where to type, where to start, and the way round."""

import re

import pytest

from tests.browser.conftest import SENTENCE, TARGET, Open, link


def test_the_front_says_what_this_is_and_in_which_languages(visit: Open, server: str) -> None:
    seen = visit(server)
    said = seen.page.locator("header").inner_text()
    assert re.search(r"translates \w+ into \w+|it translates, and shows", said)
    assert seen.page.get_by_role("button", name=re.compile("Start here")).is_visible()
    assert "glassformer · A Transformer made of glass" in seen.page.title()


def test_enter_ends_the_sentence_and_changes_nothing(visit: Open, server: str) -> None:
    seen = visit(server)
    field = seen.page.locator("textarea.source")
    field.click()
    field.evaluate("field => field.setSelectionRange(field.value.length - 1, field.value.length - 1)")
    seen.page.keyboard.press("Enter")
    assert field.input_value() == SENTENCE
    assert seen.page.evaluate("document.activeElement === document.body")


def test_an_empty_sentence_is_told_kindly(visit: Open, server: str) -> None:
    seen = visit(server)
    seen.page.locator("textarea.source").fill("")
    assert "The box is empty" in seen.page.locator(".foreign").inner_text()
    assert seen.page.locator(".translation").first.inner_text() == TARGET


def test_the_map_has_every_layer_and_leads_there(visit: Open, server: str) -> None:
    seen = visit(server)
    stops = seen.page.locator(".map .stop")
    assert stops.count() == 2 + 2 + 1 + 4 + 2  # words, embeddings; 2 layers; memory; 2 × (self, cross); softmax, word
    seen.page.get_by_role("button", name="decoder layer 2, cross-attention").click()
    assert "side=cross" in seen.state()
    assert "layer=1" in seen.state()
    seen.page.get_by_role("button", name="linear, softmax").click()
    seen.page.locator(".choices").wait_for()
    assert seen.page.locator(".map .ribbon").count() > 0


def test_the_word_walks_through_the_model_step_by_step(visit: Open, server: str) -> None:
    seen = visit(server)
    told = seen.page.locator(".map-told [role=status]")
    next_step = seen.page.locator(".map-told .player button").last
    next_step.click()
    assert "and its position is added" in told.inner_text()
    next_step.click()
    assert re.search(r"encoder layer 1: what “.+” has stays .* %", told.inner_text())
    assert seen.page.locator(".map .later").count() > 0


def test_play_moves_and_can_be_paused(visit: Open, server: str) -> None:
    seen = visit(server, link(view="decoding"))
    player = seen.page.locator("[data-spot=steps] .player")
    player.locator("button").first.click()
    seen.until("location.hash.includes('step=1')")
    player.locator("button").first.click()
    at = player.locator(".player-at").inner_text()
    seen.page.wait_for_timeout(1300)
    assert player.locator(".player-at").inner_text() == at


def test_who_wants_no_motion_gets_steps_only(visit: Open, server: str) -> None:
    seen = visit(server, before=lambda page: page.emulate_media(reduced_motion="reduce"))
    assert seen.page.locator(".moves:visible").count() == 0
    assert seen.page.locator(".map-told .player button:visible").count() == 2


def test_heads_and_side_stay_when_the_tab_or_the_word_changes(visit: Open, server: str) -> None:
    seen = visit(server, link(side="encoder", layer="0", heads="1"))
    for view in ("Decoding", "Matrices", "Attention"):
        seen.page.get_by_role("navigation").get_by_role("button", name=view).click()
    assert "side=" not in seen.state()
    assert "heads=1" in seen.state()
    assert (
        seen.page.locator("[data-spot=heads] .chip[aria-pressed=true]").all_inner_texts() == [" 1"]
        or seen.page.locator("[data-spot=heads] .chip[aria-pressed=true]").inner_text().strip() == "1"
    )


def test_a_change_is_told_in_one_sentence_with_its_numbers(visit: Open, server: str) -> None:
    seen = visit(server, link(view="whatif"))
    assert seen.page.locator(".happened").count() == 0
    seen.page.locator(".board").nth(2).locator("button").first.click()
    seen.until("document.querySelector('.happened')?.textContent.includes('log P')")
    said = seen.page.locator(".happened").inner_text()
    assert said.startswith("Without head 0 of decoder layer 1, cross-attention:")
    assert re.search(r"nothing changed in the translation|lost: |new: ", said)


def test_the_list_of_heads_stays_when_one_is_clicked(visit: Open, server: str) -> None:
    seen = visit(server, link(view="whatif"))
    seen.page.get_by_role("button", name="Rank all heads").click()
    first = seen.page.locator(".ranking .quiet").first
    first.click()
    seen.until("!!document.querySelector('.happened')")
    assert seen.page.locator(".ranking li").count() == 12
    assert first.get_attribute("aria-pressed") == "true"
    assert "change of log P" in seen.page.locator("[data-spot=rank]").inner_text()


def test_compare_says_which_heads_moved_most(visit: Open, server: str) -> None:
    seen = visit(server, link(view="compare", other="The old train is slow."))
    seen.page.locator("[data-spot=moved] .chip").first.wait_for()
    assert seen.page.locator("[data-spot=moved] .chip").count() == 3
    assert "difference (points)" in seen.page.locator("[data-spot=differences]").inner_text()
    assert "clock → train" in seen.page.locator("[data-spot=differences]").inner_text()


def test_hovering_a_cell_shows_its_value(visit: Open, server: str) -> None:
    seen = visit(server, link(view="flow", layer="0"))
    seen.page.locator(".rest-row .heat-canvas").first.hover()
    assert re.fullmatch(r"−?\d+\.\d{4}", seen.page.locator(".tip").inner_text())


def test_a_row_and_its_layernorm(visit: Open, server: str) -> None:
    seen = visit(server, link(view="flow", layer="0"))
    said = seen.page.locator("[data-spot=norm]").inner_text()
    assert re.search(r"mean −?\d\.\d+, spread \d\.\d+", said)


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
def test_a_view_can_be_taken_away(visit: Open, server: str, kind: str) -> None:
    seen = visit(server)
    with seen.page.expect_download() as download:
        seen.page.get_by_role("button", name=f"slide {kind}").click()
    path = download.value.path()
    data = path.read_bytes()
    if kind == "PNG":
        assert data.startswith(b"\x89PNG")
    else:
        assert b"<svg" in data
        assert TARGET.encode() in data
        assert b"clock" in data
    assert seen.wrong == []


def test_on_a_phone_a_matrix_grows_under_two_fingers(visit: Open, server: str) -> None:
    seen = visit(server, link(view="matrices", symbol="z", layer="0"), width=390)
    canvas = seen.page.locator(".heat-canvas.pick")
    canvas.scroll_into_view_if_needed()
    before = canvas.bounding_box()
    touch = seen.page.context.new_cdp_session(seen.page)
    x, y = before["x"] + 20, before["y"] + 20

    def send(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", (x, y), (x + 20, y))
    send("touchMove", (x, y), (x + 60, y))
    send("touchEnd")
    assert canvas.bounding_box()["height"] > 1.5 * before["height"]
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_phone_what_one_taps_is_large_enough(visit: Open, server: str) -> None:
    seen = visit(server, width=390)
    small = seen.page.evaluate(
        "[...document.querySelectorAll('header button, .controls button, .pair-grid button, .words li')]"
        ".filter(one => one.offsetParent && (one.getBoundingClientRect().height < 44))"
        ".map(one => one.textContent)"
    )
    assert small == []
