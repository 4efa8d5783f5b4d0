"""Which of the languages that can be translated from a text is in: by script, then by the words that only make grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence

from glassformer.text.abbreviations import STARTERS, abbreviations
from glassformer.text.languages import language_code
from glassformer.text.scripts import foreign

WORD = re.compile(r"[^\W\d_]+(?:['’](?=[^\W\d_]))?")
LOOKED_AT = 4000
"""Characters."""


def detected(text: str, languages: Sequence[str]) -> list[tuple[str, float]]:
    """Each of ``languages`` with a share of the certainty, from 0 to 1, the likeliest first. With one language that is this
    one, less sure where nothing speaks for it."""
    text = text[:LOOKED_AT]
    words = {word.replace("’", "'").casefold() for word in WORD.findall(text)}
    points = {}
    for language in languages:
        code = language_code(language)
        known = abbreviations(code).starters if code in STARTERS else frozenset()
        points[language] = 0.0 if foreign(text, (), code) else 0.5 + sum(word in known for word in words)
    total = sum(points.values())
    shares = {language: value / (total + 0.5) if total else 0.0 for language, value in points.items()}
    return sorted(shares.items(), key=lambda pair: -pair[1])
