"""A model without its run: each fault that makes it talk rubbish is found, with the evidence, and a sound one has none."""

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassformer.cli.app import app
from glassformer.diagnosis.model import examine_model
from glassformer.engines.native import Native
from glassformer.text.pieces import TablePieces
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN, save_toy_translator, toy

PAIRS = list(zip(ENGLISH, GERMAN, strict=True))[:12]


def translator(tokenizer: Tokenizer | None = None, **changes: object) -> Translator:
    model = copy.copy(toy().model)
    model.config = model.config.changed(**changes)
    return Translator(Native(model), tokenizer or toy().tokenizer, {}, "toy")


def with_tokens(tokens: list[str]) -> Tokenizer:
    return Tokenizer.of_sides(
        TablePieces(toy().tokenizer.to_bytes(), tokens, {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3})
    )


def faults(model: Translator) -> dict[str, str]:
    return {finding.fault: finding.says for finding in examine_model(model, PAIRS) if finding.weight == "bad"}


def test_a_sound_one_has_none() -> None:
    (finding,) = examine_model(translator(), PAIRS)
    assert finding.weight == "good"
    assert not examine_model(translator(), [])


def test_a_wrong_start() -> None:
    found = faults(translator(bos_id=3))
    assert "after <unk>, and" in found["wrong start token"]
    assert found["wrong start token"].endswith("after <s>")


def test_a_missing_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy, which knows its sentences by heart, is a little surer with it."""
    monkeypatch.setattr("glassformer.diagnosis.model.MUCH", 0.0)
    assert "without </s>" in faults(translator(source_eos=False))["end of the source"]


def test_a_shifted_vocabulary() -> None:
    tokens = toy().tokenizer.tokens(range(len(toy().tokenizer)))
    found = faults(translator(with_tokens([*tokens[:4], "<new>", *tokens[4:-1]])))
    assert found["shifted vocabulary"].endswith("with every id 1 lower")


def test_no_language_token() -> None:
    tokens = toy().tokenizer.tokens(range(len(toy().tokenizer)))
    tokens[-2:] = [">>deu<<", ">>nld<<"]
    assert "2 languages" in faults(translator(with_tokens(tokens)))["no language token"]


def test_without_sentences_it_looks_at_the_tables_alone(tmp_path: Path) -> None:
    save_toy_translator(tmp_path / "toy")
    result = CliRunner().invoke(app, ["diagnose", str(tmp_path / "toy"), "--json"])
    assert result.exit_code == 0, result.output
    assert [one["fault"] for one in json.loads(result.output)["findings"]] == ["not tried"]
    helped = CliRunner().invoke(app, ["diagnose", "--help"]).output
    assert "it looks at the tables alone; with --source and --target also at" in " ".join(helped.split())


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command(as_json: bool, tmp_path: Path) -> None:
    save_toy_translator(tmp_path / "toy")
    (tmp_path / "test.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in PAIRS), encoding="utf-8")
    words = [
        "diagnose",
        str(tmp_path / "toy"),
        "--source",
        str(tmp_path / "test.tsv"),
        *(["--json"] if as_json else []),
    ]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    if as_json:
        assert json.loads(result.output)["findings"][-1]["fault"] == "tables and tokens"
    else:
        assert "nothing that makes it bad" in " ".join(result.output.split())
