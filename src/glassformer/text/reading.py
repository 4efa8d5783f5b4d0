"""A text as a model reads it, and what the model wrote as people read it: all that stands between strings and ids.

On the way in a text falls into lines and these into parts of whole sentences (``sentences``); what must come out as it went
in becomes signs (``protected``); shouted lines are read in small letters (``case``). On the way out the signs become
things again, shouted lines are shouted, parts and lines are joined as they stood. Training's validation, evaluation,
translation and the page read through this one door, so a line means the same ids to all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from glassformer.card import Card
from glassformer.text.case import in_upper_case, known_in_small, plain, shouted
from glassformer.text.languages import glue
from glassformer.text.normalise import normalised
from glassformer.text.other_language import other_language
from glassformer.text.protected import Protected, has_signs, is_picture, mark, marks_in, protect, restored, signed
from glassformer.text.scripts import foreign
from glassformer.text.sentences import SMALLEST_LIMIT, split_lines
from glassformer.text.tokenizer import Tokenizer

LONGEST = 200
"""Tokens: the longest sentence that is read whole where a model's card does not say how long its training's were."""
LINE_ENDS = re.compile(r"((?<![ \t])[ \t]*(?:\r\n|\r|\n)\s*)")
"""A line's end with the blanks around it and the empty lines that follow: they stay as they are."""
ELLIPSIS = re.compile(r"(\.{3,}|…+)\s*$")
WORD = re.compile(r"\w")
ITEM = re.compile(
    r"(?:(?:[-*+•‣◦▪·–—>]|#{1,6}|\(?[A-Za-z]\)|\(?[ivx]{1,5}\)|\(?\d{1,3}\)|[ivx]{2,5}\.|\[[ xX]?\])\s+)+(?=\S)"
)
"""The mark at the beginning of a line of a list, a heading or a quotation. Not *1.*: in German it may be a date's day."""
SAYS_MORE = re.compile(r"(?:\.\.|…|[?!？！])\W*$")
NAMES = tuple(f"X{letter}{number}" for number in (7, 8, 9) for letter in "QZJ")
"""Signs for a vocabulary that has none: words that look like the names of parts, which models copy more often than other
things (``docs/journal.md``)."""


@dataclass(frozen=True)
class Part:
    """The text that is translated in one."""

    ids: list[int]
    """Without bos and eos. Empty where nothing is to be translated: ``text`` is its own translation."""
    text: str
    """As the model reads it, with signs."""
    signs: dict[str, int] = field(default_factory=dict)
    """The number of the thing that each sign in it stands for."""
    unsigned: list[int] = field(default_factory=list)
    """Things for which there were no signs left."""
    before: str | None = None
    """The text between this part and the one before it; None where a sentence follows the other in its line."""
    loud: bool = False
    """Whether the line was SHOUTED."""
    head: str = ""
    """A list's mark and emoji before it, with the blanks that follow: they stand beside a sentence and not in it."""
    tail: str = ""
    """The same behind it."""


@dataclass(frozen=True)
class Reading:
    """A text in parts, and what is needed to put their translations together."""

    parts: list[Part]
    things: tuple[str, ...]
    cut: bool = False
    """Whether a sentence was longer than those that the model was trained on, and so cut inside."""
    end: str = ""
    """The text behind the last part."""
    in_target: dict[int, str] = field(default_factory=dict)
    """How things are written in the target where that is otherwise, by their number."""


class Written(NamedTuple):
    """A translation as people read it."""

    text: str
    lost: list[str]
    """Things for which the translation had no place: they stand at the end of their sentence."""
    places: list[tuple[int, int]]
    """Where each part's translation begins and ends in ``text``, in characters."""


@dataclass(frozen=True)
class Reader:
    """How one model reads and writes. Make one of a model's card with ``of``."""

    tokenizer: Tokenizer
    source: str = ""
    """The source's language, as a code; "" where it is not known."""
    target: str = ""
    limit: int = LONGEST
    """Tokens of the longest sentence that is read whole: the longest that the model was trained on."""
    most: int = 0
    """Sentences that are read together; 0: no matter how many."""
    plain_case: bool = True
    """Whether shouted and titled lines are read in small letters."""
    scripts: tuple[str, ...] = ()
    """The scripts of the sources that the model was trained on; none: those of ``source``."""
    protect: bool = True
    """Whether links, emoji and their like are carried through."""

    @classmethod
    def of(cls, tokenizer: Tokenizer, card: Mapping[str, Any], *, protect: bool = True) -> Reader:
        """The reader that a model's card asks for."""
        known = Card.of(card)
        return cls(
            tokenizer,
            known.source,
            known.target,
            limit=max(SMALLEST_LIMIT, known.limit or LONGEST),
            most=known.sentences,
            plain_case=known.plain_case,
            scripts=known.source_scripts,
            protect=protect,
        )

    @cached_property
    def _known(self) -> Callable[[str], bool]:
        return known_in_small(self.tokenizer)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        return self.tokenizer.signs or NAMES

    def stranger(self, text: str) -> str:
        """Why the model cannot read the script of ``text``, in a line; "" where it can."""
        return "" if text.isascii() and "Latin" in self.scripts else foreign(text, self.scripts, self.source)

    def foreigner(self, text: str) -> str:
        """Why the model cannot read the language of ``text``, in a line; "" unless that is very sure."""
        return self.stranger(text) or other_language(text, self.source)

    def read(self, texts: Sequence[str], literal: Sequence[bool] | None = None) -> list[Reading]:
        """Each text in parts; none where there is no text. ``literal``: whose shouted lines stay as they stand."""
        as_typed = literal or [False] * len(texts)
        pairs = enumerate(zip(texts, as_typed, strict=True))
        lines = [line for number, (text, literally) in pairs for line in self._lines(number, text, literally)]
        found = split_lines([line.text for line in lines], self.tokenizer, self.limit, self.most, self.source)
        parts: list[list[Part]] = [[] for _ in texts]
        things: list[tuple[str, ...]] = [() for _ in texts]
        ends, cut = [""] * len(texts), [False] * len(texts)
        for line, split in zip(lines, found, strict=True):
            ends[line.of] += line.before
            for text, ids in zip(split.texts, split.ids, strict=True):
                if text.strip():
                    before = ends[line.of] if ends[line.of] or not parts[line.of] else None
                    part = self._part(text, ids, line, len(things[line.of]), before)
                    first = before is not None and line.marker
                    parts[line.of].append(replace(part, head=line.marker + part.head) if first else part)
                    ends[line.of] = ""
            things[line.of] += line.things
            cut[line.of] |= split.cut
        return [Reading(*of_text) for of_text in zip(parts, things, cut, ends, strict=True)]

    def whole(self, text: str) -> Reading:
        """``text`` as one part, whatever its length and its line ends: what is looked into."""
        (line,) = self._lines(0, " ".join(text.splitlines()), literal=False, lists=False)
        part = self._part(line.text, self.tokenizer.encode(line.text), line, 0, "")
        return Reading([replace(part, ids=part.ids or self.tokenizer.encode(part.text))], line.things)

    def write(self, reading: Reading, translations: Sequence[str]) -> Written:
        """The text's translation from those of its parts, in order; of a part without ids, its text."""
        whole, lost, places = "", [], []
        things = [reading.in_target.get(number, thing) for number, thing in enumerate(reading.things)]
        for part, text in zip(reading.parts, translations, strict=True):
            if part.loud:
                text = in_upper_case(text, self.target)
            text = text.strip()
            if things or has_signs(text):
                text, missing = restored(text, part.signs, things, part.unsigned, part.text)
                lost += missing
            if self.protect and part.ids:
                text = with_ellipsis(part.text, text)
            text = f"{part.head}{text}{part.tail}"
            between = part.before
            if between is None:
                between = glue(self.target, whole, text) if whole and text else ""
            places.append((len(whole) + len(between), len(whole) + len(between) + len(text)))
            whole += between + text
        return Written(whole + reading.end, lost, places)

    def as_target(self, reading: Reading, text: str) -> str:
        """A translation of ``reading``, given as people read it, as the model writes it: with the source's signs."""
        for part in reading.parts:
            text = text.removeprefix(part.head).removesuffix(part.tail)
        protected = protect(text) if self.protect else Protected(text, ())
        free = [(sign, reading.things[number]) for part in reading.parts for sign, number in part.signs.items()]
        written = protected.text
        for number, thing in enumerate(protected.things):
            same = next((pair for pair in free if pair[1] == thing), None)
            written = written.replace(mark(number), same[0] if same else thing)
            if same:
                free.remove(same)
        return " ".join(written.splitlines())

    def shown(self, reading: Reading, tokens: Sequence[str]) -> list[str]:
        """``tokens``, or words, as people are to see them: the things themselves instead of their signs."""
        things = {sign: reading.things[number] for part in reading.parts for sign, number in part.signs.items()}
        for sign, thing in things.items():
            tokens = [token.replace(sign, thing) for token in tokens]
        return list(tokens)

    def _lines(self, number: int, text: str, literal: bool, *, lists: bool = True) -> Iterator[_Line]:
        """The lines of text ``number``, each as the model reads it. With ``lists`` the mark of a line of a list is set
        aside, unless the line is ``literal``."""
        pieces = LINE_ENDS.split(text) if "\n" in text or "\r" in text else [text]
        own = bool(self.tokenizer.signs)
        unknown, plainer = (self.tokenizer.unknown, self.tokenizer.plainer) if own else (None, None)
        for before, line in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            protected = protect(line, unknown, plainer) if self.protect else Protected(normalised(line), ())
            seen, marker = protected.text, ""
            if lists and self.protect and not literal and (item := ITEM.match(seen)) and WORD.search(seen, item.end()):
                marker, seen = item[0], seen[item.end() :]
            read = plain(seen, self.source, self._known) if self.plain_case and not literal else seen
            loud = read != seen and shouted(seen)
            signs: tuple[str, ...] = ()
            stand: dict[str, int] = {}
            if protected.things:
                signs = tuple(sign for sign in self.signs if sign not in read)  # names may be words of the text
            if 0 < len(protected.things) <= len(signs):
                read, stand, _ = signed(read, signs)
            yield _Line(number, before, read, protected.things, signs, stand, loud, marker)

    def _part(self, text: str, ids: list[int], line: _Line, first: int, before: str | None) -> Part:
        """A part of ``line``, whose things are numbered from ``first`` on in the whole text."""
        if not line.things:
            return Part(ids if WORD.search(text) else [], text, before=before, loud=line.loud)
        unsigned: list[int] = []
        if len(line.things) <= len(line.signs):
            signs = {sign: number for sign, number in line.stand.items() if sign in text}
        elif not WORD.search(text):  # each mark is its thing's sign: all stay where they are
            signs = {mark(number): number for number in marks_in(text)}
        else:
            text, signs, unsigned = signed(text, line.signs)
            ids = self.tokenizer.encode(text)
        head, text, tail = without_pictures(text, {sign: line.things[number] for sign, number in signs.items()})
        if head or tail:
            ids = self.tokenizer.encode(text)
        if not WORD.search("".join(re.split("|".join(map(re.escape, signs)) or "$", text))):
            ids = []  # nothing but things and marks
        numbers = {sign: number + first for sign, number in signs.items() if sign in text}
        return Part(ids, text, numbers, [number + first for number in unsigned], before, line.loud, head, tail)


def without_pictures(text: str, things: Mapping[str, str]) -> tuple[str, str, str]:
    """The characters before ``text``, the text, and those behind it: emoji at its ends, which are put there again
    whatever the translation. ``things``: what each sign in ``text`` stands for."""
    pictures = "|".join(re.escape(sign) for sign, thing in things.items() if is_picture(thing))
    found = re.fullmatch(rf"((?:\s*(?:{pictures}))*\s*)(.*?)((?:\s*(?:{pictures}))*)\s*", text) if pictures else None
    if not found or not found[2].strip():
        return "", text, ""
    head, tail = (re.sub(pictures, lambda sign: things[sign[0]], found[place]) for place in (1, 3))
    return head.lstrip(), found[2], tail


def with_ellipsis(source: str, translation: str) -> str:
    """``translation`` with the ellipsis that ``source`` ends in, in place of its full stop, unless it ends in a mark that
    says more. *Loading...* and *Loading.* are two things, and most training text has few of the first."""
    found = ELLIPSIS.search(source) if source.rstrip().endswith(("...", "…")) else None
    if not found or not translation or SAYS_MORE.search(translation):
        return translation
    return re.sub(r"[.。]?\s*$", "", translation) + found[1]


class _Line(NamedTuple):
    """A line of a text as the model reads it."""

    of: int
    """The number of the text."""
    before: str
    """The line's end, and empty lines, before it."""
    text: str
    things: tuple[str, ...]
    signs: tuple[str, ...]
    """Those that may stand for the things: they are not in the text itself. None where there are no things."""
    stand: dict[str, int]
    """The number of the thing that each of them stands for, where they are enough: they stand in the text's order, and the
    things that the vocabulary does not know are numbered after the others."""
    loud: bool
    marker: str
    """The mark of a line of a list, before ``text``."""
