"""Which characters of a translation looked at which characters of the text: attention between tokens, brought to both texts
as people see them. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, groupby

from glassformer.text.protected import restored
from glassformer.text.reading import Part, Reading
from glassformer.text.tokenizer import WORD_START, Tokenizer, is_byte

Span = tuple[int, int]
"""Characters, from the first to before the last."""


@dataclass(frozen=True)
class Aligned:
    """The tokens of one part of a text, and of its translation, as characters of the whole texts."""

    source: list[Span]
    target: list[Span]
    weights: list[list[float]]
    """[target token][source token]; what is missing from a row's sum to 1 lies on the source's </s>."""


def aligned(
    tokenizer: Tokenizer,
    text: str,
    reading: Reading,
    translation: str,
    places: Sequence[Span],
    found: Sequence[tuple[Sequence[int], Sequence[Sequence[float]]]],
) -> list[Aligned]:
    """For each part of ``reading`` that was translated: its tokens in ``text``, and those of its translation, which stands
    at ``places`` of ``translation``. ``found``: the ids and the attention of each part's translation, in order; without
    attention a part is left out."""
    made = []
    for part, (start, end), (first, last), (ids, attention) in zip(
        reading.parts, places_of(text, reading), places, found, strict=True
    ):
        if attention:
            source = spans_of(tokenizer, part.ids, text[start:end], start)
            target = spans_of(tokenizer.target, ids, translation[first:last], first)
            made.append(Aligned(source, target, [list(row[: len(source)]) for row in attention]))
    return made


def places_of(text: str, reading: Reading) -> list[Span]:
    """Where each part stands in ``text``."""
    found, cursor, plain = [], 0, same_length_lower(text)
    for part in reading.parts:
        shown = as_it_stood(part, reading)
        start = plain.find(same_length_lower(shown), cursor)
        if start < 0:  # invisible characters, another spelling
            start = cursor + len(text[cursor:]) - len(text[cursor:].lstrip())
        cursor = min(start + len(shown), len(text))
        found.append((start, cursor))
    return found


def as_it_stood(part: Part, reading: Reading) -> str:
    """The part with its things instead of signs; in small letters where it was read so."""
    return f"{part.head}{restored(part.text.strip(), part.signs, reading.things, part.unsigned)[0]}{part.tail}"


def spans_of(tokenizer: Tokenizer, ids: Sequence[int], text: str, offset: int = 0) -> list[Span]:
    """Each token's characters in ``text``, which the tokens spell up to case, blanks and signs; ``offset`` is added."""
    surfaces = surfaces_of(tokenizer, ids)
    ends = list(accumulate(map(len, surfaces)))
    place = character_map("".join(surfaces), text)
    spans = []
    for surface, end in zip(surfaces, ends, strict=True):
        blank = len(surface) - len(surface.lstrip())
        first = place[min(end - len(surface) + blank, end)]
        spans.append((first + offset, max(place[end], first) + offset))
    return spans


def surfaces_of(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """The characters that each token adds to the text. Bytes that spell a character together: the first one has it."""
    tokens, found = tokenizer.tokens(ids), []
    for spelled, group in groupby(range(len(ids)), lambda number: is_byte(tokens[number])):
        numbers = list(group)
        if spelled:
            found += [tokenizer.decode([ids[number] for number in numbers]), *[""] * (len(numbers) - 1)]
        else:
            found += [tokens[number].replace(WORD_START, " ") for number in numbers]
    return found


def character_map(before: str, after: str) -> list[int]:
    """For each place in ``before``, its end included, the one in ``after``: where both texts are the same, exactly;
    between such stretches in proportion."""
    blank = len(before) - len(before.lstrip())
    if before[blank:] == after:
        return [0] * blank + list(range(len(after) + 1))
    place = [0] * (len(before) + 1)
    done = at = 0
    matcher = SequenceMatcher(None, same_length_lower(before), same_length_lower(after), autojunk=False)
    for start, other, size in matcher.get_matching_blocks():
        for number in range(done, start):  # of one text only
            place[number] = at + (other - at) * (number - done) // (start - done)
        place[start : start + size] = range(other, other + size)
        done, at = start + size, other + size
    place[len(before)] = len(after)
    return place


def same_length_lower(text: str) -> str:
    """``text`` in small letters, but for characters whose small form has another length."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
