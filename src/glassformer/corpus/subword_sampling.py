"""Subword regularization (Kudo 2018): in training a word is now and then cut into other pieces than its likeliest ones.

SentencePiece draws from one stream of random numbers, which nobody can put back to where it was. Here each draw is a
function of the seed, the epoch, the pair and the word: a run that goes on in the middle of an epoch, on another number
of processes, with other batches, sees the same pieces. A word's ways to be cut come from SentencePiece and are
remembered; words are independent, as no piece of a unigram model crosses a space.
"""

import math
from array import array
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from glassformer.corpus.encoded import PairBlock
from glassformer.corpus.marks import word_starts
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer

Ids = tuple[int, ...]
Integers = npt.NDArray[np.int64]

WAYS = 16
"""The likeliest ways of cutting a word, of which one is drawn: Kudo's l, for each word instead of each sentence."""
ALPHA = 0.2
"""Each with a probability in proportion to P(way)^α: Kudo's α."""
LONGEST_WORD = 64
"""Characters: an address without spaces has too many ways to look for, and stays as it is."""
REMEMBERED = 1 << 18
"""Words; with their ways some 150 MB at most."""


class Ways:
    """The words that were met, and the ways to cut each, as flat tables. Word 0 has none: it stays as it is."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.words: dict[bytes, int] = {}
        self.cumulative = array("d")
        """The number of the word plus the share of the probability that is used up, for each way: it ascends."""
        self.first, self.lengths, self.ids = array("q"), array("q"), array("i")
        """For each way where its ids begin in ``ids``, and how many they are."""
        self.count = 1

    def number(self, word: bytes) -> int:
        """The word's number; ``word`` is its likeliest ids, int64."""
        known = self.words.get(word)
        if known is None:
            ways = ways_to_cut(self.tokenizer, tuple(np.frombuffer(word, dtype=np.int64).tolist()))
            known = self.words[word] = self.count if len(ways) > 1 else 0
            if known:
                self.count += 1
                for way, cumulative in ways:
                    self.cumulative.append(known + cumulative)
                    self.first.append(len(self.ids))
                    self.lengths.append(len(way))
                    self.ids.extend(way)
        return known


class SubwordSampler:
    """Cuts the ``share`` of the words anew in each epoch after the first ``after``. Raises ConfigError unless
    0 < share ≤ 1."""

    def __init__(self, tokenizer: Tokenizer, share: float, seed: int, after: int = 0) -> None:
        if not 0 < share <= 1:
            raise ConfigError(f"subword_sampling={share}: wanted a share of the words, above 0 and up to 1")
        self.share, self.seed, self.after, self.tokenizer = share, seed, after, tokenizer
        self.begins = word_starts(tokenizer)
        self.ways = Ways(tokenizer)

    def sample(self, block: PairBlock, first: int, epoch: int) -> PairBlock:
        """The pairs from number ``first`` on with some words cut otherwise: the same for the same epoch and seed."""
        if epoch < self.after:
            return block
        lengths = np.stack([block.source_lengths, block.target_lengths], axis=1).reshape(-1).astype(np.int64)
        ids, lengths = self.sample_rows(block.ids.astype(np.int64), lengths, 2 * first, epoch)
        both = lengths.reshape(-1, 2).sum(axis=1)
        sides = lengths[::2].astype(np.int32), lengths[1::2].astype(np.int32)
        return PairBlock(ids.astype(block.ids.dtype), np.cumsum(both) - both, *sides, block.marks)

    def sample_rows(self, ids: Integers, lengths: Integers, key: int, epoch: int) -> tuple[Integers, Integers]:
        """Sentences' ids one after the other, and each one's length, with some words cut otherwise. The sentences are
        numbers ``key``, ``key`` + 1, … of the corpus."""
        if len(self.ways.words) > REMEMBERED:
            self.ways = Ways(self.tokenizer)
        ends = np.cumsum(lengths)
        begins = self.begins[ids]
        begins[(ends - lengths)[lengths > 0]] = True
        borders = np.append(np.flatnonzero(begins), len(ids))  # [word + 1], where each begins
        rows = np.searchsorted(ends, borders[:-1], side="right")
        places = np.arange(len(rows)) - np.searchsorted(rows, rows)  # the word's number in its sentence
        chance = uniform(self.seed, epoch, key + rows, places)
        chosen = np.flatnonzero(chance < self.share)
        data, size = ids.tobytes(), ids.itemsize
        spans = zip((size * borders[chosen]).tolist(), (size * borders[chosen + 1]).tolist(), strict=True)
        words = np.array([self.ways.number(data[start:end]) for start, end in spans], dtype=np.int64)
        chosen, words = chosen[words > 0], words[words > 0]
        cumulative = np.frombuffer(self.ways.cumulative)
        ways = np.searchsorted(cumulative, words + chance[chosen] / self.share, side="right")
        # words + chance may be rounded up to the next word's
        ways = np.minimum(ways, np.searchsorted(cumulative, words + 1.0, side="left"))
        return self.replaced(ids, lengths, borders, rows, chosen, ways)

    def replaced(
        self, ids: Integers, lengths: Integers, borders: Integers, rows: Integers, chosen: Integers, ways: Integers
    ) -> tuple[Integers, Integers]:
        """``ids`` with the ``chosen`` words in these ``ways``: every word is copied from a place in one of two tables."""
        first, count = borders[:-1].copy(), np.diff(borders)
        lengths = lengths.copy()
        if len(chosen):
            new = np.frombuffer(self.ways.lengths, dtype=np.int64)[ways]
            np.add.at(lengths, rows[chosen], new - count[chosen])
            first[chosen] = len(ids) + np.frombuffer(self.ways.first, dtype=np.int64)[ways]
            count[chosen] = new
        begin = np.cumsum(count) - count
        places = np.arange(count.sum()) + np.repeat(first - begin, count)
        table = np.concatenate([ids, np.frombuffer(self.ways.ids, dtype=np.int32)]) if len(chosen) else ids
        return table[places], lengths


def ways_to_cut(tokenizer: Tokenizer, word: Ids) -> list[tuple[Ids, float]]:
    """The likeliest ways to cut a word, each with the probability of it and those before; none for one in bytes."""
    if not 1 < sum(map(len, tokenizer.tokens(word))) <= LONGEST_WORD:
        return []
    ways = tokenizer.ways_to_cut(word, WAYS)
    weights = [math.exp(ALPHA * (score - ways[0][1])) for _, score in ways]
    total = sum(weights)
    return [(ids, weight / total) for (ids, _), weight in zip(ways, accumulate(weights), strict=True)]


def uniform(seed: int, epoch: int, keys: Integers, numbers: Integers) -> npt.NDArray[np.float64]:
    """A random number in [0, 1) for each entry, which depends on these four only: SplitMix64's mixing (Steele et al.
    2014), chained."""
    mixed = np.full(len(keys), seed % 2**64, dtype=np.uint64)
    for part in (np.uint64(epoch), keys.astype(np.uint64), numbers.astype(np.uint64)):
        mixed = (mixed ^ part) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2**53
