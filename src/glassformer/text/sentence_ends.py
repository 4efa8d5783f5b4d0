"""Where sentences end: the library sentencex, and rules of our own where it is wrong or has no opinion.

A full stop ends a sentence, or an abbreviation, or both; the rules decide by the words on both of its sides. Where they
have nothing to say the library decides, which knows the marks and abbreviations of some three hundred languages.
"""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

from glassformer.text.abbreviations import MEASURES, MONTHS, ORDINAL_AFTER, Abbreviations, abbreviations

QUOTE = 200
"""Characters: a quotation or a bracket of up to this length is not cut inside."""
NESTED = 6
"""Quotations and brackets within each other, and such that stand side by side: more are not looked at."""
STOPS = ".!?…"
WIDE = "。！？｡।॥؟۔။។።፧։܂߹᙮᠃᠉᱾᱿꓿꘎꛳꤯꧉꫰꯫‼⁇⁈⁉"
"""Marks that end a sentence also where no blank follows."""
EMOJI = "[\U0001f000-\U0001faff\u2600-\u27bf][\u200d\ufe0f\U0001f000-\U0001faff\u2600-\u27bf]{0,20}"
CLOSING = (
    r"""(?:["'”’»›)\]}」』）】》〉］]|[“‘«](?=[\s,;:.]|$)|\[\d{1,3}\]|[ \u00a0\u202f]»){0,9}"""
    rf"(?:[ \u00a0]?{EMOJI}){{0,9}}"
)
CANDIDATE = re.compile(
    rf"(?<![{STOPS}{WIDE}])(?:[{STOPS}]*[{WIDE}][{STOPS}{WIDE}]*{CLOSING}\s*|[{STOPS}]+{CLOSING}(?:\s+|$)"
    r"|(?<=[\u2e80-\u9fff])[.!?]+[\"”]?(?=[\u2e80-\u9fff“「『（]))"
)
"""A mark, or several, with what closes behind it and the white space after. The last line: 你好!再见 in ASCII marks."""
INSIDE = re.compile(
    rf"[{STOPS}][^\w\s]{{0,20}}(?:\[\d+\])?\s+\S|[{WIDE}]|[\u2e80-\u9fff][.!?][\"”]?[\u2e80-\u9fff“「『（]|\n\s*\n|;\s+\S"
)
"""A sign that a text of several sentences has somewhere: without one there is no end inside."""
INSIDE_AT = re.compile(
    rf"[{STOPS}{WIDE};\n\u2e80-\u9fff](?:(?<=[{STOPS}])[^\w\s]{{0,20}}(?:\[\d+\])?\s+\S|(?<=[{WIDE}])"
    r"|(?<=[\u2e80-\u9fff])[.!?][\"”]?[\u2e80-\u9fff“「『（]|(?<=\n)\s*\n|(?<=;)\s+\S)"
)
"""The same, found in a third of the time: Python's ``re`` runs over all characters but those that the set at the beginning
has. Most lines end here."""
PARAGRAPH = re.compile(r"\n\s*\n")
SPAN = re.compile(
    rf"“[^“”]{{1,{QUOTE}}}”|„[^„“”]{{1,{QUOTE}}}[“”]|‚[^‚‘’]{{1,{QUOTE}}}‘|‘(?:[^‘’]|’(?=\w)){{1,{QUOTE}}}’(?!\w)"
    rf"|「[^「」]{{1,{QUOTE}}}」|『[^『』]{{1,{QUOTE}}}』|《[^《》]{{1,{QUOTE}}}》|（[^（）]{{1,{QUOTE}}}）"
    rf"|\([^()]{{1,{QUOTE}}}\)|\[[^\[\]]{{1,{QUOTE}}}\]"
    rf"""|(?<![\w"])"[^"\n]{{1,{QUOTE}}}"|(?<=[\u2e80-\u9fff，：。])"[^"\n]{{1,{QUOTE}}}\""""
    rf"""|(?<!\w)'(?=[\w¿¡])(?:[^'\n]|'(?=\w)){{1,{QUOTE}}}(?<=[.!?,…])'(?!\w)"""
)
FRENCH_QUOTE, GERMAN_QUOTE = re.compile(rf"«[^«»]{{1,{QUOTE}}}»"), re.compile(rf"»[^«»]{{1,{QUOTE}}}«")
OPENING = re.compile(r"""[\s"'“”„«»‚‘‹›(\[{¿¡–—\-*•「『（《]*""")
NEXT_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
LAST_WORD = re.compile(r"""[^\s"“”„«»‚‘(\[{（「『,;:!?…/–—。！？，、；：]{1,30}$""")
DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
FOOTNOTE = re.compile(r"\[\d{1,3}\]\s*$")
TIME_FIRST = re.compile(r"\W*(?:At|In|On|By|From|After|Before|Since|Until|Around|About)\s+(?:\S+\s+){0,2}")
"""At 6 p.m. Mr. Yates left: what stands before the abbreviation is no sentence."""
BRAND = re.compile(r"[a-z]{1,2}[A-Z]")
"""iPhone, eBay: small at a sentence's beginning, too."""
VERB = re.compile(r"[^\W\d_]{4,}")
"""A whole word in small letters, before a number: it was built. 1945 it burnt down. Abbreviations are in the tables."""
INITIAL = re.compile(r"(?:[^\W\d_]\.?-)*[^\W\d_]")
ROMAN = re.compile(r"[IVX]{1,6}|[IVXLCDM]{2,8}")
ITEM = re.compile(r"\(?(?:[A-Za-z]|[ivx]{1,4}|\d{1,2})\)\s+(?=\S)")
"""The beginning of an item of a list: b) Second, (ii) then."""
COUNTED = re.compile(r"(\d{1,2})\.\s+(?=\S)")
"""3. Serve: an item where the text has 2. Boil before it."""
CJK_END = re.compile("[\u2e80-\u9fff]$")
SPEECH = re.compile(
    r"[^\s,.;:!?]+ (?:said|asked|cried|shouted|replied|answered|whispered|called|yelled|screamed|added|exclaimed|murmured"
    r"|laughed|sighed|wondered|muttered|says|asks|begged|demanded|insisted|snapped|warned|thought)\b"
    r"|[^，。！？\s「『“（]{0,8}(?:说|說|问|問|道|答|喊|叫|笑着|想着)|と|って"
    r"|[^।.!?,]{0,24}(?:कहा|पूछा|बोला|बोली|बोले|चिल्लाया|चिल्लाई|चिल्लाए|पुकारा|जवाब|फुसफुसाया|फुसफुसाई)"
    r"|و?(?:قال|سأل|صاح|أجاب|هتف|همس|رد|صرخ|أضاف|تساءل)(?:ت|وا)?\b"
)
"""After a quotation: who says it. The sentence goes on."""


@dataclass(frozen=True)
class Text:
    """A text whose sentence ends are asked for."""

    text: str
    code: str

    @cached_property
    def known(self) -> Abbreviations:
        return abbreviations(self.code)

    @cached_property
    def cased(self) -> bool:
        """Whether capitals say something: the text has both sizes of letters, or none at all of either."""
        return self.text != self.text.lower() and self.text != self.text.upper()

    @cached_property
    def small(self) -> bool:
        """Whether it has small letters and no capitals."""
        return self.no_capitals and self.text != self.text.upper()

    @cached_property
    def no_capitals(self) -> bool:
        return self.text == self.text.lower()

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Quotations and brackets that are not cut inside, first and last character."""
        found = [(match.start(), match.end() - 1) for match in SPAN.finditer(self.text)]
        first = next((mark for mark in self.text if mark in "«»"), "")
        if first:
            quote = GERMAN_QUOTE if first == "»" else FRENCH_QUOTE
            found += [(match.start(), match.end() - 1) for match in quote.finditer(self.text)]
        return sorted(found)

    @cached_property
    def library(self) -> list[int]:
        """Where the library says that a sentence ends: the places behind it."""
        import sentencex

        language = self.code or "en"
        text = re.sub("[\ud800-\udfff]", "\ufffd", self.text)  # the library wants UTF-8
        places, place = [], 0
        for piece in sentencex.segment(language, text):
            place += len(piece)
            places.append(place)
        return places

    def span_around(self, place: int) -> tuple[int, int] | None:
        """The quotation or bracket that ``place`` stands in."""
        number = bisect_left(self.spans, (place, 0))
        return next((span for span in self.spans[max(0, number - NESTED) : number] if place < span[1]), None)

    def span_closed(self, start: int, stop: int) -> tuple[int, int] | None:
        """The outermost quotation or bracket whose last character is in ``start`` … ``stop``."""
        number = bisect_left(self.spans, (stop, 0))
        return next((span for span in self.spans[max(0, number - NESTED) : number] if start < span[1] < stop), None)


def sentence_ends(text: str, code: str = "") -> list[int]:
    """The places behind the sentences of ``text``, white space included; the last is its end. ``code``: the language's."""
    if not INSIDE_AT.search(text):
        return [len(text)] if text else []
    whole = Text(text, code)
    ends: list[int] = []
    start = 0
    for match in CANDIDATE.finditer(text):
        stop = _behind(whole, match)
        if stop >= len(text):
            break
        if text[start : min(start + QUOTE, match.start())].strip() and _ends(whole, start, match, stop):
            ends.append(stop)
            start = stop
    paragraphs = [match.end() for match in PARAGRAPH.finditer(text) if text[: match.start()].strip()]
    if code == "el":  # its question mark is written as a semicolon
        paragraphs += [match.end() for match in re.finditer(r"[;\u037e]\s+(?=[«“\"]?[\u0386-\u03ab])", text)]
    return sorted({*ends, *(place for place in paragraphs if place < len(text)), len(text)})


def _behind(whole: Text, match: re.Match[str]) -> int:
    """Where the next sentence would begin: before a quotation that opens, where no blank stands before it."""
    text, stop = whole.text, match.end()
    number = bisect_left(whole.spans, (match.start(), 0))
    return next((a for a, _ in whole.spans[number : number + NESTED] if a < stop and text[a] in "\"'"), stop)


def _ends(whole: Text, start: int, match: re.Match[str], stop: int) -> bool:
    """Whether the sentence that begins at ``start`` ends at the marks of ``match``."""
    text = whole.text
    marks = match.group()
    if PARAGRAPH.search(marks):
        return True
    if whole.span_around(match.start()) is not None and whole.span_closed(match.start(), stop) is None:
        return False
    rest = text[stop : stop + 60]
    if rest[:1] in ".,;:?!…)]}，、；：)" or rest[:2] in ("» ", "» "):
        return False
    item = ITEM.match(rest)
    begins = item.end() if item else OPENING.match(rest).end()  # type: ignore[union-attr]  # it matches nothing, too
    word = NEXT_WORD.match(rest, begins)
    following = word.group() if word else ""
    if not item and following[:1].islower() and not whole.no_capitals and not re.match(r"[a-z]+[A-Z]", following):
        return False
    closed = whole.span_closed(match.start(), stop)
    if closed is not None and (answer := _ends_behind_span(whole, start, closed, rest, following)) is not None:
        return answer
    run = re.match(rf"[{STOPS}{WIDE}]+", marks).group()  # type: ignore[union-attr]
    before = text[max(start, match.start() - QUOTE) : match.start()]
    if run[0] == "…" or run.startswith(".."):
        return _ends_with_ellipsis(whole, before, run, following)
    if FOOTNOTE.search(marks.rstrip()):
        return True
    if run == ".":
        answer = _ends_with_stop(whole, before, rest, following)
        if answer is not None:
            return answer
        if item is not None:
            return True
        return bisect_right(whole.library, match.start()) < bisect_right(whole.library, stop)
    return True


def _ends_behind_span(whole: Text, start: int, span: tuple[int, int], rest: str, following: str) -> bool | None:
    """Whether a sentence ends with a quotation or bracket that has its own mark; None where that is an ordinary end."""
    text, (opened, closed) = whole.text, span
    before = text[max(start, opened - QUOTE) : opened].rstrip()
    if text[closed] in ")）]":
        if not before:
            return True
        return False if re.match(r"[\w(（]", rest) and following.casefold() not in whole.known.starters else None
    if text[closed] == "》":
        return False
    if SPEECH.match(rest) and before[-1:] not in (":", "："):
        return False
    caseless = not following or following[:1].upper() == following[:1].lower()
    if before and caseless and following and before[-1] not in ":,：，،.!?。！？":
        return False  # “…” is a part of the sentence: no colon or comma begins it
    return None


def _ends_with_ellipsis(whole: Text, before: str, run: str, following: str) -> bool:
    """Three dots end a sentence where a capital follows, but in “I… I did not know”."""
    words = NEXT_WORD.findall(before)
    words_before = len(before.split())
    if words and following and words[-1].casefold() == following.casefold():
        return False
    if following and following[0].upper() == following[0].lower():
        return whole.code not in ("zh", "ja") and words_before > 3 and run[0] == "."
    if whole.code == "de":
        return words_before > 3 or (words_before > 1 and following.casefold() in whole.known.starters)
    return words_before > 1 or following.casefold() in whole.known.starters - {"i"}


def _ends_with_stop(whole: Text, before: str, rest: str, following: str) -> bool | None:
    """Whether a full stop ends a sentence; None: no rule knows."""
    known = whole.known
    last = LAST_WORD.search(before)
    word = re.sub(r"^(?:[cdjlmnst]|qu|dell|all|sull|nell|un)['’](?=\w)", "", last.group(), flags=re.I) if last else ""
    if not word or not last:
        return None
    alone = not before[: last.start()].strip(" \t\n\u00a0\"'“„«(-*•")
    starts = following.casefold().replace("’", "'") in known.starters and whole.cased
    item = ITEM.match(rest)
    number = (
        (bool(item) and len(word) > 1)
        or rest[:1].isdecimal()
        or (bool(ROMAN.fullmatch(following)) and following != "I")
    )
    number |= following.casefold() in known.numbered and _numbers(rest.partition(following)[2])
    if word.isdecimal():
        inside = (alone and len(word) <= 3) or _item_inside(before, word)
        return False if inside else _ends_with_number(whole, word, before, following)
    begun = before[: -len(word)]
    if word in known.everyday and not alone and following[:1].isupper() and not re.search(r"\d\s*$", begun):
        return True
    if whole.code != "de" and word in MEASURES and following[:1].isupper() and re.search(r"\d\s*$", begun):
        return True
    for name in _names(before, word):
        if name in known.numbered and number:
            return False
        if name in known.lists and following:
            return whole.cased if following[0].upper() != following[0].lower() else True
        if name in known.sometimes:
            if TIME_FIRST.fullmatch(begun):
                return False
            if item or _next_item(before, rest):  # Boil it for 20 min. b) Serve
                return True
            return starts if following and following[0].upper() != following[0].lower() else _caseless(name, following)
        if name in known.never:
            return False
    if item:
        return True
    if DOTTED.fullmatch(word):
        return starts
    if INITIAL.fullmatch(word) and not whole.small:
        initial_follows = len(following) == 1 and rest.partition(following)[2][:1] == "."  # S. A.
        return starts and not (number or initial_follows or _initials_before(before))
    if following and (word in known.starters or CJK_END.search(word)):
        return True  # the library knows of abbreviations that are spelt like everyday words
    if whole.code == "de" and ROMAN.fullmatch(word):
        return starts
    if word.casefold() in known.numbered and not number:
        if re.search(r"\d\.?\s+$", begun):  # 3 févr. Paul
            return starts
        return True if whole.cased else None
    if BRAND.match(following) or (rest[:1].isdecimal() and word.islower() and VERB.fullmatch(word)):
        return True
    return None


def _numbers(rest: str) -> bool:
    """Whether an abbreviation that ``rest`` goes on behind has a number: Ref. No. 12."""
    return bool(re.match(r"\.\s?#?\d", rest))


def _item_inside(before: str, number: str) -> bool:
    """Whether a list's item begins within a sentence: first 1. open it, 2. Water it."""
    behind_mark = re.search(rf"[,;:]\s+{number}$", before)
    return bool(behind_mark) and (int(number) == 1 or bool(re.search(rf"(?:^|[\s(]){int(number) - 1}\.\s", before)))


def _next_item(before: str, rest: str) -> bool:
    """Whether a list's next item begins: 3. Serve behind 2. Boil it for 20 min."""
    found = COUNTED.match(rest)
    return bool(found) and bool(re.search(rf"(?:^|[.!?:;]\s+){int(found[1]) - 1}[.)]\s", before))  # type: ignore[index]


def _names(before: str, word: str) -> list[str]:
    """The entries that the tables may have: the last three words together (i. d. R.), two (z. B.), and the last one."""
    found = [word.casefold()]
    tail = re.search(r"(?:[^\s.]{1,6}\.\s?){1,3}$", before[: len(before) - len(word)][-24:])
    if tail:
        pieces = re.findall(r"[^\s.]+", tail.group())
        for count in range(1, len(pieces) + 1):
            found.insert(0, ".".join([*pieces[-count:], word]).casefold())
    return found


def _caseless(name: str, following: str) -> bool:
    """In scripts without capitals: etc. ends a sentence, other abbreviations rather not."""
    return bool(following) and name in ("etc", "इत्यादि", "आदि", "إلخ", "الخ")


def _initials_before(before: str) -> bool:
    """J. R. R.: a name has begun."""
    return bool(re.search(r"(?:^|[\s(“\"])[^\W\d_]\.[\s-]?[^\W\d_]$", before))


def _ends_with_number(whole: Text, word: str, before: str, following: str) -> bool | None:
    """A number with a full stop: in German perhaps an ordinal."""
    if whole.code not in ("de", "") or not following:
        return None
    if following.casefold() in MONTHS and int(word) <= 31:
        return False
    if whole.code != "de" or len(word) > 2:
        return None
    earlier = NEXT_WORD.findall(before[-40:])
    ordinal = bool(earlier) and earlier[-1].casefold() in ORDINAL_AFTER
    return not ordinal or following.casefold() in whole.known.starters - {"a"}
