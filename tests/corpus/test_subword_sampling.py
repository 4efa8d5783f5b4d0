"""Subword sampling: the same words in other pieces, by the unigram model's probabilities, and nothing left to order."""

import math

import numpy as np
import pytest

from glassformer.corpus.batches import Batches
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.read import CorpusReport
from glassformer.corpus.subword_sampling import ALPHA, SubwordSampler, uniform, ways_to_cut
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer
from tests.toy_translator import ENGLISH, GERMAN

NASTY = "plain words, 🦉 in bytes \u202e and a\u0301 " + "longwordwithoutspaces" * 9


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train([*ENGLISH, *GERMAN], vocabulary_size=420)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, tokenizer):
    folder, rows = tmp_path_factory.mktemp("corpus") / "encoded", list(zip(ENGLISH, GERMAN, strict=True)) * 4
    return EncodedPairs.write(folder, rows, tokenizer, max_tokens=200, report=CorpusReport())


def batches(pairs, tokenizer, share, budget=512, seed=5):
    return Batches(pairs, batch_tokens=budget, seed=seed, sampler=SubwordSampler(tokenizer, share, seed))


def rows_of(batch):
    """Each pair's ids of both sides, by its number."""
    sides = [(side.tolist() for side in both) for both in zip(batch.source_ids, batch.target_ids, strict=True)]
    return {
        number: tuple(tuple(id for id in ids if id > 2) for ids in both)
        for number, both in zip(batch.numbers.tolist(), sides, strict=True)
    }


def all_rows(some):
    return {number: ids for batch in some for number, ids in rows_of(batch).items()}


def test_the_text_stays_and_the_pieces_change(pairs, tokenizer):
    plain = all_rows(Batches(pairs, batch_tokens=512, seed=5).epoch(0))
    sampled = all_rows(batches(pairs, tokenizer, 0.5).epoch(0))
    assert plain.keys() == sampled.keys()
    for number, sides in plain.items():
        for before, after in zip(sides, sampled[number], strict=True):
            assert tokenizer.decode(before) == tokenizer.decode(after)
    changed = sum(plain[number] != sampled[number] for number in plain)
    assert changed > len(plain) / 2
    assert all_rows(batches(pairs, tokenizer, 0.5).epoch(1)) != sampled


def test_the_first_epochs_may_have_whole_words(pairs, tokenizer):
    later = Batches(pairs, batch_tokens=512, seed=5, sampler=SubwordSampler(tokenizer, 0.5, 5, after=2))
    plain = Batches(pairs, batch_tokens=512, seed=5)
    for epoch in (0, 1):
        assert all_rows(later.epoch(epoch)) == all_rows(plain.epoch(epoch))
    assert all_rows(later.epoch(2)) == all_rows(batches(pairs, tokenizer, 0.5).epoch(2))


def test_token_counts_are_of_the_new_pieces(pairs, tokenizer):
    for batch in batches(pairs, tokenizer, 1.0).epoch(0):
        assert batch.tokens == int((batch.target_ids[:, 1:] != 0).sum())
        assert batch.source_tokens == int((batch.source_ids != 0).sum())


def test_a_draw_depends_on_seed_epoch_and_pair_only(pairs, tokenizer):
    whole = list(batches(pairs, tokenizer, 0.3).epoch(2))
    after = list(batches(pairs, tokenizer, 0.3).epoch(2, skip=5))
    assert [rows_of(batch) for batch in after] == [rows_of(batch) for batch in whole[5:]]
    assert all_rows(batches(pairs, tokenizer, 0.3, budget=200).epoch(2)) == all_rows(whole)
    assert all_rows(batches(pairs, tokenizer, 0.3, seed=6).epoch(2)) != all_rows(whole)


def test_ordered_batches_for_validation_are_left_alone(pairs, tokenizer):
    assert all_rows(batches(pairs, tokenizer, 1.0).ordered()) == all_rows(
        Batches(pairs, batch_tokens=9, seed=1).epoch(0)
    )


def test_ways_come_as_often_as_their_probability_to_the_alpha(tokenizer):
    word = tuple(tokenizer.encode("opens"))
    ways = [way for way, _ in ways_to_cut(tokenizer, word)]
    assert len(ways) > 2
    scores = [sum(tokenizer._pieces.get_score(id) for id in way) for way in ways]
    expected = np.exp(ALPHA * np.array(scores))
    expected /= expected.sum()
    draws, share = 20_000, 0.5
    ids, lengths = SubwordSampler(tokenizer, share, seed=3).sample_rows(
        np.array(word * draws), np.full(draws, len(word)), 0, 0
    )
    cuts = [tuple(cut.tolist()) for cut in np.split(ids, np.cumsum(lengths)[:-1])]
    for way, probability in zip(ways, expected, strict=True):
        wanted = share * probability + (1 - share) * (way == word)
        off = abs(cuts.count(way) / draws - wanted)
        assert off < 5 * math.sqrt(wanted / draws), way


def test_words_in_bytes_and_very_long_ones_stay(tokenizer):
    ids = tokenizer.encode(NASTY)
    sampler = SubwordSampler(tokenizer, 1.0, seed=1)
    for epoch in range(5):
        found, (length,) = sampler.sample_rows(np.array(ids), np.array([len(ids)]), 0, epoch)
        assert tokenizer.decode(found) == tokenizer.decode(ids)
        assert length == len(found)
    assert ways_to_cut(tokenizer, tuple(tokenizer.encode("x" * 100))) == []
    empty, lengths = sampler.sample_rows(np.array([], dtype=np.int64), np.array([0, 0]), 0, 0)
    assert (empty.tolist(), lengths.tolist()) == ([], [0, 0])


def test_the_numbers_are_even_and_independent():
    numbers = np.arange(100_000)
    drawn = uniform(1, 2, numbers, numbers % 7)
    assert np.histogram(drawn, bins=10, range=(0, 1))[0] == pytest.approx(10_000, rel=0.05)
    assert abs(np.corrcoef(drawn, uniform(1, 3, numbers, numbers % 7))[0, 1]) < 0.02
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.02


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, math.nan])
def test_a_share_that_cannot_be(tokenizer, share):
    with pytest.raises(ConfigError, match="wanted a share of the words"):
        SubwordSampler(tokenizer, share, seed=1)
