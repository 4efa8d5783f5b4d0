"""Every view: no sideways scrolling on a phone, nothing that axe finds, no need of a network."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import AXE, SENTENCE, TARGET, VIEWS, Open, link

STATES = [
    *(link(view=view) for view in VIEWS),
    *(link(view="matrices", symbol=symbol) for symbol in ("scores", "z", "heads", "concat")),
    link(view="matrices", symbol="weights", side="decoder"),
    link(view="flow", layer="0", window="encoder.layers.0.feed_forward.inner"),
    link(
        view="whatif",
        off="encoder.layers.0.self_attention:1",
        blocked="encoder.layers.0.self_attention:2:1",
        turned="encoder.layers.1.self_attention:0:2:1",
    ),
    *(link(chapter=str(chapter)) for chapter in range(11)),
    link(view="worksheet"),
]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling(visit: Open, server: str, locale: str) -> None:
    seen = visit(server, width=390, locale=locale)
    for state in STATES:
        seen.go(state)
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390, state


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: cd web && npm ci")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Open, server: str, scheme: str) -> None:
    """In the dark colours alone are other ones."""
    rules = "" if scheme == "light" else '{runOnly: ["color-contrast"]}'
    seen = visit(server, scheme=scheme)
    seen.page.evaluate(AXE.read_text(encoding="utf-8"))
    for state in STATES:
        seen.go(state)
        found = seen.page.evaluate(f"axe.run({rules})")["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], state


def test_a_saved_file_works_without_a_network(visit: Open, saved: Callable[..., str]) -> None:
    address = saved(SENTENCE)
    seen = visit(address, link(view="matrices", symbol="z"), offline=True)
    assert seen.page.locator(".formula").count() == 1  # a link to a view of a saved file
    for state in STATES:
        seen.go(state)
        assert seen.page.locator(".translation").first.inner_text() == TARGET
    assert [url for url in seen.asked if not url.startswith((address, "data:"))] == []
    assert seen.wrong == []
