"""``glassformer evaluate``: figures with their recipe."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from glassformer.checkpoint import Saved, save_model
from glassformer.cli.score_tables import SystemScores, print_scores
from glassformer.errors import ConfigError, CorpusError
from glassformer.scores import Comparison, Score
from tests.toy_translator import ENGLISH, GERMAN, toy

Run = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    texts = {
        "en": ENGLISH[:6],
        "de": GERMAN[:6],
        "short": GERMAN[:5],
        "empty": [],
        "pieces": ["▁Der ▁Bäck er"] * 6,
        "tsv": [f"{source}\t{target}" for source, target in zip(ENGLISH[:6], GERMAN[:6], strict=True)] + ["a\t"],
    }
    for name, lines in texts.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {name: str(tmp_path / name) for name in texts}


def test_help_has_an_example(run: Run) -> None:
    assert "glassformer evaluate --hypotheses" in run("evaluate", "--help").output


def test_a_model_is_scored_with_signatures_and_intervals(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("evaluate", "--source", files["en"], "--target", files["de"], "--papers", "de", "--output", str(out))
    assert "en-de, 6 sentences" in result.stdout
    assert "100.00  100.0 … 100.0" in result.stdout
    assert "chrF2: nrefs:1|bs:1000|seed:12345|case:mixed" in result.stdout
    assert "moses-tokenised(de)" in result.stdout
    assert out.read_text(encoding="utf-8").splitlines() == GERMAN[:6]


def test_json_says_the_same(run: Run, files: dict[str, str]) -> None:
    found = json.loads(run("evaluate", "--hypotheses", files["de"], "--target", files["de"], "--json").stdout)
    assert found["sentences"] == 6
    assert [score["name"] for score in found["scores"]] == ["BLEU", "chrF2"]
    assert found["scores"][0]["value"] == pytest.approx(100)
    assert all("version:" in score["signature"] and score["low"] is not None for score in found["scores"])


def test_a_tsv_and_two_files_give_the_same(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    """A pair with an empty side was left out of the one, and made the other crash."""
    rows = [line.split("\t") for line in Path(files["tsv"]).read_text(encoding="utf-8").splitlines()]
    rows.append(["", GERMAN[0]])
    for name, side in (("all.en", [row[0] for row in rows]), ("all.de", [row[1] for row in rows])):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in side), encoding="utf-8")
    (tmp_path / "all.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    one = run("evaluate", "--source", str(tmp_path / "all.tsv"), "--json", "--beam", "1").stdout
    two = run(
        "evaluate", "--source", str(tmp_path / "all.en"), "--target", str(tmp_path / "all.de"), "--json", "--beam", "1"
    ).stdout
    assert json.loads(one) == json.loads(two)
    assert json.loads(one)["sentences"] == 8
    assert 30 < json.loads(one)["scores"][0]["value"] < 100


def test_any_two_files_of_equal_length_give_figures(run: Run, tmp_path: Path) -> None:
    """A resample of lines that share nothing with their references ended in a TypeError; so did empty references."""
    for number, (ours, theirs) in enumerate(
        [("Der Bäcker schläft.\nzzz\n", "Der Bäcker schläft.\nAha\n"), ("Ja.\nNein.\n", "\nNein.\n"), ("\n\n", "\n\n")]
    ):
        (tmp_path / "ours").write_text(ours, encoding="utf-8")
        (tmp_path / "theirs").write_text(theirs, encoding="utf-8")
        words = ["evaluate", "--hypotheses", str(tmp_path / "ours"), "--target", str(tmp_path / "theirs"), "--json"]
        for score in json.loads(run(*words, "--metric", "bleu", "--metric", "ter").stdout)["scores"]:
            assert score["low"] >= 0, number
            assert score["name"] == "TER" or score["high"] <= 100, number
            assert "unicode:NFC" in score["signature"]


def test_chinese_is_counted_in_chinese_words_and_said(run: Run, tmp_path: Path) -> None:
    lines = {"ours": "面包师今天睡得很晚。\n狗在门口等他。\n", "theirs": "面包师今天睡得很早。\n狗在门口等着他。\n"}
    for name, text in lines.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    words = ["evaluate", "--hypotheses", str(tmp_path / "ours"), "--target", str(tmp_path / "theirs")]
    result = run(*words)
    assert "tok:zh" in result.stdout
    assert result.stderr == ("the target is Chinese (by its script): BLEU is counted with sacreBLEU's tokenizer zh\n")
    value = json.loads(run(*words, "--json").stdout)["scores"][0]["value"]
    assert value > 50
    assert "tok:13a" in run(*words, "--tokenize", "13a").stdout
    assert "tok:char" in run(*words, "--languages", "en-th").stdout
    with pytest.raises(ConfigError, match="no tokenizer of sacreBLEU's"):
        run(*words, "--tokenize", "chinese")


def test_several_references_and_systems(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    good, bad = GERMAN[:6], [line.replace(" ", " nicht ", 1) for line in GERMAN[:6]]
    (tmp_path / "half").write_text("".join(f"{x}\n" for x in [*good[:3], *bad[3:]]), encoding="utf-8")
    (tmp_path / "other").write_text("".join(f"{x}\n" for x in [*bad[:3], *good[3:]]), encoding="utf-8")
    half, other = str(tmp_path / "half"), str(tmp_path / "other")
    found = json.loads(
        run("evaluate", "--hypotheses", files["de"], "--target", half, "--target", other, "--json").stdout
    )
    assert found["references"] == 2
    assert found["scores"][0]["value"] == pytest.approx(100)
    words = ["evaluate", "--hypotheses", half, "--hypotheses", files["de"], "--target", files["de"]]
    one, two = json.loads(run(*words, "--json").stdout)["systems"]
    assert "compared_with_the_first" not in one
    assert [row["name"] for row in two["compared_with_the_first"]] == ["BLEU", "chrF2"]
    for row, first, second in zip(two["compared_with_the_first"], one["scores"], two["scores"], strict=True):
        assert row["difference"] == pytest.approx(second["value"] - first["value"])
        assert 0 < row["p_bootstrap"] <= 1
        assert 0 < row["p_randomisation"] <= 1
    shown = run(*words).stdout
    assert "2 systems, 6 sentences" in shown
    assert "6 sentences are few" in shown
    with pytest.raises(ConfigError, match="--output with 2 --hypotheses"):
        run(*words, "--output", str(tmp_path / "out"))
    with pytest.raises(ConfigError, match="there is no folder"):
        run("evaluate", "--source", files["en"], "--target", files["de"], "--output", str(tmp_path / "nowhere" / "out"))


def test_metrics_are_chosen(run: Run, files: dict[str, str]) -> None:
    words = ["evaluate", "--hypotheses", files["de"], "--target", files["de"], "--json"]
    found = json.loads(run(*words, "--metric", "TER", "--metric", "chrF++", "--metric", "ter").stdout)
    assert [(score["name"], score["value"]) for score in found["scores"]] == [
        ("TER", 0),
        ("chrF2++", pytest.approx(100)),
    ]
    with pytest.raises(ConfigError, match=r"--metric meteor: choose bleu, chrf, chrf\+\+, ter or comet"):
        run(*words, "--metric", "meteor")


def test_a_line_a_sentence(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "half").write_text("".join(f"{x}\n" for x in [*GERMAN[:3], "a", "", "b"]), encoding="utf-8")
    words = ["evaluate", "--hypotheses", str(tmp_path / "half"), "--target", files["de"], "--per-line"]
    result = run(*words)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["line", "BLEU", "chrF2"]
    assert [row[0] for row in rows[1:]] == list("123456")
    assert [row[1] for row in rows[1:]] == ["100.00"] * 3 + ["0.00"] * 3
    assert "signatures" in result.stderr
    lines = json.loads(run(*words, "--json").stdout)["lines"]
    assert [round(line["BLEU"]) for line in lines] == [100, 100, 100, 0, 0, 0]
    several = run(*words, "--hypotheses", files["de"]).stdout.splitlines()
    assert several[0] == "line\tsystem\tBLEU\tchrF2"
    assert len(several) == 13


class FakeComet:
    """A package ``comet`` whose model likes translations with the source's length."""

    __version__ = "2.2.7"

    @staticmethod
    def download_model(name: str) -> str:
        return name

    @classmethod
    def load_from_checkpoint(cls, path: str) -> "FakeComet":
        return cls()

    def predict(self, rows: list[dict[str, str]], batch_size: int, gpus: int, progress_bar: bool) -> Any:
        scores = [float(row["mt"] == row["ref"]) - 0.1 * (len(row["src"]) == 0) for row in rows]
        return SimpleNamespace(scores=scores)


def test_comet_if_it_is_there(run: Run, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["evaluate", "--hypotheses", files["de"], "--target", files["de"], "--metric", "comet", "--device", "cpu"]
    with pytest.raises(ConfigError, match="--metric comet reads the source"):
        run(*words)
    words += ["--source", files["en"]]
    monkeypatch.setitem(sys.modules, "comet", None)
    with pytest.raises(ConfigError, match="pip install unbabel-comet"):
        run(*words)
    monkeypatch.setitem(sys.modules, "comet", FakeComet)
    (score,) = json.loads(run(*words, "--json").stdout)["scores"]
    assert (score["name"], score["value"]) == ("COMET", pytest.approx(100))
    assert "model:Unbabel/wmt22-comet-da" in score["signature"]
    monkeypatch.setattr(FakeComet, "download_model", lambda name: 1 / 0)
    with pytest.raises(ConfigError, match=r"cannot be loaded .*division by zero.*connect to the network"):
        run(*words)


def test_threads(run: Run, files: dict[str, str]) -> None:
    words = ["evaluate", "--source", files["en"], "--target", files["de"], "--json", "--beam", "1", "--threads"]
    assert json.loads(run(*words, "1").stdout)["sentences"] == 6
    with pytest.raises(ConfigError, match="threads=-1: wanted a whole number from 1"):
        run(*words, "-1")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("--target de", ConfigError, "give --source"),
        ("--hypotheses de --target de --target short", CorpusError, "6 lines and .* has 5"),
        ("--hypotheses - --target -", CorpusError, "standard input is one stream"),
        ("--source en --hypotheses de --target de", ConfigError, "give --source"),
        ("--hypotheses de", ConfigError, "--hypotheses without --target"),
        ("--hypotheses de --target de --model en-de", ConfigError, "need no model"),
        ("--source en --target short", CorpusError, "6 lines and .* has 5"),
        ("--source en", CorpusError, "line 1: no tab, .* or give --target$"),
        ("--source empty --target empty", CorpusError, "nothing to score"),
        ("--hypotheses pieces --target de", ConfigError, "the translations are subword pieces"),
        ("--source en --target pieces", ConfigError, "the references are subword pieces"),
    ],
)
def test_what_cannot_be_scored_is_told(
    run: Run, files: dict[str, str], arguments: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run("evaluate", *(files.get(word, word) for word in arguments.split()))


def test_what_training_was_asked_to_count_with_counts_on(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    save_model(tmp_path / "model", Saved(toy().model, toy().tokenizer, {**toy().card, "bleu_tokenizer": "char"}))
    words = [
        "evaluate",
        "--model",
        str(tmp_path / "model"),
        "--source",
        files["en"],
        "--target",
        files["de"],
        "--beam",
        "1",
    ]
    result = run(*words)
    assert "tok:char" in result.stdout
    assert result.stderr == "BLEU is counted with sacreBLEU's tokenizer char\n"
    assert "tok:13a" in run(*words, "--tokenize", "13a").stdout


def test_tokenised_translations_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ours").write_text("Der Bäcker schläft .\n" * 100, encoding="utf-8")
    words = ["evaluate", "--hypotheses", str(tmp_path / "ours"), "--target", str(tmp_path / "ours"), "--metric", "chrf"]
    assert "100 lines end in “ .”" in run(*words).stderr


def test_a_narrow_terminal_cuts_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    systems = [SystemScores(name, [Score("BLEU", 62.41, "s", 61.4, 63.5)]) for name in ("old.de", "new.de")]
    systems[1].comparisons = [Comparison("BLEU", -2.46, 0.003, 0.0008)]
    print_scores(Console(width=40), systems, "2 systems", 2000)
    shown = capsys.readouterr().out
    for figure in ("62.41", "-2.46", "0.0030", "0.0008", "old.de", "new.de"):
        assert figure in shown


def test_lines_too_short_for_bleu_are_said(run: Run, tmp_path: Path) -> None:
    """Equal lines of three words have BLEU 0.00: sacreBLEU finds no run of four tokens in them."""
    (tmp_path / "a").write_text("The red door\nA dog\n")
    said = run("evaluate", "--hypotheses", str(tmp_path / "a"), "--target", str(tmp_path / "a"))
    assert "no line has four tokens" in said.stderr
    assert "chrF2    100.00" in said.stdout
    (tmp_path / "a").write_text("The red door opens\nA dog\n")
    assert (
        "four tokens"
        not in run("evaluate", "--hypotheses", str(tmp_path / "a"), "--target", str(tmp_path / "a")).stderr
    )


def test_a_negative_number_of_threads_is_refused_without_a_model_too(run: Run, files: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="threads=-3"):
        run("evaluate", "--hypotheses", files["de"], "--target", files["de"], "--threads", "-3")
