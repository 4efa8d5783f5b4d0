"""SHOUTED and Titled lines, read as if they were neither.

To a tokenizer "STREET" and "Street" are other pieces than "street", and a model that has hardly met them spells instead
of translating. A translator therefore gives it the line in small letters, and shouts back what a shouted line became. A
model that is trained on such lines reads them as they stand.

Small are all letters but these: a sentence's first, acronyms (``acronyms``), English I, days, months and nationalities, and
a name behind a title or initial. Of a plain line only a shouted sentence and, where the vocabulary is known, words that
it holds in small letters alone are read so: "this is IMPORTANT". wITH cAPS LOCK ON, and in zIgZaG, a line is read as it
was meant.
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from glassformer.text.acronyms import is_acronym, is_plural
from glassformer.text.languages import language_code
from glassformer.text.sentences import sentences
from glassformer.text.tokenizer import Tokenizer

FEWEST_SHOUTED = 2
"""Words: one alone (USA, PDF) is rather a name."""
FEWEST_TITLED = 4
"""Words: fewer are rather names (New York City); 3 where a mark ends them, since few names do (Tom Is Here.)."""
FEWEST_CAPS_LOCK = 3
"""Words: two are rather units or kinds (pH dB, mRNA)."""
FEWEST_LETTERS = 3
"""Of a shouted word in a plain line: shorter ones are rather acronyms (SO, but also UN)."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SMALL_END = re.compile(r"(?<=[^\W\d_]{2})s$|(?<=[^\W\d_])['’]s$|ß")
"""Small in a shouted word, too: DVDs, NATO's, STRAßE."""
MARKS = re.compile(r"[.!?…]\W*$")
DOTLESS = frozenset({"tr", "az", "crh", "gag"})
"""Languages where I is the capital of ı, and İ of i: Turkish, Azeri, Crimean Tatar, Gagauz."""
ELIDING = frozenset({"fr", "it", "ca"})
"""Languages that write L'ONU."""
SMALL_DOTTED = re.compile(r"\b(?:[AP]\.\s?M|E\.\s?G|I\.\s?E|Z\.\s?B|D\.\s?H|U\.\s?A|P\.\s?EX)\.(?!\w)")
"""Abbreviations that are written small."""
TITLES = "MR|MRS|MS|DR|PROF|CAPT|GEN|SEN|GOV|REV|LT|COL|SGT|MT|ST|HR|FR|MME|MLLE"
TITLE = re.compile(rf"(?:{TITLES})(?=\.)|MR|MRS|DR|MME|MLLE")
BEFORE_NAME = re.compile(rf"(?:\b(?:{TITLES})\.?|(?<!\w)[^\W\d_]\.)\s+$")
_ENGLISH_NAMES = """
    MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY JANUARY FEBRUARY APRIL JUNE JULY AUGUST SEPTEMBER
    OCTOBER NOVEMBER DECEMBER ENGLISH GERMAN FRENCH SPANISH ITALIAN RUSSIAN CHINESE JAPANESE AMERICAN BRITISH
    EUROPEAN CHRISTMAS ENGLAND GERMANY FRANCE SPAIN ITALY RUSSIA CHINA JAPAN AMERICA BRITAIN EUROPE LONDON BERLIN
    PARIS
"""
ENGLISH_NAMES = frozenset(_ENGLISH_NAMES.split())
"""Their capital is a part of their spelling."""
LATIN = "A-ZÀ-ÖØ-Þa-zà-öø-ÿ"
"""Letters, those of Latin-1 without ß, which stands small in shouted words, too."""
NOT_LATIN = re.compile(rf"[^\x00-\x7f{LATIN}\u00ab\u00bb\u00a1\u00bf\u2010-\u2027\U000f0000-\U000ffffd]")
LOUD_INSIDE = re.compile(rf"[A-ZÀ-ÖØ-Þ](?<=[{LATIN}'’].)|[À-ÖØ-Þà-öø-ÿ](?<=[{LATIN}].)(?=[À-ÖØ-Þà-öø-ÿ])")
"""A capital inside a word, or three letters that are none of a to z: without them no word is shouted or in zigzag."""
SMALL_BEGINNING = re.compile(" [a-z]")
"""A word that begins small: a line that has one, and nothing loud inside a word, is neither shouted nor titled."""


def shouted(line: str) -> bool:
    """WHETHER IT HAS SEVERAL WORDS AND NO SMALL LETTER, but for those of names (iPhone), plurals (DVDs) and units (5pm)."""
    words = _cased_words(line)
    if line == line.upper():
        return len(words) >= FEWEST_SHOUTED
    loud = [word for word in words if _loud(word)]
    own = [word for word in words if not _loud(word) and _own_case(word)]
    return FEWEST_SHOUTED <= len(loud) > len(own) == len(words) - len(loud) and not _caps_lock(words)


def titled(line: str) -> bool:
    """Whether Each Of Its Words Begins With A Capital, and they are too many for a name."""
    words = _cased_words(line)
    fewest = FEWEST_TITLED - bool(MARKS.search(line))
    return len(words) >= fewest and all(word[0] != word[0].lower() for word in words) and line != line.upper()


def plain(line: str, language: str = "", known: Callable[[str], bool] | None = None) -> str:
    """``line`` as a model reads it that was trained on plain text: a shouted or titled one in small letters, but for
    what the module's first lines name; of any other line its shouted sentences, and its shouted words that ``known`` (of
    the tokenizer: ``known_in_small``) says to be words."""
    if stands_as_it_is(line) or not any(map(str.isupper, line)):
        return line
    code = language_code(language)
    line = as_meant(line, code)
    if shouted(line) or titled(line):
        return "".join(_small(sentence, code) for sentence in sentences(line, code))
    if not re.search(r"[^\W\d_a-z]{3}", line):
        return line
    found = sentences(line, code)
    return "".join(
        _small(one, code) if shouted(one) else one if known is None else _small(one, code, known) for one in found
    )


def stands_as_it_is(line: str) -> bool:
    """A quick look: True for most lines, of which ``plain`` changes nothing."""
    return (
        SMALL_BEGINNING.search(line) is not None
        and LOUD_INSIDE.search(line) is None
        and (line.isascii() or NOT_LATIN.search(line) is None)
    )


def known_in_small(tokenizer: Tokenizer) -> Callable[[str], bool]:
    """Whether a word in capitals is spelt in three pieces or more, and in small letters is one: the model has met it as
    a word, and hardly ever shouted. (TRUE in a help text is a piece itself, and stays.)"""

    def known(word: str) -> bool:
        shouted, small = tokenizer.encode_batch([word, word.lower()])
        return len(small) == 1 and len(shouted) > 2

    return known


def lower(text: str, language: str = "") -> str:
    """``text`` in small letters of ``language``: I is ı in Turkish and Azeri, and İ is i everywhere."""
    if language_code(language) in DOTLESS:
        text = text.replace("I", "ı")
    return text.replace("İ", "i").lower()


def in_upper_case(text: str, language: str = "") -> str:
    """``text`` in capitals of ``language``: ß becomes SS, i in Turkish and Azeri İ; Greek loses its accents, as Greeks
    write capitals; Georgian, whose texts have one size of letters, stays."""
    code = language_code(language)
    if code == "ka":
        return text
    if code in DOTLESS:
        text = text.replace("i", "İ")
    if code == "el":
        apart = unicodedata.normalize("NFD", text).replace("\u0301", "")
        text = unicodedata.normalize("NFC", apart)
    return text.upper()


def as_meant(line: str, language: str = "") -> str:
    """``line`` in capitals where it is written in zIgZaG, and with its letters' sizes exchanged where it was typed wITH
    cAPS LOCK ON."""
    words = _cased_words(line) if re.search(r"[^\W\d_][^\W\d_a-z]", line) else []
    if _caps_lock(words):
        return "".join(
            lower(one, language) if one.isupper() else one if one == "ß" else in_upper_case(one, language)
            for one in line
        )
    long = [word for word in words if len(word) >= FEWEST_LETTERS]
    zigzag = [word for word in long if all(one.isupper() != next.isupper() for one, next in pairwise(word))]
    return in_upper_case(line, language) if FEWEST_SHOUTED <= len(zigzag) > len(long) / 2 else line


def _cased_words(line: str) -> list[str]:
    """The words that have letters of two sizes; those behind a digit are units."""
    found = (match for match in WORD.finditer(line) if not line[match.start() - 1 : match.start()].isdecimal())
    return [match.group() for match in found if match.group().upper() != match.group().lower()]


def _loud(word: str) -> bool:
    large = SMALL_END.sub("", word)
    return large == large.upper() and large != large.lower()


def _own_case(word: str) -> bool:
    """iPHONE, McDONALD: a capital behind a small letter."""
    return any(one.islower() and next.isupper() for one, next in pairwise(word))


def _caps_lock(words: list[str]) -> bool:
    """Whether these words are hELLO, i AM tOM: three at least, of which the first begins small, and another one, too, where
    the first may be a name such as iPHONE or mRNA."""
    turned = [word for word in words if word[0].islower() and (_loud(word[1:]) or len(word) == 1)]
    long = [word for word in turned if len(word) > 1]
    if len(words) < FEWEST_CAPS_LOCK or not long or turned[0] != words[0]:
        return False
    if any(word not in turned and not _loud(word) for word in words):
        return False
    return len(turned) > 1 or words[0][0] not in "eimt"


def _small(sentence: str, code: str, known: Callable[[str], bool] | None = None) -> str:
    """In small letters, the first one capital; with ``known`` only what that says."""
    dotted = [match.span() for match in SMALL_DOTTED.finditer(sentence)]
    first = re.search(r"[^\W\d_]", sentence)

    def read(match: re.Match[str]) -> str:
        token = match.group()
        before, after = sentence[max(0, match.start() - 40) : match.start()], sentence[match.end() : match.end() + 40]
        if any(start <= match.start() < stop for start, stop in dotted):
            return token if code == "de" and token == "B" else lower(token, code)  # z. B.
        stem, mark, tail = re.match(r"([^'’]*)(['’]?)(.*)", token).groups()  # type: ignore[union-attr]  # always matches
        large = stem.replace("ß", "ẞ")
        if large != large.upper() or stem == stem.lower():
            as_title = stem[:1].isupper() and stem[1:].islower() and known is None
            return _first(lower(token, code) if as_title else token, match, before, code)
        if known is not None and (len(stem) < FEWEST_LETTERS or not known(stem)):
            return token
        if mark and code in ELIDING and len(stem) <= 2 and is_acronym(tail, "", after, code):
            return _first(lower(stem, code), match, before, code) + mark + tail
        if is_plural(stem, code):
            return stem[:-1] + "s" + mark + lower(tail, code)
        if is_acronym(stem, before, mark + tail + after, code):
            return stem + mark + lower(tail, code)
        return _first(lower(token, code), match, before, code)

    def _first(word: str, match: re.Match[str], before: str, code: str) -> str:
        begins = first is not None and match.start() == first.start()
        name = code in ("en", "") and match.group().upper() in ENGLISH_NAMES
        title = TITLE.match(sentence.upper(), match.start(), match.end() + 1)
        name = name or (title is not None and title.end() == match.end())
        behind = any(sentence[stop : match.start()].isspace() for _, stop in dotted if stop < match.start())
        named = BEFORE_NAME.search(before.upper()) is not None and not behind
        compound = code == "de" and re.search(r"[A-Z]{2}-$", before) is not None
        if not word.islower() or not (begins or name or named or compound):
            return word
        if code == "nl" and word.startswith("ij"):
            return "IJ" + word[2:]
        return in_upper_case(word[0], code if code in DOTLESS else "") + word[1:]

    return TOKEN.sub(read, sentence)
