"""A run in the library is the command's: the same folder, whoever starts it."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import glassformer
from glassformer.errors import CheckpointError, ConfigError, TrainingError
from tests.made_up import write_corpus

SETTINGS: dict[str, Any] = {
    "vocabulary_size": 340, "d_model": 32, "heads": 2, "d_ff": 64, "encoder_layers": 1, "decoder_layers": 1,
    "batch_tokens": 400, "learning_rate": 0.005, "warmup_steps": 20, "max_steps": 60, "validate_every": 20, "held_out": 10,
    "precision": "float32", "average_decay": 0.9, "time_limit": 0.0, "patience": 0, "validation_sentences": 4,
}  # fmt: skip
TIMES = {"seconds", "tokens_per_second", "seconds_left", "command"}
"""What no two runs have in common."""


def command(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["glassformer", *words])
    with pytest.raises(SystemExit) as end:
        importlib.import_module("glassformer.cli.app").main()
    assert not end.value.code


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(one) for name, one in value.items() if name not in TIMES}
    return value


def contents(run: Path) -> dict[str, Any]:
    """Each file of a run: its bytes, or what it says but for times. A manifest has the hashes of files that hold some."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        name = path.relative_to(run).as_posix()
        if path.name in ("card.json", "training.json"):
            found[name] = without_times(json.loads(path.read_text()))
        elif path.name == "metrics.jsonl":
            found[name] = [without_times(json.loads(line)) for line in path.read_text().splitlines()]
        elif path.name == "manifest.json":
            found[name] = sorted(json.loads(path.read_text()))
        else:
            found[name] = path.read_bytes()
    return found


def test_the_command_and_python_leave_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = write_corpus(tmp_path, count=120)
    tables = {"vocabulary_size": "", **dict.fromkeys(("d_model", "heads", "d_ff"), "model")}
    tables |= {"encoder_layers": "model", "decoder_layers": "model"}
    words = ["train", "--source", *corpus.source, "--target", *corpus.target, "--out", str(tmp_path / "typed")]
    words += ["--vocabulary-size", "340", "--threads", "1"]
    for name, value in SETTINGS.items():
        if table := tables.get(name, "training"):
            words += ["--set", f"{table}.{name}={value}"]
    command(words, monkeypatch)
    run = glassformer.train(corpus.source[0], corpus.target[0], out=tmp_path / "called", threads=1, **SETTINGS)
    assert run.outcome is not None
    assert (run.outcome.step, run.outcome.complete) == (60, True)
    typed, called = contents(tmp_path / "typed"), contents(run.folder)
    assert [*typed] == [*called]
    for name, content in typed.items():
        assert content == called[name], name
    assert run.best.parent == (tmp_path / "called" / "checkpoints")
    assert run.newest is not None
    assert run.newest.name == "step-00000060"
    assert run.translator(engine="native").card["command"].startswith("glassformer.train(source=[")
    assert {finding.weight for finding in run.diagnose()} <= {"bad", "watch", "good"}


def test_a_run_is_opened_and_goes_on(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path, count=120)
    stops = iter(["", "", "enough"])
    out = tmp_path / "run"
    run = glassformer.train(corpus.source, corpus.target, out, threads=1, stop=lambda: next(stops), **SETTINGS)
    assert run.outcome is not None
    assert (run.outcome.step, run.outcome.why, run.outcome.complete) == (3, "enough", False)
    again = glassformer.Run.open(out)
    assert again.settings["model"]["heads"] == 2
    with pytest.raises(CheckpointError, match="no best checkpoint yet"):
        _ = again.best
    with pytest.raises(TrainingError, match="heads=2, and now it is 4"):
        again.go_on(heads=4)
    assert again.go_on(max_steps=5, threads=1).step == 5
    assert again.best.name == "step-00000005"


def test_what_is_no_run_and_no_setting(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no run's folder"):
        glassformer.Run.open(tmp_path)
    with pytest.raises(CheckpointError, match="gone is not there: give a run's folder"):
        glassformer.Run.open(tmp_path / "gone")
    with pytest.raises(ConfigError, match="unknown setting 'haeds': did you mean heads"):
        glassformer.train("a", "b", out=tmp_path / "run", haeds=4)
    with pytest.raises(ConfigError, match="no training data"):
        glassformer.train(out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
