"""Language codes as people write them, and what joins two sentences of a language."""

import re

SHORT = {
    "ara": "ar", "aze": "az", "ben": "bn", "bul": "bg", "ces": "cs", "cmn": "zh", "cze": "cs", "dan": "da", "deu": "de",
    "dut": "nl", "ell": "el", "eng": "en", "fas": "fa", "fin": "fi", "fra": "fr", "fre": "fr", "ger": "de", "gre": "el",
    "heb": "he", "hin": "hi", "hun": "hu", "ind": "id", "ita": "it", "iw": "he", "jp": "ja", "jpn": "ja", "kor": "ko",
    "mar": "mr", "nb": "no", "nep": "ne", "nld": "nl", "nn": "no", "nor": "no", "pes": "fa", "pol": "pl", "por": "pt",
    "ron": "ro", "rum": "ro", "rus": "ru", "slk": "sk", "spa": "es", "srp": "sr", "swe": "sv", "tam": "ta", "tha": "th",
    "tur": "tr", "ukr": "uk", "urd": "ur", "vie": "vi", "yue": "zh", "zho": "zh", "chi": "zh", "lzh": "zh", "wuu": "zh",
}  # fmt: skip
"""ISO 639-2 and -3, and other spellings, to the code that the tables of this room use."""
UNSPACED_LANGUAGES = frozenset({"zh", "ja"})
"""Languages that put no blank between sentences. Thai, Lao, Khmer and Burmese put none between words, but one between
sentences."""
UNSPACED_END = re.compile(r"[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff65”’…—\U00020000-\U0003ffff]$")
"""Chinese and Japanese characters, and the marks that they stand with."""


def language_code(language: str) -> str:
    """``en`` of "en", "EN", "en-GB", "en_US" and "eng"; "" of "". Codes that are not known here stay."""
    first = language.strip().lower().replace("_", "-").partition("-")[0]
    return SHORT.get(first, first)


def glue(language: str, before: str = "", after: str = "") -> str:
    """The text between two sentences of ``language``: a blank, but nothing in Chinese and Japanese.

    Where the sentences ``before`` and ``after`` the joint are given, two that meet with Latin letters or digits get a
    blank in Chinese, too, and without a ``language`` two that meet with Chinese characters or marks get none.
    """
    code = language_code(language)
    if code in UNSPACED_LANGUAGES:
        return " " if before[-1:].isascii() and after[:1].isascii() and before and after else ""
    if not code and UNSPACED_END.search(before) and re.match(r"[\u2e80-\u30ff\u3400-\u9fff“‘（]", after):
        return ""
    return " "
