"""Beam search that meets phrases: they are there, as words, and without any it is beam search."""

import pytest
import torch

from glassformer.config import DecodingConfig
from glassformer.decoding.constrained import ConstrainedSearch, PhraseProgress, constrained_search
from glassformer.decoding.decode import decode
from glassformer.hypothesis import make_sentence
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


def test_a_word_whose_place_a_phrase_takes_is_not_written() -> None:
    source = ids(ENGLISH[12])
    texts = [
        toy().tokenizer.decode(
            constrained_search(toy().model, source, [ids("Cello")], inside_word(), BEAM, word)[0].ids
        )
        for word in ([], [ids("Fenster")])
    ]
    assert ["Fenster" in text for text in texts] == [True, False]
    assert all(" Cello" in text for text in texts)


def test_a_phrase_begins_where_the_word_would() -> None:
    model, (word, phrase, other) = toy().model, map(ids, ("Fenster", "Cello", "Uhr"))
    sentence = make_sentence(ids(ENGLISH[12]), (), BEAM, model.config)
    search = ConstrainedSearch(model, sentence, [phrase, other], inside_word(), BEAM, [word, []])
    assert search.wanted(PhraseProgress(), [word[0]]) == [phrase[0], other[0]]
    assert search.wanted(PhraseProgress(), []) == [other[0]]
    assert search.wanted(PhraseProgress(phrase=0, tokens=1), []) == [phrase[1]]


def test_without_such_a_place_there_is_nothing() -> None:
    config = DecodingConfig(beam_size=1, extra_length=10)
    assert (
        constrained_search(toy().model, ids(ENGLISH[1]), [ids("Suppe")], inside_word(), config, [ids("Scheune")]) == []
    )


def test_what_is_there_already_costs_nothing() -> None:
    source = ids(ENGLISH[1])
    ((best, *_),) = decode(toy().model, [source], BEAM)
    (found,) = constrained_search(toy().model, source, [ids("Uhr")], inside_word(), BEAM)
    assert found.ids == best.ids


def test_where_there_is_no_room_there_is_nothing() -> None:
    config = DecodingConfig(beam_size=2, extra_length=1)
    assert constrained_search(toy().model, ids("owl"), [ids("Handschuh " * 20)], inside_word(), config) == []


def test_all_begin_with_the_prefix_and_have_the_phrases_behind_it() -> None:
    source, prefix = ids(ENGLISH[1]), ids("Nun, das")
    (found,) = constrained_search(toy().model, source, [ids("Glocke")], inside_word(), BEAM, prefix=prefix)
    assert found.ids[: len(prefix)] == prefix
    assert " Glocke" in toy().tokenizer.decode(found.ids)
    (found,) = constrained_search(toy().model, source, [ids("Uhr")], inside_word(), BEAM, [ids("Nun")], ids("Nun"))
    assert toy().tokenizer.decode(found.ids).startswith("Nun")  # the word whose place is taken may be in the prefix


def test_a_phrase_in_the_prefix_is_there() -> None:
    source, prefix = ids(ENGLISH[1]), ids("Die Glocke")
    ((best, *_),) = decode(toy().model, [source], BEAM, prefixes=[prefix])
    (found,) = constrained_search(toy().model, source, [ids("Glocke")], inside_word(), BEAM, prefix=prefix)
    assert found.ids == best.ids
    assert found.score == pytest.approx(best.score, abs=1e-4)


def test_a_phrase_that_begins_a_longer_word_of_the_prefix_is_not_there() -> None:
    phrase, longer = ids("Brief"), [*ids("Brief"), int(inside_word().nonzero()[0])]
    model, config = toy().model, DecodingConfig(beam_size=2)
    search = ConstrainedSearch(
        model, make_sentence(ids(ENGLISH[1]), longer, config, model.config), [phrase], inside_word(), config
    )
    met = []
    for _ in longer:
        with torch.no_grad():
            search.step()
        met.append(bool(search.live[0][1].met))
    assert met == [False] * (len(phrase) - 1) + [True, False]
