"""Situations, and why they fail: scenes (*dog, bone*), actions (*she, bone*), placements (*she, bone, bowl*)."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from glassformer.demo.lexicon import Noun, Verb, entries, meant, verb_of
from glassformer.errors import CorpusError


@dataclass(frozen=True, eq=False)
class Situation:
    """A verb with the nouns that can take part, and what is a reason for or against.

    A scene has two participants, its subject and its object. A placement has two as well, an action one: there a
    person is the subject.
    """

    verb: Verb
    english: str
    """The words behind the verb: {x} and {y} for the participants, {x} the subject of a scene."""
    german: str
    """The same, with cases: ``{x:a} in {y:d}``."""
    participants: tuple[tuple[Noun, ...], ...]
    against: tuple[tuple[str, ...], ...]
    """For each participant the predicates that are a reason not to."""
    reasons: tuple[tuple[str, ...], ...]
    """For each participant the predicates that are a reason to."""
    flags: frozenset[str]
    person: bool
    """Whether a person is the subject."""

    @property
    def open(self) -> bool:
        """Whether it has no reasons, so that anything may be said of who takes part."""
        return not any(self.against + self.reasons)


@cache
def scenes() -> tuple[Situation, ...]:
    """All of scenes.txt."""
    found: list[Situation] = []
    for verb, flags, blocks in verbs_in("scenes.txt"):
        preposition = f"{verb.preposition} " if verb.preposition else ""
        german = f"{verb.german_preposition} " if verb.german_preposition else ""
        case = "d" if verb.case == "dat" else "a"
        english, places = preposition + "{y}", german + "{y:" + case + "}"
        found += [situation(verb, english, places, block, flags, person=False) for block in blocks]
    return tuple(found)


@cache
def placements() -> tuple[Situation, ...]:
    """All of placements.txt."""
    found: list[Situation] = []
    for line, *block in blocks_of("placements.txt"):
        english, german = line.split(" = ")
        words, rest = re.split(r" (?=\{)", english, maxsplit=1)
        forms, places = german.split(" | ")
        verb = verb_of(f"{words} = {forms}")
        found += [situation(verb, rest, places, one, frozenset(), person=True) for one in by_nouns(block)]
    return tuple(found)


@cache
def actions() -> tuple[Situation, ...]:
    """All of actions.txt."""
    found: list[Situation] = []
    for line in entries("actions.txt"):
        text, named, against, reasons = (part.strip().rstrip(";") for part in line.split(" | "))
        verb = verb_of(text)
        particle = f" {verb.preposition}" if verb.preposition in ("off", "on", "down", "away", "up") else ""
        preposition = f"{verb.preposition} " if verb.preposition and not particle else ""
        german = f"{verb.german_preposition} " if verb.german_preposition else ""
        found.append(
            Situation(
                verb,
                f"{preposition}{{x}}{particle}",
                german + "{x:" + ("d" if verb.case == "dat" else "a") + "}",
                (meant(named),),
                (listed(against),),
                (listed(reasons),),
                frozenset(),
                True,
            )
        )
    return tuple(found)


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip() not in ("", "-"))


def blocks_of(name: str) -> list[list[str]]:
    """Each line that is not indented, with those below it that are."""
    lines = entries(name)
    begins = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    return [lines[begin:end] for begin, end in pairwise([*begins, len(lines)])]


def verbs_in(name: str) -> list[tuple[Verb, frozenset[str], list[list[str]]]]:
    found = []
    for line, *rest in blocks_of(name):
        text, _, flags = line.partition("; ")
        found.append((verb_of(text), frozenset(flags.split()), by_nouns(rest)))
    return found


def by_nouns(lines: list[str]) -> list[list[str]]:
    """Each line of nouns, with the reasons below it."""
    begins = [number for number, line in enumerate(lines) if line.lstrip()[:2] not in ("- ", "+ ")]
    return [lines[begin:end] for begin, end in pairwise([*begins, len(lines)])]


def situation(
    verb: Verb, english: str, german: str, block: list[str], flags: frozenset[str], *, person: bool
) -> Situation:
    """One block: the line of nouns, then lines that begin with - or +, all with | between the participants."""
    named = tuple(meant(part) for part in block[0].split("|"))
    reasons: dict[str, tuple[tuple[str, ...], ...]] = {"-": ((), ()), "+": ((), ())}
    for line in block[1:]:
        sign, rest = line.strip().split(" ", 1)
        reasons[sign] = tuple(listed(part) for part in rest.split("|"))
        if len(reasons[sign]) != 2:
            raise CorpusError(f"{line.strip()!r} ({verb.english}) has not one | between what is said of the two")
    return Situation(verb, english, german, named, reasons["-"], reasons["+"], flags, person)
