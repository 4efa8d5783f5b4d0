"""Marks: which words of a source sentence are to look at which, said in a file beside the corpus.

Line n belongs to pair n and holds ``i-j`` as often as is needed, with blanks between: word i looks at word j. Words are
what stands between white space (``str.split``), from 0. Several marks of one word name what it may look at together:
``7-1 7-2`` is "it" looking at "the animal". An empty line marks nothing.

On disk marks are pairs of words and not of pieces, so that they stay true when words are cut otherwise
(``subword_sampling``): pieces are found when a batch is made.
"""

import re
from collections import deque
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

from glassformer.corpus.read import CorpusReport, Pair
from glassformer.errors import CorpusError
from glassformer.text.lines import name_of, read_lines
from glassformer.text.normalise import normalised
from glassformer.text.tokenizer import WORD_START, Tokenizer

Marks = tuple[tuple[int, int], ...]
"""(the word that looks, the word that it looks at), each a number from 0."""
Integers = npt.NDArray[np.int64]

NO_MARKS = ("", "-")
"""Said instead of a file where the pairs have none."""
NONE: Integers = np.empty((0, 3), dtype=np.int64)
"""Of no pair any mark: [mark, pair and both words]."""


class MarkedPair(tuple[str, str]):
    """A source and a target with the source's ``marks``. A function that changes a pair makes a plain one of it,
    as the words may be others then; equal are pairs of the same texts."""

    marks: Marks

    def __new__(cls, pair: Pair, marks: Marks) -> "MarkedPair":
        made = super().__new__(cls, pair)
        made.marks = marks
        return made


def marks_of(pair: Pair) -> Marks:
    """The marks of a pair; a plain one has none."""
    return pair.marks if isinstance(pair, MarkedPair) else ()


def marked(pairs: Iterator[Pair], path: str, report: CorpusReport) -> Iterator[Pair]:
    """``pairs``, each with what its line of the file ``path`` says. ``report`` is that of the pairs, which counts their
    lines while they are read, those that are left out too.

    Raises CorpusError, while it is read, for a file that cannot be read, that has more or fewer lines than the pairs, or
    a line that says something else than marks of words that are there.
    """
    lines, number = read_lines(path), 0
    for pair in pairs:
        line: str | None = ""
        while number < report.read and line is not None:
            line, number = next(lines, None), number + 1
        if line is None:
            deque(pairs, maxlen=0)  # read to their end, to tell how many there are
            raise_for_length(path, number - 1, report)
        yield MarkedPair(pair, read) if line and (read := parsed(line, pair[0], path, number)) else pair
    number += sum(1 for _ in lines)
    if number != report.read:
        raise_for_length(path, number, report)


def raise_for_length(path: str, found: int, report: CorpusReport) -> None:
    raise CorpusError(
        f"{name_of(path)} has {found:,} lines of marks and {' and '.join(report.files)} {report.read:,} of sentences: "
        "wanted as many, an empty one where nothing is marked"
    )


def parsed(line: str, source: str, path: str, number: int) -> Marks:
    """The marks of one line. Raises CorpusError, with the file and the line, for what is no mark of ``source``."""
    words, found = len(source.split()), []
    for text in line.split():
        mark = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", text)
        where = f"{name_of(path)}, line {number:,}: {text[:40]!r}"
        if not mark:
            raise CorpusError(f"{where}: wanted marks such as 7-1 (word 7 looks at word 1, counted from 0)")
        query, key = map(int, mark.groups())
        if max(query, key) >= words:
            raise CorpusError(f"{where}: the source line has {words} words: wanted numbers from 0 to {words - 1}")
        found.append((query, key))
    return tuple(dict.fromkeys(found))


def with_marks_of(pair: Pair, copy: Pair) -> Pair:
    """``copy``, a pair changed word by word, with the marks of ``pair`` where no word was added or lost."""
    marks = marks_of(pair)
    return MarkedPair(copy, marks) if marks and len(copy[0].split()) == len(pair[0].split()) else copy


def word_starts(tokenizer: Tokenizer) -> npt.NDArray[np.bool_]:
    """For each id whether its piece begins a word."""
    return np.array([token.startswith(WORD_START) for token in tokenizer.tokens(range(len(tokenizer)))])


def between_token_words(pair: Pair, source_ids: list[int], tokenizer: Tokenizer) -> Iterator[tuple[int, int]]:
    """The marks of ``pair`` between words as the tokenizer knows them, which are separated by spaces alone (and ▁, its
    sign for one): a word of which a mark names a part is meant whole, one that has several of them means all."""
    if marks := marks_of(pair):
        count = len(tokenizer.words(source_ids))
        words = [[word for word in among if word < count] for among in words_of_tokenizer(pair[0])]
        for query, key in marks:
            yield from product(words[query], words[key])


def words_of_tokenizer(text: str) -> list[range]:
    """For each word between white space, those of the tokenizer's words that it is: several where it has ▁ in it, none
    where nobody sees it."""
    found, number = [], 0
    for word in text.split():
        count = len(normalised(word).replace(WORD_START, " ").split())
        found.append(range(number, number + count))
        number += count
    return found


def looks(source_ids: npt.NDArray[Any], marks: Integers, starts: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(query, key) for each piece of a word that looks and each of a word that it looks at: positions in the sentence
    ``source_ids`` (without eos). ``marks``: [mark, both words]."""
    begins = starts[source_ids]
    begins[0] = True
    borders = [*np.flatnonzero(begins).tolist(), len(source_ids)]
    pieces = [range(first, end) for first, end in pairwise(borders)]
    return [look for query, key in marks.tolist() for look in product(pieces[query], pieces[key])]
