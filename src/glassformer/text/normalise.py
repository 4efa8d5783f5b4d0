"""One spelling for what looks the same: characters that nobody sees change nothing, in training and in translation.

Text is put into Unicode's NFC, where é is one character however it was typed (not NFKC, which would make ² a 2). Every
kind of blank becomes U+0020, whatever its width, and so do tabs and line separators; marks without a width (zero-width
spaces, soft hyphens, byte order marks, directions of writing, variation selectors, control characters) go. Two of them
stay where they do their work: the joiners U+200C and U+200D decide how letters of Arabic and Indic scripts are written.
"""

import re
import unicodedata
from functools import cache

BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
SELECTORS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
"""Invisible although their category does not say so: joiners of graphemes, fillers, variation selectors."""
SEEN = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters (Cf) that do have a shape: signs before Arabic, Syriac and Kaithi numbers."""
JOINERS = "\u200c\u200d"
JOINED_SCRIPTS = "\u0600-\u109f\u1780-\u18af\ua840-\uabff"
"""Arabic to Burmese, Khmer, Mongolian, and the Indic blocks further up."""
OTHERS = re.compile(
    "[^ -~\u00a1-\u00ac\u00ae-\u02ff\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9\u0410-\u044f\u2010-\u2027\u20ac]"
)
"""Finds what may not be in one spelling. The characters named here are: no blank but U+0020, nothing invisible, nothing
that NFC changes or puts together with a neighbour; nearly all texts in Latin, Greek and Cyrillic letters have no other."""


def normalised(text: str) -> str:
    """``text`` in NFC, with U+0020 for every blank, without invisible characters, and U+FFFD for each lone surrogate."""
    if (text.isascii() and text.isprintable()) or not OTHERS.search(text):
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # Through UTF-16, so that two halves that do belong together become their character.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    blanks, marks = _patterns()
    return unicodedata.normalize("NFC", marks.sub("", blanks.sub(" ", text)))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    joiners = f"(?<![{JOINED_SCRIPTS}])[{JOINERS}]"
    return re.compile(f"[{BLANKS}]"), re.compile(f"[{_ranges(invisible())}{SELECTORS}]|{joiners}")


@cache
def invisible() -> tuple[str, ...]:
    """Control and format characters (Cc, Cf) that are no blank and have no shape, in order."""
    left_alone = re.compile(f"[{BLANKS}{SEEN}{JOINERS}]")
    every = (chr(code) for code in (*range(0x10000), *range(0x110B0, 0x11100), *range(0x13430, 0x13460)))
    found = [one for one in every if unicodedata.category(one) in ("Cc", "Cf") and not left_alone.match(one)]
    higher = (*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), 0xE0001, *range(0xE0020, 0xE0080))
    return (*found, *map(chr, higher))


def sentencepiece_rules() -> str:
    """The same for other programs, as SentencePiece keeps it in a model's file (a ``normalization_rule_tsv``): code points
    in hexadecimal, before and after. NFC is not in it, nor the joiners, whose work depends on their neighbours."""
    every = "".join(map(chr, (*range(1, 0xD800), *range(0xE000, 0x10000), *range(0xE0100, 0xE01F0))))
    rules = [f"{ord(blank):X}\t20" for blank in re.findall(f"[{BLANKS}]", every)]
    marks = [*invisible(), *re.findall(f"[{SELECTORS}]", every)]
    return "\n".join([*rules, *(f"{ord(mark):X}\t" for mark in marks if mark != "\0")]) + "\n"


def _ranges(characters: tuple[str, ...]) -> str:
    """``a-d`` instead of ``abcd``, for a regular expression."""
    found: list[list[int]] = []
    for code in map(ord, characters):
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)
