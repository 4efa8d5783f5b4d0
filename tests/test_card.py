"""A model's card: one way to write it, one way to read it."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import glassformer
from glassformer.card import READ, Card, check_card
from glassformer.errors import CheckpointError

FULL = Card(
    languages="en-de", data=("a.en",), longest=40, split_above=9, sentences=2, plain_case=False, source_scripts=("Latin",),
    bleu_tokenizer="char", alignment_layer=0, taught={"head": "encoder.layers.0.self_attention:1"}, rounded=0.25,
    command="glassformer train", teachers=("en-de",), glassformer="0.1.0", parameters=5, pairs=6, training={"step": 7},
)  # fmt: skip


def test_a_card_that_is_written_is_read_again() -> None:
    assert Card.of(FULL.to_dict()) == FULL
    assert Card.of({**FULL.to_dict(), "anything": ["else"]}) == FULL
    assert Card.of({}) == Card()
    assert Card().to_dict() == {"plain_case": True}
    assert set(READ) == set(vars(FULL))


@pytest.mark.parametrize("name", READ)
def test_a_value_of_another_type_is_refused_in_a_file_and_never_taken(name: str) -> None:
    wrong: dict[str, Any] = {name: [{"x": None}]}
    assert Card.of(wrong) == Card()
    with pytest.raises(CheckpointError, match=f"{name} is .*: wanted"):
        check_card(wrong, Path("card.json"))


def test_older_cards_called_the_longest_sentence_by_another_name() -> None:
    assert Card.of({"split_above": 30}).limit == 30
    assert replace(FULL, split_above=30).limit == 40
    assert (FULL.source, FULL.target) == ("en", "de")


def test_nobody_else_reads_a_card_by_its_names() -> None:
    package = Path(glassformer.__file__).parent
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
            if asked:
                assert not ast.unparse(node.func.value).endswith("card"), f"{path}, line {node.lineno}: use Card.of"
