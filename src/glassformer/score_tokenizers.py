"""Which of sacreBLEU's tokenizers cuts the sentences of a test set into the words that BLEU counts.

13a, the usual one, cuts at blanks and punctuation. In a script without blanks that makes one word a sentence, and nearly
right translations get BLEU 0.00. The language decides, or, where nobody says it, the references' script; once a test set.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from sacrebleu.metrics.bleu import BLEU, _get_tokenizer

from glassformer.errors import ConfigError

USUAL = "13a"
NAMES = tuple(BLEU.TOKENIZERS)
DOWNLOADED = {"spm": "flores101", "flores101": "flores101", "flores200": "flores200", "spBLEU-1K": "spBLEU-1K"}
"""Those whose model sacreBLEU fetches when it is first asked for, by the name that sacreBLEU has today."""
SECONDS = 20.0
"""Seconds that a download may stand still."""
EXTRAS = {"ja-mecab": "ja", "ko-mecab": "ko"}
"""sacreBLEU's extras with what these need."""
ENOUGH = 0.2
"""The share of letters from which a script is the text's: a Chinese sentence may hold English names."""


class Language(NamedTuple):
    """A language, or several of one script, that 13a does not cut into words."""

    name: str
    tokenizer: str
    codes: str
    """ISO 639, and names of scripts as FLORES has them."""
    letters: str
    """The script, as a class of a regular expression."""


HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
LANGUAGES = (
    Language("Chinese", "zh", "zh zho chi cmn yue wuu hak nan lzh", HAN),
    Language("Japanese", "ja-mecab", "ja jpn", HAN + KANA),
    Language("Korean", "ko-mecab", "ko kor", "\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f"),
    Language("Thai", "char", "th tha", "\u0e00-\u0e7f"),
    Language("Lao", "char", "lo lao", "\u0e80-\u0eff"),
    Language("Khmer", "char", "km khm", "\u1780-\u17ff"),
    Language("Burmese", "char", "my mya bur shn mnw", "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"),
    Language("Tibetan", "char", "bo bod tib dz dzo", "\u0f00-\u0fff"),
    Language("Javanese", "char", "", "\ua980-\ua9df"),
    Language("Balinese", "char", "", "\u1b00-\u1b7f"),
    Language("Tai", "char", "khb nod tdd blt", "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"),
    Language("Yi", "char", "ii iii", "\ua000-\ua4cf"),
)
"""Scripts that are written without blanks between words, and Korean, whose words carry their particles with them."""
CHINESE, JAPANESE = LANGUAGES[:2]
REGIONS = {"CN", "HK", "JP", "KR", "MM", "MO", "SG", "TW"}
"""That follow a language, as in zh-CN; none is a language that is translated into."""
SAMPLE = 5000
"""Lines that are looked at, from all over the text."""


@dataclass(frozen=True)
class TokenizerChoice:
    """A tokenizer for a test set."""

    tokenizer: str = USUAL
    """sacreBLEU's name of it."""
    said: str = ""
    """Why it is not the usual one, in a line for the user; "" where it is."""


def choose(references: Sequence[str], *, language: str = "", guess: str = "", tokenize: str = "") -> TokenizerChoice:
    """The tokenizer for these references.

    ``tokenize`` is taken as it is. ``language`` is known ("zh", "en-zh"); ``guess`` comes from a file's name or a model's
    card and holds unless the text is plainly in another script. Without either the script decides.

    Raises ConfigError for a tokenizer that is not there, or cannot be had.
    """
    if tokenize:
        ready(tokenize)
        return TokenizerChoice(
            tokenize, "" if tokenize == USUAL else f"BLEU is counted with sacreBLEU's tokenizer {tokenize}"
        )
    by_script, guessed = language_of_text(references), language_of_code(guess)
    if language:
        found, why = language_of_code(language), "as said"
    elif guessed is not None and by_script in (None, guessed, CHINESE if guessed is JAPANESE else guessed):
        found, why = guessed if holds(references, guessed) else None, "by its file's name or the model's card"
    else:
        found, why = by_script, "by its script"
    if found is None:
        return TokenizerChoice()
    counted = f"the target is {found.name} ({why}): BLEU is counted with sacreBLEU's tokenizer"
    try:
        ready(found.tokenizer)
    except ConfigError as error:
        return TokenizerChoice("char", f"{counted} char, a character a word, in place of {found.tokenizer}: {error}")
    return TokenizerChoice(found.tokenizer, f"{counted} {found.tokenizer}")


def language_of_code(code: str) -> Language | None:
    """The language that 13a does not cut, of ``zh``, ``zh-CN``, ``zho_Hans``; of a pair, ``en-zh``, the target's."""
    parts = [part for part in re.split(r"[-_]", code) if len(part) != len("Hans") and part.upper() not in REGIONS]
    target = parts[-1].lower() if parts else ""
    return next((language for language in LANGUAGES if target in language.codes.split()), None)


def code_in_name(path: str) -> str:
    """``zh`` for test.zh, test.en-zh.zh.gz, zh.ref: the last part of a file's name that is such a language; else ""."""
    parts = PurePath(path).name.split(".")
    return next((part for part in reversed(parts) if language_of_code(part)), "")


def language_of_text(lines: Sequence[str]) -> Language | None:
    """The language that 13a does not cut and most of whose script's letters the text has, if these are enough of all."""
    text = "".join(lines[:: len(lines) // SAMPLE + 1])
    letters = sum(map(str.isalpha, text))
    counts = {language: len(re.findall(f"[{language.letters}]", text)) for language in LANGUAGES}
    if len(re.findall(f"[{KANA}]", text)) < 0.1 * counts[CHINESE]:  # a の in a shop's name
        counts[JAPANESE] = 0
    best = max(counts, key=lambda language: counts[language] + (language is JAPANESE))
    return best if counts[best] > 0 and counts[best] >= ENOUGH * letters else None


def holds(lines: Sequence[str], language: Language) -> bool:
    """Whether any letter of the language's script is there."""
    return any(re.search(f"[{language.letters}]", line) for line in lines)


def ready(name: str) -> Any:
    """sacreBLEU's tokenizer of this name. Raises ConfigError for another name, a package that is missing, and a model
    that cannot be downloaded."""
    if name not in NAMES:
        raise ConfigError(f"{name!r} is no tokenizer of sacreBLEU's: choose {', '.join(NAMES)}")
    before = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(SECONDS)
        return _get_tokenizer(DOWNLOADED.get(name, name))()
    except (Exception, SystemExit) as error:  # sacreBLEU exits at a certificate that it does not trust
        if name in EXTRAS:
            wanted = f"{name} needs MeCab and its dictionary: pip install 'sacrebleu[{EXTRAS[name]}]'"
            raise ConfigError(wanted) from error
        raise ConfigError(not_loaded(name, error)) from error
    finally:
        socket.setdefaulttimeout(before)


def not_loaded(name: str, error: BaseException) -> str:
    """Why a tokenizer that sacreBLEU downloads is not there, and what to do."""
    from sacrebleu.tokenizers.tokenizer_spm import SPM_MODELS
    from sacrebleu.utils import SACREBLEU_DIR

    address = SPM_MODELS[DOWNLOADED[name]]["url"]
    place = Path(SACREBLEU_DIR, "models", PurePath(address).name)
    if place.exists():
        return f"the model of tokenizer {name} is damaged: delete {place}, and sacreBLEU downloads it again"
    return (
        f"the tokenizer {name} needs a model that sacreBLEU downloads once, which failed ({' '.join(str(error).split())}): "
        f"connect to the network, or put {address} at {place}"
    )
