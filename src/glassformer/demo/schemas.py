"""Situations written out, whose endings only knowledge of the world can settle: the files of the folder beside this one.

Sentences of this kind are known as Winograd schemas (Levesque et al. 2012): *The ladder won't reach the roof, since it
is too short | too high.* A block of a file is one schema::

    The {x} won't reach the {y} = {x} wird {y:a} nicht erreichen
    x: ladder=die Leiter, hose=der Schlauch
    y: roof=das Dach, balcony=der Balkon
    x> , since {it} is too short = , da {er} zu kurz ist
    y= Because {it} was so high, the {x} did not reach the {y}. = Weil {er} so hoch war, erreichte {x} {y:a} nicht.

First the main clause, then the nouns (a star behind a German noun that ends in -n in all cases but one), then endings of
the main clause (``>``) and whole sentences (``=``) about x or about y. German ``{x:a}`` is article and noun in the
accusative, ``{ein x:d}`` with another determiner in the dative, ``{bare x}`` the noun alone; ``{er}``, ``{ihn}``,
``{ihm}``, ``{sein}``, ``{der}``, ``{den}``, ``{dem}`` stand for the noun that is meant, as ``{it}`` and ``{its}`` do.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from glassformer.demo.german import MY, PRONOUNS, THE, THIS, contracted, ending, noun_form
from glassformer.demo.held_out import HeldOut, HeldOutRow
from glassformer.demo.lexicon import HERE, Noun, noun_of
from glassformer.demo.plan import ROLES, marked
from glassformer.demo.sentences import SAME_GENDER, ItSentence, finished
from glassformer.errors import CorpusError

FOLDER = HERE / "schemas"
PATIENCE = 3
"""How many times as many draws as sentences a schema has, before it is left."""
NAMES = "xy"
CASES = {"": "nom", "a": "acc", "d": "dat"}
PRONOUN_CASES = {"er": "nom", "ihn": "acc", "ihm": "dat"}
DEMONSTRATIVES = {"der": "nom", "den": "acc", "dem": "dat"}
LIKE_MY = {"ein", "kein", "mein", "dein", "sein", "ihr", "Ihr", "unser", "euer"}
LIKE_THIS = {"dies", "jed", "welch"}
ENGLISH_SLOT = re.compile(r"([aA] )?([xy])|[iI]t|[iI]ts|itself")
BEFORE_NOUN = re.compile(r"\b(?i:in|an|von|zu|bei) (?:dem|das|der) (?=[A-ZÄÖÜ])")
GERMAN_SLOT = re.compile(r"(?:([A-Za-z]+) )?([xy])(?::([ad]))?")


class Line(NamedTuple):
    """An ending of the main clause, or a whole sentence, in both languages."""

    english: str
    german: str
    whole: bool


@dataclass(frozen=True, eq=False)
class Schema:
    """A main clause with its nouns and, for each of the two, what can be said of it and not of the other."""

    name: str
    """Its file and the number of its first line."""
    english: str
    german: str
    nouns: tuple[list[Noun], list[Noun]] = field(default_factory=lambda: ([], []))
    lines: tuple[list[Line], list[Line]] = field(default_factory=lambda: ([], []))


@cache
def schemas() -> tuple[Schema, ...]:
    """Those of all files, in their order."""
    return tuple(chain.from_iterable(map(read_schemas, sorted(FOLDER.glob("*.txt")))))


def read_schemas(path: Path) -> list[Schema]:
    """The blocks of one file; raises CorpusError with the line of the first fault."""
    found: list[Schema] = []
    begins = True
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if text.startswith("#"):
            continue
        if not text.strip():
            begins = True
            continue
        where = f"{path.name}, line {number}"
        if begins:
            english, german = sides(text, where)
            if any(not slot.endswith(("x", "y", ":a", ":d")) for slot in re.findall(r"\{([^}]*)\}", english + german)):
                raise CorpusError(f"{where}: the main clause has {{x}} and {{y}} only: it is said with either ending")
            found.append(Schema(where, english, german))
            begins = False
        else:
            add(found[-1], text, where)
    for schema in found:
        if not all(schema.nouns) or not all(schema.lines):
            raise CorpusError(
                f"{schema.name}: the schema wants x:, y:, and for each of them at least one line of > or ="
            )
    return found


def add(schema: Schema, text: str, where: str) -> None:
    """One more line of a block."""
    match = re.fullmatch(r"([xy])([:>=]) *(.+)", text.rstrip())
    if not match:
        raise CorpusError(f"{where}: a line begins with x:, y:, x>, y>, x= or y=")
    index = NAMES.index(match[1])
    if match[2] == ":":
        for entry in match[3].split(","):
            noun = re.fullmatch(r" *([A-Za-z][\w' -]*?) *= *((?:der|die|das) [A-ZÄÖÜ][\wäöüß-]*\*?) *", entry)
            if not noun:
                raise CorpusError(f"{where}: {entry.strip()!r} is not like dog=der Hund")
            schema.nouns[index].append(noun_of(f"{noun[1]}/-, {noun[2]}, -", "schemas", frozenset()))
    else:
        schema.lines[index].append(Line(*sides(match[3], where), match[2] == "="))


def sides(text: str, where: str) -> tuple[str, str]:
    """English and German, their slots looked at."""
    english, separator, german = (part.strip() for part in text.partition(" = "))
    if not separator or " = " in german or not english or not german:
        raise CorpusError(f"{where}: wanted English = German")
    for slot in re.findall(r"\{([^}]*)\}", english):
        if not ENGLISH_SLOT.fullmatch(slot):
            raise CorpusError(f"{where}: the English side knows no {{{slot}}}")
    for slot in re.findall(r"\{([^}]*)\}", german):
        noun = GERMAN_SLOT.fullmatch(slot)
        known = noun and noun[1] in {None, "bare"} | LIKE_MY | LIKE_THIS
        if not known and slot.lower() not in PRONOUN_CASES | DEMONSTRATIVES | {"sein": ""}:
            raise CorpusError(f"{where}: the German side knows no {{{slot}}}")
    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", english + german)):
        raise CorpusError(f"{where}: a brace is open or closed too often")
    return english, german


def schema_sentences(
    seed: int = 1, held_out: Iterable[HeldOutRow] = (), repertoire: Sequence[Schema] | None = None
) -> Iterator[ItSentence]:
    """Different sentences, the same for the same seed, until all have been made; English to German.

    Nothing in them combines what a row of ``held_out`` combines (see ``HeldOut``). Where both nouns have an ending for
    the same main clause, the two follow each other as twins. ``repertoire``: by default all schemas.
    """
    chance, held = random.Random(seed), HeldOut(held_out)
    repertoire = schemas() if repertoire is None else repertoire
    left = {schema.name: [0, possible(schema)] for schema in repertoire}
    seen: set[str] = set()
    number = 0
    while rest := [schema for schema in repertoire if left[schema.name][0] < PATIENCE * left[schema.name][1]]:
        for schema in chance.sample(rest, len(rest)):
            left[schema.name][0] += 1
            nouns = chance.choice(schema.nouns[0]), chance.choice(schema.nouns[1])
            if nouns[0].gender == nouns[1].gender and chance.random() >= SAME_GENDER:
                continue
            lines = [chance.choice(some) for some in schema.lines]
            made = [sentence_of(schema, nouns, about, line) for about, line in enumerate(lines)]
            if made[0].source == made[1].source:
                continue  # the same words about either
            made = [one for one in made if one.source not in seen and not held(one.source)]
            twins = len(made) == 2 and not any(line.whole for line in lines)
            number += twins
            seen.update(one.source for one in made)
            yield from (one._replace(twins=number if twins else 0) for one in made)


def possible(schema: Schema) -> int:
    """How many sentences it can make."""
    return len(schema.nouns[0]) * len(schema.nouns[1]) * max(map(len, schema.lines))


def sentence_of(schema: Schema, nouns: tuple[Noun, Noun], about: int, line: Line) -> ItSentence:
    english = line.english if line.whole else glued(schema.english, line.english)
    german = line.german if line.whole else glued(schema.german, line.german)
    source, keys = finished(re.sub(r"\{([^}]+)\}", lambda match: english_words(match[1], nouns, about), english))
    filled = re.sub(r"\{([^}]+)\}", lambda match: german_words(match[1], nouns, about), german)
    target, target_keys = finished(BEFORE_NOUN.sub(contracted_here, filled))
    return ItSentence(source, target, keys, target_keys, schema.name, about, 2, 0)


def contracted_here(match: re.Match[str]) -> str:
    """Before nouns only: *das Haus, in dem er wohnt* stays."""
    text = match[0]
    short = contracted(text[0].lower() + text[1:])
    return short[0].upper() + short[1:] if text[0].isupper() else short


def glued(clause: str, end: str) -> str:
    """The main clause with its ending, and a full stop where there is none."""
    text = clause + ("" if end[0] in ".,;:?!" else " ") + end
    return text if text[-1] in ".?!" else f"{text}."


def english_words(slot: str, nouns: tuple[Noun, Noun], about: int) -> str:
    if slot[-1] in NAMES:
        index = NAMES.index(slot[-1])
        article = "" if len(slot) == 1 else "an " if nouns[index].english[0] in "aeiou" else "a "
        return article + marked(nouns[index].english, ROLES[index])
    return marked(slot, f"it {ROLES[about]}") if slot.lower() == "it" else slot


def german_words(slot: str, nouns: tuple[Noun, Noun], about: int) -> str:
    noun = GERMAN_SLOT.fullmatch(slot)
    if noun:
        index = NAMES.index(noun[2])
        return noun_words(nouns[index], noun[1] or "", CASES[noun[3] or ""], ROLES[index])
    meant, low = nouns[about], slot.lower()
    if low in PRONOUN_CASES:
        word = marked(ending(PRONOUNS, PRONOUN_CASES[low], meant.gender), f"it {ROLES[about]}")
    elif low in DEMONSTRATIVES:
        word = ending(THE, DEMONSTRATIVES[low], meant.gender)
    else:
        word = "ihr" if meant.gender == "f" else "sein"
    return word if slot == low else word[0].upper() + word[1:]


def noun_words(noun: Noun, determiner: str, case: str, role: str) -> str:
    """*die Leiter*, *einem Bären*."""
    word = marked(noun_form(noun, case, plural=False), role)
    if determiner == "bare":
        return word
    if not determiner:
        return f"{ending(THE, case, noun.gender)} {word}"
    end = ending(THIS if determiner in LIKE_THIS else MY, case, noun.gender)
    stem = "eur" if determiner == "euer" and end else determiner
    return f"{stem}{end} {word}"
