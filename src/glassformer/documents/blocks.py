"""A file as blocks of text between what stays as it is, and blocks of translated text with their tags in the right places.

A block is text with tags in it, such as "the <b>red</b> house" or "the **red** house". Its text is translated without the
tags. A tag then goes to the words that looked, by attention, at the words that it stood around: of each word of the
translation it is known which share of its attention lies inside the tag in the source, and the tag gets the one run of
words whose shares above a half sum to the most. Each tag therefore comes out exactly once, and tags nest as they did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from glassformer.text.languages import UNSPACED_LANGUAGES, language_code
from glassformer.translator import Translation
from glassformer.translator.spans import Aligned, Span

MARKS = re.compile(r"[.,;:!?…)\]}»”“\"'’。，；：！？）」』]+$")
OPENING = re.compile(r"^[(\[{«„“\"'‚‘（「『¿¡]+")

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
    set_places(block.tags, block.text, translation, words, (0, len(words)))
    return emitted(block.tags, translation, (0, len(translation)), block.write)


def words_of(translation: str, aligned: Sequence[Aligned], unspaced: bool) -> list[AlignedWord]:
    """The words between blanks; of languages without blanks the tokens."""
    if unspaced:
        spans = [span for one in aligned for span in one.target if span[0] < span[1]]
        spans = spans or [(n, n + 1) for n in range(len(translation))]
    else:
        spans = [match.span() for match in re.finditer(r"\S+", translation)]
    looks: list[list[tuple[int, int, float]]] = [[] for _ in spans]
    for one in aligned:
        for (start, end), row in zip(one.target, one.weights, strict=True):
            number = next(
                (n for n, span in enumerate(spans) if span[0] < max(end, start + 1) and span[1] > start), None
            )
            if number is None or (is_mark(translation[start:end]) and not is_mark(translation[slice(*spans[number])])):
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


def set_places(tags: Sequence[Tag], text: str, translation: str, words: Sequence[AlignedWord], room: Span) -> None:
    """Find the place of each of ``tags`` among the words from ``room[0]`` to before ``room[1]``, and of those in it."""
    taken: list[Span] = []
    full = [tag for tag in tags if tag.close and tag.start < tag.end]
    for tag in sorted(full, key=lambda tag: tag.start - tag.end):  # the widest first
        run = best_run(tag, text, words, room, taken)
        taken.append(run)
        tag.place = characters(tag, text, translation, words, run)
        set_places(tag.inner, text, translation, words, run)
    for tag in tags:
        if tag not in full:
            place = before_what(tag, text, translation, words, room)
            inside = next((one.place for one in full if one.place[0] < place < one.place[1]), None)
            place = place if inside is None else inside[0]
            tag.place = (place, place)
            set_places(tag.inner, text, translation, words, (room[0], room[0]))
            for inner in tag.inner:
                inner.place = (place, place)


def best_run(tag: Tag, text: str, words: Sequence[AlignedWord], room: Span, taken: Sequence[Span]) -> Span:
    """The run of words whose shares of attention inside the tag, less a half each, sum to the most: the one word with the
    largest share where none has a half. No run goes through words that another tag has."""
    if not text[: tag.start].strip() and not text[tag.end :].strip() and not taken:
        return room
    free = [number for number in range(*room) if not any(first <= number < last for first, last in taken)]
    if not free:
        return room[1], room[1]
    shares = {number: words[number].share(tag.start, tag.end) for number in free}
    best, run = 0.0, (0, 0)
    total, start = 0.0, free[0]
    for before, number in zip([free[0] - 1, *free], free, strict=False):
        if total <= 0 or number != before + 1:
            total, start = 0.0, number
        total += shares[number] - 0.5
        if total > best:
            best, run = total, (start, number + 1)
    if best > 0:
        return run
    most = max(free, key=shares.__getitem__)
    return most, most + 1


def characters(tag: Tag, text: str, translation: str, words: Sequence[AlignedWord], run: Span) -> Span:
    """The run's characters, without the marks at its ends where the tag in the source had none."""
    if run[0] >= run[1]:
        end = words[run[0] - 1].end if run[0] else 0
        return end, end
    start, end = words[run[0]].start, words[run[1] - 1].end
    inside = text[tag.start : tag.end].strip()
    if not MARKS.search(inside) and (marks := MARKS.search(translation[start:end])) and marks.start() > 0:
        end = start + marks.start()
    if not OPENING.search(inside) and (marks := OPENING.search(translation[start:end])) and start + marks.end() < end:
        start += marks.end()
    return start, end


def before_what(tag: Tag, text: str, translation: str, words: Sequence[AlignedWord], room: Span) -> int:
    """Where in the translation an empty tag stands: before the word that looks the most at the source's word behind it."""
    behind = re.compile(r"\s*(\w+)").match(text, tag.start)
    numbers = range(*room)
    if not text[: tag.start].strip() and room[0] == 0:
        return 0
    if behind is None or not numbers:
        return words[room[1] - 1].end if room[1] else len(translation)
    most = max(numbers, key=lambda number: words[number].share(*behind.span(1)))
    return words[most].start


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
