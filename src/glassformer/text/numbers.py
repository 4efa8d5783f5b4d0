"""Numbers: which of a text's a translation lacks, and how each language writes them.

A model copies numbers piece by piece, and sometimes drops a digit or a whole one: *40 %* becomes *4 %*. A number is there
again in any spelling that has its digits in its order: 1,000 is 1.000 and 1 000. Words are no numbers: where *10 years*
became *zehn Jahre*, the 10 is lacking.
"""

import re
from collections import Counter
from collections.abc import Iterator

from glassformer.text.languages import language_code

NUMBER = re.compile(r"(?<!\w)(?<!\d[.,])\d+(?:[.,]\d+)*(?!\w|[.,]\d)", re.ASCII)
"""A number that stands by itself: 5 in *$5* and *5 %*, not in *5th* or *MP3*."""
DIGIT = re.compile("[0-9]")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*", re.ASCII)
WELL_FORMED = re.compile(r"\d+|\d+[.,]\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?", re.ASCII)
GROUPED = {
    ",": re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII),
    ".": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", re.ASCII),
}
BLANKS = "[ \u00a0\u202f\u2009'’]"
POINT = frozenset({"ca", "da", "de", "el", "es", "hr", "id", "it", "nl", "pt", "ro", "sl", "sr", "tr"})
"""Languages that write 1.234,5; after CLDR, by code."""
BLANK = frozenset({"bg", "cs", "et", "fi", "fr", "hu", "lt", "lv", "no", "pl", "ru", "sk", "sv", "uk"})
"""Languages that write 1 234,5."""


def numbers_in(text: str) -> Iterator[re.Match[str]]:
    """The numbers that stand by themselves in ``text``."""
    return NUMBER.finditer(text) if DIGIT.search(text) else iter(())


def lacking(source: str, translation: str, mine: str = "", theirs: str = "") -> set[str]:
    """The numbers of ``source`` that ``translation`` has not as often, as they stand in ``source``. ``mine`` and ``theirs``
    are their languages: English's 12,345 is not in a German text that has 12,345, which is a little more than twelve."""
    wanted = Counter(number.group() for number in numbers_in(source))
    if not wanted:
        return set()
    found = DIGITS.findall(translation)
    there, written = Counter(map(digits_of, found)), Counter(found)
    same = Counter[str]()
    for number, count in wanted.items():
        same[digits_of(number)] += count

    def is_there(number: str) -> bool:
        if mine and theirs and is_grouped(number, mine):
            return sum(written[way] for way in spellings(number, mine, theirs)) >= wanted[number]
        return there[digits_of(number)] >= same[digits_of(number)]

    return {number for number in wanted if not is_there(number) and not in_groups(number, translation)}


def spellings(number: str, mine: str, theirs: str) -> set[str]:
    """How ``number``, whose thousands stand in groups in the language ``mine``, may stand in ``theirs``: in groups as there,
    or in none."""
    group = group_of(mine)
    whole, _, rest = number.partition("." if group == "," else ",")
    plain = whole.replace(group, "")
    return {written_in(number, mine, theirs), *((f"{plain}.{rest}", f"{plain},{rest}") if rest else (plain,))}


def is_grouped(number: str, language: str) -> bool:
    """Whether the thousands of ``number`` stand in groups, as ``language`` writes them."""
    return GROUPED[group_of(language)].fullmatch(number) is not None


def group_of(language: str) -> str:
    """The mark between a language's thousands, of those that stand in a number without a blank."""
    mark = separator_of(language)
    return mark if mark in GROUPED else ","


def digits_of(number: str) -> str:
    """A number without the marks in it, which languages write otherwise; what is a list, such as 1,2,3, as it is."""
    return re.sub("[.,]", "", number) if WELL_FORMED.fullmatch(number) else number


def in_groups(number: str, text: str) -> bool:
    """Whether ``text`` has a number of four digits and more with blanks in it."""
    whole, mark, rest = number.rpartition(".") if GROUPED[","].fullmatch(number) and "." in number else (number, "", "")
    digits = re.sub("[.,]", "", whole)
    if len(digits) < 4:
        return False
    groups = f"{int(digits):,}".split(",")
    pattern = BLANKS.join(groups) + (rf"[.,]{rest}" if mark else "")
    return re.search(rf"(?<!\d){pattern}(?!\d)", text, re.ASCII) is not None


def written_in(number: str, source: str, target: str) -> str:
    """``number``, which stands in a text in ``source``, with its thousands as ``target`` groups them (language codes): 1,000
    of English is 1.000 in German, where 1,000 is one. A number without groups of thousands stays as it is."""
    mine, theirs, group = separator_of(source), separator_of(target), group_of(source)
    if not mine or not theirs or mine == theirs or not is_grouped(number, source):
        return number
    whole, _, rest = number.partition("." if group == "," else ",")
    return whole.replace(group, theirs) + (("." if theirs == "," else ",") + rest if rest else "")


def separator_of(language: str) -> str:
    """The sign between thousands in ``language``; "" where the language is not known."""
    code = language_code(language)
    return "." if code in POINT else "\u202f" if code in BLANK else "," if code else ""
