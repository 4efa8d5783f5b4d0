"""What a sentence will say, before it is said in any language: who takes part, in what words of the lexicon, and of whom the end speaks."""

from dataclasses import dataclass
from typing import NamedTuple

from glassformer.demo.lexicon import Noun, Predicate
from glassformer.demo.situations import Situation

NOUN_MARK = 0xE000
"""Added to a participant's number: the character behind its head noun while a sentence is made."""
PRONOUN_MARK = 0xE100
"""The same behind a pronoun that stands for it."""


class Person(NamedTuple):
    """A human subject, which is not *it*."""

    english: str
    again: str
    """Its pronoun."""
    german: str
    german_again: str
    number: str
    """1 for ich, 3 for er, p for the plural."""
    own: str = ""
    """its possessive, in English."""


@dataclass(frozen=True)
class Phrase:
    """A participant: its noun, with what stands before it."""

    noun: Noun
    plural: bool
    determiner: str
    """In English; german.py has the other."""
    adjective: tuple[str, str] | None
    """In English, and the German stem."""

    @property
    def number(self) -> str:
        """Its gender in German, or p in the plural."""
        return "p" if self.plural else self.noun.gender


class Said(NamedTuple):
    """A predicate with its degree, in both languages: (too, zu), or two empty words."""

    predicate: Predicate
    degree: tuple[str, str]


@dataclass(frozen=True)
class Plan:
    """All that is drawn by chance for one sentence."""

    situation: Situation
    participants: tuple[Phrase, ...]
    person: Person | None
    about: int
    """The number of the participant for which *it* stands."""
    said: Said
    other_said: Said | None
    modal: str
    """How it is denied: didn't, couldn't, wouldn't."""
    opening: tuple[str, str]
    """(Yesterday, Gestern), or two empty words."""
    thinks: tuple[str, str]
    """(I think that, Ich glaube, dass)."""

    @property
    def other(self) -> int:
        return 1 - self.about if len(self.participants) == 2 else 0


def joined(*parts: str) -> str:
    """The parts with one blank between them, without the empty ones."""
    return " ".join(part for part in parts if part)
