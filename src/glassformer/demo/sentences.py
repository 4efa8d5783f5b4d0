"""Sentences with *it*, without end: in English and in German, with marks at the words that belong together."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from glassformer.demo.chinese import FRAMES as CHINESE_FRAMES
from glassformer.demo.chinese import Chinese, chinese_repertoire
from glassformer.demo.draw import Draw, Frame, Repertoire, whole_repertoire
from glassformer.demo.english import English
from glassformer.demo.german import German
from glassformer.demo.held_out import HeldOut, HeldOutRow
from glassformer.demo.plan import FIRST_MARK, KEYS, ROLES, SentencePlan
from glassformer.errors import CorpusError

SAME_GENDER = 0.3
"""The share of sentences kept whose two nouns have one gender: they teach nothing of *it*."""
PATIENCE = 20_000
"""Draws without a new sentence after which none is left."""

MARKS = re.compile(f"[{chr(FIRST_MARK)}-{chr(FIRST_MARK + len(KEYS))}]")
MARKS_AND_BLANKS = re.compile(f" |{MARKS.pattern}")

Keys = dict[str, list[int]]
"""By key (see plan.KEYS) the numbers of the words that have it, from 0, as blanks part them."""


class ItSentence(NamedTuple):
    """A sentence pair in which a pronoun must be understood."""

    source: str
    target: str
    keys: Keys
    """The roles of the source's words."""
    target_keys: Keys
    """The same of the target's."""
    frame: str
    """The name of its frame."""
    about: int
    """The participant meant: 0 subject, 1 object."""
    nouns: int
    """How many take part: 1 or 2."""
    twins: int
    """Its twin has the same number: the same main clause, another ending. 0 where there is none."""

    @property
    def pair(self) -> tuple[str, str]:
        return self.source, self.target

    @property
    def marks(self) -> list[tuple[int, int]]:
        """(word with the pronoun, word of the noun that it stands for) in the source, numbered from 0."""
        return looks(self.keys)

    @property
    def target_marks(self) -> list[tuple[int, int]]:
        """The same in the target: er, sie, es and their noun."""
        return looks(self.target_keys)


def it_sentences(
    seed: int = 1, held_out: Iterable[HeldOutRow] = (), repertoire: Repertoire | None = None, language: str = "de"
) -> Iterator[ItSentence]:
    """Different sentences without end, the same for the same seed.

    Nothing in them combines what a row of ``held_out`` combines (see ``HeldOut``). As often as not the subject is
    meant; twins follow each other. ``repertoire``: what is drawn from, by default everything. ``language``: de, or zh
    for Chinese, which has a part of the words and of the frames. Raises CorpusError when all are used up.
    """
    repertoire = repertoire or (chinese_repertoire() if language == "zh" else whole_repertoire())
    draw, held = Draw(seed, repertoire), HeldOut(held_out)
    seen: set[str] = set()
    balance, number, tries = 0, 0, 0
    while tries < PATIENCE:
        tries += 1
        frame = draw.frame()
        plans = draw.plans(frame, draw.situation(frame))
        made = [sentence_of(frame, plan, language) for plan in plans if language == "zh" or worth(draw, plan)]
        made = [one for one in made if one.source not in seen and not held(one.source)]
        if len({one.source for one in made}) < len(made):
            continue  # painted it: the picture (malte es), or the wall (strich sie)
        number += len(made) > 1
        if len(made) == 1 and made[0].marks and made[0].nouns == 2 and made[0].frame != "where to":
            side = 1 if made[0].about else -1
            if side * balance > 0 and draw.chance.random() < 0.9:
                continue  # the subject would be meant more often, or the object
            balance += side
        for one in made:
            seen.add(one.source)
            tries = 0
            yield one._replace(twins=number) if len(made) > 1 else one
    raise CorpusError(f"the demo has made {len(seen):,} sentences and finds no other: ask for fewer")


def worth(draw: Draw, plan: SentencePlan) -> bool:
    numbers = {phrase.number for phrase in plan.participants}
    return len(plan.participants) == 1 or len(numbers) == 2 or draw.chance.random() < SAME_GENDER


def sentence_of(frame: Frame, plan: SentencePlan, language: str) -> ItSentence:
    """The plan in both languages."""
    english = English(plan)
    target_voice = Chinese(plan) if language == "zh" else German(plan)
    template = CHINESE_FRAMES[frame.name] if language == "zh" else frame.german
    source, keys = finished(re.sub(r"\{([^}]+)\}", lambda match: english.fill(match[1]), frame.english))
    target, target_keys = finished(re.sub(r"\{([^}]+)\}", lambda match: target_voice.fill(match[1]), template))
    target_keys = {} if language == "zh" else target_keys  # no blanks, so no words to number
    return ItSentence(source, target, keys, target_keys, frame.name, plan.about, len(plan.participants), 0)


def finished(text: str) -> tuple[str, Keys]:
    """The sentence with its capitals and without its marks, and which word has which key."""
    keys: Keys = {}
    place = 0
    text = " ".join(text.split())
    for found in MARKS_AND_BLANKS.findall(text):
        if found == " ":
            place += 1
        else:
            keys.setdefault(KEYS[ord(found) - FIRST_MARK], []).append(place)
    clean = MARKS.sub("", text)
    return re.sub(r"(^|[.?!] )(\w)", lambda match: match[1] + match[2].upper(), clean), keys


def looks(keys: Keys) -> list[tuple[int, int]]:
    """From each pronoun to the noun that it stands for."""
    return sorted((it, keys[role][0]) for role in ROLES for it in keys.get(f"it {role}", []) if role in keys)
