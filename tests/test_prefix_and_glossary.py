"""A translation that begins as it is told to, and has a glossary's terms: both hold, in each of the texts."""

import pytest

from glassformer.text.glossary import Glossary
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, FOLDER

CLOCK = ENGLISH[1]


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load(FOLDER, engine="native", device="cpu", threads=1)


def test_the_search_for_a_term_begins_with_the_prefix(translator: Translator) -> None:
    terms = Glossary.of([("clock", "Glocke")])
    texts, prefixes = [CLOCK, f"{ENGLISH[0]} {CLOCK}", CLOCK], ["Nun, das", "Unser", ""]
    for text, prefix, (best, *_) in zip(
        texts, prefixes, translator.translations(texts, prefix=prefixes, glossary=terms), strict=True
    ):
        assert best.text.startswith(prefix), text
        assert "Glocke" in best.text
        assert best.not_applied == []


def test_a_term_in_the_prefix_is_not_asked_for_again(translator: Translator) -> None:
    """Written in other tokens than the term alone, too."""
    terms = Glossary.of([("old", "alte"), ("clock", "Glocke")])
    for prefix in ("Die Glocke", '"Glocke" ist'):
        ((best, *_),) = translator.translations([CLOCK], prefix=prefix, glossary=terms)
        assert best.text.startswith(prefix[:5])
        assert best.text.count("Glocke") == 1, best.text
        assert "alte" in best.text


def test_the_word_whose_place_a_term_would_take_may_stand_in_the_prefix(translator: Translator) -> None:
    ((best, *_),) = translator.translations([CLOCK], prefix="Die alte Uhr", glossary=Glossary.of([("clock", "Glocke")]))
    assert best.text.startswith("Die alte Uhr")
    assert "Glocke" in best.text
