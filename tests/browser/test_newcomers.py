"""What two newcomers stumbled over, at a desk and on a phone, with the model that they had (docs/decisions/0015).

Where a defect is one of any model, its test is with the others: this file has those that only a model of this size shows."""

import re
from itertools import pairwise
from typing import Any

import pytest

from glassformer.translator import Translator, merge_words
from tests.browser.conftest import Open, Visit, link

IT = "The animal didn't cross the street because it was too tired."
LONG = (
    "When the old woman opened the window this morning, she saw that the little bird was sitting in the garden "
    "and singing again."
)
RELU = link(view="flow", layer="0", window="encoder.layers.0.feed_forward.inner")
WIDE = [
    link(sentence=IT),
    RELU,
    f"{RELU}&chapter=8",
    link(view="flow", side="cross", window="decoder.layers.1.cross_attention_add_norm.output"),
    link(view="whatif"),
    link(view="whatif", chapter="10"),
    link(view="matrices", symbol="concat"),
    link(view="decoding"),
    link(sentence="word " * 60),
]
CUT = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible')
  .map(one => one.textContent)"""
BOXES = """all => all.map(one => one.getBoundingClientRect())
  .map(({ left, top, width, height }) => [left, top, width, height])"""
LETTERS = """all => all.map(one => {
  const { top, height } = one.getBoundingClientRect();
  const high = parseFloat(getComputedStyle(one).fontSize);
  return [top + (height - high) / 2, high];
})"""
"""Where the letters of a line begin and how high they are: two lines may overlap where their letters do not."""


@pytest.fixture(scope="module")
def desk(visit_once: Open, shipped: str) -> Visit:
    return visit_once(shipped)


@pytest.fixture(scope="module")
def phone(visit_once: Open, shipped: str) -> Visit:
    return visit_once(
        shipped, width=390, locale="zh-CN", before=lambda page: page.emulate_media(reduced_motion="reduce")
    )


def boxes(seen: Visit, selector: str) -> list[list[float]]:
    return seen.page.locator(selector).evaluate_all(BOXES)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_makes_the_page_wider_than_the_screen(desk: Visit, phone: Visit, width: int) -> None:
    seen = {1280: desk, 390: phone}[width]
    for state in WIDE:
        seen.go(state)
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width, state


def test_the_map_s_words_do_not_touch(desk: Visit, phone: Visit) -> None:
    phone.go(link(sentence=LONG))
    phone.page.locator(".map-fold").click()
    for seen, state in ((desk, ""), (desk, "&chapter=1"), (phone, "")):
        seen.go(f"{link(sentence=LONG)}{state}")
        for side in ("left", "right"):
            places = seen.page.locator(f".map-names.{side} bdi").evaluate_all(LETTERS)
            assert len(places) > 5
            assert all(top + high <= after + 1.5 for (top, high), (after, _) in pairwise(places))
    phone.page.locator(".map-fold").click()


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_no_word_of_the_lists_is_cut_beside_the_tour(desk: Visit, width: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": 860})
    desk.go(link(sentence=IT, chapter="5"))
    assert desk.page.evaluate(CUT, ".words li, .looks-names span, .flow-words li") == []
    desk.page.set_viewport_size({"width": 1280, "height": 860})


def test_one_head_is_one_line_beside_the_tour(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="flow", layer="0", chapter="7"))
    assert max(high for *_, high in boxes(desk, ".flow-heads li")) < 70
    *words, rows = boxes(
        desk, ".flow-words li, .flow-column:nth-child(2) .heat-canvas"
    )  # at once: the page may be scrolling
    pitch = rows[3] / len(words)
    for n, (_, top, _, high) in enumerate(words):  # a word stands beside its row
        assert abs(top + high / 2 - (rows[1] + (n + 0.5) * pitch)) < 5


def test_what_a_chapter_points_at_comes_into_sight(phone: Visit) -> None:
    for chapter in range(11):
        phone.go(link(sentence=IT, chapter=str(chapter)))
        links = phone.page.locator(".story-body .inline")
        for n in range(links.count()):
            phone.go(link(sentence=IT, chapter=str(chapter)))
            links.nth(n).evaluate("one => one.click()")
            phone.page.wait_for_timeout(30)
            spot, seen = phone.page.locator(".pointed"), False
            for _ in range(100):  # a busy machine draws and scrolls later
                seen = not spot.count() or any(
                    -10 <= y < 600 and high > 0 for _, y, _, high in boxes(phone, ".pointed")
                )
                if seen:
                    break
                phone.page.wait_for_timeout(50)
            assert seen, (chapter, n)
            assert phone.page.locator(".story-body").is_hidden()  # the sheet does not hide it


def test_the_headline_leaves_nothing_out(desk: Visit) -> None:
    translator = Translator.load("en-de")
    trace = translator.trace(IT)
    places = translator.words(trace.about["source_ids"], special=True)
    it = next(at for word, at in places if word == "it")
    desk.go(link(sentence=IT, layer="5", heads="0,1,2,3,4,5,6,7", token=str(it[0])))
    rows = merge_words(trace["encoder.layers.5.self_attention.weights"], [it], [at for _, at in places])[:, 0]
    said = desk.page.locator(".reading li").all_inner_texts()
    for row, line in zip(rows, said, strict=True):
        best = places[int(row.argmax())][0]
        assert float(re.search(r"(\d+(?:\.\d)?) %", line).group(1)) == pytest.approx(100 * float(row.max()), abs=0.6)  # type: ignore[union-attr]
        assert best in line
    assert desk.page.locator(".mean-name").inner_text()  # the column beside it is a mean, and says so


def test_bands_stand_over_their_columns(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="matrices", symbol="concat"))
    bands, canvas = boxes(desk, ".heat-bands button"), boxes(desk, ".product .heat-canvas")[0]
    for n, (left, _, width, _) in enumerate(bands):
        assert abs(left - (canvas[0] + n * canvas[2] / len(bands))) < 2
        assert abs(width - canvas[2] / len(bands)) < 2


def test_what_is_multiplied_is_drawn_alike(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="matrices", symbol="scores"))
    q, k, _ = boxes(desk, ".product .heat-canvas")
    assert abs(q[2] - k[3]) < 3  # a row of Q is as long as a column of Kᵀ


@pytest.mark.parametrize("symbol", ["q", "scores", "z"])
def test_legends_reach_as_far_as_the_values(desk: Visit, symbol: str) -> None:
    desk.go(link(sentence=IT, view="matrices", symbol=symbol, layer="5"))
    cell = float(desk.page.locator(".written > p b").last.inner_text().replace("−", "-"))
    reach = re.findall(r"\d+\.\d", desk.page.locator(".product .legend").last.inner_text())
    assert abs(cell) <= float(reach[-1]) + 0.05
    if symbol == "z":
        terms = desk.page.locator(".terms small bdi").all_inner_texts()
        assert set(terms) <= {*IT.replace(".", " .").replace("'", " ").split(), "didn", "t", "'", "</s>"}


def test_a_chosen_cell_stays_from_the_shares_to_the_scores(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="matrices", symbol="weights", cell="9:1"))
    desk.page.locator(".formula .segments button").nth(3).click()
    assert "cell=9%3A1" in desk.state()


def test_the_list_of_ranked_heads_stays_and_has_a_unit(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="whatif"))
    desk.page.locator("[data-ask]").click()
    desk.page.locator(".ranking li").first.wait_for()
    assert "log P" in desk.page.locator("[data-spot=rank]").inner_text()
    desk.page.locator(".ranking .quiet").first.click()
    desk.until("!!document.querySelector('.happened') && !document.querySelector('.busy')")
    assert desk.page.locator(".ranking .quiet").first.get_attribute("aria-pressed") == "true"


def test_compare_writes_differences_in_points(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="compare"))
    table = desk.page.locator("[data-spot=differences] table")
    table.wait_for()
    rows = table.locator("tr").all_inner_texts()
    assert rows[0].split("\t")[1:3] == ["tired", "wide"]  # without their full stops
    assert all(re.fullmatch(r"[+−]?\d+\.\d", row.split("\t")[-1]) for row in rows[1:])
    assert desk.page.locator(".one").first.locator(".choice-bar").count() == len(rows) - 1


def test_decoding_again_says_why_it_may_differ_and_moves_nothing(desk: Visit) -> None:
    desk.go(link(sentence=IT, view="decoding"))
    before = boxes(desk, ".columns")
    desk.page.locator("main section > .plain").click()
    desk.until("document.querySelector('.streamed').textContent.length > 3")
    early = desk.page.locator(".streamed").inner_text()
    assert boxes(desk, ".columns") == before
    desk.page.wait_for_timeout(600)
    assert desk.page.locator(".streamed").inner_text() != early  # a word after the other
    assert "beam search" in desk.page.locator("main section > .note").last.inner_text()


def test_the_arrows_walk_along_the_views(desk: Visit) -> None:
    desk.go(link(sentence=IT))
    desk.page.locator("nav button").first.focus()
    desk.page.keyboard.press("ArrowRight")
    assert desk.page.evaluate("document.activeElement.textContent") == "One layer"
    desk.page.keyboard.press("ArrowLeft")
    desk.page.keyboard.press("ArrowLeft")
    assert desk.page.evaluate("document.activeElement.textContent") == "Compare"


def test_a_text_too_long_is_told_and_its_field_shows_all_lines(phone: Visit) -> None:
    phone.go(link(sentence="The cat sat. " * 110))
    phone.page.locator("[role=alert]").wait_for()
    high, shown, scrolls = phone.page.locator("textarea.source").evaluate(
        "one => [one.scrollHeight, one.clientHeight, getComputedStyle(one).overflowY]"
    )
    assert high <= shown + 1 or scrolls in ("auto", "scroll")


def test_chinese_typed_in_is_told_kindly(phone: Visit) -> None:
    phone.go(link(sentence="这只动物没过马路，因为它太累了。"))
    phone.until("!!document.querySelector('.foreign')")
    assert "英语" in phone.page.locator(".foreign").inner_text()


TEXTS = """() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode())
    if (!walk.currentNode.parentElement.closest('script, style, bdi, code, math, textarea, .segments [lang]'))
      found.push(walk.currentNode.textContent);
  return found
}"""
HALF = re.compile(r"[\u4e00-\u9fff”] ?[,:;!?](?!\S*=)|[\u4e00-\u9fff]\.(?:\s|$)|[，。：；、！？] (?=\S)|\d %")


def test_chinese_pages_have_chinese_punctuation(phone: Visit) -> None:
    wrong: list[Any] = []
    for state in (
        *WIDE[:5],
        *(link(sentence=IT, chapter=str(n)) for n in range(11)),
        link(view="compare"),
        link(view="positions"),
    ):
        phone.go(state)
        wrong += [(state, text) for text in phone.page.evaluate(TEXTS) if HALF.search(text)]
    assert wrong == []


SMALL = """[...document.querySelectorAll('button, select, input, summary')]
  .filter(one => one.offsetParent && one.getBoundingClientRect().height < 43.5)
  .filter(one => !one.matches('.inline, .mini, .door, .thumb, .heat-bands button, .grip, .toggle input'))
  .map(one => one.outerHTML.slice(0, 90))"""


def test_on_a_phone_every_target_is_high_enough(phone: Visit) -> None:
    for state in (
        "",
        link(view="matrices"),
        link(view="positions"),
        link(view="decoding"),
        link(view="whatif"),
        link(view="compare"),
        link(chapter="2"),
    ):
        phone.go(state)
        assert phone.page.evaluate(SMALL) == [], state
