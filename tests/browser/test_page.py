"""How the page behaves: keyboard, address, languages, strange tokens."""

from collections.abc import Callable

import pytest

from glassformer.translator import Translator
from glassformer.what_if import heads_off
from tests.browser.conftest import SENTENCE, TARGET, VIEWS, Open, link, number


def test_the_first_screen_says_who_looks_at_whom(visit: Open, server: str) -> None:
    seen = visit(server)
    page = seen.page
    assert page.locator("textarea.source").input_value() == SENTENCE
    assert page.locator(".translation").first.inner_text() == TARGET
    assert page.get_by_role("listbox").nth(0).get_attribute("aria-label") == "The word that looks: queries"
    assert page.get_by_role("listbox").nth(1).get_attribute("aria-label") == "The words that are looked at: keys"
    assert "attends to" in page.locator("[aria-live=polite]").inner_text()
    assert "%" in page.locator("[aria-live=polite]").inner_text()
    assert [url for url in seen.asked if not url.startswith((server, "data:"))] == []
    assert seen.wrong == []


def test_heads_layers_and_words_by_keyboard(visit: Open, server: str) -> None:
    seen = visit(server, link(heads="0,1", layer="1"))
    page = seen.page
    page.keyboard.press("1")  # a key is a head's own number
    assert page.locator(".chip[aria-pressed=true]").count() == 1
    assert "heads=0" in seen.state()
    page.keyboard.press("0")
    assert "heads=" in seen.state()
    assert page.locator(".chip[aria-pressed=true]").count() == 0
    assert "choose one" in page.locator("[aria-live=polite]").inner_text()
    page.keyboard.press("1")
    page.keyboard.press("[")
    assert "layer=0" in seen.state()
    page.keyboard.press("]")
    assert "layer=1" in seen.state()
    before = page.locator("[aria-live=polite]").inner_text()
    page.get_by_role("listbox").first.locator("[aria-selected=true]").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert page.locator(".words.left [aria-selected=true]").inner_text() == "old"
    assert page.evaluate("document.activeElement.textContent") == "old"
    assert page.locator("[aria-live=polite]").inner_text() != before


def test_steps_by_keyboard(visit: Open, server: str) -> None:
    seen = visit(server, link(view="decoding"))
    seen.page.keyboard.press(".")
    seen.page.keyboard.press(".")
    assert "step=2" in seen.state()
    seen.page.keyboard.press(",")
    assert "step=1" in seen.state()
    assert seen.page.locator(".produced .now").count() == 1


def test_the_address_is_the_state_and_back_goes_back(visit: Open, server: str) -> None:
    seen = visit(server, link(view="attention", heads="1", layer="0", lang="en"))
    seen.page.get_by_role("navigation").get_by_role("button", name="Positions").click()
    address = seen.page.url
    assert "view=positions" in address
    again = visit(address.split("#")[0], address.split("#")[1])
    assert again.page.locator("[aria-current=page]").inner_text() == "Positions"
    seen.page.go_back()
    seen.page.locator(".attention").wait_for()
    assert "heads=1" in seen.state()


@pytest.mark.parametrize("then", [SENTENCE, ""])
def test_who_takes_back_a_letter_sees_what_was_there(visit: Open, server: str, then: str) -> None:
    """The question about the letter is given up, and nothing else is asked: the page must not go on waiting."""
    seen = visit(server)
    field = seen.page.locator("textarea.source")
    seen.page.route("**/api/look", lambda _: None)  # an answer that does not come
    field.fill(SENTENCE + "!")
    seen.until("!!document.querySelector('.translation.busy')")
    field.fill(then)
    seen.until("!document.querySelector('.translation.busy')")
    assert seen.page.locator(".translation").first.inner_text() == TARGET


def test_a_sentence_as_it_is_typed(visit: Open, server: str) -> None:
    seen = visit(server)
    seen.page.locator("textarea.source").fill("We drink tea in the kitchen.")
    seen.until("document.querySelector('.translation').textContent.startsWith('Wir')")
    assert "tea" in seen.page.locator(".words.left").inner_text()
    assert "sentence=We+drink" in seen.state()


def test_a_problem_is_told(visit: Open, server: str) -> None:
    seen = visit(server)
    seen.page.locator("textarea.source").fill("word " * 400)
    seen.page.locator("[role=alert]").wait_for()
    assert (
        "400" in seen.page.locator("[role=alert]").inner_text()
        or "token" in seen.page.locator("[role=alert]").inner_text()
    )


def test_a_head_that_is_off_changes_what_the_model_says(visit: Open, server: str, translator: Translator) -> None:
    seen = visit(server, link(view="whatif"))
    off = [
        ("decoder.layers.1.cross_attention", 0),
        ("decoder.layers.1.cross_attention", 1),
        ("decoder.layers.0.cross_attention", 0),
    ]
    boards = seen.page.locator(".board").nth(2)
    for layer, head in ((1, 0), (1, 1), (0, 0)):
        boards.locator("tr").nth(layer).locator("button").nth(head).click()
    with heads_off(translator.model, off):
        wanted = translator.translate(SENTENCE)
    seen.until("text => document.querySelectorAll('.outcome bdi')[1]?.textContent === text", " ".join(wanted.split()))
    assert seen.page.locator(".outcome bdi").first.inner_text() == TARGET
    assert "3 head(s) switched off" in seen.page.locator("footer").inner_text()
    seen.page.get_by_role("button", name="All on again").click()
    seen.until("document.querySelectorAll('.outcome bdi').length === 1")


def test_a_word_may_not_look_at_another(visit: Open, server: str, translator: Translator) -> None:
    seen = visit(server, link(view="whatif"))
    form = seen.page.locator(".blocks form")
    form.get_by_label("looks (query)").select_option("clock")
    form.get_by_label("may not look at (key)").select_option("old")
    form.get_by_role("button", name="Forbid").click()
    seen.until("document.querySelector('footer b')?.textContent.includes('forbidden')")
    places = dict(translator.words(translator.tokenizer.encode(SENTENCE)))
    edges = [(query, key) for query in places["clock"] for key in places["old"]]
    assert [" ".join(name.split()) for name in seen.page.locator(".blocks li").all_inner_texts()] == [
        "clock ↛ old · Encoder ×"
    ]
    seen.page.get_by_role("navigation").get_by_role("button", name="Attention").click()
    seen.page.get_by_label("whole words").uncheck()
    for layer in ("0", "1"):
        assert all(
            f"encoder.layers.{layer}.self_attention:{q}:{k}".replace(":", "%3A") in seen.state() for q, k in edges
        )
    rows = seen.table("These weights")
    assert all(rows[query][1 + key] == "0.000" for query, key in edges)
    seen.page.go_back()
    seen.page.get_by_role("button", name="Allow again").click()
    seen.until("!document.querySelector('.translation.busy') && !document.querySelector('footer b')")
    assert seen.wrong == []


def test_a_long_live_sentence_has_exact_rows(visit: Open, server: str, translator: Translator) -> None:
    text = " ".join([SENTENCE] * 6)
    seen = visit(server, link(sentence=text, heads="0", layer="1", token="2", pieces="true"))
    seen.until("![...document.querySelectorAll('.note')].some((note) => note.textContent.includes('bytes'))")
    weights = translator.trace(text)["encoder.layers.1.self_attention.weights"]
    assert weights.size(1) > 64
    assert [url.split("/api/")[1] for url in seen.asked if url.endswith("rows")] == ["rows"]
    shown = seen.table("These weights")[2][1:]
    assert max(abs(number(cell) - float(weight)) for cell, weight in zip(shown, weights[0, 2], strict=False)) <= 6e-4


def test_all_heads_are_ranked(visit: Open, server: str) -> None:
    seen = visit(server, link(view="whatif"))
    seen.page.get_by_role("button", name="Rank all heads").click()
    seen.page.locator(".ranking li").first.wait_for()
    assert seen.page.locator(".ranking li").count() == 12  # 2 encoder layers and 2 · 2 of the decoder, 2 heads each


def test_two_sentences_side_by_side(visit: Open, server: str) -> None:
    seen = visit(server, link(view="compare", other="The old train is slow."))
    seen.page.locator(".one").nth(1).wait_for()
    assert seen.page.locator(".one h3 mark").all_inner_texts() == ["clock", "train"]


def test_decoding_streams(visit: Open, server: str) -> None:
    seen = visit(server, link(view="decoding", side="cross"))
    seen.page.get_by_role("button", name="Decode again").click()
    seen.until("document.querySelector('.streamed')?.textContent.includes('</s>')")


def test_both_languages(visit: Open, server: str) -> None:
    seen = visit(server, locale="zh-CN")
    assert seen.page.locator("html").get_attribute("lang") == "zh-CN"
    assert seen.page.locator("[aria-current=page]").inner_text() == "注意力"
    assert "被看的词" in seen.page.locator(".looks-names").inner_text()
    seen.page.get_by_role("button", name="English").click()
    assert seen.page.locator("[aria-current=page]").inner_text() == "Attention"
    assert "lang=en" in seen.state()


STRANGE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "שלום עולם",
    "🦉🧑‍🚀 é",
    "&lt;b&gt; \u202e abc",
]


@pytest.mark.parametrize("text", STRANGE)
def test_tokens_are_text(visit: Open, server: str, saved: Callable[..., str], text: str) -> None:
    for address, offline in ((server, False), (saved(text, text), True)):
        seen = visit(address, "" if offline else link(sentence=text), offline=offline)
        seen.page.on("dialog", lambda _, wrong=seen.wrong: wrong.append("a dialog"))
        for view in VIEWS:
            seen.page.get_by_role("navigation").get_by_role("button").nth(VIEWS.index(view)).click()
        source = seen.page.locator("textarea.source")
        assert (source.input_value() if source.count() else seen.page.locator("p.source").inner_text()) == text
        assert seen.page.locator("main img, main script").count() == 0
        assert seen.wrong == []
