"""Beam search that meets phrases: they are there, as words, and without any it is beam search."""

import pytest
import torch

from glassformer.config import DecodingConfig
from glassformer.decoding.constrained import constrained_search
from glassformer.decoding.decode import decode
from tests.toy_translator import ENGLISH, toy

BEAM = DecodingConfig(beam_size=4)


def inside_word() -> torch.Tensor:
    tokens = toy().tokenizer.tokens(range(len(toy().tokenizer)))
    return torch.tensor([not token.startswith("▁") and token[:1].isalnum() for token in tokens])


def ids(text: str) -> list[int]:
    return toy().tokenizer.encode(text)


@pytest.mark.parametrize("number", [0, 5, 11])
def test_without_phrases_it_is_beam_search(number: int) -> None:
    source = ids(ENGLISH[number])
    ((best, *_),) = decode(toy().model, [source], BEAM)
    (found,) = constrained_search(toy().model, source, [], inside_word(), BEAM)
    assert found.ids == best.ids
    assert found.score == pytest.approx(best.score, abs=1e-4)


@pytest.mark.parametrize("terms", [["Brief"], ["Suppe", "Uhr"], ["linker Handschuh"]])
def test_every_phrase_is_in_the_translation_as_a_word(terms: list[str]) -> None:
    source = ids(ENGLISH[1])
    (found,) = constrained_search(toy().model, source, [ids(term) for term in terms], inside_word(), BEAM)
    text = toy().tokenizer.decode(found.ids)
    for term in terms:
        assert f" {term} " in f" {text} ".replace(".", " .").replace(",", " ,"), text
    assert found.log_probability < 0


def test_what_is_there_already_costs_nothing() -> None:
    source = ids(ENGLISH[1])
    ((best, *_),) = decode(toy().model, [source], BEAM)
    (found,) = constrained_search(toy().model, source, [ids("Uhr")], inside_word(), BEAM)
    assert found.ids == best.ids


def test_where_there_is_no_room_there_is_nothing() -> None:
    config = DecodingConfig(beam_size=2, extra_length=1)
    assert constrained_search(toy().model, ids("owl"), [ids("Handschuh " * 20)], inside_word(), config) == []
