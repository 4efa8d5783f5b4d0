"""python -m glassformer.demo writes the files that a training reads."""

import sys
from pathlib import Path

import pytest

from glassformer.demo.__main__ import main
from tests.house.source import ROOT


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["glassformer.demo", *words])
    return main()


def test_line_n_of_each_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = str(ROOT / "benchmarks" / "it.tsv")
    words = [
        "--pairs",
        "300",
        "--seed",
        "4",
        "--held-out",
        held_out,
        "--held-out",
        held_out,
        "--out",
        str(tmp_path / "made"),
    ]
    assert command(monkeypatch, *words) == 0
    source, target, marks = (
        (tmp_path / "made" / f"it.{ending}").read_text(encoding="utf-8").splitlines()
        for ending in ("en", "de", "marks")
    )
    assert len(source) == len(target) == len(marks) == 300
    assert sum(bool(line) for line in marks) > 270
    for text, line in zip(source, marks, strict=True):
        for mark in line.split():
            pronoun, noun = (int(number) for number in mark.split("-"))
            assert text.split()[pronoun].strip(".,;?").lower() in ("it", "they", "them")
            assert noun < len(text.split())
    said = capsys.readouterr().out
    assert said.startswith("300 pairs in ")
    assert "0 combine what the 200 held-out rows combine" in said


def test_a_missing_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "--held-out", str(tmp_path / "none.tsv"), "--out", str(tmp_path / "made")) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("share", ["1.5", "-0.1", "nan"])
def test_a_share_of_schemas_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], share: str
) -> None:
    with pytest.raises(SystemExit):
        command(monkeypatch, f"--schemas={share}", "--out", str(tmp_path / "made"))
    assert f"--schemas {share}: wanted a share from 0 to 1" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()
