"""The plan of a sentence, before it is said in a language: who takes part, and of whom the end speaks."""

from dataclasses import dataclass
from typing import NamedTuple

from glassformer.demo.around import Person
from glassformer.demo.lexicon import Noun, Predicate
from glassformer.demo.situations import Situation

ROLES = ("subject", "object")
"""The roles of participant 0 and participant 1; where a person is the subject both are its objects."""
KEYS = (
    *("subject", "object", "it subject", "it object", "subject article", "object article"),
    *("subject adjective", "object adjective", "verb", "not", "was", "too", "property"),
)
"""The role of a word in its sentence, the same on both sides where one translates the other."""
FIRST_MARK = 0xE000
"""While a sentence is made, a word carries its key behind it as one character, counted from this one."""


def marked(word: str, key: str) -> str:
    """The word (the last one of several) with its key; no word, no key."""
    return word and word + chr(FIRST_MARK + KEYS.index(key))


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
class SentencePlan:
    """All that is drawn by chance for one sentence."""

    situation: Situation
    participants: tuple[Phrase, ...]
    person: Person | None
    about: int
    """The number of the participant for which *it* stands."""
    said: Said | None
    """The end's phrase about it; None where the end is an action or the weather."""
    other_said: Said | None
    modal: str
    """How it is denied: didn't, couldn't, wouldn't."""
    opening: tuple[str, str]
    """(Yesterday, Gestern), or two empty words."""
    thinks: tuple[str, str]
    """(I think that, Ich glaube, dass)."""
    action: Situation | None = None
    """The person's later action on it."""
    present: bool = False
    """Whether it is told in the present: *The animal doesn't cross the street because it is too tired.*"""
    weather: tuple[str, str, str] = ("", "", "")
    """*It* that stands for nothing: (it was raining, es regnete, es regnete), the last with its verb at the end."""

    @property
    def many(self) -> bool:
        """Whether the subject of the main clause takes *do* and *don't*: I, we, they, a plural."""
        return self.person.number != "3" if self.person else self.participants[0].plural

    @property
    def other(self) -> int:
        return 1 - self.about if len(self.participants) == 2 else 0


def joined(*parts: str) -> str:
    """The parts with one blank between them, without the empty ones."""
    return " ".join(part for part in parts if part)
