"""A file as blocks of text between what stays as it is, and blocks of translated text with their tags in the right places.

A block is text with tags in it, such as "the <b>red</b> house" or "the **red** house". Its text is translated without the
tags. A tag then goes to the words that looked, by attention, at the words that it stood around: of each word of the
translation it is known which share of its attention lies inside the tag in the source, and the tag gets the one run of
words whose shares above a half sum to the most. Each tag therefore comes out exactly once, and tags nest as they did.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from glassformer.text.languages import UNSPACED_LANGUAGES, language_code
from glassformer.translator import Translation
from glassformer.translator.spans import Aligned, Span

MARKS = ".,;:!?…)]}»”“\"'’。，；：！？）」』"
OPENING = "([{«„“\"'‚‘（「『¿¡"

CONTEST = 3
"""How much it counts for a tag's place that other words look at its words more: chosen on other snippets than those that are
reported."""


@dataclass(eq=False)
class Tag:
    """``open`` and ``close`` around characters of a block's text; an empty one (an image) has no ``close`` and stands before
    character ``start``."""

    open: str
    close: str
    start: int
    end: int
    inner: list[Tag] = field(default_factory=list)
    place: Span = (0, 0)
    """Its characters of the translation."""


@dataclass
class Block:
    """Text to translate. ``write`` makes of translated characters what stands in the file (entities, escapes); ``whole``
    what is to be done with the finished block."""

    text: str
    tags: list[Tag] = field(default_factory=list)
    """The outer ones, in order; what they hold is in their ``inner``."""
    write: Callable[[str], str] = str
    whole: Callable[[str], str] = str

    def written(self, translation: Translation, target: str) -> str:
        """The block with this translation, a text in the language ``target``."""
        return self.whole(marked_up(self, translation.text, translation.aligned, target))


@dataclass
class Document:
    """A file: strings that stay and blocks that are translated."""

    pieces: list[str | Block]

    @property
    def blocks(self) -> list[Block]:
        return [piece for piece in self.pieces if isinstance(piece, Block)]

    @property
    def texts(self) -> list[str]:
        """The text to translate."""
        return [block.text for block in self.blocks]

    @property
    def has_tags(self) -> bool:
        """Whether the translations must come with their attention."""
        return any(block.tags for block in self.blocks)

    def rebuilt(self, translations: Sequence[Translation], target: str) -> str:
        """The file with ``translations`` instead of ``texts``."""
        found = iter(translations)
        return "".join(piece if isinstance(piece, str) else piece.written(next(found), target) for piece in self.pieces)


@dataclass(frozen=True)
class AlignedWord:
    """A word of a translation, and the weight that it laid on the source's characters."""

    start: int
    end: int
    looks: list[tuple[int, int, float]]

    def share(self, start: int, end: int) -> float:
        """How much of its attention lies between these characters of the source; ½ where it has none."""
        total = sum(weight for _, _, weight in self.looks)
        within = sum(
            weight * (min(last, end) - max(first, start)) / (last - first)
            for first, last, weight in self.looks
            if first < end and last > start
        )
        return within / total if total > 1e-6 else 0.5


def marked_up(block: Block, translation: str, aligned: Sequence[Aligned], target: str) -> str:
    """The translation with the block's tags, written as the file has it."""
    if not block.tags:
        return block.write(translation)
    words = contested(words_of(translation, aligned, language_code(target) in UNSPACED_LANGUAGES))
    set_places(block.tags, block.text, translation, Looks(words), (0, len(words)))
    return emitted(block.tags, translation, (0, len(translation)), block.write)


def words_of(translation: str, aligned: Sequence[Aligned], unspaced: bool) -> list[AlignedWord]:
    """The words between blanks; of languages without blanks the tokens."""
    if unspaced:
        spans = [span for one in aligned for span in one.target if span[0] < span[1]]
        spans = sorted(spans) or [(n, n + 1) for n in range(len(translation))]
    else:
        spans = [match.span() for match in re.finditer(r"\S+", translation)]
    looks: list[list[tuple[int, int, float]]] = [[] for _ in spans]
    ends = [end for _, end in spans]
    for one in aligned:
        for (start, end), row in zip(one.target, one.weights, strict=True):
            number = bisect_right(ends, start)
            if number == len(spans) or spans[number][0] >= max(end, start + 1):
                continue
            if is_mark(translation[start:end]) and not is_mark(translation[slice(*spans[number])]):
                continue  # the full stop behind a word looks elsewhere than the word
            looks[number] += [
                (*span, weight) for span, weight in zip(one.source, row, strict=False) if span[0] < span[1]
            ]
    return [AlignedWord(*span, look) for span, look in zip(spans, looks, strict=True)]


def contested(words: Sequence[AlignedWord]) -> list[AlignedWord]:
    """The words with their attention to each source token weighed by the part of all attention to that token that is theirs.

    An adjective or an article looks more at its noun than at itself; the noun's own word looks there still more, and nobody
    else looks at the adjective. Without this the tag around a noun took its adjective in, too (``benchmarks/markup.py``).
    """
    merged: list[dict[Span, float]] = []
    of_source: dict[Span, float] = {}
    for word in words:
        found: dict[Span, float] = {}
        total = sum(weight for *_, weight in word.looks) or 1.0
        for start, end, weight in word.looks:
            found[start, end] = found.get((start, end), 0.0) + weight / total
        for span, weight in found.items():
            of_source[span] = of_source.get(span, 0.0) + weight
        merged.append(found)
    return [
        AlignedWord(
            word.start,
            word.end,
            [(*span, weight * (weight / of_source[span]) ** CONTEST) for span, weight in found.items() if weight > 0],
        )
        for word, found in zip(words, merged, strict=True)
    ]


def is_mark(text: str) -> bool:
    """Whether it holds no letter and no digit."""
    return not re.search(r"\w", text)


class Looks:
    """Which words looked at characters of the source. A tag asks the words of its own sentence; a long block with a tag on
    each word, where each asked all words, took hours."""

    def __init__(self, words: Sequence[AlignedWord]) -> None:
        self.words = words
        of_span: dict[Span, list[int]] = {}
        for number, word in enumerate(words):
            for start, end, _ in word.looks:
                of_span.setdefault((start, end), []).append(number)
        self.spans = sorted(of_span)
        self.ranges = [(of_span[span][0], of_span[span][-1] + 1) for span in self.spans]
        self.longest = max((end - start for start, end in self.spans), default=0)
        self.without = [number for number, word in enumerate(words) if word.share(0, 0) > 0]
        """The words that looked nowhere: each says ½ of every tag."""

    def around(self, start: int, end: int, room: Span) -> range:
        """The words of ``room`` among which all are that looked between these characters."""
        first, last = room[1], room[0]
        at = bisect_left(self.spans, (start - self.longest, 0))
        while at < len(self.spans) and self.spans[at][0] < end:
            if self.spans[at][1] > start:
                first, last = min(first, self.ranges[at][0]), max(last, self.ranges[at][1])
            at += 1
        return range(max(first, room[0]), min(last, room[1]))

    def most(self, start: int, end: int, free: Iterable[int]) -> int:
        """The word of ``free`` (not empty) with the largest share between these characters, of several the first."""
        return max(free, key=lambda number: (self.words[number].share(start, end), -number))

    def without_looks(self, room: Span, taken: Collection[int]) -> list[int]:
        """The first word of ``room`` that looked nowhere and is not taken, if there is one."""
        at = bisect_left(self.without, room[0])
        while at < len(self.without) and self.without[at] in taken:
            at += 1
        return [one for one in self.without[at : at + 1] if one < room[1]]


def set_places(tags: Sequence[Tag], text: str, translation: str, words: Looks, room: Span) -> None:
    """Find the place of each of ``tags`` among the words from ``room[0]`` to before ``room[1]``, and of those in it."""
    taken = Taken(room)
    full = [tag for tag in tags if is_full(tag)]
    for tag in sorted(full, key=lambda tag: tag.start - tag.end):  # the widest first
        run = best_run(tag, text, words, room, taken)
        taken.take(run)
        tag.place = characters(tag, text, translation, words.words, run)
        set_places(tag.inner, text, translation, words, run)
    places = sorted(tag.place for tag in full if tag.place[0] < tag.place[1])
    for tag in tags:
        if not is_full(tag):
            place = before_what(tag, text, translation, words, room)
            before = bisect_left(places, (place, 0))
            if before and place < places[before - 1][1]:
                place = places[before - 1][0]
            tag.place = (place, place)
            set_places(tag.inner, text, translation, words, (room[0], room[0]))
            for inner in tag.inner:
                inner.place = (place, place)


def is_full(tag: Tag) -> bool:
    """Whether it stands around characters."""
    return bool(tag.close) and tag.start < tag.end


class Taken:
    """The words of a room that tags have."""

    def __init__(self, room: Span) -> None:
        self.words: set[int] = set()
        self.first = room[0]
        """The first word that none has, or the room's end."""

    def take(self, run: Span) -> None:
        self.words.update(range(*run))
        while self.first in self.words:
            self.first += 1


def best_run(tag: Tag, text: str, words: Looks, room: Span, taken: Taken) -> Span:
    """The run of words whose shares of attention inside the tag, less a half each, sum to the most: the one word with the
    largest share where none has a half. No run goes through words that another tag has."""
    if not text[: tag.start].strip() and not text[tag.end :].strip() and not taken.words:
        return room
    if taken.first >= room[1]:
        return room[1], room[1]
    around = words.around(tag.start, tag.end, room)
    best, run = 0.0, (0, 0)
    total, start = 0.0, around.start
    for number in around:
        if number in taken.words:
            total = 0.0
            continue
        if total <= 0:
            total, start = 0.0, number
        total += words.words[number].share(tag.start, tag.end) - 0.5
        if total > best:
            best, run = total, (start, number + 1)
    if best > 0:
        return run
    free = [number for number in around if number not in taken.words]
    most = words.most(tag.start, tag.end, [*free, taken.first, *words.without_looks(room, taken.words)])
    return most, most + 1


def characters(tag: Tag, text: str, translation: str, words: Sequence[AlignedWord], run: Span) -> Span:
    """The run's characters, without the marks at its ends where the tag in the source had none."""
    if run[0] >= run[1]:
        end = words[run[0] - 1].end if run[0] else 0
        return end, end
    start, end = words[run[0]].start, words[run[1] - 1].end
    inside, shown = text[tag.start : tag.end].strip(), translation[start:end]
    if not inside.endswith(tuple(MARKS)) and (without := shown.rstrip(MARKS)):
        end = start + len(without)
    if not inside.startswith(tuple(OPENING)) and (without := translation[start:end].lstrip(OPENING)):
        start = end - len(without)
    return start, end


def before_what(tag: Tag, text: str, translation: str, words: Looks, room: Span) -> int:
    """Where in the translation an empty tag stands: before the word that looks the most at the source's word behind it."""
    behind = re.compile(r"\s*(\w+)").match(text, tag.start)
    numbers = range(*room)
    if not text[: tag.start].strip() and room[0] == 0:
        return 0
    if behind is None or not numbers:
        return words.words[room[1] - 1].end if room[1] else len(translation)
    start, end = behind.span(1)
    around = words.around(start, end, room)
    return words.words[words.most(start, end, [room[0], *around, *words.without_looks(room, ())])].start


def emitted(tags: Sequence[Tag], translation: str, room: Span, write: Callable[[str], str]) -> str:
    """The characters of ``room`` with the tags in it."""
    parts, at = [], room[0]
    for tag in sorted(tags, key=lambda tag: tag.place):  # a stable sort: those at one place keep their order
        start = min(max(tag.place[0], at), room[1])
        end = min(max(tag.place[1], start), room[1])
        parts += [
            write(translation[at:start]),
            tag.open,
            emitted(tag.inner, translation, (start, end), write),
            tag.close,
        ]
        at = end
    return "".join([*parts, write(translation[at : room[1]])])
