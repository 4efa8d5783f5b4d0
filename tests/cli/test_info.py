"""``glassformer info``: what a model is."""

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.cli import compare
from glassformer.config import ModelConfig
from glassformer.disk import write_folder
from glassformer.errors import CheckpointError

Run = Callable[..., Any]
card_rows = importlib.import_module("glassformer.cli.info").card_rows


def test_help_has_an_example(run: Run) -> None:
    assert "glassformer info runs/mine --json" in run("info", "--help").output


def test_a_model_says_what_it_is_and_where_it_comes_from(run: Run, models: Path) -> None:
    text = run("info").stdout
    for fact in (str(models)[:20], "2 encoder and 2 decoder layers", "360 pieces", "halves", "toy.en, toy.de"):
        assert fact in text
    assert "BLEU 1.25 [0.5, 2.0] (nrefs:1|tok:13a|version:0)" in text


def test_a_model_of_another_kind_says_so() -> None:
    rows = importlib.import_module("glassformer.cli.info").config_rows
    told = dict(rows(ModelConfig(vocabulary_size=100, target_vocabulary_size=90, positions="learned", longest=20)))
    assert told["positions"].startswith("learned (a table that is trained)")
    assert told["vocabulary"] == "100 pieces of the source, 90 of the target"


def test_json_has_every_setting(run: Run, models: Path) -> None:
    found = json.loads(run("info", str(models / "en-de"), "--json").stdout)
    assert found["config"]["d_model"] == 24
    assert found["card"]["training"]["step"] == 7
    assert found["parameters"] > 360 * 16
    assert found["bytes"] > 4 * found["parameters"]


def with_card(models: Path, folder: Path, card: dict[str, Any]) -> str:
    """The toy with these entries in its card."""
    files = {path.name: path.read_bytes() for path in (models / "en-de").iterdir() if path.name != "manifest.json"}
    told = {**json.loads(files["card.json"]), **card}
    write_folder(folder, {**files, "card.json": json.dumps(told).encode()})
    return str(folder)


def test_a_model_that_was_trained_often_fits_two_screens(run: Run, models: Path, tmp_path: Path) -> None:
    taught: dict[str, Any] = {"head": "encoder.layers.0.self_attention:1", "until_step": 3900, "in": "the run before"}
    for step in (2636, 2880):
        taught = {"head": "encoder.layers.1.self_attention:3", "until_step": step, "weight": 3, "before": taught}
    command = "glassformer train --source old.en --target old.de"
    figure = {"name": "BLEU", "value": 45.861, "low": 44.3, "high": 47.4, "signature": "tok:13a"}
    scores = [{**figure, "test": "a"}, {**figure, "test": "b"}, {"name": "chrF2", "value": 63.0, "signature": "nc:6"}]
    card = {"taught": taught, "started_from": [{"command": command, "training": {"step": 7}}] * 15, "scores": scores}
    model = with_card(models, tmp_path / "often", card)
    text = run("info", model).stdout
    said = " ".join(text.split())
    assert len(text.splitlines()) < 40
    assert command not in text
    assert "15 earlier trainings: see the card, or --json" in said
    assert "encoder.layers.1.self_attention:3, until step 2,880, weight 3; taught in 2 trainings before" in said
    assert "before before" not in text
    assert "a: BLEU 45.86 [44.3, 47.4] b: BLEU 45.86 [44.3, 47.4] (tok:13a)" in said
    assert said.index("dropout") < said.index("chrF2 63.00 (nc:6)") < said.index("languages en-de")
    everything = json.loads(run("info", model, "--json").stdout)["card"]
    assert {name: everything[name] for name in card} == card
    once = with_card(models, tmp_path / "once", {"started_from": [{"command": command}]})
    assert "1 earlier training: see" in " ".join(run("info", once).stdout.split())


@pytest.mark.parametrize("taught", [{"head": ["x"], "before": {"head": "y"}}, {"before": []}, {"head": "h:1", "in": 3}])
def test_what_a_stranger_says_of_his_trainings_is_shown(
    run: Run, models: Path, tmp_path: Path, taught: dict[str, Any]
) -> None:
    model = with_card(models, tmp_path / "m", {"taught": taught, "started_from": "a friend", "scores": []})
    assert "a friend" in run("info", model).stdout


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


def test_a_card_of_megabytes_does_not_fill_the_terminal(run: Run, models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "en-de", tmp_path / "m")
    files = {path.name: path.read_bytes() for path in (tmp_path / "m").iterdir() if path.name != "manifest.json"}
    shutil.rmtree(tmp_path / "m")
    card = {**json.loads(files["card.json"]), "data": ["x" * 1000] * 900, "own": [{"a": 1}] * 20_000}
    write_folder(tmp_path / "m", {**files, "card.json": json.dumps(card).encode()})
    text = run("info", str(tmp_path / "m")).stdout
    assert len(text) < 100_000
    assert "characters: --json gives all" in " ".join(text.split())
    assert len(run("info", str(tmp_path / "m"), "--json").stdout) > 900_000


@pytest.fixture
def runs(models: Path, tmp_path: Path) -> list[str]:
    """Two runs: the second ended sooner, on other validation pairs, its BLEU counted otherwise."""
    for name, last, tokenizer in (("one", 40, "13a"), ("other", 20, "zh")):
        folder = tmp_path / name
        shutil.copytree(models / "en-de", folder)
        rows: list[dict[str, Any]] = []
        for step in range(10, last + 1, 10):
            rows.append({"kind": "step", "step": step, "loss": 50 / step})
            rows.append(
                {
                    "kind": "validation",
                    "step": step,
                    "loss": 40 / step,
                    "bleu": step / 2,
                    "signature": f"tok:{tokenizer}",
                }
            )
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / "metrics.jsonl").write_text(text + '{"kind": "step", "st', encoding="utf-8")
        (folder / "data").mkdir()
        hashes = {"validation.json": name, "tokenizer.model": "the same"}
        (folder / "data" / "prepared.json").write_text(json.dumps({"sha256": hashes}), encoding="utf-8")
    return [str(tmp_path / "one"), str(tmp_path / "other")]


def test_two_runs_are_compared(run: Run, runs: list[str]) -> None:
    text = run("info", *runs).stdout
    assert "training step" in text  # also what is equal, where one looks for it
    assert "positions" not in text
    assert "other facts are the same" in text
    assert "their validation pairs differ" in text
    assert "their BLEU is not counted the same way (tok:13a and tok:zh)" in text
    assert "tokenizers differ" not in text
    assert "validation BLEU, steps 1 to 40" in text
    one, other = (line for line in text.split("validation BLEU, ")[1].splitlines()[1:3])
    assert one.endswith("20.00")
    assert other.endswith("10.00")
    assert "█" in one
    assert "█" not in other  # one scale
    assert other.index("  10.00") - len(other.split("  10.00")[0].rstrip()) > 10  # and one axis of steps


def test_what_differs_is_shown(run: Run, runs: list[str]) -> None:
    path = Path(runs[1]) / "card.json"
    before = json.loads(path.read_bytes())
    columns = compare.differing(
        [{"a": "1", "b": "2", "languages": "en-de"}, {"a": "1", "b": "3", "languages": "en-de"}]
    )
    assert columns == (["b", "languages"], 1)
    found = json.loads(run("info", *runs, "--json").stdout)["models"]
    assert [one["model"] for one in found] == runs
    assert found[0]["card"] == before


def test_a_run_and_a_model_without_curves(run: Run, runs: list[str]) -> None:
    text = run("info", runs[0], "en-de").stdout
    assert "no figures" in text
    assert "training loss, steps 1 to 40" in text


@pytest.mark.parametrize(
    ("points", "line"),
    [
        ([(1, 0.0), (10, 1.0)], "▁▁▁▁▁▁▁▁▁█"),
        ([(5, 1.0)], "    █     "),
        ([], "          "),
        ([(2, 0.0), (4, 1.0)], " ▁▁█      "),
        ([(1, 0.0), (2, 0.5)], "▁▅        "),
    ],
)
def test_a_curve_is_a_row_of_bars(points: list[tuple[float, float]], line: str) -> None:
    found = compare.line_of(points, last=10, width=10, low=0.0, high=1.0)
    assert found.replace("▄", "▅") == line  # the middle of eight
