"""An imported model is trained further with its own vocabulary and ids, and given back as a package."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassformer.checkpoint import load_model
from glassformer.cli.app import app
from glassformer.interop.bring import import_model
from glassformer.text.tokenizer import Tokenizer
from tests.interop.test_ctranslate2 import argos
from tests.interop.test_huggingface import marian_folder
from tests.made_up import write_corpus

SET = ("max_steps=2", "validation_sentences=2", "held_out=5", "precision=float32")


def run(*words: str) -> None:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, (result.output, result.exception)


def train(folder: Path, start: Path) -> None:
    write_corpus(folder, count=40)
    words = ["train", "--source", str(folder / "train.en"), "--target", str(folder / "train.de"), "--threads", "1"]
    words += ["--out", str(folder / "run"), "--start-from", str(start)]
    run(*words, *[word for one in SET for word in ("--set", f"training.{one}")])


def test_an_argos_package(
    ctranslate2_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    package = argos(ctranslate2_folder(quantization="int8", eos=False), tmp_path / "translate-en_de-1_9.argosmodel")
    train(tmp_path, package)
    trained = load_model(tmp_path / "run")
    assert not trained.model.config.source_eos
    assert trained.tokenizer.has_tables
    out = tmp_path / "translate-en_de-2_0.argosmodel"
    run("export", "--to", "argos", str(tmp_path / "run"), str(out), "--quantization", "float32")
    found = import_model(out, tmp_path / "back")
    assert found.saved.tokenizer.tokens(range(20)) == trained.tokenizer.tokens(range(20))


def test_marian_with_two_vocabularies(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """It begins its targets with its padding, which no batch may take for the end of a row."""
    marian_folder(tmp_path / "opus", tokenizer, own=True)
    import_model(tmp_path / "opus", tmp_path / "ours")
    train(tmp_path, tmp_path / "ours")
    trained, before = load_model(tmp_path / "run"), load_model(tmp_path / "ours")
    assert trained.tokenizer.to_bytes() == before.tokenizer.to_bytes()
    assert trained.model.config == before.model.config.changed(dropout=trained.model.config.dropout)
    assert not (trained.model.embedding.weight == before.model.embedding.weight).all()
