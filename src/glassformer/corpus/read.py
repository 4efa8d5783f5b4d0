"""Sentence pairs as they come from files, streaming, and an account of what was left out."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from pathlib import Path
from typing import Final

from glassformer.errors import CorpusError
from glassformer.text.lines import STDIN, lines, name_of

Pair = tuple[str, str]
"""A source sentence and its translation."""

EMPTY = "one side is empty"
NOT_UTF8 = "not valid UTF-8"
NOT_ONE_TAB = "not exactly one tab in the line"


class End(Enum):
    """The value of zip_longest in place of the shorter file's lines: neither a line nor a bad one."""

    END = 0


END: Final = End.END


@dataclass
class CorpusReport:
    """Counts of the pairs that were read and kept, with the reasons for the rest."""

    files: list[str] = field(default_factory=list)
    read: int = 0
    """Pairs (or lines of a TSV) seen."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Pairs left out, by reason."""
    first: dict[str, int] = field(default_factory=dict)
    """The number of the first line left out, by reason, where it is known; the first line is 1."""

    @property
    def kept(self) -> int:
        return self.read - self.skipped.total()

    def skip(self, reason: str, line: int | None = None) -> None:
        """Count a pair that is left out."""
        self.skipped[reason] += 1
        if line is not None:
            self.first.setdefault(reason, line)

    def messages(self) -> list[str]:
        """The account in lines for people: ``12 pairs skipped: one side is empty (the first in line 7)``."""
        account = [f"{_pairs(self.read)} read from {' and '.join(self.files)}"]
        for reason, count in self.skipped.most_common():
            where = f" (the first in line {self.first[reason]:,})" if reason in self.first else ""
            account.append(f"{_pairs(count)} skipped: {reason}{where}")
        if self.skipped:
            account.append(f"{_pairs(self.kept)} kept")
        return account


def read_pairs(
    source: str | Path,
    target: str | Path | None = None,
    *,
    report: CorpusReport | None = None,
    columns: Sequence[int] = (),
    skip_bad_lines: bool = False,
    keep_empty: bool = False,
    before_waiting: Callable[[], None] | None = None,
) -> Iterator[tuple[str, str]]:
    """Sentence pairs, one by one, from a source and a target file, or from one TSV of two columns; ``-`` is a TSV, too.
    Of a TSV with more columns ``columns`` names the source's and the target's, from 1.

    Each file may be compressed with gzip, xz or zstd. Line n of one file translates line n of the other. Pairs with an
    empty side are left out and counted in ``report``, which grows while the pairs are read. ``skip_bad_lines`` leaves
    out, and counts, pairs that are not UTF-8 and TSV lines without those columns, instead of raising.
    ``keep_empty`` keeps pairs with an empty side: a test set's lines count, whatever they hold. ``before_waiting`` is called
    whenever reading a TSV from standard input is about to wait.

    Raises CorpusError, while it is read, for files that cannot be read, files of different length, bad lines, and when
    no pair is left.
    """
    report = CorpusReport() if report is None else report
    report.files = [name_of(path) for path in (source, target) if path is not None]
    rows = (
        _columns(source, columns, skip_bad_lines, keep_empty, before_waiting)
        if target is None
        else _sides(source, target, skip_bad_lines)
    )
    for row in rows:
        report.read += 1
        if isinstance(row, str):
            report.skip(row, report.read)
        elif not keep_empty and not (row[0].strip() and row[1].strip()):
            report.skip(EMPTY, report.read)
        else:
            yield row
    if not report.read:
        raise CorpusError(f"{' and '.join(report.files)}: no sentence pairs, as there is no line; give one pair a line")
    if not report.kept:
        reasons = "; ".join(report.messages()[1:-1])
        raise CorpusError(f"{' and '.join(report.files)}: no sentence pairs left of {report.read:,} ({reasons})")


def _sides(source: str | Path, target: str | Path, skip_bad_lines: bool) -> Iterator[tuple[str, str] | str]:
    """The pairs of two files, or the reason why one cannot be used."""
    if STDIN in (str(source), str(target)):
        raise CorpusError("standard input is one stream and a corpus two files: name both, or give one TSV")
    sides = (lines(path, skip_bad_lines=skip_bad_lines) for path in (source, target))
    both = zip_longest(*sides, fillvalue=END)
    for before, (left, right) in enumerate(both):
        if left is END or right is END:
            longer = before + 1 + sum(1 for _ in both)
            counts = (before, longer) if left is END else (longer, before)
            raise CorpusError(
                f"{source} has {counts[0]:,} lines and {target} has {counts[1]:,}: wanted as many in both, as line "
                "n of one translates line n of the other; look for a line that is missing, doubled or broken in two"
            )
        yield NOT_UTF8 if left is None or right is None else (left, right)


def _columns(
    path: str | Path,
    columns: Sequence[int],
    skip_bad_lines: bool,
    keep_empty: bool,
    before_waiting: Callable[[], None] | None,
) -> Iterator[tuple[str, str] | str]:
    """The pairs of a TSV, or the reason why one cannot be used."""
    read = lines(path, skip_bad_lines=skip_bad_lines, before_waiting=before_waiting)
    for number, line in enumerate(read, start=1):
        if line is None:
            yield NOT_UTF8
            continue
        cells = line.split("\t")
        if len(cells) >= max(columns) if columns else len(cells) == 2:
            left, right = columns or (1, 2)
            yield cells[left - 1], cells[right - 1]
        elif not line.strip():
            yield ("", "") if keep_empty else EMPTY
        elif skip_bad_lines:
            yield f"no column {max(columns)} in the line" if columns else NOT_ONE_TAB
        else:
            raise CorpusError(f"{name_of(path)}, line {number:,}: {_wrong_columns(len(cells), columns, keep_empty)}")


def _wrong_columns(found: int, columns: Sequence[int], every_line: bool) -> str:
    """The fault of a line of a TSV that has ``found`` columns, and what to do. ``every_line``: none may be left out."""
    have = "no tab" if found == 1 else f"{found} columns"
    skip = "let train leave such lines out with --skip-bad-lines"
    or_skip = "" if every_line else f", or {skip}"
    if columns:
        return f"{have}, wanted at least {max(columns)} (--columns {','.join(map(str, columns))}); mend it{or_skip}"
    if found > 2:
        or_skip = "" if every_line else f", or, if other lines have two, {skip}"
        return f"{have}, wanted two: source and target; choose two of them with --columns 1,2 (data.columns){or_skip}"
    options = "--target" if every_line else "--target or --valid-target"
    return f"{have}, wanted exactly one, between source and target; correct the line, or give {options}{or_skip}"


def _pairs(count: int) -> str:
    return f"{count:,} pair{'' if count == 1 else 's'}"
