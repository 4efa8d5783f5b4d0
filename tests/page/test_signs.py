"""What must come out as it went in, on the page: its tokens, its translation, and the hint that a text cannot be read."""

from glassformer.page import wire
from glassformer.page.look import look
from glassformer.page.service import Service
from glassformer.translator import Translator

TEXT = "The {name} lamp flickers 😀"


def test_things_are_shown_and_not_their_signs(translator: Translator) -> None:
    header = look(translator, wire.Ask(TEXT, "Die {name} Lampe flackert 😀")).header
    assert header.source.text == TEXT
    assert header.target.text == "Die {name} Lampe flackert 😀"
    assert "{name}" in header.source.tokens
    assert "{name}" in header.target.tokens
    assert not any("\ue000" in word.text for side in (header.source, header.target) for word in side.words)
    assert any(step.chosen.token == "{name}" for step in header.steps)


def test_the_same_question_is_answered_from_the_same_trace(service: Service) -> None:
    first = service.seen(wire.Ask(TEXT))
    said = service.translator.written(TEXT, first.target_ids)
    assert service.seen(wire.Ask(TEXT, said)) is first


def test_a_text_that_the_model_cannot_read_is_marked(translator: Translator) -> None:
    translator.card["languages"] = "en-de"
    assert look(translator, wire.Ask("这只动物很累。")).header.foreign
    assert not look(translator, wire.Ask("The lamp flickers.")).header.foreign
