"""``glassformer info``: what a model is."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.errors import CheckpointError

Run = Callable[..., Any]
card_rows = importlib.import_module("glassformer.cli.info").card_rows


def test_help_has_an_example(run: Run) -> None:
    assert "glassformer info runs/mine --json" in run("info", "--help").output


def test_a_model_says_what_it_is_and_where_it_comes_from(run: Run, models: Path) -> None:
    text = run("info").stdout
    for fact in (str(models)[:20], "2 encoder and 2 decoder layers", "350 pieces", "halves", "toy.en, toy.de"):
        assert fact in text
    assert "BLEU 1.25 [0.5, 2.0] (nrefs:1|tok:13a|version:0)" in text


def test_json_has_every_setting(run: Run, models: Path) -> None:
    found = json.loads(run("info", str(models / "en-de"), "--json").stdout)
    assert found["config"]["d_model"] == 24
    assert found["card"]["training"]["step"] == 7
    assert found["parameters"] > 350 * 16
    assert found["bytes"] > 4 * found["parameters"]


def test_a_model_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model"):
        run("info", str(tmp_path))


def test_any_card_can_be_shown() -> None:
    card = {"a": {"b_c": [1, 2.5], "d": None}, "e": [[1, "x"]], "f": True, "g": 1234567, "h": [{"i": "[j]"}]}
    assert list(card_rows(card)) == [
        ("a b c", "1, 2.5"),
        ("a d", "None"),
        ("e", "1, x"),
        ("f", "True"),
        ("g", "1,234,567"),
        ("h i", "[j]"),
    ]
