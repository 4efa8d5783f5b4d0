"""The units of a sentence: its words, and in scripts without blanks between words its characters."""

import re

UNSPACED_SCRIPTS = (
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaa7f"
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""A class of characters: Thai, Lao, Tibetan, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham; kana and Han."""
UNIT = re.compile(rf"[^\W{UNSPACED_SCRIPTS}]+|[{UNSPACED_SCRIPTS}]")
UNSPACED_CHARACTER = re.compile(rf"[{UNSPACED_SCRIPTS}]")


def units(text: str) -> list[str]:
    """The words of ``text`` in small letters; Chinese, Japanese, Thai and their like by the character."""
    return UNIT.findall(text.lower())


def folded(text: str) -> str:
    """``text`` without case, marks and blanks: by which the same sentence is known again. Of marks alone, themselves."""
    return " ".join(units(text)) or "".join(text.split())


def unspaced(texts: list[str]) -> bool:
    """Whether most letters of ``texts`` are of a script without blanks between words."""
    letters = sum(character.isalpha() for text in texts for character in text)
    return sum(len(UNSPACED_CHARACTER.findall(text)) for text in texts) > letters / 2
