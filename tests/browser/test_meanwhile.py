"""What comes too late, what is not there any more, and what failed."""

import contextlib
from typing import Any

from tests.browser.conftest import ASKED, TARGET, Open, link, sync_api

OTHER = "We drink tea in the kitchen."


def test_a_ranking_that_comes_too_late_is_not_shown(visit: Open, server: str) -> None:
    seen = visit(server, link(view="whatif"))
    held: list[Any] = []
    seen.page.route("**/api/rank", lambda route: held.append(route))
    seen.page.get_by_role("button", name="Rank all heads").click()
    seen.until("document.querySelector('[data-ask]').disabled")
    seen.page.locator("textarea.source").fill(OTHER)
    seen.until("!document.querySelector('[data-ask]').disabled")
    with contextlib.suppress(sync_api.Error):  # given up by the page
        held[0].continue_()
    seen.page.evaluate(ASKED)
    assert seen.page.locator(".ranking").count() == 0


def test_a_matrix_may_shrink_under_the_mouse(visit: Open, server: str) -> None:
    seen = visit(server, link(view="positions", length="20"))
    table = seen.page.locator("[data-spot=encoding] .heat-canvas").first
    table.hover(position={"x": 9, "y": table.bounding_box()["height"] - 2})
    seen.until("document.querySelector('[data-spot=encoding] output').textContent.startsWith('19 ·')")
    seen.go(link(view="positions", length="3"))
    assert seen.page.locator("[data-spot=encoding] .heat-rows").first.inner_text().split() == ["0", "1", "2"]
    assert seen.wrong == []


def test_a_list_may_shrink_under_the_mouse(visit: Open, server: str) -> None:
    seen = visit(server, link(pieces="true"))
    options = seen.page.get_by_role("listbox").first.get_by_role("option")
    pieces = options.count()
    options.last.hover()
    seen.page.get_by_label("whole words").focus()
    seen.page.keyboard.press("Space")
    assert options.count() < pieces
    assert seen.wrong == []


def test_what_failed_is_asked_for_again_when_somebody_does_something(visit: Open, server: str) -> None:
    asked, works = [], [False]

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        if works[0]:
            route.continue_()
        else:
            route.fulfill(status=503, json={"error": "the model is away"})

    seen = visit(server, link(view="matrices", layer="0"), before=lambda page: page.route("**/api/weights", answer))
    assert "the model is away" in seen.page.locator("[role=alert]").inner_text()
    before = len(asked)
    seen.page.evaluate(ASKED)
    assert len(asked) == before  # not at each drawing
    works[0] = True
    seen.page.locator("main .chip").nth(1).click()
    seen.page.locator(".written .check.ok").wait_for()
    seen.until("!document.querySelector('[role=alert]')")


def test_decoding_is_of_the_look_that_is_shown(visit: Open, server: str) -> None:
    blocked = ["decoder.layers.1.cross_attention", 0, 1]
    seen = visit(server, link(view="decoding", side="cross", blocked=":".join(map(str, blocked))))
    again = seen.page.get_by_role("button", name="Decode again")
    with seen.page.expect_request("**/api/decode") as asked:
        again.click()
    assert asked.value.post_data_json["blocked"] == [blocked]
    seen.until("document.querySelector('.streamed')?.textContent.includes('</s>')")
    seen.page.locator("textarea.source").fill(OTHER)
    seen.until("!document.querySelector('.streamed')?.textContent && !document.querySelector('.translation.busy')")
    seen.page.route("**/api/decode", lambda route: route.fulfill(status=429, json={"error": "ask again in a second"}))
    again.click()
    seen.until("document.querySelector('[role=alert]')?.textContent === 'ask again in a second'")


def test_what_the_server_starts_with_is_for_its_own_sentence(visit: Open, server: str) -> None:
    """--target and --heads-off, after the page went on to another sentence and was loaded again."""

    def start(route: Any) -> None:
        answer = route.fetch().json()
        route.fulfill(json=answer | {"target": "Der Zug.", "heads_off": [["encoder.layers.0.self_attention", 1]]})

    seen = visit(server, before=lambda page: page.route("**/api/model", start))
    assert all(part in seen.state() for part in ("target=Der+Zug", "off=encoder.layers.0.self_attention%3A1"))
    assert seen.page.locator(".translation").first.inner_text() == "Der Zug."
    again = visit(server, link(sentence=OTHER), before=lambda page: page.route("**/api/model", start))
    assert not any(part in again.state() for part in ("target=", "off="))
    assert again.page.locator(".translation").first.inner_text().startswith("Wir")


def test_what_is_typed_before_the_server_answers_stays(visit: Open, server: str) -> None:
    def late(page: Any) -> None:
        def answer(route: Any) -> None:
            page.locator("textarea.source").fill(OTHER)
            route.continue_()

        page.route("**/api/model", answer)

    seen = visit(server, before=late)
    seen.until("document.querySelector('.translation').textContent.startsWith('Wir')")
    assert seen.page.locator("textarea.source").input_value() == OTHER


def test_the_language_stays_where_an_address_names_none(visit: Open, server: str) -> None:
    seen = visit(server, link(lang="zh"))
    seen.go(link(view="flow"))
    assert seen.page.locator("html").get_attribute("lang") == "zh-CN"
    assert seen.page.locator(".translation").first.inner_text() == TARGET
