"""Plans drawn by chance, so that nothing but the meaning tells which noun *it* stands for."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import NamedTuple

from glassformer.demo.around import (
    ADJECTIVES,
    COUNTING,
    DEGREES,
    OPENINGS,
    OPENINGS_NOW,
    OWNED,
    PERSONS,
    POSSESSORS,
    THOUGHTS,
    WEATHER,
)
from glassformer.demo.lexicon import Noun, Predicate, entries, meant, phrases_of, predicate, predicates
from glassformer.demo.plan import Phrase, Said, SentencePlan
from glassformer.demo.situations import Situation, actions, placements, scenes


class Frame(NamedTuple):
    """One way to say it; see frames.txt."""

    name: str
    weight: float
    kind: str
    degree: str
    needs: frozenset[str]
    english: str
    german: str


PUT = {"put", "hang", "leave", "find", "see", "spread", "attach", "lean"}
"""Verbs of placements of which *where* can be asked."""
PAST = {"past", "changing", "now", "then"}
"""Needs of frames that have their own tense."""
BEFORE = {
    "put",
    "hang",
    "take",
    "find",
    "drive",
    "tie",
    "cut",
    "cover",
    "pour",
    "attach",
    "leave",
    "lean",
    "push",
    "give",
    "clean",
    "bring",
}
"""Verbs of placements that an action can follow."""
THEN = {
    *("wash", "clean", "repair", "hide", "eat", "drink", "peel", "slice", "fry", "put", "mend", "iron"),
    *("fold", "read", "sign", "translate", "send", "switch", "charge", "tune"),
    *("stroke", "feed", "water", "paint", "open", "close", "lock", "empty", "fill", "sharpen"),
    *("lift", "taste"),
}
"""Verbs of actions that can follow a placement."""


KNOWN = {"-": 0.6, "=": 0.6, "+": 0.4}
"""By a frame's kind, the share of endings that give no reason but what everybody knows to fit one of the two alone."""
FEW = 60
"""An adjective that is said of more nouns than these may well be true of others: old, big, expensive."""
OPEN = 0.3
"""The share of scenes and placements that have no reasons: all that is said in them is known."""
PRESENT = 0.3
"""The share that is told in the present, where the frame allows it."""


@cache
def frames() -> tuple[Frame, ...]:
    """All of frames.txt."""
    found = []
    for line in entries("frames.txt"):
        name, weight, kind, degree, needs, english, german = (part.strip() for part in line.split("|"))
        found.append(Frame(name, float(weight), kind, degree, frozenset(needs.split()), english, german))
    return tuple(found)


@cache
def changing() -> frozenset[str]:
    """Predicates that come and go."""
    return frozenset(word.strip() for line in entries("changing.txt") for word in line.split(","))


@cache
def beings() -> frozenset[str]:
    return frozenset(noun.english for noun in meant("being"))


@cache
def said_of(situation: Situation, kind: str, about: int, noun: Noun, other: Noun | None) -> tuple[Predicate, ...]:
    """Phrases that can be a reason (-, +), or how it was (=), said of one participant, and could not mean the other."""
    lists = {"-": situation.against, "+": situation.reasons}
    use = lists[kind] if kind in lists else tuple(a + b for a, b in zip(*lists.values(), strict=True))
    found = []
    for english in use[about]:
        of = predicate(english, noun)
        doubtful = other and english in use[1 - about] and predicate(english, other)
        doubtful = doubtful or (kind == "=" and other and predicate(english, other))
        if of and not doubtful:
            found.append(of)
    return tuple(dict.fromkeys(found))


@cache
def known(noun: Noun) -> tuple[Predicate, ...]:
    """What everybody knows of this noun: phrases, and adjectives that few nouns can have (*fizzy*, *curly*)."""
    return phrases_of(noun) + tuple(
        one
        for some in predicates().values()
        for one in some
        if not one.phrase and len(one.of) <= FEW and noun.english in one.of
    )


def known_of(noun: Noun, other: Noun | None) -> tuple[Predicate, ...]:
    """Of these what does not fit the other noun: *had lost a wheel*, of a cart and a horse."""
    return tuple(one for one in known(noun) if not (other and can_be_said(one.english, other)))


def can_be_said(phrase: str, noun: Noun) -> bool:
    """Whether the phrase, or the adjective behind its *was*, fits the noun; nobody knows what is *not strong enough*."""
    adjective = phrase.removeprefix("was ")
    return phrase.endswith(" enough") or bool(predicate(phrase, noun) or predicate(adjective, noun))


@dataclass(frozen=True, eq=False)
class Repertoire:
    """The source of a draw: all of the lexicon, or a part of it."""

    frames: tuple[Frame, ...]
    scenes: tuple[Situation, ...]
    placements: tuple[Situation, ...]
    actions: tuple[Situation, ...]
    plain: bool = False
    """No openings, no adjectives, no plural, no article but *the*, no *couldn't*: for a model that learns in minutes."""
    knows: frozenset[str] | None = None
    """The predicates that may be said because everybody knows them; None stands for all."""

    @cached_property
    def open(self) -> tuple[Situation, ...]:
        """The scenes and placements that have no reasons."""
        return tuple(one for one in (*self.scenes, *self.placements) if one.open)


@cache
def whole_repertoire() -> Repertoire:
    """All frames and all situations."""
    return Repertoire(frames(), scenes(), placements(), actions())


class Draw:
    """All chance of a run."""

    def __init__(self, seed: int, repertoire: Repertoire) -> None:
        self.chance = random.Random(seed)
        self.repertoire = repertoire

    def pick(self, nouns: Sequence[Noun]) -> Noun:
        """A noun: its gender first, so that er, sie and es are equally often right."""
        genders = sorted({noun.gender for noun in nouns})
        gender = self.chance.choice(genders)
        return self.chance.choice([noun for noun in nouns if noun.gender == gender])

    def frame(self) -> Frame:
        frames = self.repertoire.frames
        return self.chance.choices(frames, [frame.weight for frame in frames])[0]

    def situation(self, frame: Frame) -> Situation:
        of = self.repertoire
        if "two" in frame.needs or not of.placements:
            return self.chance.choice(of.scenes)
        if "one" in frame.needs:
            return self.chance.choice(of.actions)
        if frame.kind in "!?":
            return self.chance.choice(
                [one for one in of.placements if one.verb.english in (PUT if frame.kind == "?" else BEFORE)]
            )
        if of.open and frame.kind in "-+=" and self.chance.random() < OPEN:
            return self.chance.choice(of.open)
        return self.chance.choice(self.chance.choices([of.scenes, of.placements, of.actions], [66, 20, 14])[0])

    def phrase(self, noun: Noun, said: Sequence[str], *, indefinite: bool) -> Phrase:
        """A noun with what stands before it; no adjective that the sentence's predicates could contradict."""
        if self.repertoire.plain:
            return Phrase(noun, False, "the", None)
        plural = bool(noun.english_plural) and self.chance.random() < 0.09
        owned = any(group in noun.groups for group in OWNED)
        weights = {
            "the": 70,
            "a": 7 if indefinite and not plural and noun.english_plural else 0,
            "this": 0 if plural else 4,
        }
        weights |= dict.fromkeys(("my", "our", "his", "her"), 4 if owned else 0)
        weights |= dict.fromkeys(POSSESSORS, 1 if owned else 0)
        if noun.group == "body":
            weights = {"the": 40, "my": 20, "his": 20, "her": 20}
        determiner = self.chance.choices(list(weights), list(weights.values()))[0]
        adjective = None
        if self.chance.random() < 0.14:
            some = next((adjectives for group, adjectives in ADJECTIVES if group in noun.groups), [])
            some = [one for one in some if one[0] not in said and (noun.english_plural or one[0] not in COUNTING)]
            adjective = self.chance.choice(some) if some else None
        return Phrase(noun, plural, determiner, adjective)

    def said(self, predicates: Sequence[Predicate], frame: Frame, *, rarely: bool = False) -> Said | None:
        """One of the predicates; ``rarely``: the fewer nouns it can be said of, the more often."""
        fitting = [
            one
            for one in predicates
            if not ("now" in frame.needs and not one.has_present)
            and not ("^" in frame.english and one.phrase and not one.english.startswith("was "))
            and not ("changing" in frame.needs and one.english not in changing())
            and not ((one.phrase or not one.graded) and "graded" in frame.needs)
        ]
        if not fitting:
            return None
        weights = [len(one.of) ** -0.5 if rarely else 1.0 for one in fitting]
        one = self.chance.choices(fitting, weights)[0]
        if one.phrase or not one.graded:
            return Said(one, ("", ""))
        degrees = DEGREES[frame.degree]
        english, german, _ = self.chance.choices(degrees, [weight for *_, weight in degrees])[0]
        return Said(one, (english, german))

    def modal(self, situation: Situation, frame: Frame, first: Noun) -> str:
        if frame.name == "until" or self.repertoire.plain:
            return "didn't"
        if "fact" in situation.flags:
            return self.chance.choices(["didn't", "did not"], [4, 1])[0]
        wills = (situation.person or first.english in beings()) and "able" not in situation.flags
        weights = [44, 9, 24, 9, 7 if wills else 0, 7 if wills else 0]
        if frame.kind == "+":  # although it was hungry, it couldn't …: it did not want to
            weights = [44, 9, 0, 0, 7 if wills else 0, 7 if wills else 0]
        words = ["didn't", "did not", "couldn't", "could not", "wouldn't", "didn't want to"]
        return self.chance.choices(words, weights)[0]

    def plans(self, frame: Frame, situation: Situation) -> list[SentencePlan]:
        """The same main clause with an ending for each participant of which something can be said."""
        chance = self.chance
        nouns = [self.pick(some) for some in situation.participants]
        if len({noun.german for noun in nouns}) < len(nouns) or not suits(frame, situation, nouns):
            return []
        present = not self.repertoire.plain and frame.kind in "-+=" and not frame.needs & PAST
        present = present and chance.random() < PRESENT
        if present:
            frame = frame._replace(needs=frame.needs | {"now"})
        endings = [(k, self.ending(frame, situation, nouns, k)) for k in range(len(nouns)) if frame.kind in "-+="]
        every = [*situation.against, *situation.reasons]
        words = [one for some in every for one in some]
        indefinite = frame.kind == "=" or frame.name in ("because does", "two does")
        participants = tuple(self.phrase(noun, words, indefinite=indefinite) for noun in nouns)
        person = chance.choice(PERSONS) if situation.person else None
        openings = OPENINGS_NOW if present else OPENINGS
        opening = chance.choice(openings) if chance.random() < 0.15 and not self.repertoire.plain else ("", "")
        thinks = chance.choice(THOUGHTS)
        modal = self.modal(situation, frame, nouns[0])
        if frame.kind not in "-+=":
            return self.later_plans(
                frame, SentencePlan(situation, participants, person, 0, None, None, modal, opening, thinks)
            )
        return [
            SentencePlan(situation, participants, person, about, *ending, modal, opening, thinks, present=present)
            for about, ending in endings
            if ending
        ]

    def later_plans(self, frame: Frame, plan: SentencePlan) -> list[SentencePlan]:
        """Endings that say no predicate: an action, for each participant that it alone fits; the weather; a place."""
        if frame.kind == "w":
            return [replace(plan, weather=self.chance.choice(WEATHER))]
        if frame.kind == "?":
            return [replace(plan, about=0)]
        nouns = [phrase.noun for phrase in plan.participants]
        found = []
        for about, noun in enumerate(nouns):
            fitting = [
                action
                for action in self.repertoire.actions
                if action.verb.english in THEN
                and noun in action.participants[0]
                and nouns[1 - about] not in action.participants[0]
            ]
            if fitting:
                found.append(replace(plan, about=about, action=self.chance.choice(fitting)))
        return found

    def ending(
        self, frame: Frame, situation: Situation, nouns: Sequence[Noun], about: int
    ) -> tuple[Said, Said | None] | None:
        """The phrase about this participant, and of the other one where the frame needs both."""
        other = nouns[1 - about] if len(nouns) == 2 else None
        said = None
        knows = self.repertoire.knows
        if knows != frozenset() and (situation.open or self.chance.random() < KNOWN[frame.kind]):
            known = [one for one in known_of(nouns[about], other) if knows is None or one.english in knows]
            said = self.said(known, frame, rarely=True)
        said = said or self.said(said_of(situation, frame.kind, about, nouns[about], other), frame)
        if said is None or not can_be_pronoun(frame, situation, about):
            return None
        if "two" not in frame.needs:
            return said, None
        opposite = "+" if frame.kind == "-" else "-"
        assert other is not None
        others = [
            one
            for one in said_of(situation, opposite, 1 - about, other, nouns[about])
            if one.english != said.predicate.english
        ]
        again = self.said(others, frame._replace(degree="even", needs=frame.needs & {"now"}))
        return None if again is None else (said, again)


def suits(frame: Frame, situation: Situation, nouns: Sequence[Noun]) -> bool:
    """Whether the frame's needs are met."""
    needs, flags = frame.needs, situation.flags
    if "passive" in needs:
        bare = situation.german.startswith("{x:a}" if situation.person else "{y:a}") and not situation.verb.reflexive
        if "active" in flags or not bare or "fact" in flags:
            return False
    if "wish" in needs and (flags & {"fact", "able"} or not (situation.person or nouns[0].english in beings())):
        return False
    return not ("past" in needs and flags & {"able"})


def can_be_pronoun(frame: Frame, situation: Situation, about: int) -> bool:
    """German says *dadurch* where a pronoun would stand behind a preposition: no such sentence."""
    for slot, which in ((" it", about), (" its", 1 - about)):
        used = any(
            slot in part.split("}")[0] + " " and slot + " " in part.split("}")[0] + " "
            for part in frame.english.split("{")
        )
        subject = which == 0 and not situation.person
        name = "xy"[which]
        free = situation.german.startswith(f"{{{name}:") or f"}} {{{name}:" in situation.german
        if used and not subject and not free:
            return False
    return True
