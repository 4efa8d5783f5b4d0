r"""Parts of a text that a translation keeps as they are: emoji, links, addresses, placeholders, tags, times, versions.

Such a thing is no word. Before translation each one becomes a sign, a piece of the vocabulary of its own which the model
was trained to copy (``SIGNS``); afterwards the sign becomes the thing again, exactly once. A thing whose sign the
translation has lost is put at its end, and reported. A vocabulary without these pieces (an older model's, another
program's) gets words that look like names instead.

The signs are characters of Unicode's private use area. Where a text has such characters itself they are things, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from glassformer.text.commands import COMMAND, NAMES
from glassformer.text.normalise import normalised

if TYPE_CHECKING:
    import regex

SIGNS = tuple(chr(0xE000 + number) for number in range(10))
"""The pieces of a vocabulary that stand for things, in the order in which they are used."""
FIRST_MARK = 0xF0000
"""Marks stand for the things of a whole text until it is cut into what is translated in one; each part then has its own
signs. Unicode's supplementary private use area has 65,534."""
MOST = 0xFFFE
MARKS = "\U000f0000-\U000ffffd"

DOMAINS = (
    "com|org|net|edu|gov|int|mil|info|biz|io|dev|app|ai|eu|de|at|ch|fr|uk|it|es|nl|pl|ru|cn|jp|kr|in|br|ca|au|us|tv"
)
FILES = (
    "txt|pdf|docx?|xlsx?|pptx?|od[tspg]|html?|css|js|ts|py|rb|go|rs|java|cpp|sh|json|ya?ml|xml|toml|ini|cfg|csv|tsv|"
    "md|rst|log|po|srt|vtt|png|jpe?g|gif|svg|webp|mp[34]|wav|zip|gz|tar|exe|dll|iso"
)
SHAPE = r"\p{Extended_Pictographic}[\uFE0E\uFE0F]?\p{Emoji_Modifier}?[\U000E0020-\U000E007F]*"
"""One emoji with its style, skin and flag's letters; several joined by U+200D are one picture."""
CALLED = ("localhost", "eyJ", *NAMES)
"""Words that begin a thing without any sign that says so."""
UNITS = (
    "km/h|km|cm|mm|nm|m|kg|mg|g|ml|cl|l|kB|KB|MB|GB|TB|PB|kbit|Mbit|Gbit|KiB|MiB|GiB|TiB|ms|ns|min|h|fps|px|pt|dpi|ppi|"
    "Hz|kHz|MHz|GHz|W|kW|MW|Wh|kWh|V|kV|mV|A|mA|mAh|mph|rpm|dB|hPa|ppm|lbs?|oz|ft"
)
"""Behind a number without a blank. Not s, in, am or pm: the 90s, 5in1, 7pm are words."""
COMPASS = r"(?: ?[NSEW](?!\w))"
PLACE = r"[-+\u2212]?\d{1,3}\.\d{4,}°?" + COMPASS + "?"
SYMBOLS = rf"(?:\p{{RI}}\p{{RI}}|[0-9#*]\uFE0F?\u20E3|{SHAPE}(?:\u200D{SHAPE})*" + (
    r"|(?!°)[\p{So}\p{Emoji_Presentation}\u2190-\u21FF])"
)
KINDS = {
    "private_use": r"[\p{Co}]+",
    "comment": r"<!--.{0,4000}?-->|<%[^<>\n]{1,400}?%>|<\?[^<>\n]{1,400}?\?>",
    "bbcode": r"\[/?(?:b|i|u|s|url|img|quote|code|list|size|color)(?:=[^\]\s]{1,200})?\]",
    "tag": r"</?[A-Za-z][\w:-]*(?:\s[^<>]{0,400})?/?>",
    "markdown": r"\]\((?:https?://|mailto:|\.{0,2}/|#)[^\s()]{0,400}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?\)"
    r"|!?\[(?=[^\[\]\n]{1,200}\]\((?:https?://|mailto:|\.{0,2}/|#))|~~|\|\|",
    "link": r"\b[A-Za-z][A-Za-z0-9+-]{1,15}+://[^\s<>\"“”«»`]+|\b(?:mailto|tel|sms|geo|magnet|urn|doi|ar[Xx]iv|spotify|bitcoin|xmpp):[^\s<>\"“”«»`]+",
    "mail": r"(?<![\w.+'-])(?:[\w.+-]++(?:'[\w.+-]++){0,3})@[\w-]+(?:\.[\w-]+)+",
    "domain": rf"(?<![\w@.-])(?:www\.[^\s<>\"“”«»`]+"
    r"|localhost(?::\d{1,5}(?!\w))?(?:/[^\s<>\"“”«»`]*)?(?!\w)"
    rf"|(?:[a-z0-9-]++\.){{1,10}}(?:(?:{DOMAINS})(?:[/?#][^\s<>\"“”«»`]*)?(?![\w-]|\.\w)|[a-z]{{2,6}}/[^\s<>\"“”«»`]+))",
    "code": r"`[^`\n]+`",
    "command": COMMAND,
    "message": r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,"
    r"(?:[^{}]{1,200}\{(?:[^{}]|\{[^{}]{0,80}\}){0,400}\}){1,9}\s*\}",
    "placeholder": r"\{\{\s*[^{}]{1,80}?\s*\}\}|[$%#]?\{[^{}\s][^{}]{0,80}\}|\{\}"
    r"|\[\[[^\[\]\n]{1,80}\]\]|(?<=[\w,] )\[[A-Z][A-Z0-9 _]{1,40}\]|\$\[[\w.]+\]|\$\([\w.]+\)",
    "format": r"%\([\w.]+\)[-#0+]*\d*(?:\.\d+)?[A-Za-z]"
    r"|(?:(?<![\w%])|(?<=%[a-z@]))%(?:\d+\$)?[-+#0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGcrsSpa@](?![A-Za-z])"
    r"|(?<![\w%])%(?:L?\d{1,2}|n)(?!\w)|%%|%[A-Z][A-Z0-9_]+%?|%[a-z]\w*%",
    "variable": r"(?<!\w)__\w+?__(?!\w)|(?<![\w$])\$[A-Za-z_]\w*(?:\.\w+)*\$?|\$\{\w+\}|(?<!\w)\w++(?:\.\w++){0,9}\(\)"
    r"|(?<!\w)[A-Za-z][A-Za-z0-9]*+(?:_[A-Za-z0-9]++)++(?!\w|\.\w)"
    r"|(?<![\w.@-])[a-z]\w++(?:\.[a-z]\w++){2,9}(?![\w-]|\.\w)"
    r"|(?<![\w.-])[A-Za-z_][\w.-]*+=[\w./:%+-]*[\w%](?!=)|(?<!\w)[A-Z]\w*+<[A-Z][a-z][\w, ?]{0,60}>"
    r"|(?<!\w)(?:[Cc]\+\+|[CF]#)(?!\w)|(?<!\w)[A-Za-z_]\w*+(?:::[A-Za-z_]\w*+){1,9}(?:\(\))?",
    "escape": r"(?<!\\)\\[nrt](?![a-z])|(?<![\w\\])\\(?:[0abfv\"'](?![a-z])|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[A-Za-z]++\*?)",
    "entity": r"&(?:[A-Za-z]\w{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});",
    "shortcode": r"(?<![\w:])(?::(?=[02-9_+-]*+[A-Za-z1])[A-Za-z0-9_+-]++:)+(?![\w:])",
    "time": r"(?<![\d:.])\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?![\d:])"
    r"|(?<![\w.])\d{1,3}h\d{1,2}m(?:in)?(?:\d{1,2}s)?(?!\w)|\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?\b",
    "version": r"(?<![\w.])v?(?!\d{1,3}(?:\.\d{3})+(?![\d.]))\d+(?:\.\d+){2,}"
    r"(?:(?::\d{1,5}|/\d{1,2})(?![\w.]*\w)|(?:[-+][\w.]*\w){1,2})?(?!\w)"
    r"|(?<![\w.])v\d+(?:\.\d+)*(?:-\w+)?(?!\w)",
    "path": r"(?<![\w./])10\.\d{4,9}/[^\s<>\"“”«»`]+"
    r"|(?<!\w)(?:[A-Za-z]:\\|\\\\)(?:[^\s<>\"|?*:\\]++(?: [^\s<>\"|?*:\\]++){0,3}\\){0,20}[^\s<>\"|?*]+"
    r"|(?<![\w/.-])(?:feature|feat|bugfix|hotfix|release|origin|upstream)/(?:[\w.+-]+/)*[\w.+-]*\w"
    r"|(?<![^\s(\"'“„«])(?:~|\.{1,2})?/(?:[\w.+-]+/)*[\w.+-]*\w/?(?![\w>])"
    rf"|(?<![\w.-])[\w-]++(?:\.[\w-]++){{0,10}}?\.(?:{FILES})(?!\w)",
    "option": r"(?<![\w-])(?:--[A-Za-z][\w-]*+(?:=[\w./:-]*\w)?|-[A-Za-z](?![\w-]))|(?<![\w/])[Yy]/[Nn](?![\w/])",
    "identifier": r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b0x[0-9A-Fa-f]+\b|(?<!\w)#(?:[0-9A-Fa-f]{6}|\d+)\b"
    r"|(?<![\w@#.-])(?=[A-Za-z]*+\d)(?=\d*+[A-Za-z])(?:[A-Za-z0-9]{7,}+|[A-Z]{1,4}\d{3,}[A-Z0-9]*+)(?![\w-])"
    r"|(?<![\w@#./-])[A-Z][A-Z0-9]{1,9}(?:-\d+){1,3}(?![\w-])|(?<![\w-])[a-z]\d{1,2}[a-z](?![\w-])"
    r"|(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)"
    r"|(?<!\w)(?<!\p{Lu}{2} )(?!(?:AD|BC|CE|AM|PM|NO|NOT|IN|OF|TO|BY|AT|ON|AND|FOR|THE) )[A-Z]{2,5} \d{3,5}"
    r"(?![\w,]|\.\d| \p{Lu}{2})|(?<![\w.-])eyJ[\w-]{6,}+(?:\.[\w-]++){1,2}"
    r"|(?<![\w+/=])(?=[A-Za-z0-9+/]*?(?:[A-Za-z]\d|\d[A-Za-z]))[A-Za-z0-9+/]{40,}+={0,2}(?!\w)",
    "unit": rf"(?<![\w.,/-])\d+(?:[.,]\d+)?(?:{UNITS})(?![\w/])",
    "address": r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])",
    "place": rf"(?<![\w.,])(?<![\d,;] ){PLACE}(?:, ?| ){PLACE}(?![,;]? ?\d|\w|\.\d)"
    rf"|(?<![\w.,])\d{{1,3}}(?:\.\d+)?° ?(?:\d{{1,2}}(?:\.\d+)?['′’] ?(?:\d{{1,2}}(?:\.\d+)?(?:[\"″”]|''))?)?{COMPASS}",
    "digits": r"(?<!\w)[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?(?!\w)"
    r"|(?<!\w)\d{4}(?: \d{4}){3}(?!\w| \d)|(?<![\w+])\+\d[\d ()/-]{6,20}\d(?!\w)"
    r"|(?<!\w)\(\d{3}\) ?\d{3}-\d{4}(?!\w)|(?<![\w/])\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})(?![\w/])",
    "mention": r"(?<![\w@/])(?:#[A-Za-z_]\w+|@[A-Za-z_]\w+(?:/[\w.-]*\w)?)|(?<![\w/])[ru]/\w{2,}+(?!/)",
    "emoticon": r"(?<!\S)[:;=8][-'o^]?[)(DPp\]\[/\\|*3](?!\S)|<3(?!\d)",
    "emoji": rf"{SYMBOLS}(?:\s*{SYMBOLS})*",
}
"""The kinds, tried in this order at each place. Each takes time in proportion to the text, whatever that is: what begins
with a run of letters begins only where the run does, and runs give nothing back (``++``)."""
ENDS = ".,;:!?'’…*"
CLOSING = ".,;:!?…)]}。，！？；：、"
BRACKETS = {")": "(", "]": "[", "}": "{"}
QUICK = re.compile(
    r"[@#:/<>{}%$&`\\_=\[]|\d\.\d+\.\d|[\dA-Z]-\d|[a-z]\.[a-z]|--|(?<![\w-])-[A-Za-z]|\bv\d|\(\)|0x|~~|\|\|"
    r"|[A-Za-z]\d|\d[A-Za-z]|\d \d{4}|\d\.\d{4}|\d°|[A-Z] \d{3}|[Cc]\+\+|" + "|".join(CALLED)
)
QUICK_SYMBOLS = re.compile(
    "[\u00a6\u00a9\u00ae\u2100-\u2bff\u3000-\u303f\u3200-\u33ff\ua000-\uabff\ue000-\uf8ff\U00010000-\U0010ffff]"
)
"""Whatever has none of these has nothing to protect: most lines are done here."""
_ALONE = r"@#:/<>{}%$&`\\_=\["
_NEIGHBOURS = (
    rf"[{_ALONE}0-9.(+~|-](?:(?<=[{_ALONE}])|(?<=[0-9])(?:(?<=[A-Za-z].)|[A-Za-z]|-[0-9]|\.[0-9]+\.[0-9]|\.[0-9]{{4}}"
    r"| [0-9]{4}|°|(?<=[A-Z] [0-9])[0-9]{2})"
    r"|(?<=[a-z]\.)[a-z]|(?<=-)-|(?<=[A-Z]-)[0-9]|(?<=-)(?<![\w-]-)[A-Za-z]|(?<=~)~|(?<=\|)\||(?<=\()\)|(?<=\+)\+(?<=[Cc]..))"
)
QUICK_AT = re.compile(_NEIGHBOURS)
"""The same as QUICK but for CALLED, of texts in ASCII, in a tenth of the time: Python's ``re`` runs over all
characters but those that the set at the beginning has."""
QUICK_AT_ANY = re.compile(_NEIGHBOURS.replace("[0-9]", r"\d").replace("0-9", r"\d"))
"""The same of any text."""
NO_SYMBOLS = re.compile(
    "[^\x00-\xa5\xa7\xa8\xaa-\xad\xaf-\u02ff\u0370-\u03ff\u0400-\u0481\u0483-\u052f\u2010-\u203b\u20a0-\u20bf]"
)
"""A text without any of these has no emoji, arrow or other symbol."""
DOTTED = re.compile(r"\.[a-z]")
DIGIT = re.compile("[0-9]")
_EMOTICON = re.compile(r"[:;=8][-'o^]?[)(DPp\]\[/\\|*3]|<3")

MaybeThere = Callable[["Signs"], object]
MAY_BE: dict[str, MaybeThere] = {
    "private_use": lambda text: not text.text.isascii() and max(text.text) >= "\ue000",
    "comment": lambda text: any(map(text.text.__contains__, ("<!--", "<%", "<?"))),
    "bbcode": lambda text: "[" in text.text,
    "tag": lambda text: "<" in text.text,
    "markdown": lambda text: "](" in text.text or "~~" in text.text or "||" in text.text,
    "link": lambda text: ":" in text.text,
    "mail": lambda text: "@" in text.text,
    "domain": lambda text: text.dotted or "www." in text.text or "localhost" in text.text,
    "code": lambda text: "`" in text.text,
    "command": lambda text: "-" in text.text or any(map(text.text.__contains__, CALLED)),
    "message": lambda text: "{" in text.text,
    "placeholder": lambda text: "{" in text.text or "$" in text.text or "[" in text.text,
    "format": lambda text: "%" in text.text,
    "variable": lambda text: any(map(text.text.__contains__, (*"_$(+#=<", "::"))) or text.dotted,
    "escape": lambda text: "\\" in text.text,
    "entity": lambda text: "&" in text.text,
    "shortcode": lambda text: text.text.count(":") > 1,
    "time": lambda text: text.has_digits and (":" in text.text or "-" in text.text or "h" in text.text),
    "version": lambda text: text.has_digits and (text.text.count(".") > 1 or "v" in text.text),
    "path": lambda text: text.dotted or "/" in text.text or "\\" in text.text,
    "option": lambda text: "-" in text.text or "/" in text.text,
    "identifier": lambda text: text.has_digits or "#" in text.text or "-" in text.text or "eyJ" in text.text,
    "unit": lambda text: text.has_digits,
    "address": lambda text: text.text.count(":") > 1,
    "place": lambda text: text.has_digits and ("." in text.text or "°" in text.text),
    "digits": lambda text: text.has_digits,
    "mention": lambda text: "@" in text.text or "#" in text.text or "/" in text.text,
    "emoticon": lambda text: _EMOTICON.search(text.text),
    "emoji": lambda text: not text.text.isascii() and NO_SYMBOLS.search(text.text),
}
"""By kind, a quick look that says no only where nothing of that kind can be."""


@dataclass(frozen=True)
class Protected:
    """A text in which each thing is one character, and the things."""

    text: str
    things: tuple[str, ...]
    """Thing number n stands where ``text`` has ``mark(n)``."""


def protect(
    text: str, unknown: re.Pattern[str] | None = None, plainer: Callable[[str], str] | None = None
) -> Protected:
    """Every thing in ``text`` replaced by its mark, the rest in one spelling (``normalised``), and with ``plainer`` in
    characters that the vocabulary has.

    ``unknown`` finds what the vocabulary can only spell in bytes, words in another script: such a run is a thing, too.
    """
    things: list[str] = []
    if may_have_things(text):
        text = _marked(text, things_in(text), things)
    text = normalised(text)
    if plainer is not None:
        text = plainer(text)
    if unknown is not None and not text.isascii() and unknown.search(text):
        text = _marked(text, (("unknown", found) for found in unknown.finditer(text)), things)
    return Protected(text, tuple(things))


def things_in(text: str) -> Iterator[tuple[str, Any]]:
    """The kind and the match of each thing, in order: what ``all_kinds``, the kinds in one expression, finds one after the
    other. Only those kinds are looked for that may be there; each is looked for again behind the thing that was taken."""
    signs = Signs(text)
    kinds = [(name, _kind(name)) for name, may_be in MAY_BE.items() if may_be(signs)]
    coming = [(name, kind, kind.search(text)) for name, kind in kinds]
    while coming := [one for one in coming if one[2] is not None]:
        name, _, taken = min(coming, key=lambda one: one[2].start())  # of several the first, as the kinds are in order
        yield name, taken
        stop = taken.end()
        coming = [
            (name, kind, kind.search(text, stop) if found.start() < stop else found) for name, kind, found in coming
        ]


@dataclass(frozen=True)
class Signs:
    """A text, and which signs of things it has."""

    text: str

    @cached_property
    def has_digits(self) -> bool:
        """True where there are none for sure only in ASCII: other scripts have digits, too."""
        return not self.text.isascii() or DIGIT.search(self.text) is not None

    @cached_property
    def dotted(self) -> bool:
        """Whether a full stop stands before a small letter."""
        return DOTTED.search(self.text) is not None


def _marked(text: str, matches: Iterator[tuple[str, Any]], things: list[str]) -> str:
    """``text`` with a mark for each match, given with its kind; what matched is added to ``things``."""
    parts: list[str] = []
    done = 0
    for name, found in islice(matches, MOST - len(things)):  # more stay as they are
        thing = found.group()
        if name in ("link", "domain", "path"):
            thing = without_end(thing)
        parts += [text[done : found.start()], mark(len(things))]
        things.append(thing)
        done = found.start() + len(thing)
    return "".join([*parts, text[done:]])


def mark(number: int) -> str:
    """The character that stands for thing ``number`` of a text."""
    return chr(FIRST_MARK + number)


def marks_in(text: str) -> list[int]:
    """The numbers of the things that ``text`` has marks of, in order."""
    return [ord(one) - FIRST_MARK for one in text if FIRST_MARK <= ord(one) < FIRST_MARK + MOST]


def signed(text: str, signs: Sequence[str]) -> tuple[str, dict[str, int], list[int]]:
    """A protected text as the model reads it: its marks as ``signs``, the number of the thing that each sign stands for,
    and the numbers of those for which no sign was left. Their marks are taken out: they are put back without the model."""
    numbers = marks_in(text)
    table = {FIRST_MARK + number: signs[place] if place < len(signs) else "" for place, number in enumerate(numbers)}
    return text.translate(table), dict(zip(signs, numbers, strict=False)), numbers[len(signs) :]


def restored(
    text: str, signs: Mapping[str, int], things: Sequence[str], unsigned: Sequence[int] = (), source: str = ""
) -> tuple[str, list[str]]:
    """A translation with its things again, each exactly once, and those that it had no place for, which stand at its end.
    ``signs``: the number of the thing that each stands for; ``unsigned``: things that had no sign; ``source``: what was
    translated, by which a thing that stood apart from letters and digits stands apart from them again."""
    left = dict.fromkeys([*signs.values(), *unsigned])
    pieces = _any_of(tuple(signs)).split(text) if signs or not text.isascii() else [text]
    whole, before_it = pieces[0], ""
    for sign, following in zip(pieces[1::2], pieces[2::2], strict=True):
        number = signs.get(sign, -1)
        if number in left:
            before, after = beside(source, sign)
            if before_it and before_it + sign in source:
                whole, before = whole.removesuffix(" "), False  # the model has a blank before each word
            gap = " " if before and is_letter(whole[-1:]) else ""
            whole += gap + things[number]
            following = f" {following}" if after and is_letter(following[:1]) else following
            del left[number]
        elif whole[-1:] == " ":
            following = following.removeprefix(" ")
            if following and following[0] in CLOSING:  # the sign was one too many
                whole = whole[:-1]
        before_it = sign if following in ("", " ") else ""
        whole += following
    lost = [things[number] for number in left]
    whole = whole.rstrip(" ")
    return " ".join([*([whole] if whole else []), *lost]), lost


def has_signs(text: str) -> bool:
    """Whether a sign stands in ``text``."""
    return not text.isascii() and any(map(text.__contains__, SIGNS))


@lru_cache(256)
def _any_of(signs: tuple[str, ...]) -> re.Pattern[str]:
    """Any of ``signs``, or of those that a vocabulary may have."""
    return re.compile(f"({'|'.join(map(re.escape, sorted({*signs, *SIGNS}, key=len, reverse=True)))})")


def beside(source: str, sign: str) -> tuple[bool, bool]:
    """Whether ``sign`` has no letter and no digit before it in ``source``, and none behind it."""
    before, found, after = source.partition(sign)
    return bool(found) and not is_letter(before[-1:]), bool(found) and not is_letter(after[:1])


def is_letter(character: str) -> bool:
    """Whether it is a letter or a digit of a script that has blanks between words."""
    return character.isalnum() and character < "\u2e80"


def protected_pair(source: str, target: str, number: int = 0) -> tuple[str, str]:
    """A training pair in which the things that both sides have equally often are signs, the same on both. ``number``
    turns the signs, so that each of them is learnt."""
    if not may_have_things(source):
        return source, target
    sides = protect(source), protect(target)
    counts = [Counter(side.things) for side in sides]
    common = {thing for thing, count in counts[0].items() if counts[1][thing] == count}
    if not common or sum(one in common for one in sides[0].things) > len(SIGNS):
        return source, target
    order: dict[tuple[str, int], str] = {}
    made = []
    for side in sides:
        signs, met = {}, Counter[str]()
        for place, thing in enumerate(side.things):
            key = (thing, met[thing])
            met[thing] += 1
            sign = thing
            if thing in common:
                sign = order.setdefault(key, SIGNS[(number + len(order)) % len(SIGNS)])
            signs[FIRST_MARK + place] = sign
        made.append(side.text.translate(signs))
    return made[0], made[1]


def without_end(link: str) -> str:
    """A link without the punctuation of the sentence that it ends, and without a bracket that it does not open."""
    too_many = {closing: link.count(closing) - link.count(opening) for closing, opening in BRACKETS.items()}
    end = len(link)
    while end and (link[end - 1] in ENDS or too_many.get(link[end - 1], 0) > 0):
        end -= 1
        if link[end] in too_many:
            too_many[link[end]] -= 1
    return link[:end]


def is_picture(thing: str) -> bool:
    """Whether a thing is an emoji or its like, which stands beside a sentence and not in it."""
    return not any(map(str.isalnum, thing)) or (thing[0] == thing[-1] == ":" and len(thing) > 2)


def may_have_things(text: str) -> bool:
    """A quick look: False for most lines, which hold no thing; True where QUICK or QUICK_SYMBOLS find something."""
    if any(map(text.__contains__, CALLED)):
        return True
    if text.isascii():
        return QUICK_AT.search(text) is not None
    return bool(QUICK_AT_ANY.search(text) or QUICK_SYMBOLS.search(text))


def all_kinds() -> regex.Pattern[str]:
    """All things in one expression, each kind a group: the definition. To look for it takes some 200 µs a line."""
    import regex

    return regex.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in KINDS.items()))


@cache
def _kind(name: str) -> regex.Pattern[str]:
    import regex  # only where a line needs it: importing it takes a moment

    return regex.compile(KINDS[name])
