"""The tour: its chapters, their small figures and questions; lessons and the worksheet."""

import re

import pytest

from tests.browser.conftest import Open, link

CHAPTERS = 11


def test_every_chapter_points_at_live_parts_and_asks_what_it_can_check(visit: Open, server: str) -> None:
    seen = visit(server, link(sentence="The train stopped because it was snowing."))
    seen.page.get_by_role("button", name=re.compile("Start here")).click()
    for chapter in range(CHAPTERS):
        assert seen.page.locator(".story-count").inner_text() == f"Chapter {chapter + 1} of {CHAPTERS}"
        assert seen.page.locator(".toy .cells, .toy-sign").count() > 0
        model = seen.page.locator(".story-model .inline")
        (model if model.count() else seen.page.locator(".story .inline")).first.click()
        seen.page.locator(".pointed").first.wait_for(timeout=5000)
        options = seen.page.locator(".ask-options button")
        answers = []
        for n in range(options.count()):
            options.nth(n).click()
            answers.append(seen.page.locator(".ask-answer").inner_text())
        assert [answer.startswith("Yes.") for answer in answers].count(True) == 1, (chapter, answers)
        seen.page.locator(".story-nav button").last.click()
    assert seen.page.locator(".story").count() == 0
    assert not any(part in seen.state() for part in ("side=", "layer=", "symbol=", "cell="))  # nothing leaks
    assert seen.wrong == []


def test_a_small_figure_is_played_in_steps(visit: Open, server: str) -> None:
    seen = visit(server, link(chapter="1"))
    said = seen.page.locator(".toy-say")
    first = said.inner_text()
    assert re.search(r"= \d+$", first)
    seen.page.locator(".toy .player button").last.click()
    assert said.inner_text() != first


@pytest.mark.parametrize("width", [1280, 390])
def test_no_word_of_a_chapter_is_cut(visit: Open, server: str, width: int) -> None:
    seen = visit(server, width=width)
    for chapter in range(CHAPTERS):
        seen.go(link(chapter=str(chapter)))
        cut = seen.page.evaluate(
            "[...document.querySelectorAll('.story-body p, .story-body h2, .toy td, .words li bdi')]"
            ".filter(one => one.scrollWidth > one.clientWidth + 2 && getComputedStyle(one).overflow !== 'visible')"
            ".map(one => one.textContent)"
        )
        assert cut == [], chapter


def test_on_a_phone_the_tour_is_gone_through_with_one_thumb(visit: Open, server: str) -> None:
    seen = visit(server, link(chapter="0"), width=390)
    for chapter in range(1, CHAPTERS):
        seen.page.locator(".story-bar .strong").click()  # stands where it stood, at the foot of the screen
        assert seen.page.locator(".story-count").inner_text().startswith(f"Chapter {chapter + 1} ")
        box = seen.page.locator(".story").bounding_box()
        assert box["y"] > 300
    seen.page.get_by_role("button", name="Picture").click()
    assert seen.page.locator(".story-body").is_hidden()


def test_a_lesson_opens_one_chapter_and_hides_the_rest(visit: Open, server: str) -> None:
    seen = visit(f"{server}?lesson=looks&sentence=The+train+stopped+because+it+was+snowing.")
    assert seen.page.locator(".story h2").inner_text() == "What do the heads look at?"
    assert "snowing" in seen.page.locator("textarea.source").input_value()
    assert seen.page.get_by_role("navigation").count() == 0
    assert seen.page.locator(".story-nav, .story-dots, footer .quiet").count() == 0


def test_the_worksheet_has_ten_questions_and_this_model_s_answers(visit: Open, server: str) -> None:
    seen = visit(server, link(view="worksheet"))
    lists = seen.page.locator(".worksheet ol")
    assert [one.locator("li").count() for one in lists.all()] == [10, 10]
    assert "d_k" not in lists.last.inner_text().split("softmax", maxsplit=1)[0]  # sizes, not names
    assert seen.page.locator(".answers").evaluate("one => getComputedStyle(one).breakBefore") in ("auto", "page")
