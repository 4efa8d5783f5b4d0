"""benchmarks/pronouns.py judges as a reader would."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def pronouns() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("pronouns")
    sys.path.remove(str(BENCHMARKS))
    for name in ("pronouns", "rows"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("frame", "translation", "right"),
    [
        ("because", "Der Löffel passte nicht in das Glas, weil er zu lang war.", True),
        ("because", "Der Löffel passte nicht in das Glas, weil es zu lang war.", False),
        ("because", "Der Löffel passte nicht in das Glas.", None),
        ("because", "Der Löffel passte nicht in den Krug, weil er zu lang war.", None),
        ("but", "Stecken Sie die Löffel nicht in das Glas, er ist zu lang.", True),
        ("but", "Er legte den Löffel ins Einmachglas und wusch ihn.", True),
        ("it first", "Weil er zu lang war, passte der Löffel nicht in das Glas, und es fiel um.", True),
        ("two sentences", "Der Löffel liegt im Glas. Er ist lang.", True),
        ("two sentences", "Der Löffel liegt im Glas. Sie ist lang.", False),
    ],
)
def test_a_pronoun_is_judged_where_both_nouns_are_seen(pronouns, frame, translation, right):
    row = pronouns.Row("1", frame, "1", "", "spoon", "jar", "Löffel:m", "Glas:n|Dose:f", "er")
    assert pronouns.judge(row, translation) is right


def test_the_sentences_are_pairs_with_one_it(pronouns):
    rows = pronouns.read_rows(BENCHMARKS / "it_frames.tsv")
    pairs = {}
    for row in rows:
        pairs.setdefault(row.pair, []).append((row.noun, row.other, row.frame))
        assert sum(word.strip(".,;?!").lower() == "it" for word in row.sentence.split()) == 1
    assert len(pairs) == 60
    assert all(
        first[0] == second[1] and first[1] == second[0] and first[2] == second[2] for first, second in pairs.values()
    )
