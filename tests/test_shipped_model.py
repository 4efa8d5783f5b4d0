"""The model that ships: it is there, it fits, it says what it is, and it translates."""

import pytest

from glassformer.translator import Translator, shipped_models
from glassformer.translator.shipped import models_folder

LIMIT = 20_000_000  # bytes: what the repository can carry


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load("en-de")


def test_it_ships_and_fits() -> None:
    assert shipped_models() == ["en-de"]
    assert sum(path.stat().st_size for path in models_folder().rglob("*") if path.is_file()) <= LIMIT


def test_its_card_says_what_it_is(translator: Translator) -> None:
    card = translator.card
    assert any("CC BY 2.0 FR" in text for text in card["data"])
    assert any("MPL-2.0" in text for text in card["data"])
    assert card["command"].startswith("glassformer train --source")
    assert {score["name"] for score in card["scores"]} == {"BLEU", "chrF2"}
    assert all("version:" in score["signature"] for score in card["scores"])
    page = (models_folder() / "en-de" / "README.md").read_text(encoding="utf-8")
    assert f"{card['parameters']:,} weights" in page


def test_it_has_the_articles_layer_5_and_eight_heads(translator: Translator) -> None:
    assert translator.model.config.encoder_layers == 6
    assert translator.model.config.heads == 8
    trace = translator.trace("The animal didn't cross the street because it was too tired.")
    weights = trace["encoder.layers.5.self_attention.weights"]
    assert weights.shape[0] == 8
    assert weights.shape[1] == weights.shape[2] == len(trace.about["source_tokens"])


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
