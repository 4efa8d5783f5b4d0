"""Faults of a corpus's lines: characters that are none of the text's, lines that end too soon, one line beside many."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from html.entities import html5

from glassformer.corpus.read import Pair
from glassformer.diagnosis.finding import Finding

SIDES = ("source", "target")
_BEHIND = re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
WRONGLY_DECODED = re.compile(rf"(?<![A-ZÀ-Þ])[ÂÃ][\x80-\x9f{_BEHIND}]|â€|\ufffd")
"""Two bytes of UTF-8, read as Latin-1 or as Windows' like of it; or what stands for a byte that was none."""
ESCAPED = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}[0-9]{0,2});")
TAG = re.compile(r"</?[^\W\d_][\w:-]*(?:\s[^<>]{0,200})?/?>")
BETWEEN_ANGLES = re.compile("<[^<>]{1,200}>")
SENTENCE_END = tuple(".!?…:;\"')]»«›‹”“’。！？；：）】」』।॥؟؛۔።។။։｡")
SHORTENED = ("...", "…")
LEAST = {"characters": 20, "words": 4}
"""Lines whose longest have less are not taken for cut off."""


def same_line(pairs: Sequence[Pair]) -> Finding | None:
    """One line of a side that stands beside many others of the other side: a mark for nothing, a message of a program."""
    for side, name in enumerate(("target", "source")):
        counts = Counter(line for line, _ in {(pair[1 - side], pair[side]) for pair in pairs})
        line, count = counts.most_common(1)[0] if counts else ("", 0)
        if count > max(0.05 * len(pairs), 5):
            return Finding(
                "one line again and again",
                "bad" if count > 0.2 * len(pairs) else "watch",
                f"{count:,} different lines have the same {name}, “{line[:60]}”: the model learns to say that",
                "leave these pairs out",
            )
    return None


def wrongly_decoded(pairs: Sequence[Pair]) -> Finding | None:
    """Lines whose UTF-8 somebody read as Latin-1 and wrote again (schlÃ¤ft), or that lost characters (U+FFFD)."""
    return of_many(
        "wrongly decoded",
        pairs,
        lambda pair, side: bool(WRONGLY_DECODED.search(pair[side])),
        "hold UTF-8 that was read as Latin-1, or lost characters",
        "take the file as it was before, or write it back as Latin-1 (iconv -f UTF-8 -t LATIN1): that is UTF-8",
    )


def with_references(pairs: Sequence[Pair]) -> Finding | None:
    """Lines in which HTML's references stand instead of characters (Tom &amp; Mary)."""
    return of_many(
        "HTML's references",
        pairs,
        lambda pair, side: any(is_reference(name) for name in ESCAPED.findall(pair[side])),
        "hold HTML's references instead of characters",
        "write the characters themselves (Python: html.unescape), as the texts to translate have them",
    )


def is_reference(name: str) -> bool:
    """Whether ``&name;`` stands for a character in HTML: *AT&T;* does not."""
    return name.startswith("#") or f"{name};" in html5


def tags_on_one_side(pairs: Sequence[Pair]) -> Finding | None:
    """Lines with tags whose other side has none: the model learns to invent them, or to leave them out."""
    return of_many(
        "tags on one side",
        pairs,
        lambda pair, side: bool(TAG.search(pair[side])) and not BETWEEN_ANGLES.search(pair[1 - side]),
        "hold tags, and the other side has none",
        "take the tags out of these lines, or leave the pairs out",
    )


def cut_off(pairs: Sequence[Pair]) -> Finding | None:
    """Many of a side's lines are as long as its longest, in characters or words, and end within a sentence: somebody cut
    them there. A cut by bytes is not seen."""
    for side, name in enumerate(SIDES):
        for unit, lengths in (
            ("characters", [len(pair[side]) for pair in pairs]),
            ("words", [len(pair[side].split()) for pair in pairs]),
        ):
            longest = max(lengths, default=0)
            cut = [pair for pair, length in zip(pairs, lengths, strict=True) if length == longest]
            if len(cut) <= max(0.005 * len(pairs), 5) or longest < LEAST[unit]:
                continue
            whole = [pair for pair, length in zip(pairs, lengths, strict=True) if length < longest]
            usual = open_share(whole, side) if len(whole) > len(cut) / 10 else open_share(cut, 1 - side)
            if open_share(cut, side) > max(0.5, 2 * usual):
                return Finding(
                    "cut off",
                    "bad" if len(cut) > 0.03 * len(pairs) else "watch",
                    f"{len(cut):,} {name} lines have {longest:,} {unit}, none has more, and most of these end within a "
                    f"sentence, such as “…{cut[0][side][-40:]}”",
                    "leave these pairs out, or take the lines as they were before something cut them",
                )
    return None


def open_share(pairs: Sequence[Pair], side: int) -> float:
    """The share of this side's lines that end without a sentence's last mark, or with dots that the other side lacks."""
    return sum(is_open(pair[side].rstrip(), pair[1 - side].rstrip()) for pair in pairs) / max(len(pairs), 1)


def is_open(line: str, other: str) -> bool:
    if line.endswith(SHORTENED):
        return not other.endswith(SHORTENED)
    return not line.endswith(SENTENCE_END)


def of_many(
    fault: str, pairs: Sequence[Pair], wrong: Callable[[Pair, int], bool], says: str, advice: str
) -> Finding | None:
    """The finding that more than one line of a hundred of a side is ``wrong(pair, side)``."""
    for side, name in enumerate(SIDES):
        numbers = [number for number, pair in enumerate(pairs) if wrong(pair, side)]
        if len(numbers) > 0.01 * len(pairs):
            return Finding(
                fault,
                "bad" if len(numbers) > 0.1 * len(pairs) else "watch",
                f"{100 * len(numbers) / len(pairs):.0f} % of the {name} lines {says}, such as pair {numbers[0] + 1:,}: "
                f"“{pairs[numbers[0]][side][:60]}”",
                advice,
            )
    return None
