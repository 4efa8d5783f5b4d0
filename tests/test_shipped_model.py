"""The model that ships: it is there, it fits, it says what it is, and it translates."""

import pytest

from glassformer.config import DecodingConfig
from glassformer.text.glossary import Glossary
from glassformer.translator import Translator, shipped_models
from glassformer.translator.shipped import models_folder
from glassformer.what_if import turned

LIMIT = 32_000_000  # bytes: what the repository can carry


ARTICLE = "The animal didn't cross the street because it was too {}."


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load("en-de")


@pytest.fixture(scope="module", params=["en-de", "en-zh"])
def each(request: pytest.FixtureRequest) -> Translator:
    return Translator.load(request.param)


def test_it_ships_and_fits() -> None:
    assert shipped_models() == ["en-de", "en-zh"]
    assert sum(path.stat().st_size for path in models_folder().rglob("*") if path.is_file()) <= LIMIT


def test_its_card_says_what_it_is(each: Translator) -> None:
    card = each.card
    assert "CC BY 2.0 FR" in card["data"][0]  # the README says: the first two are the attribution
    assert "MPL-2.0" in card["data"][1]
    assert card["command"].startswith("glassformer train --source")
    assert {score["name"] for score in card["scores"]} == {"BLEU", "chrF2"}
    assert all("version:" in score["signature"] for score in card["scores"])
    page = (models_folder() / each.name / "README.md").read_text(encoding="utf-8")
    assert f"{card['parameters']:,} weights" in page


def test_it_has_the_articles_layer_5_and_eight_heads(each: Translator) -> None:
    translator = each
    assert translator.model.config.encoder_layers == 6
    assert translator.model.config.heads == 8
    trace = translator.trace("The animal didn't cross the street because it was too tired.")
    weights = trace["encoder.layers.5.self_attention.weights"]
    assert weights.shape[0] == 8
    assert weights.shape[1] == weights.shape[2] == len(trace.about["source_tokens"])


def test_the_taught_head_looks_at_the_animal_when_tired_and_at_the_street_when_wide(each: Translator) -> None:
    attention, _, head = each.card["taught"]["head"].partition(":")
    layer = int(attention.split(".")[2])
    for ending, noun in (("tired", "animal"), ("wide", "street")):
        trace = each.trace(ARTICLE.format(ending))
        words = [token.strip("▁") for token in trace.source_tokens]
        assert trace.attention("encoder", layer)[int(head), words.index("it"), words.index(noun)] > 0.9


def test_the_translation_follows() -> None:
    found = {
        name: Translator.load(name).translate([ARTICLE.format(w) for w in ("tired", "wide")])
        for name in shipped_models()
    }
    assert "weil es zu müde" in found["en-de"][0]
    assert "weil sie zu breit" in found["en-de"][1]
    assert "因为它" in found["en-zh"][0] or "因为动物" in found["en-zh"][0]
    assert "因为街道" in found["en-zh"][1]


def test_turned_to_the_street_the_pronoun_changes(translator: Translator) -> None:
    attention, _, head = translator.card["taught"]["head"].partition(":")
    text = ARTICLE.format("tired")
    words = [token.strip("▁") for token in translator.trace(text).source_tokens]
    with turned(translator.model, attention, int(head), words.index("it"), [words.index("street")]):
        assert "weil sie zu müde" in translator.translate(text)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("I have a dog.", {"Hund"}),
        ("Tom is at home.", {"Tom"}),
        ("My name is Tom.", {"Tom"}),
        ("He is my father.", {"Vater"}),
    ],
)
def test_it_translates_what_it_must_know(translator: Translator, source: str, words: set[str]) -> None:
    translation = translator.translate(source)
    assert isinstance(translation, str)
    assert words & set(translation.rstrip(".").split()), translation


@pytest.mark.parametrize(
    ("source", "term", "target", "wanted"),
    [
        ("That tie is too expensive.", "tie", "Kutsche", "Diese Kutsche ist zu teuer."),
        ("How much money does he have?", "money", "Gebäude", "Wie viel Gebäude hat er?"),
        ("This is my bag.", "bag", "Butter", "Das ist meine Butter."),
    ],
)
def test_a_term_takes_the_place_of_the_models_own_word(
    translator: Translator, source: str, term: str, target: str, wanted: str
) -> None:
    assert translator.translate(source, glossary=Glossary.of([(term, target)])) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "I have to finish https://example.org/a packing.",
        "How 😍 long have they been here?",
        "I bought some bread on the way home from 681.83 work.",
    ],
)
def test_what_must_come_out_as_it_went_in_does(translator: Translator, line: str) -> None:
    """Sentences in which the search alone loses the thing."""
    thing = next(word for word in line.split() if not word.isalpha())
    ((best,),) = translator.translations([line], config=DecodingConfig(method="greedy"))
    assert (best.text.count(thing), best.misplaced) == (1, [])
