"""Sentences with *it*, without end: in English and in German, with marks at the words that belong together."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from glassformer.demo.draw import Draw, Frame
from glassformer.demo.english import English
from glassformer.demo.german import German
from glassformer.demo.held_out import HeldOut, Row
from glassformer.demo.plan import NOUN_MARK, PRONOUN_MARK, Plan
from glassformer.errors import CorpusError

SAME_GENDER = 0.3
"""The share of sentences kept whose two nouns have one gender: they teach nothing of *it*."""
PATIENCE = 20_000
"""So many draws without a new sentence mean that there is none left."""

Marks = list[tuple[int, int]]


class ItSentence(NamedTuple):
    """A sentence pair in which a pronoun must be understood."""

    source: str
    target: str
    marks: Marks
    """(pronoun's word, the word of the noun that it stands for) in the source, numbered from 0 between blanks."""
    target_marks: Marks
    """The same in the target."""
    frame: str
    """The name of its frame."""
    about: int
    """The participant meant: 0 subject, 1 object."""
    nouns: int
    """How many take part: 1 or 2."""
    twins: int
    """Its twin has the same number: the same main clause, another ending. 0 where there is none."""


def it_sentences(seed: int = 1, held_out: Iterable[Row] = ()) -> Iterator[ItSentence]:
    """Different sentences without end, the same for the same seed.

    Nothing in them combines what a row of ``held_out`` combines (see ``HeldOut``). As often as not the subject is
    meant; twins follow each other. Raises CorpusError if all are used up.
    """
    draw, held = Draw(seed), HeldOut(held_out)
    seen: set[str] = set()
    balance, number, tries = 0, 0, 0
    while tries < PATIENCE:
        tries += 1
        frame = draw.frame()
        plans = draw.plans(frame, draw.situation(frame))
        made = [sentence_of(frame, plan) for plan in plans if worth(draw, plan)]
        made = [one for one in made if one.source not in seen and not held(one.source)]
        number += len(made) > 1
        if len(made) == 1 and len(plans[0].participants) == 2:
            side = 1 if made[0].about else -1
            if side * balance > 0 and draw.chance.random() < 0.9:
                continue  # the subject would be meant more often, or the object
            balance += side
        for one in made:
            seen.add(one.source)
            tries = 0
            yield one._replace(twins=number) if len(made) > 1 else one
    raise CorpusError(f"the demo has made {len(seen):,} sentences and finds no other: ask for fewer")


def worth(draw: Draw, plan: Plan) -> bool:
    numbers = {phrase.number for phrase in plan.participants}
    return len(plan.participants) == 1 or len(numbers) == 2 or draw.chance.random() < SAME_GENDER


def sentence_of(frame: Frame, plan: Plan) -> ItSentence:
    """The plan in both languages."""
    english, german = English(plan), German(plan)
    source, marks = finished(re.sub(r"\{([^}]+)\}", lambda match: english.fill(match[1]), frame.english))
    target, target_marks = finished(re.sub(r"\{([^}]+)\}", lambda match: german.fill(match[1]), frame.german))
    return ItSentence(source, target, marks, target_marks, frame.name, plan.about, len(plan.participants), 0)


def finished(text: str) -> tuple[str, Marks]:
    """The sentence with capitals and without the marks, and where they stood."""
    words = text.split()
    nouns: dict[int, int] = {}
    pronouns: list[tuple[int, int]] = []
    for place, word in enumerate(words):
        for letter in word:
            if ord(letter) >= PRONOUN_MARK and ord(letter) < PRONOUN_MARK + 9:
                pronouns.append((place, ord(letter) - PRONOUN_MARK))
            elif ord(letter) >= NOUN_MARK and ord(letter) < NOUN_MARK + 9:
                nouns[ord(letter) - NOUN_MARK] = place
    clean = re.sub(r"[\ue000-\ue1ff]", "", " ".join(words))
    clean = re.sub(r"(^|[.?!] )(\w)", lambda match: match[1] + match[2].upper(), clean)
    return clean, [(place, nouns[number]) for place, number in pronouns if number in nouns]
