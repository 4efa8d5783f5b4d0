"""``glassformer evaluate``: figures with their recipe."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.errors import ConfigError, CorpusError
from tests.toy_translator import ENGLISH, GERMAN

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


def test_a_tsv_is_a_test_set_and_what_is_left_out_is_told(run: Run, files: dict[str, str]) -> None:
    result = run("evaluate", "--source", files["tsv"], "--json", "--beam", "1")
    assert json.loads(result.stdout)["sentences"] == 6
    assert "1 pair skipped: one side is empty" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("--target de", ConfigError, "give --source"),
        ("--source en --hypotheses de --target de", ConfigError, "give --source"),
        ("--hypotheses de", ConfigError, "--hypotheses without --target"),
        ("--hypotheses de --target de --model en-de", ConfigError, "need no model"),
        ("--source en --target short", CorpusError, "6 lines and .* has 5"),
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
