"""Which scripts a text is written in, and whether a model was trained on them.

A letter's script is taken from its Unicode name ("DEVANAGARI LETTER KA"), which the standard library has.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from glassformer.text.languages import language_code

OF_NAME = {
    "CJK": "Han", "KANGXI": "Han", "IDEOGRAPHIC": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
    "MODIFIER": "", "FEMININE": "Latin", "MASCULINE": "Latin", "MICRO": "", "OHM": "", "KELVIN": "Latin",
    "ANGSTROM": "Latin", "BOPOMOFO": "Han",
}  # fmt: skip
"""By a name's first word, where that is not the script's name."""
DESCRIBED = {"Han": "Chinese characters (Han)", "Kana": "Japanese kana", "Hangul": "Korean letters (Hangul)"}
LANGUAGES = {
    "Arabic": "ar fa ur ps ckb ug sd", "Armenian": "hy", "Bengali": "bn as", "Cyrillic": "ru uk be bg mk sr kk ky mn tg tt",
    "Devanagari": "hi mr ne sa", "Ethiopic": "am ti", "Georgian": "ka", "Greek": "el", "Gujarati": "gu", "Gurmukhi": "pa",
    "Han": "zh ja", "Hangul": "ko", "Hebrew": "he yi", "Kana": "ja", "Kannada": "kn", "Khmer": "km", "Lao": "lo",
    "Latin": "af az bs ca cs cy da de en eo es et eu fi fr ga gl hr hu id is it la lb lt lv ms mt nl no oc pl pt ro sk sl "
    "sq sr sv sw tl tr uz vi zu ku so ha yo ig xh mg ht jv su",
    "Malayalam": "ml", "Myanmar": "my", "Oriya": "or", "Sinhala": "si", "Tamil": "ta", "Telugu": "te", "Thaana": "dv",
    "Thai": "th", "Tibetan": "bo dz",
}  # fmt: skip
"""The scripts that each language is written in."""
SHARE = 0.5
"""The share of letters in unknown scripts from which a text is foreign."""
WORDLIKE = 3
"""Letters of an alphabet that say as much as one Chinese, Japanese or Korean character."""
FEWEST = 3
"""Letters of an alphabet: fewer are a sign or an abbreviation (π, Ω). Of Chinese, Japanese and Korean ones is enough."""
FEWEST_LATIN = 8
"""Latin letters at a model that reads none: names and codes stand in every language's text."""
COMMON = 0.01
"""The share of a corpus's letters from which on its model is taken to read a script."""


def scripts_of(text: str) -> Counter[str]:
    """How many letters of ``text`` each script has: {"Latin": 11, "Han": 2}. Digits, marks and emoji have none."""
    if text.isascii():
        letters = sum(map(str.isalpha, text))
        return Counter({"Latin": letters} if letters else {})
    found: Counter[str] = Counter()
    for character, count in Counter(text).items():
        if script := script_of(character):
            found[script] += count
    return found


@lru_cache(maxsize=20_000)
def script_of(character: str) -> str:
    """The script of a letter, "" of any other character."""
    if not character.isalpha():
        return ""
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    first = name.split(" ")[0]
    return OF_NAME.get(first, first.capitalize())


def scripts_of_language(language: str) -> frozenset[str]:
    """The scripts that a language is written in; none for one that is not known here."""
    code = language_code(language)
    return frozenset(script for script, languages in LANGUAGES.items() if code in languages.split())


def common_scripts(lines: Iterable[str]) -> list[str]:
    """The scripts that have a part worth naming in ``lines``, the commonest first: what a model trained on them reads."""
    found: Counter[str] = Counter()
    for line in lines:
        found += scripts_of(line)
    return [script for script, count in found.most_common() if count >= COMMON * found.total()]


def foreign(text: str, known: Collection[str] = (), language: str = "") -> str:
    """Why a model cannot read ``text``, in a line: "the text is mostly Chinese characters (Han); this model reads English
    (Latin)"; "" where its script is known, or nothing is known of the model.

    ``known``: the scripts that the model was trained on; without them those of ``language``.
    """
    known = frozenset(known) or scripts_of_language(language)
    found = scripts_of(text)
    strange = Counter({script: count for script, count in found.items() if script not in known})
    weight = {script: count * (WORDLIKE if script in DESCRIBED else 1) for script, count in found.items()}
    if not known or not strange or sum(weight[script] for script in strange) < SHARE * sum(weight.values()):
        return ""
    script = strange.most_common(1)[0][0]
    fewest = 1 if script in DESCRIBED else FEWEST_LATIN if script == "Latin" else FEWEST
    if strange.total() < fewest:
        return ""
    mostly = "" if strange.total() == found.total() and len(strange) == 1 else "mostly "
    reads = ", ".join(sorted(known))
    name = NAMES.get(language_code(language), language)
    reads = f"{name} ({reads})" if name else reads
    return f"the text is {mostly}{DESCRIBED.get(script, f'{script} letters')}; this model reads {reads}"


NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""The languages' names in messages."""
