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


PLAYS = "[...document.querySelectorAll('.moves')]"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling(visit: Open, server: str, locale: str) -> None:
    seen = visit(server, width=390, locale=locale)
    for state in STATES:
        seen.go(state)
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390, state


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: cd web && npm ci")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Open, server: str, scheme: str) -> None:
    """As it opens in the dark, where colours alone are other ones; in the light with what moves paused on its way."""
    rules = "{}" if scheme == "light" else '{runOnly: ["color-contrast"]}'
    options = f"{{...{rules}, selectors: false, resultTypes: ['violations']}}"  # nothing is worked out that is not read
    seen = visit(server, scheme=scheme)
    seen.page.evaluate(AXE.read_text(encoding="utf-8"))
    for state in STATES:
        seen.go(state)
        if scheme == "light":  # whatever moves is played, and stands still somewhere on the way
            seen.page.evaluate(f"{PLAYS}.forEach(one => one.click())")
            seen.page.wait_for_timeout(30)
            seen.page.evaluate(f"{PLAYS}.forEach(one => one.click())")
        found = seen.page.evaluate(f"axe.run({options})")["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], state


REACHED = "[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]"
BY_POINTER_ALONE = f"""(() => {{
  const reached = new Set({REACHED}.filter(one => one.tabIndex >= 0));
  const inReach = one => [...reached].some(other => other.contains(one));
  const among = one => [...one.closest('[role=listbox]')?.children ?? []].some(other => reached.has(other));
  return [...document.body.querySelectorAll('*')]
    .filter(one => one.checkVisibility() && getComputedStyle(one).cursor.match(/pointer|crosshair|grab/))
    .filter(one => !one.closest('math, label, .grip-arc') && !inReach(one) && !among(one))
    .map(one => one.outerHTML.slice(0, 120))
}})()"""
"""What reacts to a pointer and cannot be reached by Tab, nor by arrows in a list of which Tab reaches one. The formula's
symbols are the buttons below it once more, and an arc has a ring at its end."""
STOPS = f"{REACHED}.filter(one => one.tabIndex >= 0 && !one.disabled && one.checkVisibility())"


def test_the_keyboard_alone_reaches_everything(visit: Open, server: str) -> None:
    seen = visit(server)
    for state in STATES:
        seen.go(state)
        assert seen.page.evaluate(BY_POINTER_ALONE) == [], state
    for state in (link(view="whatif"), link(chapter="2")):
        seen.go(state)
        seen.page.evaluate("document.activeElement.blur(); window.stops = new Set()")
        for _ in range(seen.page.evaluate(f"{STOPS}.length") + 3):
            seen.page.keyboard.press("Tab")
            seen.page.evaluate("window.stops.add(document.activeElement)")
        missed = f"{STOPS}.filter(one => !window.stops.has(one)).map(one => one.outerHTML.slice(0, 120))"
        assert seen.page.evaluate(missed) == [], state


def test_a_saved_file_works_without_a_network(visit: Open, saved: Callable[..., str]) -> None:
    address = saved(SENTENCE)
    seen = visit(address, link(view="matrices", symbol="z"), offline=True)
    assert seen.page.locator(".formula").count() == 1  # a link to a view of a saved file
    for state in STATES:
        seen.go(state)
        assert seen.page.locator(".translation").first.inner_text() == TARGET
    assert [url for url in seen.asked if not url.startswith((address, "data:"))] == []
    assert seen.wrong == []
