"""How a text is read for a model, for the page's own Worker: the patterns and the words of the rooms ``text`` and
``corpus``, so that ``web/src/text`` has the steps alone, and no table of its own that could differ."""

import re
from collections.abc import Iterable
from string import ascii_letters

from glassformer.corpus.units import UNSPACED_CHARACTER
from glassformer.page.javascript import javascript
from glassformer.page.wire import Rules
from glassformer.text import acronyms, case, other_language, protected, scripts, sentence_ends, typography
from glassformer.text.abbreviations import (
    MEASURES,
    MONTHS,
    NEVER,
    NUMBERED,
    ORDINAL_AFTER,
    SOMETIMES,
    STARTERS,
    abbreviations,
)
from glassformer.text.languages import UNSPACED_LANGUAGES, language_code
from glassformer.text.reading import Reader
from glassformer.text.tokenizer import WORD_START

PATTERNS: dict[str, re.Pattern[str]] = {
    "quick": protected.QUICK,
    "quick_symbols": protected.QUICK_SYMBOLS,
    "word": case.WORD,
    "token": case.TOKEN,
    "marks": case.MARKS,
    "small_dotted": case.SMALL_DOTTED,
    "title": case.TITLE,
    "before_name": case.BEFORE_NAME,
    "number": acronyms.ROMAN,
    **{f"leads_{word.lower()}": pattern for word, pattern in acronyms.LEADERS.items()},
    "candidate": sentence_ends.CANDIDATE,
    "inside": sentence_ends.INSIDE,
    "span": sentence_ends.SPAN,
    "french_quote": sentence_ends.FRENCH_QUOTE,
    "german_quote": sentence_ends.GERMAN_QUOTE,
    "opening": sentence_ends.OPENING,
    "next_word": sentence_ends.NEXT_WORD,
    "last_word": sentence_ends.LAST_WORD,
    "dotted": sentence_ends.DOTTED,
    "footnote": sentence_ends.FOOTNOTE,
    "time_first": sentence_ends.TIME_FIRST,
    "brand": sentence_ends.BRAND,
    "verb": sentence_ends.VERB,
    "initial": sentence_ends.INITIAL,
    "roman": sentence_ends.ROMAN,
    "item": sentence_ends.ITEM,
    "counted": sentence_ends.COUNTED,
    "cjk_end": sentence_ends.CJK_END,
    "speech": sentence_ends.SPEECH,
    "grammar_word": other_language.WORD,
    "unspaced_character": UNSPACED_CHARACTER,
}
KINDS = "|".join(f"(?P<{name}>{pattern})" for name, pattern in protected.KINDS.items())
LONGEST_WORD = 12
"""Characters of an abbreviation."""


def rules_of(reader: Reader) -> Rules:
    """The rules of ``reader``."""
    source = language_code(reader.source)
    patterns = {name: javascript(pattern.pattern) for name, pattern in PATTERNS.items()}
    if reader.protect:
        patterns["things"] = javascript(KINDS, "regex")
    if reader.protect and reader.tokenizer.signs:
        patterns["unknown"] = javascript(reader.tokenizer.unknown.pattern)
        patterns |= {name: javascript(pattern) for name, pattern in typography.PATTERNS.items()}
    return Rules(
        source=source,
        target=language_code(reader.target),
        plain_case=reader.plain_case,
        signs=list(reader.signs),
        scripts=sorted(reader.scripts or scripts.scripts_of_language(source)),
        patterns=patterns,
        words={name: sorted(words) for name, words in words_of(source, reader).items()},
    )


def words_of(source: str, reader: Reader) -> dict[str, Iterable[str]]:
    """The tables that the language asks for."""
    known = abbreviations(source)
    found: dict[str, Iterable[str]] = {
        "acronyms": acronyms.KNOWN,
        "acronyms_and_words": acronyms.words_too(source),
        "helpers": acronyms.HELPERS,
        "no_vowel": acronyms.NO_VOWEL,
        "units": acronyms.UNITS,
        "determiners": acronyms.DETERMINERS,
        **{f"follows_{word.lower()}": words for word, words in acronyms.FOLLOWERS.items()},
        "unspaced_languages": UNSPACED_LANGUAGES,
        "names": case.ENGLISH_NAMES if source in ("en", "") else (),
        "never": known.never,
        "numbered": known.numbered,
        "sometimes": known.sometimes,
        "starters": known.starters,
        "lists": known.lists,
        "everyday": known.everyday,
        "measures": MEASURES if source != "de" else (),
        "months": MONTHS if source in ("de", "") else (),
        "ordinal_after": ORDINAL_AFTER if source == "de" else (),
        "library": library_words(source, reader),
        "plainer": [one + plain for one, plain in reader.tokenizer.plainer.table.items()],
    }
    if source in STARTERS:
        found |= {f"grammar_{code}": abbreviations(code).starters for code in STARTERS}
    return found


def library_words(source: str, reader: Reader) -> set[str]:
    """Behind which words, in the library's view, a full stop ends no sentence: of those in the vocabulary and in our tables
    of abbreviations, in small letters, with a capital and in capitals."""
    import sentencex

    tokenizer = reader.tokenizer
    known = {piece.removeprefix(WORD_START) for piece in tokenizer.tokens(range(len(tokenizer)))}
    known.update(ascii_letters)
    for table in (NEVER, NUMBERED, SOMETIMES):
        known.update(" ".join(table.values()).split())
    short = {word for word in known if word.isalpha() and len(word) <= LONGEST_WORD}
    spelt = {written for word in short for written in (word, word.capitalize(), word.upper())}
    return {word for word in spelt if len(list(sentencex.segment(source or "en", f"Xxx {word}. Xxx"))) == 1}
