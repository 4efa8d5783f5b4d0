"""Batches of sentence pairs of similar length, in a new order each epoch, the same for the same seed.

A corpus of any size is shuffled in bounded memory: its blocks are put in random order, the blocks of one pool are read
and their pairs shuffled together; within sections of the pool they are sorted by length, so that little is padding, and
cut into batches; and the pool's batches are shuffled. A corpus of up to POOL_PAIRS pairs is one pool.

Several processes make the same batches, and each takes some rows of every one (``training.processes``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Int
from torch import Tensor

from glassformer.brief import brief
from glassformer.corpus.encoded import Array, EncodedPairs, PairBlock
from glassformer.corpus.marks import looks
from glassformer.corpus.subword_sampling import SubwordSampler
from glassformer.errors import ConfigError

Integers = npt.NDArray[np.int64]

BLOCK = 4096
"""Pairs that lie together on disk and are read together."""
POOL_PAIRS = 1 << 20
POOL_TOKENS = 1 << 26
"""Pairs of a pool, and tokens of one where pairs are long: at most about 0.4 GB."""
SECTION = 200
"""Batches' worth of pairs that are sorted by length together: fewer would pad more, more would mix less."""


@brief
@dataclass(frozen=True)
class Batch:
    """Sentence pairs computed together; ids are int64, padded on the right."""

    source_ids: Int[Tensor, "batch source"]
    """ids, eos"""
    target_ids: Int[Tensor, "batch target"]
    """bos, ids, eos: all but the last are what the decoder is given, all but the first what is wanted of it."""
    numbers: Int[Tensor, " batch"]
    """Which pairs of the corpus these are."""
    source_tokens: int
    """Source tokens that are not padding, eos included."""
    tokens: int
    """Target tokens that are wanted, eos included: what a loss or a speed is counted in."""
    looks: Int[Tensor, "look 3"] | None = None
    """Row, query and key: this piece of this row's source is to look at that one (``corpus/marks.py``); None: none is."""
    pad_id: int = 0

    def rows(self, first: int, every: int) -> "Batch | None":
        """Row ``first`` and each ``every``-th after it, as narrow as they can be; None where there is none."""
        if first >= len(self.numbers):
            return None
        sides = [side[first::every] for side in (self.source_ids, self.target_ids)]
        # The last column with a token in it: some models begin their targets with pad itself.
        widths = [int((side != self.pad_id).any(dim=0).nonzero()[-1]) + 1 for side in sides]
        source, target = (side[:, :width] for side, width in zip(sides, widths, strict=True))
        real = int((source != self.pad_id).sum()), int((target[:, 1:] != self.pad_id).sum())
        looks = self.looks
        if looks is not None:
            mine = looks[(looks[:, 0] >= first) & ((looks[:, 0] - first) % every == 0)]
            looks = (mine - torch.tensor([first, 0, 0])) // torch.tensor([every, 1, 1]) if len(mine) else None
        return Batch(source, target, self.numbers[first::every], *real, looks, self.pad_id)


@brief
class _Pool(NamedTuple):
    """Pairs shuffled together: their numbers in the corpus, and their rows' widths with bos and eos, all [pair]."""

    numbers: Integers
    source_widths: Integers
    target_widths: Integers
    read: PairBlock | None
    """Their ids, where these had to be read, to cut words otherwise, before the widths were known."""


class Batches:
    """A corpus in batches of at most ``batch_tokens`` = rows × the longest row of either side, bos and eos included.

    A pair longer than that is a batch by itself. Raises ConfigError for a negative seed or no room at all.
    """

    def __init__(
        self,
        pairs: EncodedPairs,
        *,
        batch_tokens: int,
        seed: int,
        pad_id: int = 0,
        bos_id: int = 1,
        eos_id: int = 2,
        source_eos: bool = True,
        sampler: SubwordSampler | None = None,
        word_starts: Array | None = None,
    ) -> None:
        """``source_eos``: whether a source ends with ``eos_id``, as a target does. ``sampler`` cuts words of ``epoch``'s
        pairs otherwise, before they are put into batches. ``word_starts`` tells which ids begin a word
        (``marks.word_starts``): with it the pairs' marks become ``Batch.looks``."""
        if batch_tokens < 1:
            raise ConfigError(f"batch_tokens={batch_tokens}: wanted at least 1")
        if seed < 0:
            raise ConfigError(f"seed={seed}: wanted 0 or more")
        self.pairs = pairs
        self.batch_tokens = batch_tokens
        self.seed = seed
        self.sampler = sampler
        self.word_starts = word_starts
        self.pad_id, self.bos_id, self.eos_id, self.source_eos = pad_id, bos_id, eos_id, source_eos
        pool = min(POOL_PAIRS, POOL_TOKENS * len(pairs) // max(pairs.tokens, 1))
        self._blocks_in_pool = max(pool // BLOCK, 1)

    def epoch(self, number: int, *, skip: int = 0) -> Iterator[Batch]:
        """Every pair once, in an order that depends on the seed and on ``number`` only.

        ``skip`` is a number of batches left out at the beginning, without reading them: the others stay as they were.
        """
        for index, blocks in enumerate(self._pools(number)):
            pool = self._pool(blocks, number)
            plan = self._shuffled_plan(pool, number, index)
            if skip < len(plan):
                yield from self._made(pool, blocks, plan[skip:])
            skip = max(skip - len(plan), 0)

    def ordered(self) -> Iterator[Batch]:
        """Every pair once, by length and without chance, for validation; ``Batch.numbers`` says which pair is where."""
        blocks = np.arange(self._block_count())
        for first in range(0, len(blocks), self._blocks_in_pool):
            some = blocks[first : first + self._blocks_in_pool]
            pool = self._pool(some)
            yield from self._made(pool, some, self._cut(pool, np.arange(len(pool.numbers))))

    def batches_in_epoch(self, number: int) -> int:
        """How many batches ``epoch(number)`` gives: exact for a corpus of one pool, else estimated from the first."""
        pools = self._pools(number)
        pool = self._pool(pools[0], number)
        planned = len(self._shuffled_plan(pool, number, 0))
        return planned if len(pools) == 1 else round(planned * len(self.pairs) / len(pool.numbers))

    def _block_count(self) -> int:
        return -(-len(self.pairs) // BLOCK)

    def _pools(self, epoch: int) -> list[Integers]:
        """The blocks' numbers in the epoch's order, by pool."""
        blocks = np.random.default_rng([self.seed, epoch]).permutation(self._block_count())
        return [blocks[i : i + self._blocks_in_pool] for i in range(0, len(blocks), self._blocks_in_pool)]

    def _range(self, block: int) -> tuple[int, int]:
        return block * BLOCK, min((block + 1) * BLOCK, len(self.pairs))

    def _pool(self, blocks: Integers, epoch: int | None = None) -> _Pool:
        """The pairs of these blocks; without an epoch nothing is left to chance."""
        ranges = [self._range(int(block)) for block in blocks]
        numbers = np.concatenate([np.arange(first, end, dtype=np.int64) for first, end in ranges])
        read = None
        if self.sampler is not None and epoch is not None:
            read = _joined([self.sampler.sample(self.pairs.block(*range), range[0], epoch) for range in ranges])
            sources, targets = read.source_lengths, read.target_lengths
        else:
            lengths = [self.pairs.lengths(*range) for range in ranges]
            sources = np.concatenate([source for source, _ in lengths])
            targets = np.concatenate([target for _, target in lengths])
        return _Pool(numbers, sources.astype(np.int64) + 1, targets.astype(np.int64) + 2, read)

    def _shuffled_plan(self, pool: _Pool, epoch: int, index: int) -> list[Integers]:
        """The pool's batches in the epoch's order, each as places in the pool."""
        chance = np.random.default_rng([self.seed, epoch, index])
        order = chance.permutation(len(pool.numbers))
        width = float(np.maximum(pool.source_widths, pool.target_widths).mean())
        sections = max(round(len(order) * width / (SECTION * self.batch_tokens)), 1)
        batches = [batch for section in np.array_split(order, sections) for batch in self._cut(pool, section)]
        return [batches[i] for i in chance.permutation(len(batches))]

    def _cut(self, pool: _Pool, places: Integers) -> list[Integers]:
        """``places`` sorted by length and cut into batches within the budget."""
        sources, targets = pool.source_widths[places], pool.target_widths[places]
        # lexsort keeps the order of equals, so that a shuffled order breaks ties by chance.
        order = np.lexsort((sources, targets, np.maximum(sources, targets)))
        places, widths = places[order], np.maximum(sources, targets)[order]
        # Widths ascend: rows × the last one's width grows with each row, so a batch ends where it passes the budget.
        batches, start = [], 0
        while start < len(places):
            most = widths[start : start + max(self.batch_tokens // int(widths[start]), 1)]
            fits = np.count_nonzero(most * np.arange(1, len(most) + 1) <= self.batch_tokens)
            end = start + max(int(fits), 1)
            batches.append(places[start:end])
            start = end
        return batches

    def _made(self, pool: _Pool, blocks: Integers, plan: list[Integers]) -> Iterator[Batch]:
        """The planned batches, with the pool's ids read into memory."""
        read = pool.read or _joined([self.pairs.block(*self._range(int(block))) for block in blocks])
        for places in plan:
            sources, targets = read.source_lengths[places], read.target_lengths[places]
            source_ids = _matrix(read.ids, read.starts[places], sources, int(sources.max()) + 1, self.pad_id)
            target_ids = _matrix(
                read.ids, read.starts[places] + sources, targets, int(targets.max()) + 2, self.pad_id, 1
            )
            rows = np.arange(len(places))
            if self.source_eos:
                source_ids[rows, sources] = self.eos_id
            target_ids[rows, 0] = self.bos_id
            target_ids[rows, targets + 1] = self.eos_id
            yield Batch(
                source_ids=torch.from_numpy(source_ids),
                target_ids=torch.from_numpy(target_ids),
                numbers=torch.from_numpy(pool.numbers[places]),
                source_tokens=int(sources.sum()) + len(places) * self.source_eos,
                tokens=int(targets.sum()) + len(places),
                looks=self._looks(read, places),
                pad_id=self.pad_id,
            )

    def _looks(self, read: PairBlock, places: Integers) -> Int[Tensor, "look 3"] | None:
        """The marks of these pairs, from words to pieces."""
        if self.word_starts is None or not len(read.marks):
            return None
        firsts, ends = (np.searchsorted(read.marks[:, 0], places, side=side) for side in ("left", "right"))
        found = []
        for row in np.flatnonzero(firsts < ends):
            start, length = read.starts[places[row]], read.source_lengths[places[row]]
            marks = read.marks[firsts[row] : ends[row], 1:]
            pieces = looks(read.ids[start : start + length], marks, self.word_starts)
            found += [(int(row), *look) for look in pieces]
        return torch.tensor(found) if found else None


def _joined(blocks: list[PairBlock]) -> PairBlock:
    offsets = np.cumsum([0, *(len(block.ids) for block in blocks[:-1])])
    firsts = np.cumsum([0, *(len(block.starts) for block in blocks[:-1])])
    return PairBlock(
        np.concatenate([block.ids for block in blocks]),
        np.concatenate([block.starts + offset for block, offset in zip(blocks, offsets, strict=True)]),
        np.concatenate([block.source_lengths for block in blocks]),
        np.concatenate([block.target_lengths for block in blocks]),
        np.concatenate([block.marks + np.array([first, 0, 0]) for block, first in zip(blocks, firsts, strict=True)]),
    )


def _matrix(
    ids: Array, starts: Integers, lengths: npt.NDArray[np.int32], width: int, pad_id: int, before: int = 0
) -> npt.NDArray[np.int64]:
    """Row i is ``before`` pads, then lengths[i] ids from starts[i] on, then pads, ``width`` in all."""
    matrix = np.full((len(starts), width), pad_id, dtype=np.int64)
    columns = np.arange(width - before)
    real = columns < lengths[:, None]
    matrix[:, before:][real] = ids[(starts[:, None] + columns)[real]]
    return matrix


def groups(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    """``size`` batches each, the last group may have fewer: those whose gradients are added up."""
    while group := list(islice(batches, size)):
        yield group
