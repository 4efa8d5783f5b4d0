"""``glassformer score``: log P of given pairs."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.errors import ConfigError, CorpusError
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN

Run = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    sides = [*ENGLISH[:4], "", ENGLISH[4]], [*GERMAN[:4], GERMAN[0], ""]
    texts = {
        "en": sides[0],
        "de": sides[1],
        "short": GERMAN[:2],
        "tsv": [f"{source}\t{target}" for source, target in zip(*sides, strict=True)],
    }
    for name, lines in texts.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (tmp_path / "tsv.gz").write_bytes(gzip.compress((tmp_path / "tsv").read_bytes()))
    return {name: str(tmp_path / name) for name in (*texts, "tsv.gz")}


def test_a_line_a_pair_is_log_p_and_its_tokens(run: Run, files: dict[str, str], models: Path) -> None:
    rows = [
        line.split("\t") for line in run("score", "--source", files["en"], "--target", files["de"]).stdout.splitlines()
    ]
    assert len(rows) == 6  # also those with an empty side
    translator = Translator.load(models / "en-de")
    expected = translator.token_scores(ENGLISH[:4], GERMAN[:4])
    for row, tokens in zip(rows, expected, strict=False):
        assert float(row[0]) == pytest.approx(sum(value for _, value in tokens), abs=1e-4)
        assert int(row[1]) == len(tokens)
    assert int(rows[5][1]) == 1  # </s> alone
    assert float(rows[0][0]) > float(rows[4][0])  # the same translation, of nothing


def test_files_tsv_compressed_and_standard_input_are_the_same(run: Run, files: dict[str, str], tmp_path: Path) -> None:
    expected = run("score", "--source", files["en"], "--target", files["de"]).stdout
    assert run("score", "--source", files["tsv"]).stdout == expected
    assert run("score", "--source", files["tsv.gz"], "--threads", "1").stdout == expected
    assert run("score", input=Path(files["tsv"]).read_bytes()).stdout == expected
    out = tmp_path / "scores"
    run("score", "--source", "-", "--output", str(out), input=Path(files["tsv"]).read_bytes())
    assert out.read_text(encoding="utf-8") == expected


def test_per_token(run: Run, files: dict[str, str]) -> None:
    for line in run("score", "--source", files["tsv"], "--per-token").stdout.splitlines():
        total, count, tokens = line.split("\t")
        values = [token.rsplit("=", 1) for token in tokens.split(" ")]
        assert len(values) == int(count)
        assert values[-1][0] == "</s>"
        assert sum(float(value) for _, value in values) == pytest.approx(float(total), abs=1e-3)


def test_a_shouted_source_is_read_as_translate_reads_it(run: Run) -> None:
    plain, loud = (run("score", input=f"{source}\t{GERMAN[0]}\n").stdout for source in (ENGLISH[0], ENGLISH[0].upper()))
    assert loud != ""
    translator_reads = run("translate", "--engine", "native", ENGLISH[0].upper()).stdout.strip()
    assert translator_reads == GERMAN[0].upper()
    assert float(loud.split("\t")[0]) == pytest.approx(float(plain.split("\t")[0]), abs=1.0)


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ("--source en --target short", CorpusError, "6 lines and .* has 2"),
        ("--source de", CorpusError, "no tab, wanted exactly one"),
        ("--source tsv --threads -2", ConfigError, "threads=-2: wanted"),
    ],
)
def test_what_cannot_be_scored_is_told(
    run: Run, files: dict[str, str], words: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        run("score", *(files.get(word, word) for word in words.split()))


def test_nothing_to_score_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.cli.score.stdin_is_terminal", lambda: True)
    with pytest.raises(ConfigError, match="no pairs: give --source and --target"):
        run("score")
