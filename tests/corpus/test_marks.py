"""Marks of words: as pieces in the batches, however the words are cut."""

import random
from pathlib import Path

import numpy as np
import pytest

from glassformer.corpus.batches import BLOCK, Batches
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.marks import MarkedPair, marks_of, with_marks_of, word_starts, words_of_tokenizer
from glassformer.corpus.read import CorpusReport
from glassformer.corpus.subword_sampling import SubwordSampler
from glassformer.text.tokenizer import Tokenizer
from tests.made_up import made_up_pairs

COUNT = BLOCK + 300


def marked_pairs(count: int) -> list[MarkedPair]:
    chance, made = random.Random(5), []
    for pair in made_up_pairs(count):
        words = range(len(pair[0].split()))
        some = tuple((chance.choice(words), chance.choice(words)) for _ in range(chance.choice([0, 0, 1, 3])))
        made.append(MarkedPair(pair, tuple(dict.fromkeys(some))))
    return made


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> EncodedPairs:
    folder = tmp_path_factory.mktemp("marked") / "encoded"
    return EncodedPairs.write(folder, marked_pairs(COUNT), tokenizer, max_tokens=200, report=CorpusReport())


@pytest.mark.parametrize("share", [0.0, 0.7])
@pytest.mark.parametrize("processes", [1, 3])
def test_each_piece_of_a_word_looks_at_each_of_the_other(
    pairs: EncodedPairs, tokenizer: Tokenizer, share: float, processes: int
) -> None:
    wanted, seen, recut = marked_pairs(COUNT), 0, 0
    sampler = SubwordSampler(tokenizer, share, 3) if share else None
    batches = Batches(pairs, batch_tokens=900, seed=3, sampler=sampler, word_starts=word_starts(tokenizer))
    for whole in batches.epoch(1):
        for batch in filter(None, (whole.rows(number, processes) for number in range(processes))):
            found: dict[int, set[tuple[int, int]]] = {}
            for row, query, key in [] if batch.looks is None else batch.looks.tolist():
                found.setdefault(row, set()).add((query, key))
            for row, number in enumerate(batch.numbers.tolist()):
                ids = batch.source_ids[row].tolist()
                words = tokenizer.words(ids)
                marks = wanted[number].marks
                told = {(q, k) for one, other in marks for q in words[one] for k in words[other]}
                assert found.get(row, set()) == told
                seen += bool(marks)
                recut += [id for id in ids if id > 2] != pairs.pair(number)[0].tolist()
    assert seen == pairs.facts.marked_pairs > 0
    assert (recut > 0) == (share > 0)


def test_a_part_of_an_epoch_has_the_marks_of_the_whole(pairs: EncodedPairs, tokenizer: Tokenizer) -> None:
    batches = Batches(pairs, batch_tokens=900, seed=3, word_starts=word_starts(tokenizer))
    for one, other in zip(batches.epoch(0, skip=4), list(batches.epoch(0))[4:], strict=True):
        assert (one.looks is None) == (other.looks is None)
        assert one.looks is None or one.looks.tolist() == other.looks.tolist()
    assert all(batch.looks is None for batch in Batches(pairs, batch_tokens=900, seed=3).epoch(0))


def test_blocks_have_their_own_marks(pairs: EncodedPairs) -> None:
    both = [pairs.block(0, BLOCK).marks, pairs.block(BLOCK, COUNT).marks + np.array([BLOCK, 0, 0])]
    assert np.concatenate(both).tolist() == pairs.block(0, COUNT).marks.tolist()
    assert pairs.facts.marks == len(np.concatenate(both))
    assert pairs.whole()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the cat sleeps", [(0, 0), (1, 1), (2, 2)]),
        ("  the   cat ", [(0, 0), (1, 1)]),
        ("the\tcat sleeps", [(0, 0), (1, 1), (2, 2)]),
        ("seven\u00a0loaves of\u3000rye", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("the▁old cat", [(0, 1), (2, 2)]),
        ("🦉 🦉🦉 a\u0301b", [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_words_between_white_space_are_found_among_the_tokenizers(
    tokenizer: Tokenizer, text: str, words: list[tuple[int, int]]
) -> None:
    assert [(among[0], among[-1]) for among in words_of_tokenizer(text)] == words
    assert len(text.split()) == len(words)
    assert words[-1][1] == len(tokenizer.words(tokenizer.encode(text))) - 1


def test_odd_lines_can_be_marked(tmp_path: Path, tokenizer: Tokenizer) -> None:
    lines = ["▁ cat", "cat ▁", "a ▁▁ b", "x\u2028y z", "\u200b the cat", "cat\u0000 dog", "\ud83e cat"]
    odd = [MarkedPair((line, "Katze"), tuple((i, 0) for i in range(len(line.split())))) for line in lines]
    encoded = EncodedPairs.write(tmp_path / "e", odd, tokenizer, max_tokens=200, report=CorpusReport())
    batches = Batches(encoded, batch_tokens=900, seed=3, word_starts=word_starts(tokenizer))
    (batch,) = batches.epoch(0)
    assert batch.looks is not None
    for row, query, key in batch.looks.tolist():
        assert batch.source_ids[row, query] > 2
        assert batch.source_ids[row, key] > 2


def test_a_changed_pair_forgets_its_marks_unless_its_words_stay() -> None:
    pair = MarkedPair(("It sleeps .", "Es schläft."), ((0, 1),))
    assert pair == ("It sleeps .", "Es schläft.")
    assert marks_of(with_marks_of(pair, ("it sleeps .", "Es schläft."))) == ((0, 1),)
    assert marks_of(with_marks_of(pair, ("It sleeps", "Es schläft"))) == ()
    assert marks_of((pair[0], pair[1])) == ()
