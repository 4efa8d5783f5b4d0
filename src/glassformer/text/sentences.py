"""A line as sentences, and one that is too long for the model in parts. Nothing is lost: ``"".join(parts) == line``.

The white space between two parts stays at the end of the first one. A translator translates each part by itself and
joins the translations with what ``languages.glue`` says.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from glassformer.errors import ConfigError
from glassformer.text.languages import language_code
from glassformer.text.sentence_ends import sentence_ends
from glassformer.text.tokenizer import Tokenizer

SMALLEST_LIMIT = 16
"""Tokens: more than any one character takes (in NFC up to three of four bytes each, and ▁)."""
CLOSING = r"""["'»”’«“)\]]*"""
ANY_END = re.compile(rf"(?<![.!?…])[.!?…]+{CLOSING}(?:\s+|$)|[。！？।॥؟۔]+[」』）”’»]*\s*")
"""Also inside quotations, and behind abbreviations."""
CLAUSE_END = re.compile(rf"[,;:،؛]+{CLOSING}(?:\s+|$)|\s[–—-]+\s+|(?<=\w)—(?=\w)|[，；、]+[」』）”’]*\s*|：(?!\d)\s*")
WORD_END = re.compile(r"(?<=\S)\s+")


@dataclass(frozen=True)
class Parts:
    """A line in parts that a model can read."""

    texts: list[str]
    """Joined, they are the line."""
    ids: list[list[int]]
    """Each text's tokens, without bos and eos."""
    cut: bool
    """Whether a sentence was too long for the model, and cut inside."""


def sentences(text: str, language: str = "") -> list[str]:
    """``text`` cut where sentences end; joined it is ``text``. ``language``: a code such as "en" or "zh-Hans"; without
    one the abbreviations of several are known."""
    return _cut_at(text, sentence_ends(text, language_code(language)))


def clauses(text: str) -> list[str]:
    """``text`` cut behind each comma, semicolon, colon and dash; joined it is ``text``."""
    return _cut(text, CLAUSE_END)


def split_long(text: str, tokenizer: Tokenizer, limit: int, most: int = 0, language: str = "") -> Parts:
    """``split_lines`` of one line."""
    return split_lines([text], tokenizer, limit, most, language)[0]


def split_lines(
    lines: Sequence[str], tokenizer: Tokenizer, limit: int, most: int = 0, language: str = ""
) -> list[Parts]:
    """Each line in parts of whole sentences: at most ``limit`` tokens (without bos and eos) and, unless ``most`` is 0,
    ``most`` sentences a part, and as many sentences as that allows.

    Only a sentence that alone exceeds ``limit`` is cut inside: where a quoted sentence ends, else at clauses, then at
    words, then anywhere; into parts of about the same length. ``limit``: the tokens of the longest line that the model
    was trained on. ``most``: the sentences that most of those lines have at most.

    Raises ConfigError for a limit below SMALLEST_LIMIT.
    """
    if limit < SMALLEST_LIMIT:
        raise ConfigError(f"limit={limit}: wanted at least {SMALLEST_LIMIT} tokens")
    code = language_code(language)
    ends = [sentence_ends(line, code) for line in lines]
    found = [_cut_at(line, of_line) if len(of_line) > 1 else [line] for line, of_line in zip(lines, ends, strict=True)]
    encoded = iter(tokenizer.encode_batch([sentence for of_line in found for sentence in of_line]))
    whole: list[Parts | None] = []
    several: list[tuple[list[list[_Unit]], bool]] = []
    for of_line in found:
        ids = [next(encoded) for _ in of_line]
        if len(ids) == 1 and len(ids[0]) <= limit:
            whole.append(Parts(of_line, ids, False))  # most lines: a sentence that is short enough
            continue
        whole.append(None)
        units, inside = _units(list(zip(of_line, ids, strict=True)), tokenizer, limit)
        several.append((_groups(units, limit, most), inside))
    joined = ["".join(unit.text for unit in group) for groups, _ in several for group in groups if len(group) > 1]
    joined_ids = iter(tokenizer.encode_batch(joined))
    others = (_parts(groups, joined_ids, limit, inside) for groups, inside in several)
    return [one if one is not None else next(others) for one in whole]


@dataclass(frozen=True)
class _Unit:
    """A sentence, or a part of one, which is not joined with others."""

    text: str
    ids: list[int]
    whole: bool = True


def _units(encoded: list[tuple[str, list[int]]], tokenizer: Tokenizer, limit: int) -> tuple[list[_Unit], bool]:
    """The sentences of a line, those over the limit in parts; whether one was cut inside."""
    units: list[_Unit] = []
    cut = False
    for sentence, ids in encoded:
        if len(ids) <= limit:
            units.append(_Unit(sentence, ids))
            continue
        inner = _cut(sentence, ANY_END)
        for text, text_ids in zip(inner, tokenizer.encode_batch(inner), strict=True):
            if len(text_ids) <= limit:
                units.append(_Unit(text, text_ids))
                continue
            cut = True
            pieces = _split(text, len(text_ids), tokenizer, limit, _ways(limit))
            pieces_ids = tokenizer.encode_batch(pieces)
            units += [_Unit(piece, ids, whole=False) for piece, ids in zip(pieces, pieces_ids, strict=True)]
    return units, cut


def _groups(units: list[_Unit], limit: int, most: int) -> list[list[_Unit]]:
    """Neighbouring sentences together, within both limits."""
    groups: list[list[_Unit]] = []
    held = 0
    for unit in units:
        room = bool(groups) and held + len(unit.ids) <= limit and not 0 < most <= len(groups[-1])
        if room and unit.whole and groups[-1][-1].whole:
            groups[-1].append(unit)
            held += len(unit.ids)
        else:
            groups.append([unit])
            held = len(unit.ids)
    return groups


def _parts(groups: list[list[_Unit]], joined_ids: Iterator[list[int]], limit: int, cut: bool) -> Parts:
    """A line's groups as parts. ``joined_ids`` gives the next group's tokens, where it has several sentences."""
    parts = Parts([], [], cut)
    for group in groups:
        ids = next(joined_ids) if len(group) > 1 else group[0].ids
        # Two that meet without a blank may take more tokens together than each by itself: they stay apart.
        together = [("".join(unit.text for unit in group), ids)]
        for text, text_ids in together if len(ids) <= limit else [(unit.text, unit.ids) for unit in group]:
            parts.texts.append(text)
            parts.ids.append(text_ids)
    return parts


def _ways(limit: int) -> list[Callable[[str], list[str]]]:
    """How a sentence is cut inside: the first way that makes it short enough."""
    return [
        clauses,
        lambda text: _cut(text, WORD_END),
        lambda text: _characters(text, limit // SMALLEST_LIMIT),
        lambda text: _characters(text, 1),
    ]


def _split(
    text: str, count: int, tokenizer: Tokenizer, limit: int, ways: list[Callable[[str], list[str]]]
) -> list[str]:
    """``text``, of ``count`` tokens, cut in the first way, what is still too long in the next ones, and filled up again."""
    if not ways:
        return [text]
    pieces: list[str] = []
    units = ways[0](text)
    for unit, of_unit in zip(units, _counts(units, tokenizer), strict=True):
        pieces += [unit] if of_unit <= limit else _split(unit, of_unit, tokenizer, limit, ways[1:])
    filled = _filled(pieces, _counts(pieces, tokenizer), limit, count)
    counts = _counts(["".join(group) for group in filled], tokenizer)
    return [
        piece
        for group, of_group in zip(filled, counts, strict=True)
        for piece in (["".join(group)] if of_group <= limit else group)
    ]


def _filled(pieces: list[str], counts: Iterable[int], limit: int, total: int) -> list[list[str]]:
    """Neighbours together, ``limit`` tokens at most, in as few groups as that takes, of about the same size: a part of
    three words has no grammar of its own, and a model makes something up."""
    wanted = total / max(1, math.ceil(total / limit))
    groups: list[list[str]] = []
    held = 0
    for piece, count in zip(pieces, counts, strict=True):
        if groups and held + count <= limit and held + count / 2 <= wanted:
            groups[-1].append(piece)
            held += count
        else:
            groups.append([piece])
            held = count
    return groups


def _counts(texts: list[str], tokenizer: Tokenizer) -> list[int]:
    return [len(ids) for ids in tokenizer.encode_batch(texts)]


def _cut(text: str, end: re.Pattern[str]) -> list[str]:
    """``text`` cut behind each match."""
    return _cut_at(text, [*(match.end() for match in end.finditer(text)), len(text)])


def _cut_at(text: str, ends: Iterable[int]) -> list[str]:
    return [text[start:stop] for start, stop in pairwise([0, *ends]) if start < stop]


def _characters(text: str, size: int) -> list[str]:
    """``text`` every ``size`` characters, but, for more than one, where that would take an accent from its letter."""
    inner = (cut for cut in range(size, len(text), size) if size == 1 or not unicodedata.combining(text[cut]))
    return _cut_at(text, [*inner, len(text)])
