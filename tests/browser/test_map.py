"""The map at the top: its ribbons start at the words that the numbers say, its walk tells what is so, words are whole."""

import re

import pytest
import torch

from glassformer.trace import Trace
from glassformer.translator import Translator
from tests.browser.conftest import SENTENCE, VIEWS, Open, Visit, link

RIBBONS = """[...document.querySelectorAll('.map .ribbon.cross')].map(one => {
  const [x1, y1, x2, y2] = one.getAttribute('d').match(/^M(\\S+) (\\S+)C.* (\\S+) (\\S+)$/).slice(1).map(Number);
  return [x1, y1, y2, (parseFloat(one.style.strokeWidth) - 0.5) / 9];
})"""
"""Of each ribbon of cross-attention: where its layer begins, the heights of its ends, its weight."""
LINES = """[...document.querySelectorAll('.map-lines path.lit:not(.ribbon)')]
  .map(one => Number(one.getAttribute('d').match(/ (\\S+)H/)[1]))"""
NAMES = """side => [...document.querySelectorAll(`.map-names.${side} bdi`)]
  .map(one => [one.textContent, parseFloat(one.style.top), one.className])"""


@pytest.fixture(scope="module")
def trace(translator: Translator) -> Trace:
    return translator.trace(SENTENCE)


def merged_weights(trace: Trace, places: list[list[int]], layer: int, row: int) -> list[float]:
    """What a row of the decoder gives to each word of the sentence, in the mean of all heads."""
    mean = trace[f"decoder.layers.{layer}.cross_attention.weights"].float().mean(0)[row]
    return [float(mean[torch.tensor(tokens)].sum()) for tokens in places]


@pytest.mark.parametrize("row", [0, 3, 12, 19])
def test_a_ribbon_of_cross_attention_starts_at_its_word(
    visit: Open, server: str, translator: Translator, trace: Trace, row: int
) -> None:
    places = [tokens for _, tokens in translator.words(trace.about["source_ids"], special=True)]
    assert len(places) < len(trace.about["source_ids"])  # or words and pieces could not be confused
    seen = visit(server, link(view="decoding", step=str(row)))
    ribbons = seen.page.evaluate(RIBBONS)
    starts = sorted({x1 for x1, *_ in ribbons})
    assert len(starts) == 2
    for layer, start in enumerate(starts):
        drawn = {y1 * len(places) / 100 - 0.5: weight for x1, y1, _, weight in ribbons if x1 == start}
        wanted = merged_weights(trace, places, layer, row)
        words = {round(at): weight for at, weight in drawn.items()}
        assert all(abs(at - round(at)) < 1e-6 for at in drawn)
        assert set(words) <= set(range(len(places)))
        assert max(words, key=lambda word: words[word]) == max(range(len(places)), key=lambda word: wanted[word])
        assert all(abs(weight - wanted[word]) < 0.02 for word, weight in words.items())


def test_a_row_is_drawn_beside_the_word_that_it_writes(visit: Open, server: str, trace: Trace) -> None:
    seen = visit(server)
    left = seen.page.evaluate(NAMES, "left")
    for row in range(len(trace.about["target_ids"])):
        seen.go(link(view="decoding", step=str(row)))
        right = seen.page.evaluate(NAMES, "right")
        followed, made = seen.page.evaluate(LINES)
        assert [top for _, top, kind in left if kind == "lit"] == [pytest.approx(followed, abs=0.01)]
        ((_, top, _),) = [name for name in right if name[2] == "lit"]
        assert abs(top - made) < 50 / len(right)
        assert {y2 for _, _, y2, _ in seen.page.evaluate(RIBBONS)} == {made}


def walked(seen: Visit) -> list[str]:
    """What the walk says, step by step."""
    told = []
    page = seen.page
    for _ in range(page.locator(".map .stop").count() - 1):
        page.locator(".map-told .player button").last.click()
        told.append(page.locator(".map-told [role=status]").inner_text())
    return told


@pytest.mark.parametrize(("locale", "rows"), [("en-US", "{} rows"), ("zh-CN", "{} 行")])
def test_the_walk_counts_the_memory_s_rows_and_names_no_word_that_is_forbidden(
    visit: Open, server: str, trace: Trace, locale: str, rows: str
) -> None:
    told = walked(visit(server, locale=locale))
    assert any(rows.format(len(trace.about["source_ids"])) in text for text in told)
    assert sum(bool(re.search("<s> 100 ?% ?[(（]", text)) for text in told) == 2  # each layer of the decoder
    assert not any(re.search(r"(?<![\d.])0(\.\d)? ?%", text) for text in told)


@pytest.mark.parametrize(
    ("locale", "hint"),
    [
        ("en-US", "␣ is a blank: a space that is a piece of its own."),
        ("zh-CN", "␣ 是一个空格，它自成一个词元。"),
    ],
)
def test_a_blank_is_shown_as_one_and_explained(visit: Open, server: str, trace: Trace, locale: str, hint: str) -> None:
    row = trace.about["target_tokens"].index("▁") - 1
    seen = visit(server, link(view="decoding", step=str(row)), locale=locale)
    for place in (".produced [aria-current] bdi", ".choices .chosen bdi", ".stop-bars span:first-child bdi"):
        piece = seen.page.locator(place)
        assert (piece.inner_text(), piece.get_attribute("title")) == ("␣", hint)
    assert hint in seen.page.locator("[data-spot=choices] .note").all_inner_texts()
    assert hint in walked(seen)[-1]
    seen.go(link(view="whatif"))
    assert seen.page.locator(".probabilities bdi", has_text="␣").first.get_attribute("title") == hint
    assert hint in seen.page.locator("main .note").all_inner_texts()


def test_no_view_shows_the_sign_of_a_space_before_a_word(visit: Open, server: str) -> None:
    seen = visit(server, link(pieces="true"))
    for view in (*VIEWS, "worksheet"):
        seen.go(link(view=view, pieces="true"))
        assert "▁" not in seen.page.evaluate("document.querySelector('main').textContent"), view
        assert "▁" not in seen.page.locator(".map").text_content(), view


@pytest.mark.parametrize(("width", "state"), [(1280, ""), (1280, link(chapter="1")), (390, "")])
def test_words_in_the_map_keep_their_edges(visit: Open, server: str, width: int, state: str) -> None:
    """Chinese letters are as high as their font and a little more; what is higher than its line is cut off."""
    seen = visit(server, state, width=width)
    lines = seen.page.evaluate(
        "[...document.querySelectorAll('.map-names bdi, .stop-bars bdi')].map(one => getComputedStyle(one))"
        ".map(style => parseFloat(style.lineHeight) / parseFloat(style.fontSize))"
    )
    assert lines
    assert min(lines) >= 1.29
