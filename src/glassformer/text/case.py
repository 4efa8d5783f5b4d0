"""SHOUTED and Titled lines, read as if they were neither.

To a tokenizer "STREET" and "Street" are other pieces than "street", and a model that has hardly met them spells instead
of translating. So a translator gives it the line in small letters, and shouts back what a shouted line became. A model
that is trained on such lines reads them as they stand.
"""

import re

from glassformer.text.sentences import sentences

FEWEST_SHOUTED = 2
"""Words: one alone (USA, PDF) is rather a name."""
FEWEST_TITLED = 4
"""Words: fewer are rather names (New York City); 3 where a mark ends them, since few names do (Tom Is Here.)."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MARKS = re.compile(r"[.!?…]\W*$")


def shouted(line: str) -> bool:
    """WHETHER IT HAS SEVERAL WORDS AND NO SMALL LETTER."""
    return line == line.upper() and sum(map(_cased, WORD.findall(line))) >= FEWEST_SHOUTED


def titled(line: str) -> bool:
    """Whether Each Of Its Words Begins With A Capital, and they are too many for a name."""
    words = [word for word in WORD.findall(line) if _cased(word)]
    fewest = FEWEST_TITLED - bool(MARKS.search(line))
    return len(words) >= fewest and all(word[0] != word[0].lower() for word in words) and line != line.upper()


def plain(line: str) -> str:
    """A shouted or titled line in small letters, but for the first one of each sentence; any other as it is."""
    return "".join(map(_capital, sentences(line))) if shouted(line) or titled(line) else line


def _cased(word: str) -> bool:
    return word.upper() != word.lower()


def _capital(sentence: str) -> str:
    """In small letters, the first one capital."""
    first = re.search(r"[^\W\d_]", sentence)
    return sentence if first is None else sentence[: first.end()] + sentence[first.end() :].lower()
