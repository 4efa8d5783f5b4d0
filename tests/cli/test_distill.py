"""``glassformer distill``: one command from a teacher to a student."""

from pathlib import Path

from glassformer.translator import Translator
from tests.cli.test_app import Call
from tests.cli.test_app import call as call  # the fixture
from tests.cli.test_train import SETTINGS, assert_one_line
from tests.toy_translator import ENGLISH, save_toy_translator


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
    assert student.card["teacher"] == str(tmp_path / "teacher")
    assert student.model.config.d_model == 32
    again = call(*words, "--source", str(tmp_path / "many.en"), *settings)
    assert "going on at step 20" in again.err
    assert_one_line(call(*words), "is no run's folder", "--source")
    other = call(*words, "--source", str(tmp_path / "many.en"), "--engine", "native", *settings)
    assert_one_line(other, "another teacher's translations, or made in another way")


def test_a_runs_own_sentences_are_taken(tmp_path: Path, call: Call) -> None:
    from glassformer.cli.distill import sentences, validation
    from tests.training.conftest import write_corpus

    config = write_corpus(tmp_path, count=100)
    settings = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    run = tmp_path / "run"
    call(
        "train",
        "--source",
        config.source[0],
        "--target",
        config.target[0],
        "--out",
        str(run),
        *settings,
        "--threads",
        "1",
    )
    lines, count = sentences(None, run)
    assert count == len(list(lines)) == 100
    found = validation("", "", run, tmp_path)
    assert len(Path(found["valid_source"]).read_text(encoding="utf-8").splitlines()) == 5
