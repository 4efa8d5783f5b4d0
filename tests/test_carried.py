"""Things that a search has lost, and numbers that it changed, find their place again."""

from collections.abc import Sequence
from typing import Any

import pytest

from glassformer.carried import places, with_numbers
from glassformer.config import DecodingConfig
from glassformer.engines import Submitted
from glassformer.hypothesis import Hypothesis
from glassformer.text.numbers import lacking, written_in
from glassformer.text.reading import Reader
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN


class Parrot:
    """An engine that says given sentences in turn, and finds a target the likelier the nearer its sign stands to a word."""

    name = "parrot"
    copies = False

    def __init__(self, tokenizer: Tokenizer, says: Sequence[str], likes: str) -> None:
        self.tokenizer, self.says, self.likes = tokenizer, list(says), likes
        self.heard: list[list[int]] = []

    def submit(self, sources: Any, config: DecodingConfig, **_: Any) -> Submitted[Any]:
        self.heard += [list(source) for source in sources]
        ids = [self.tokenizer.encode(self.says.pop(0)) for _ in sources]
        attention = [[[1.0, 0.0] for _ in one] if config.attention else [] for one in ids]
        found = [[Hypothesis(one, -1.0, -1.0, True, [], look)] for one, look in zip(ids, attention, strict=True)]
        return Submitted(lambda: found)

    def score(self, sources: Any, targets: Any) -> list[list[float]]:
        texts = self.tokenizer.decode_batch(targets)
        return [
            [0.0 if self.likes in text else -9.0] * (len(ids) + 1) for ids, text in zip(targets, texts, strict=True)
        ]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([*ENGLISH, *GERMAN, "0 1 2 3 4 5 6 7 8 9 . ,"], vocabulary_size=400)


def translator_of(tokenizer: Tokenizer, says: Sequence[str], likes: str, languages: str = "en-de") -> Translator:
    card = {"languages": languages, "longest": 60}
    return Translator(Parrot(tokenizer, says, likes), tokenizer, card, remark=lambda text: None)


def test_a_sign_that_the_search_lost_stands_where_the_model_finds_it_likeliest(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Die alte Uhr geht nach."], "alte \ue000 Uhr")
    ((best,),) = translator.translations(["The old {name} clock is slow."])
    assert (best.text, best.misplaced) == ("Die alte {name} Uhr geht nach.", [])
    assert tokenizer.decode(best.ids) == "Die alte \ue000 Uhr geht nach."


def test_several_lost_signs_come_exactly_once(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Die \ue001 Uhr geht nach."], "never")
    ((best,),) = translator.translations(["The {a} old <b> clock %s is slow."])
    assert all(best.text.count(thing) == 1 for thing in ("{a}", "<b>", "%s"))
    assert not best.misplaced


def test_nothing_has_a_place_in_a_translation_without_words(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, [""], "")
    ((best,),) = translator.translations(["The old {name} clock."])
    assert best.text == "The old {name} clock."  # the source, as no translation is empty


def test_an_inserted_sign_looks_at_its_source(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Die alte Uhr."], "alte \ue000")
    text = "The old {name} clock."
    ((best,),) = translator.translations([text], config=DecodingConfig(attention=True))
    (aligned,) = best.aligned
    row = next(row for row, (start, end) in enumerate(aligned.target) if best.text[start:end].strip() == "{name}")
    start, end = aligned.source[aligned.weights[row].index(1.0)]
    assert text[start:end].strip() == "{name}"


def test_something_stands_at_words_beginnings_and_before_the_marks_at_their_ends(tokenizer: Tokenizer) -> None:
    def shown(text: str, *, unspaced: bool = False) -> list[str]:
        ids = tokenizer.encode(text)
        return [f"{tokenizer.decode(ids[:place])}|" for place in places(tokenizer, ids, unspaced)]

    assert shown("Die Uhr, alt.") == ["|", "Die|", "Die Uhr|", "Die Uhr,|", "Die Uhr, alt|", "Die Uhr, alt.|"]
    assert shown("öäü", unspaced=True)[-1] == "öäü|"
    assert len(shown("öäü", unspaced=True)) > len(shown("öäü")) == 2


def test_a_number_that_became_another_is_read_again_as_a_sign(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Wir zählen 4 Eulen.", "Wir zählen \ue000 Eulen."], "")
    assert translator.translate("We count 40 owls.") == "Wir zählen 40 Eulen."
    assert translator.engine.heard[1] == tokenizer.encode("We count \ue000 owls.")  # type: ignore[attr-defined]


def test_thousands_are_written_as_the_target_does(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Wir zählen 1 Eulen.", "Wir zählen \ue000 Eulen."], "")
    assert translator.translate("We count 1,000 owls.") == "Wir zählen 1.000 Eulen."


def test_a_number_that_is_there_costs_no_second_search(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Wir zählen 1.000 Eulen."], "")
    assert translator.translate("We count 1,000 owls.") == "Wir zählen 1.000 Eulen."
    unprotected = translator_of(tokenizer, ["Wir zählen 4 Eulen."], "")
    unprotected.protect = False
    assert unprotected.translate("We count 40 owls.") == "Wir zählen 4 Eulen."


def test_more_numbers_than_signs_stay_as_they_were_written(tokenizer: Tokenizer) -> None:
    reader = Reader.of(tokenizer, {"languages": "en-de"})
    text = " ".join(str(number) for number in range(100, 113))
    readings = reader.read([text])
    found = [[[Hypothesis(tokenizer.encode("Uhr"), -1.0, -1.0, True, [])]]]
    (reading,) = with_numbers(reader, readings, found, lambda sources, prefixes: [found[0][0]], {})
    assert reading.parts[0].text == " ".join([*reader.signs, "110", "111", "112"])


@pytest.mark.parametrize(
    ("source", "translation", "missing"),
    [
        ("12 of 40 %", "12 von 4 %", {"40"}),
        ("$1,000", "1.000 $", set()),
        ("$1,000", "1 000 $", set()),
        ("$1,000,000.5", "1 000 000,5 $", set()),
        ("$1,000", "zehntausend $", {"1,000"}),
        ("0.05", "0,5", {"0.05"}),
        ("3.5 kg", "3,5 kg", set()),
        ("1,2,3,4", "1,23,4", {"1,2,3,4"}),
        ("5 and 5", "5 und", {"5"}),
        ("the 5th MP3, A4 and 1860s", "nichts", set()),
        ("1,000.", "1.000.", set()),
        ("١٢", "", set()),
        ("Tom,23,Berlin", "Tom, Berlin", {"23"}),
    ],
)
def test_which_numbers_a_translation_lacks(source: str, translation: str, missing: set[str]) -> None:
    assert lacking(source, translation) == missing


@pytest.mark.parametrize(
    ("source", "translation", "missing"),
    [
        ("12,345 dogs", "12,345 Hunde", {"12,345"}),  # German's 12,345 is a little more than 12
        ("12,345 dogs", "12.345 Hunde", set()),
        ("12,345 dogs", "12345 Hunde", set()),
        ("12,345 dogs", "12 345 Hunde", set()),
        ("1,000,000 people", "1000.000 Menschen", {"1,000,000"}),
        ("$2,500.75", "2.500,75 $", set()),
        ("$2,500.75", "2,500.75 $", {"2,500.75"}),
        ("3.5 kg", "3.5 kg", set()),
    ],
)
def test_groups_of_thousands_are_the_targets(source: str, translation: str, missing: set[str]) -> None:
    assert lacking(source, translation, "en", "de") == missing


def test_thousands_of_both_languages_stay_in_their_groups() -> None:
    assert lacking("12,345 dogs", "123,45 只狗", "en", "zh") == {"12,345"}
    assert lacking("12,345 dogs", "12,345 只狗", "en", "zh") == set()


def test_a_currency_goes_with_its_number(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Sie hat 4 Eulen.", "Sie hat \ue000."], "")
    assert translator.translate("She has $45,000.") == "Sie hat $45.000."


def test_a_number_that_the_second_search_lost_is_searched_for_once_more(tokenizer: Tokenizer) -> None:
    says = ["Wir zählen 4 und 5 Eulen.", "Wir zählen \ue000 Eulen.", "Wir zählen \ue000 und \ue001 Eulen."]
    assert translator_of(tokenizer, says, "").translate("We count 40 and 5 owls.") == "Wir zählen 40 und 5 Eulen."


def test_a_prefix_has_the_signs_of_the_things_in_it(tokenizer: Tokenizer) -> None:
    translator = translator_of(tokenizer, ["Die \ue000 Uhr geht."], "")
    prepared = translator.prepare(["The {x} clock."], prefix="Die {x}")
    (ids,) = prepared.forced.values()
    assert tokenizer.decode(ids) == "Die \ue000"


def test_how_languages_write_thousands() -> None:
    assert written_in("1,234,567.89", "en", "de") == "1.234.567,89"
    assert written_in("1,234", "en-GB", "fr") == "1\u202f234"
    assert written_in("1.234,5", "de", "en") == "1,234.5"
    assert written_in("1,234", "en", "zh") == "1,234"
    assert written_in("12.5", "en", "de") == "12.5"
    assert written_in("1,234", "", "de") == "1,234"
