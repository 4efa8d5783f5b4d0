"""Lines that are too long for the model, in pieces of which nothing is lost: ``"".join(pieces) == text``.

The white space between two pieces stays at the end of the first one. A translator translates each piece by itself and
joins the translations with a space.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise

from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer

SMALLEST_LIMIT = 16
"""Tokens: more than any one character takes (in NFC up to three of four bytes each, and ▁)."""
CLOSING = r"""["'»”’«“)\]]*"""
SENTENCE_END = re.compile(rf"[.!?…]+{CLOSING}(?:\s+|$)|[。！？]+[」』）”’]*\s*")
CLAUSE_END = re.compile(rf"[,;:–—]+{CLOSING}(?:\s+|$)|[，；：、]+[」』）”’]*\s*")
ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|No|Nr|vs|etc|Hr|Fr|bzw|ca|M|Mme)|\b\w)\.\s+$")
"""At the end of a unit: no sentence ends there."""
WORD_END = re.compile(r"(?<=\S)\s+")


def sentences(text: str) -> list[str]:
    """``text`` cut behind each . ! ? … before white space or the end, and behind each 。！？; joined it is ``text``.

    It knows no abbreviations: "Dr. No" becomes two. Good enough to make long lines short.
    """
    return _cut(text, SENTENCE_END)


def whole_sentences(text: str) -> list[str]:
    """``sentences``, but not cut behind an abbreviation (Mr. Smith, J. R. R. Tolkien) or before a small letter."""
    found: list[str] = []
    for unit in sentences(text):
        if found and (ABBREVIATION.search(found[-1]) or unit[:1].islower()):
            found[-1] += unit
        else:
            found.append(unit)
    return found


def split_long(text: str, tokenizer: Tokenizer, limit: int, most: int = 0) -> list[str]:
    """``text`` in pieces of at most ``limit`` tokens (without bos and eos), each as full as sentences allow, but, unless
    ``most`` is 0, with at most so many sentences.

    A sentence over the limit is cut at clauses, a clause at words, a word anywhere.
    Joined, the pieces are ``text``; a text within the limits is the only piece.

    Raises ConfigError for a limit below SMALLEST_LIMIT.
    """
    if limit < SMALLEST_LIMIT:
        raise ConfigError(f"limit={limit}: wanted at least {SMALLEST_LIMIT} tokens")
    if most and len(units := whole_sentences(text)) > most:
        few = ("".join(units[start : start + most]) for start in range(0, len(units), most))
        return [piece for some in few for piece in split_long(some, tokenizer, limit)]
    if len(tokenizer.encode(text)) <= limit:
        return [text]
    ways: list[Callable[[str], list[str]]] = [
        sentences,
        lambda text: _cut(text, CLAUSE_END),
        lambda text: _cut(text, WORD_END),
        lambda text: _characters(text, limit // SMALLEST_LIMIT),
        lambda text: _characters(text, 1),
    ]
    return _split(text, tokenizer, limit, ways)


def _split(text: str, tokenizer: Tokenizer, limit: int, ways: list[Callable[[str], list[str]]]) -> list[str]:
    """``text`` cut in the first way, what is still too long in the next ones, and filled up to the limit again."""
    if not ways:
        return [text]
    pieces: list[str] = []
    units = ways[0](text)
    for unit, count in zip(units, _counts(units, tokenizer), strict=True):
        pieces += [unit] if count <= limit else _split(unit, tokenizer, limit, ways[1:])
    filled = _filled(pieces, _counts(pieces, tokenizer), limit)
    # What fits piece by piece may take more tokens in one, where no space is between: then the pieces stay as they are.
    counts = _counts(["".join(group) for group in filled], tokenizer)
    return [
        piece
        for group, count in zip(filled, counts, strict=True)
        for piece in (["".join(group)] if count <= limit else group)
    ]


def _filled(pieces: list[str], counts: Iterable[int], limit: int) -> list[list[str]]:
    """Neighbours together as long as they take ``limit`` tokens at most."""
    groups: list[list[str]] = []
    held = 0
    for piece, count in zip(pieces, counts, strict=True):
        if groups and held + count <= limit:
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
    cuts = [0, *(match.end() for match in end.finditer(text)), len(text)]
    return [text[start:stop] for start, stop in pairwise(cuts) if start < stop]


def _characters(text: str, size: int) -> list[str]:
    """``text`` every ``size`` characters, but, for more than one, where that would take an accent from its letter."""
    inner = (cut for cut in range(size, len(text), size) if size == 1 or not unicodedata.combining(text[cut]))
    return [text[start:stop] for start, stop in pairwise([0, *inner, len(text)])]
