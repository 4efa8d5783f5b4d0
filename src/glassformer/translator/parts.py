"""A line that is translated in parts: the parts' translations as one. Needs no torch."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LINE_END = re.compile(r"[\r\n]+")


@dataclass(frozen=True)
class Translation:
    """One translation of one line. Of a line that was split, the parts' figures are summed."""

    text: str
    score: float
    """log_probability divided by the length penalty: what n-best lists are ranked by."""
    log_probability: float
    """log P(target | source), natural."""
    ids: list[int]
    """The target's tokens, without bos and eos."""
    finished: bool
    """False when the length limit cut it, or a part of it, off."""


def joined(parts: Sequence[Sequence[Translation]]) -> list[Translation]:
    """The translations of a line from those of its parts."""
    if len(parts) == 1:
        return list(parts[0])
    ranks = []
    for rank in range(max(map(len, parts), default=1)):
        chosen = [of_part[min(rank, len(of_part) - 1)] for of_part in parts]
        ranks.append(
            Translation(
                " ".join(one.text for one in chosen if one.text),
                sum((one.score for one in chosen), 0.0),
                sum((one.log_probability for one in chosen), 0.0),
                [id for one in chosen for id in one.ids],
                all(one.finished for one in chosen),
            )
        )
    return ranks


def in_upper_case(ranks: Sequence[Translation]) -> list[Translation]:
    """The text, not the ids."""
    return [replace(one, text=one.text.upper()) for one in ranks]


def one_line(text: str) -> str:
    """Line ends become spaces."""
    return LINE_END.sub(" ", text)


def in_proportion(parts: int, texts: int, progress: Callable[[int], None] | None) -> Callable[[int], None]:
    """Turns numbers of parts that are done into numbers of texts, all of which are told when all parts are done."""
    done = told = 0

    def tell(count: int) -> None:
        nonlocal done, told
        done += count
        now = texts * done // parts if parts else texts
        if progress is not None and now > told:
            progress(now - told)
            told = now

    return tell
