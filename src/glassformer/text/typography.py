"""Quotes, dashes and ligatures that a vocabulary cannot spell, as plainer ones that mean the same.

Most training text is typed with ``"``, ``'`` and ``-``; what people paste from a word processor or a book has “ ”, ‘ ’, —
and ﬁ. A model that never saw those can only take the words beside them for names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from glassformer.text.protected import MARKS

UNSPACED_LETTERS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Letters of scripts that put no blank between words: Thai to Burmese, Khmer, Chinese and Japanese characters."""
DOUBLE = "“”„‟«»″"
SINGLE = "‘‚‛‹›ʼ"
"""Not ’, which is an apostrophe as well: where it is known it stays, unless it closes what ‘ opens."""
DASHES = "—―‒"
HYPHENS = "‐‑"
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
PATTERNS = {
    "accent": r"(?<=[^\W\d_])[`´](?=[^\W\d_])",  # that stands for an apostrophe: don`t
    "short_dash": r"(?<=\w)–(?=\w)",  # Monday–Friday, 1914–1918
    "long_dash": r"(?<=\w)—(?=\w)",
    "closing": r"’(?!\w)",
}
_COMPILED = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
ODD = re.compile(f"[{DOUBLE}{SINGLE}{DASHES}{HYPHENS}{''.join(LIGATURES)}’`´–]")
"""Whatever has none of these stays as it is."""


def words_without(pieces: Iterable[str]) -> re.Pattern[str]:
    """Finds words with characters of which none of a vocabulary's ``pieces`` is made, one or several in a row."""
    known = {one for one in set("".join(pieces)) if not one.isascii()}  # bytes are spelt in ASCII
    stranger = f"[^\\s\\x00-\\x7f{MARKS}{re.escape(''.join(sorted(known)))}]"
    letter = f"(?:(?![{UNSPACED_LETTERS}{MARKS}])[^\\W\\d_])"
    # Of a word, or each one is looked through as often as it is long.
    begin = f"(?:(?<![^\\W\\d_])|(?<=[{UNSPACED_LETTERS}]))"
    word = f"{begin}{letter}*{stranger}(?:{letter}|{stranger})*"
    return re.compile(f"{word}(?: {word})*")


@dataclass(frozen=True)
class Plainer:
    """Text in characters that a vocabulary has."""

    known: frozenset[str]
    """The characters that its pieces are made of."""

    @classmethod
    def of(cls, pieces: Iterable[str]) -> "Plainer":
        """For a vocabulary of these pieces."""
        return cls(frozenset("".join(pieces)))

    @cached_property
    def table(self) -> dict[str, str]:
        """Each character that the vocabulary lacks, and what is read instead. Quotes of one kind go together: of “ and ”
        none stays where one is lacking, or a closing quote would lose its opening one."""
        dash = "–" if "–" in self.known else "-"
        plainer = {
            **dict.fromkeys(DOUBLE, '"'),
            **dict.fromkeys(f"{SINGLE}’´", "'"),
            **dict.fromkeys(DASHES, dash),
            **dict.fromkeys(HYPHENS, "-"),
            **LIGATURES,
        }
        lacking = {one: plain for one, plain in plainer.items() if one not in self.known}
        return lacking | dict.fromkeys("“”" if lacking.keys() & {"“", "”"} else "", '"')

    def __call__(self, text: str) -> str:
        """``text`` as the vocabulary spells it."""
        if not ODD.search(text):
            return text
        text = _COMPILED["short_dash"].sub("-", _COMPILED["accent"].sub("'", text))
        if "—" in self.table:
            text = _COMPILED["long_dash"].sub(" — ", text)
        if "‘" in text and "‘" in self.table:
            text = _COMPILED["closing"].sub("'", text)
        return text.translate({ord(one): plain for one, plain in self.table.items()})
