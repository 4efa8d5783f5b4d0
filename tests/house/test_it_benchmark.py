"""benchmarks/it.py judges rightly: what a head's movement is, which pronoun is right, what turning does."""

import dataclasses
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from glassformer.errors import CorpusError
from glassformer.translator import Translator
from tests.toy_translator import save_toy_translator

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS = "cup\tfit in\tbag\ttoo tall\ttoo small\nold dog\tchase\tcat\tlame\tquick\nboat\tpass\tbridge\ttoo tall\tlow\n"


@pytest.fixture(scope="module")
def it() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("it")
    sys.path.remove(str(BENCHMARKS))
    for name in ("it", "rows"):
        sys.modules.pop(name, None)


def test_a_head_that_looks_at_one_noun_always_does_not_move(it: ModuleType) -> None:
    looks = torch.zeros(2, 2, 1, 3, 3)  # [frame, ending, layer, head, key]
    looks[:, :, 0, 0, 0] = 1  # always the first noun
    looks[:, 0, 0, 1, 0] = looks[:, 1, 0, 1, 1] = 0.8  # the right one
    looks[:, 0, 0, 2, 1] = looks[:, 1, 0, 2, 0] = 1  # the wrong one
    assert it.movement(looks).tolist() == [[0, pytest.approx(0.8), -1]]
    row = it.heads(looks, it.best(it.movement(looks)))
    assert (row["head"], row["right_noun"], row["wrong_noun"]) == ("encoder.layers.0.self_attention:1", 0.8, 0)
    assert (row["both_endings_right_percent"], row["head_for_either_noun"]) == (
        100,
        "encoder.layers.0.self_attention:0",
    )


@pytest.mark.parametrize(
    ("translation", "nouns", "pronoun"),
    [
        ("Der Hund fraß die Suppe nicht, weil sie zu heiß war.", ["m", "f"], "sie"),
        ("Das Boot fuhr nicht unter die Brücke, da es zu hoch war.", ["n", "f"], "es"),
        ("Der Becher passte nicht in die Hutschachtel, denn er war zu groß.", ["m", "f"], "er"),
        ("Die Zange hielt den Bolzen nicht, weil der rostig war.", ["f", "m"], "er"),
        ("Der Hund schlief.", ["m"], ""),
        ("Er mochte Suppe nicht, weil er müde war.", ["f"], "er"),
    ],
)
def test_what_is_seen_of_a_translation(it: ModuleType, translation: str, nouns: list[str], pronoun: str) -> None:
    said = it.seen(translation)
    assert (said.nouns, said.pronoun) == (nouns, pronoun)


def test_pronouns_count_one_by_one_and_in_pairs(it: ModuleType) -> None:
    first = ["Der Hund fraß die Suppe nicht, weil er satt war.", "Der Hund fraß die Suppe nicht, weil sie kalt war."]
    second = ["Das Boot zog den Wagen nicht, weil es leck war.", "Das Boot zog den Wagen nicht, weil es voll war."]
    row = it.pronouns([*first, *second])
    assert (row["judged"], row["right_percent"], row["pairs_judged"], row["both_right_percent"]) == (4, 75, 2, 50)
    assert (row["always_es_percent"], row["pronoun_changes_with_the_ending_percent"]) == (25, 50)


def test_any_file_of_this_form_is_measured(it: ModuleType, tmp_path: Path) -> None:
    save_toy_translator(tmp_path / "toy")
    path = tmp_path / "rows.tsv"
    path.write_text(ROWS, encoding="utf-8")
    translator = dataclasses.replace(Translator.load(tmp_path / "toy"), card={})  # no line is split
    heads, article, pronouns, causal = it.measure(translator, path)
    assert (heads["sentences"], pronouns["sentences"], causal["sentences"]) == (2, 6, 2)
    assert heads["head"] == causal["head"] == article["head"]
    frame = it.Frame(*ROWS.split("\n")[1].split("\t"))
    head = (1, 1)
    name, number = it.name_of(head).split(":")
    ids = translator.ids_of(frame.sentence(0), "", None)[0]
    places = it.places_of_words(translator, ids)
    first, _, looking = frame.words()
    with it.ExitStack() as stack:
        for query in places[looking]:
            stack.enter_context(it.turned(translator.model, name, int(number), query, places[first]))
        wanted = translator.translate(frame.sentence(0))
        assert it.look(translator, frame, 0)[1, 1, 0] == pytest.approx(1)
    assert it.turned_to(translator, [(frame, 0, 0)], head) == [wanted]
    assert sum(len(module._forward_hooks) for module in translator.model.modules()) == 0


def test_a_file_of_another_form_is_one_line(it: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text(ROWS + "dog\tbark\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"rows.tsv, line 4: wanted first noun, verb, second noun and two endings"):
        it.read_frames(path)
    path.write_text(ROWS.split("\n")[0], encoding="utf-8")
    with pytest.raises(CorpusError, match="wanted two or more"):
        it.read_frames(path)
