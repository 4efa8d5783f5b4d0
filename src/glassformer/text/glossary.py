"""Which word a term has to be translated with: a glossary of source terms and target terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from glassformer.errors import ConfigError
from glassformer.text.normalise import normalised

ENDING = r"\w{0,2}"
"""Endings that a term may have in a translation and still be that term: the endings of cases and plurals."""
WORD = re.compile(r"\w+")
MOST_TERMS = 20_000
LONGEST_TERM = 200
"""Characters."""


@dataclass(frozen=True)
class Term:
    """A source term and the target term that it is to become."""

    source: str
    target: str

    def is_in(self, translation: str) -> bool:
        """Whether the target term stands in ``translation`` as a word of its own, with at most two letters behind it."""
        pattern = rf"(?<!\w){re.escape(self.target)}{ENDING}(?!\w)"
        return re.search(pattern, translation, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Match:
    """A term in a text, with its characters."""

    term: Term
    start: int
    end: int


@dataclass(frozen=True)
class Glossary:
    """Terms. Make one of pairs, or read one with ``from_tsv``."""

    terms: tuple[Term, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Glossary:
        """Raises ConfigError for a term without words, one that is too long, too many, and two translations of one term."""
        found: dict[str, Term] = {}
        for source, target in pairs:
            term = Term(" ".join(normalised(source).split()), " ".join(normalised(target).split()))
            if not re.search(r"\w", term.source) or not re.search(r"\w", term.target):
                raise ConfigError(f"a glossary's term {source[:40]!r} → {target[:40]!r}: wanted words on both sides")
            if max(len(term.source), len(term.target)) > LONGEST_TERM:
                raise ConfigError(f"a glossary's term {source[:40]!r}…: wanted at most {LONGEST_TERM} characters")
            if found.setdefault(term.source, term) != term:
                first = found[term.source].target
                raise ConfigError(
                    f"a glossary has {source[:40]!r} → {first[:40]!r} and → {target[:40]!r}: wanted one translation"
                )
        if len(found) > MOST_TERMS:
            raise ConfigError(f"a glossary of {len(found):,} terms: wanted at most {MOST_TERMS:,}")
        return cls(tuple(found.values()))

    @classmethod
    def from_tsv(cls, path: str | Path) -> Glossary:
        """A line a term: source, tab, target. Empty lines and those that begin with # are left out.

        Raises ConfigError, with the line, for anything else, and as ``of``.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the glossary {path} cannot be read ({error}): wanted UTF-8, a term a line") from None
        return cls.from_text(text, str(path))

    @classmethod
    def from_text(cls, text: str, name: str = "the glossary") -> Glossary:
        """As ``from_tsv``, of the file's text."""
        pairs = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            sides = [side.strip() for side in line.split("\t")]
            if len(sides) != 2 or not all(sides):
                raise ConfigError(f"{name}, line {number}: {line[:60]!r}: wanted source term, tab, target term")
            pairs.append((sides[0], sides[1]))
        return cls.of(pairs)

    @cached_property
    def _by_first_word(self) -> dict[str, list[tuple[re.Pattern[str], Term]]]:
        """The terms by their first word in small letters, the longest first."""
        found: dict[str, list[tuple[re.Pattern[str], Term]]] = {}
        for term in sorted(self.terms, key=lambda term: -len(term.source)):
            if first := WORD.search(term.source.lower()):
                pattern = re.compile(rf"{spelt(term.source[first.start() :])}(?!\w)")
                found.setdefault(first[0], []).append((pattern, term))
        return found

    def matches(self, text: str) -> list[Match]:
        """The terms in ``text``, in order, each as often as it stands there; of two that overlap the longer one."""
        found: list[Match] = []
        for word in WORD.finditer(text) if self.terms else ():
            if found and word.start() < found[-1].end:
                continue
            for pattern, term in self._by_first_word.get(word[0].lower(), ()):
                if match := pattern.match(text, word.start()):
                    found.append(Match(term, *match.span()))
                    break
        return found


def spelt(term: str) -> str:
    """A pattern for ``term``: one in small letters stands for itself in any case, another one as it is written; blanks
    for any blanks."""
    words = r"\s+".join(re.escape(word) for word in term.split())
    return f"(?i:{words})" if term == term.lower() else words
