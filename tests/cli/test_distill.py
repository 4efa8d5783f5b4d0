"""``glassformer distill``: one command from a teacher to a student."""

import json
import os
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from glassformer.checkpoint import save_model
from glassformer.config import DataConfig
from glassformer.config.tables import read_settings
from glassformer.corpus.files import STANDARD_INPUT
from glassformer.diagnosis.diagnose import training_pairs
from glassformer.runs.distill import Lesson, go_on, pairs_of, read_validation, sentences, validation_files
from glassformer.runs.folder import keep
from glassformer.training.processes import several
from glassformer.translator import Translator
from tests.cli.test_app import Call
from tests.cli.test_app import call as call  # the fixture
from tests.cli.test_train import SETTINGS, assert_one_line
from tests.toy_translator import CARD, ENGLISH, GERMAN, save_toy_translator, toy


def test_a_student_learns_from_its_teachers_translations(tmp_path: Path, call: Call) -> None:
    save_toy_translator(tmp_path / "teacher")
    (tmp_path / "many.en").write_text("".join(f"{line}\n" for line in ENGLISH), encoding="utf-8")
    changed = {**SETTINGS, "training.validation_sentences": 2}
    settings = [word for name, value in changed.items() for word in ("--set", f"{name}={value}")]
    words = ["distill", "--model", str(tmp_path / "teacher"), "--out", str(tmp_path / "student"), "--threads", "1"]
    ended = call(*words, "--source", str(tmp_path / "many.en"), *settings)
    assert ended.status == 0, ended.err
    assert f"{len(ENGLISH)} sentences translated by" in ended.err
    assert "stopped at step 20" in ended.err
    student = Translator.load(tmp_path / "student")
    assert student.card["teachers"] == [str(tmp_path / "teacher")]
    assert student.model.config.d_model == 32
    assert read_settings(tmp_path / "student" / "config.toml")["training"]["stop_on"] == "bleu_alone"
    again = call(*words, "--source", str(tmp_path / "many.en"), *settings)
    assert "going on at step 20" in again.err
    assert "changed" not in again.err
    assert_one_line(call(*words), "is no run's folder", "give --source")
    other = call(*words, "--source", str(tmp_path / "many.en"), "--engine", "native", *settings)
    assert_one_line(other, "another teacher's translations, or made in another way")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder whose model is the toy translator, and which held the first five of its pairs out."""
    save_toy_translator(tmp_path / "run")
    for name, lines in (("en", ENGLISH), ("de", GERMAN)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    files = {"source": [str(tmp_path / "en")], "target": [str(tmp_path / "de")]}
    keep(tmp_path / "run", {"run": {}, "data": files, "model": {}, "training": {}})
    (tmp_path / "run" / "data").mkdir()
    held_out = list(zip(ENGLISH[:5], GERMAN[:5], strict=True))
    (tmp_path / "run" / "data" / "validation.json").write_text(json.dumps(held_out), encoding="utf-8")
    return tmp_path / "run"


def test_a_runs_own_sentences_are_taken_without_those_held_out(run: Path, tmp_path: Path) -> None:
    files = validation_files(Lesson(models=[str(run)]), tmp_path)
    assert list(read_validation(files)) == list(zip(ENGLISH[:5], GERMAN[:5], strict=True))
    lines = sentences([], run, set(ENGLISH[:5]), lambda text: None)
    assert list(lines()) == list(lines()) == ENGLISH[5:]


def test_several_teachers_and_the_pairs(run: Path, tmp_path: Path, call: Call) -> None:
    save_toy_translator(tmp_path / "other")
    words = ["distill", "--model", str(run), "--model", str(tmp_path / "other"), "--engine", "native", "--with-pairs"]
    words += ["--start-from", str(run), "--seed", "7", "--out", str(tmp_path / "student"), "--threads", "1"]
    ended = call(*words, "--set", "training.max_steps=1")
    assert ended.status == 0, ended.err
    taught = tmp_path / "student" / "distilled"
    for name in ("1", "2", "pairs"):
        assert (taught / name / "train.source").read_text(encoding="utf-8").splitlines() == ENGLISH[5:]
    assert (taught / "pairs" / "train.target").read_text(encoding="utf-8").splitlines() == GERMAN[5:]
    assert "5 sentences left out: they stand in the validation pairs" in ended.err
    assert f"{len(ENGLISH) - 5} pairs of {run} beside them" in ended.err
    assert f"{3 * (len(ENGLISH) - 5)} pairs, " in ended.err
    assert Translator.load(tmp_path / "student").card["teachers"] == [str(run), str(tmp_path / "other")]
    settings = tomllib.loads((tmp_path / "student" / "config.toml").read_text(encoding="utf-8"))
    assert settings["training"]["seed"] == 7
    assert settings["run"]["start_from"] == str(run)


def test_a_teacher_goes_on_and_learns_from_itself(run: Path, tmp_path: Path, call: Call) -> None:
    words = ["distill", "--model", str(run), "--itself", "--engine", "native", "--out", str(tmp_path / "student")]
    ended = call(*words, "--set", "training.max_steps=1", "--threads", "1")
    assert ended.status == 0, ended.err
    assert f"{2 * (len(ENGLISH) - 5)} pairs, " in ended.err
    settings = read_settings(tmp_path / "student" / "config.toml")
    assert settings["run"] == {"preset": "tiny", "start_from": str(run)}
    assert (settings["training"]["stop_on"], settings["training"]["patience"]) == ("bleu_alone", 0)
    student = Translator.load(tmp_path / "student")
    assert student.model.config.d_model == Translator.load(run).model.config.d_model
    again = call(*words, "--set", "training.max_steps=1", "--threads", "1")
    assert "going on at step 1" in again.err
    endless = read_settings(None)
    endless["training"] = {"time_limit": 0.0}
    go_on(run, endless)
    assert "patience" not in endless["training"]  # nothing else would end it
    for told in (["--preset", "small"], ["--start-from", str(run)]):
        assert_one_line(call(*words, *told), f"leave {told[0]} out")
    save_toy_translator(tmp_path / "alone")
    assert_one_line(call("distill", "--model", str(tmp_path / "alone"), "--itself"), "is no run's folder")


def test_what_a_run_read_from_standard_input_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, data = tmp_path / "run", DataConfig(source=["-"])
    (run / "data").mkdir(parents=True)
    lines = zip(ENGLISH, GERMAN, strict=True)
    (run / "data" / STANDARD_INPUT).write_text("".join(f"{a}\t{b}\n" for a, b in lines), encoding="utf-8")
    keep(run, {"run": {}, "data": data.to_dict(), "model": {}, "training": {}})
    monkeypatch.setattr(sys, "stdin", None)
    assert list(pairs_of(run)()) == training_pairs(run, data, []) == list(zip(ENGLISH, GERMAN, strict=True))


def test_mistakes_show_before_anything_is_translated(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_toy_translator(tmp_path / "teacher")
    (tmp_path / "many.en").write_text("".join(f"{line}\n" for line in ENGLISH), encoding="utf-8")
    words = ["distill", "--model", str(tmp_path / "teacher"), "--source", str(tmp_path / "many.en")]
    words += ["--out", str(tmp_path / "student")]
    assert_one_line(call(*words, "--set", "model.haeds=4"), "did you mean heads")
    assert_one_line(call(*words, "--start-from", "nothing"), "nothing")
    save_model(tmp_path / "french", replace(toy(), card={**CARD, "languages": "en-fr"}))
    assert_one_line(call(*words, "--model", str(tmp_path / "french")), "the same languages", "french en-fr")
    assert_one_line(call(*words, "--with-pairs"), "is no run's folder", "without --with-pairs")
    save_toy_translator(tmp_path / "other")
    assert_one_line(call(*words, "--model", str(tmp_path / "other")), "none of them can be held out", "--valid-source")
    os.mkfifo(tmp_path / "pipe")
    assert_one_line(call(*words, "--threads", "-1"), "threads=-1: wanted a whole number from 1")
    again = ["distill", "--model", str(tmp_path / "teacher"), "--source", str(tmp_path / "pipe"), "--out", words[-1]]
    assert_one_line(call(*again), "pipe can be read only once")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not several()  # other programs than torchrun set it, too
    monkeypatch.setattr("glassformer.training.processes.several", lambda: True)
    assert_one_line(call(*words), "leave torchrun out")
    assert not (tmp_path / "student").exists()
