"""Is *it* the right er, sie, es in other frames than the article's? Sixty pairs of everyday sentences in 23 frames (it_frames.tsv).

    python benchmarks/pronouns.py --model en-de

A pair is one beginning with two endings, one about each noun. The sentences were written by somebody who had not seen the words
that the package makes sentences of (`glassformer.demo`); no pair of nouns is in it.tsv, single nouns are. Columns: pair, frame,
ending, sentence, the noun that is meant, the other one, what German calls each of them (with its gender), the pronoun.

A translation is judged where both nouns are found in it, of different genders, and a pronoun that can stand for one of them: the
last one of the translation, or the first where *it* comes before its noun. Others are counted and can say nothing.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import rows
import torch

from glassformer.errors import CorpusError
from glassformer.translator import Translator

PRONOUNS = {"er": "m", "ihn": "m", "sie": "f", "es": "n"}
FIRST = "it first"
"""The frame in which *it* comes before its noun."""


class Row(NamedTuple):
    pair: str
    frame: str
    ending: str
    sentence: str
    noun: str
    other: str
    nouns: str
    """German:gender, several with | between."""
    others: str
    pronoun: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--name", help="what the rows call the model")
    parser.add_argument("--rows", type=Path, default=Path(__file__).parent / "it_frames.tsv")
    parser.add_argument("--show", action="store_true", help="print each translation and what was found in it")
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    found, translations = measure(Translator.load(wanted.model), read_rows(wanted.rows))
    if wanted.show:
        for row, text in translations:
            print({None: " ", True: "+", False: "-"}[judge(row, text)], row.sentence, "→", text)
    rows.write("pronouns", [{"model": wanted.name or wanted.model, "sentences": wanted.rows.name, **found}])


def read_rows(path: Path) -> list[Row]:
    """Raises CorpusError for a line that has not nine parts."""
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    for number, line in enumerate(lines, 1):
        if len(line.split("\t")) != len(Row._fields):
            raise CorpusError(f"{path.name}, line {number}: wanted {', '.join(Row._fields)} with tabs between")
    return [Row(*line.split("\t")) for line in lines]


def measure(translator: Translator, asked: Sequence[Row]) -> tuple[dict[str, Any], list[tuple[Row, str]]]:
    """How many pronouns are right, of those that can be judged, and both of a pair; and all translations."""
    translations = list(zip(asked, translator.translate([row.sentence for row in asked]), strict=True))
    judged = {(row.pair, row.ending): judge(row, text) for row, text in translations}
    known = [right for right in judged.values() if right is not None]
    pairs = [[judged[pair, ending] for ending in ("1", "2")] for pair in dict.fromkeys(row.pair for row in asked)]
    both = [pair for pair in pairs if None not in pair]
    return {
        "question": "is er, sie, es of the right noun's gender?",
        "lines": len(asked),
        "frames": len({row.frame for row in asked}),
        "judged": len(known),
        "right_percent": round(100 * sum(known) / max(len(known), 1), 1),
        "pairs_judged": len(both),
        "both_right_percent": round(100 * sum(all(pair) for pair in both) / max(len(both), 1), 1),
    }, translations


def judge(row: Row, translation: str) -> bool | None:
    """Whether the pronoun has the gender of the noun that is meant; None where that cannot be seen."""
    meant, other = gender_in(row.nouns, translation), gender_in(row.others, translation)
    found = pronouns_in(translation)
    if not found or not meant or not other or meant == other:
        return None
    said = found[0] if row.frame == FIRST else found[-1]
    return said == meant if said in (meant, other) else False


def gender_in(nouns: str, translation: str) -> str:
    """The gender of the noun that the translation has; "" for none of them."""
    for noun, _, gender in (one.partition(":") for one in nouns.split("|")):
        if re.search(rf"(?:\b{noun}|{noun.lower()})(?:e?s|e?n|e)?\b", translation):
            return gender
    return ""


def pronouns_in(translation: str) -> list[str]:
    """The genders of *er, sie, es, ihn*; a *Sie* within a sentence is a person who is spoken to."""
    found = re.finditer(r"(?:(?<=[.?!;] )|^|\b)(er|sie|es|ihn)\b|(?:^|(?<=[.?!;] ))(Er|Sie|Es)\b", translation)
    return [PRONOUNS[match.group().lower()] for match in found]


if __name__ == "__main__":
    main()
