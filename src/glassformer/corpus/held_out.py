"""Which pairs train and which validate: weights of files, and held-out pairs that no copy of theirs teaches."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from glassformer.corpus.read import Pair
from glassformer.corpus.units import folded
from glassformer.errors import CorpusError

MOST_COPIES = 10
"""A sentence that stands more often than this in a corpus is for learning: held out, it would be missing everywhere."""


@dataclass
class Account:
    """The fate of the training pairs."""

    given: list[int] = field(default_factory=list)
    """Pairs of an epoch, by file."""
    copies: int = 0
    """Pairs left out since their source sentence is held out."""

    def messages(self, names: list[str], weights: list[float]) -> list[str]:
        """Each file's share, where there are several or weights."""
        if len(names) < 2 and not weights:
            return []
        times_each = weights or [1.0] * len(names)
        return [
            f"{name}: {count:,} pairs an epoch" + (f" (weight {weight:g})" if weights else "")
            for name, count, weight in zip(names, self.given, times_each, strict=True)
        ]

    def held_out(self, pairs: int, nth: int) -> str:
        """How many pairs validate, and how many more are missing in the training pairs for that."""
        more = self.copies - pairs
        left_out = f", and left out with {more:,} more that have their source sentences" if more > 0 else ""
        return f"{pairs:,} pair{'' if pairs == 1 else 's'} held out for validation{left_out}: one in {nth:,}"


def weighted(
    files: Iterable[Iterable[Pair]],
    weights: list[float],
    seed: int,
    *,
    held_out: Collection[str] = (),
    account: Account | None = None,
) -> Iterator[Pair]:
    """The pairs of all files, each as often as its file's weight says; what is left of it above whole times is the share
    of pairs, chosen by ``seed`` and the pair's number, that come once more. A pair whose source is among the
    ``held_out`` (as ``folded`` gives it) is left out.

    Raises CorpusError when that leaves none.
    """
    account = account or Account()
    for number, pairs in enumerate(files):
        weight = weights[number] if weights else 1.0
        whole, share = divmod(weight, 1)
        chance = np.random.default_rng([seed, number])
        account.given.append(0)
        for pair in pairs:
            times = int(whole) + bool(share and chance.random() < share)
            if held_out and folded(pair[0]) in held_out:
                account.copies += 1
                continue
            account.given[-1] += times
            for _ in range(times):
                yield pair
    if held_out and not sum(account.given):
        raise CorpusError(
            f"no pairs are left to train on: all {account.copies:,} have the source sentence of one that is held out for "
            "validation; give validation files"
        )


def chosen(candidates: list[Pair], read: Callable[[], Iterable[Pair]]) -> list[Pair]:
    """Those candidates that can be held out, each once: not the commonest sentences of the corpus (``read``), if others are
    left."""
    candidates = list(dict.fromkeys(candidates))
    counts = Counter(dict.fromkeys((folded(source) for source, _ in candidates), 0))
    counts.update(key for source, _ in read() if (key := folded(source)) in counts)
    return [pair for pair in candidates if counts[folded(pair[0])] <= MOST_COPIES] or candidates
