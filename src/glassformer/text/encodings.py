"""The encoding of a file that is not UTF-8, guessed from some of its bytes, and the command that makes it UTF-8."""

import unicodedata
from collections.abc import Callable

BOMS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
"""Byte order marks of what is not UTF-8; the longer ones first, as one begins like another."""
WIDE = ("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")
NAMES = {
    "cp1252": "WINDOWS-1252",
    "cp1250": "WINDOWS-1250",
    "cp1251": "WINDOWS-1251",
    "cp1253": "WINDOWS-1253",
    "cp1254": "WINDOWS-1254",
    "iso8859_2": "ISO-8859-2",
    "koi8_r": "KOI8-R",
    "tis_620": "TIS-620",
    "gb18030": "GB18030",
    "big5": "BIG5",
    "euc_jp": "EUC-JP",
    "cp932": "CP932",
    "cp949": "CP949",
}
"""The encodings that corpora come in, by Python's name, and iconv's names of them."""
OLDER = {"cp932": ("shift_jis", "SHIFT_JIS"), "cp949": ("euc_kr", "EUC-KR")}
"""The better known names of what Microsoft's encodings only add to."""
CENTRAL_EUROPEAN = b"\x8a\x8c\x8e\x8f\x9a\x9c\x9d\x9e\x9f\xb3\xb9\xbc\xbe\xbf"
"""Bytes that are frequent letters in WINDOWS-1250, and signs or rare letters in WINDOWS-1252."""
SAMPLE = 1 << 14
"""Bytes that a guess looks at."""
SHOWN = 24
"""Characters of the guessed text that are shown, by which a reader sees whether the guess is right."""


def wide(block: bytes) -> str:
    """iconv's name of the encoding when a file's first bytes are UTF-16 or UTF-32, with a byte order mark or without;
    empty when they are not. UTF-16 of Latin letters is valid UTF-8, too, with a NUL beside each of them."""
    for mark, name in BOMS:
        if block.startswith(mark):
            return name
    if b"\0" not in (block := block[:SAMPLE]):
        return ""
    best = max(WIDE, key=lambda name: plausibility(block, name))
    return best if plausibility(block, best) > 0.9 else ""


def plausibility(block: bytes, encoding: str) -> float:
    """The share of characters that occur in sentences, where all of ``block`` can be read so; else 0."""
    size = 4 if "32" in encoding else 2
    try:
        text = block[: len(block) // size * size].decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    usual = sum(character in "\r\n\t" or unicodedata.category(character)[0] in "LMNPZS" for character in text)
    # a wrong byte order makes CJK letters of everything, but no line's end and no blank
    blanks = sum(character in "\r\n \u3000。、，" for character in text)
    return usual / len(text) if text and blanks else 0.0


def advice(block: bytes, raw: bytes) -> str:
    """The advice for a file of which ``raw`` is a line that is not UTF-8, and ``block`` that line with its neighbours."""
    others = [line for line in block.split(b"\n") if not line.isascii()]
    if sum(map(readable, others)) > len(others) / 2:
        return "other lines are UTF-8: correct this one, or let train leave such lines out with --skip-bad-lines"
    begin = max(block.find(raw) - SAMPLE // 2, 0)
    name, text = guess(block[begin and block.find(b"\n", begin) + 1 :][:SAMPLE])
    if not name:
        return "is it a text file? If so, convert it to UTF-8, or let train leave such lines out with --skip-bad-lines"
    return f"it looks like {name} (“{text}”): if that reads right, convert it with iconv -f {name} -t UTF-8 FILE > NEW"


def readable(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def guess(block: bytes) -> tuple[str, str]:
    """iconv's name of the likeliest encoding of ``block``, and some of its text in it; empty where none is likely."""
    from charset_normalizer import from_bytes  # takes a moment, and is needed only now

    found = from_bytes(block, cp_isolation=[*NAMES]).best()
    if found is None:
        return "", ""
    encoding = checked(block, found.encoding)
    text = block.decode(encoding, "replace")
    first = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    begin = text.rfind(" ", 0, max(first - SHOWN // 3, 0)) + 1  # some words before the first letter that tells
    line = text[max(text.rfind("\n", 0, first) + 1, begin) :].split("\n")[0]
    return named(block, encoding), " ".join(line[:SHOWN].split())


def checked(block: bytes, encoding: str) -> str:
    """The guess, mended where charset-normalizer takes one encoding for a neighbour: it sees letters, and no languages."""
    if encoding in ("cp1250", "cp1254", "iso8859_2", "cp1252") and decodes(block, "cp1252"):
        special = [byte for byte in block if byte >= 0x80]
        if sum(byte in CENTRAL_EUROPEAN for byte in special) <= 0.1 * len(special):
            return "cp1252"
        return "cp1250" if encoding == "cp1252" else encoding
    if encoding == "cp949" and share(block.decode("cp949", "replace"), is_hangul) < 0.8:
        if decodes(block, "euc_jp") and share(block.decode("euc_jp"), is_kana) > 0.3:
            return "euc_jp"
        return "gb18030" if decodes(block, "gb18030") else encoding
    if encoding in ("cp1251", "koi8_r"):  # each makes of the other's small letters capital ones
        return max(("cp1251", "koi8_r"), key=lambda name: share(block.decode(name, "replace"), str.islower))
    return encoding


def named(block: bytes, encoding: str) -> str:
    """iconv's name: the older one where that is enough."""
    if encoding == "cp1252":
        return "WINDOWS-1252" if any(0x80 <= byte < 0xA0 for byte in block) else "ISO-8859-1"
    older, name = OLDER.get(encoding, ("", ""))
    return name if older and decodes(block, older) else NAMES[encoding]


def decodes(block: bytes, encoding: str) -> bool:
    try:
        block.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def share(text: str, wanted: Callable[[str], bool]) -> float:
    """The share of the letters beyond ASCII that are such ones."""
    special = [character for character in text if not character.isascii() and character.isalpha()]
    return sum(map(wanted, special)) / max(len(special), 1)


def is_kana(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff"


def is_hangul(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3"
