"""Combinations that no sentence may have: the rows of a test such as benchmarks/it.tsv, held out word by word."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from glassformer.demo.lexicon import english_plural, nouns, predicates
from glassformer.errors import CorpusError

DEGREES = re.compile(r"^((too|so|very|not|far|much|a bit|still|really|quite) )+")


class HeldOutRow(NamedTuple):
    """One row of a test: two nouns, and a predicate of each."""

    first: str
    verb: str
    second: str
    of_first: str
    of_second: str


def read_rows(path: str | Path) -> list[HeldOutRow]:
    """The rows of a TSV with five columns; raises CorpusError for a line with another number of them."""
    rows = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            columns = line.split("\t")
            if len(columns) != len(HeldOutRow._fields):
                raise CorpusError(
                    f"{path}, line {number}, has {len(columns)} columns, not 5: noun, verb, noun, and what is said of each"
                )
            rows.append(HeldOutRow(*columns))
    return rows


class HeldOut:
    """Whether a sentence combines what a row combines.

    It must not hold both nouns of a row, nor a noun of a row with one of the row's two predicates, wherever they
    stand. Words that have the same German (street and road, ill and sick) count as one.
    """

    def __init__(self, rows: Iterable[HeldOutRow]) -> None:
        self.with_noun: dict[str, set[str]] = defaultdict(set)
        """Words that must not stand in a sentence with this noun, in any of its forms."""
        for row in rows:
            first, second = forms_of_noun(row.first), forms_of_noun(row.second)
            said = forms_of_predicate(row.of_first) | forms_of_predicate(row.of_second)
            for one, others in ((first, second), (second, first)):
                for noun in one:
                    self.with_noun[noun] |= others | said

    def __call__(self, sentence: str) -> bool:
        """True where it must be left out."""
        words = re.sub(r"[^\w' -]", " ", sentence.lower().replace("’", "'")).split()
        text = f" {' '.join(words)} "
        return any(
            f" {other} " in text for noun in self.with_noun.keys() & set(words) for other in self.with_noun[noun]
        )


def forms_of_noun(text: str) -> set[str]:
    """The last word in both numbers, and the nouns that are the same in German."""
    word = text.lower().split()[-1]
    same = [word]
    mine = next((noun for noun in nouns().values() if noun.english == word), None)
    if mine:
        same += [noun.english.split()[-1] for noun in nouns().values() if noun.german == mine.german]
    plurals = {noun.english: noun.english_plural for noun in nouns().values()}
    return {form for noun in same for form in (noun, plurals.get(noun) or english_plural(noun))}


def forms_of_predicate(text: str) -> set[str]:
    """Without *too* and *not*; with all that has the same German."""
    words = DEGREES.sub("", text.lower())
    german = {one.german for one in predicates().get(words, []) if not one.phrase}
    return {words} | {
        english
        for english, ones in predicates().items()
        if any(one.german in german and not one.phrase for one in ones)
    }
