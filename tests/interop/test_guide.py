"""docs/models.md: its commands, one after the other, on small models of the same kinds under the names that it uses."""

import re
import shlex
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from glassformer.cli.app import app
from glassformer.text.tokenizer import Tokenizer
from tests.house.source import ROOT
from tests.interop.test_ctranslate2 import argos
from tests.interop.test_huggingface import many_folder, marian_folder
from tests.made_up import write_corpus

GUIDE = ROOT / "docs" / "models.md"
SHORT = ("max_steps=2", "validation_sentences=2", "held_out=5", "precision=float32")
MORE = {
    "look": ["--terminal"],
    "train": ["--threads", "1", *[word for one in SHORT for word in ("--set", f"training.{one}")]],
    "export": ["--quantization", "float32"],  # random weights can lose much by rounding
}
"""What a command gets in addition here."""


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True)[1:] for block in blocks for line in block.splitlines() if line.strip()]


def test_its_commands_run(
    ctranslate2_folder: Callable[..., Path], tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    argos(ctranslate2_folder(eos=False), tmp_path / "translate-en_de-1_9.argosmodel")
    marian_folder(tmp_path / "opus-mt-en-de", tokenizer)
    many_folder(tmp_path / "nllb-200-distilled-600M")
    write_corpus(tmp_path, count=40)
    for side in ("en", "de"):
        shutil.copy(tmp_path / f"train.{side}", f"test.{side}")
        (tmp_path / f"train.{side}").rename(f"mine.{side}")
    for words in commands():
        if words[0] == "diagnose":  # without sentences it finds nothing of what the guide promises
            assert {"--source", "--target"} <= {*words}
        if "onnx" in words and not all(map(find_spec, ("onnx", "onnxruntime", "onnxscript"))):
            continue  # make peers has them
        more = [] if "huggingface" in words or "onnx" in words else MORE.get(words[0], [])
        result = CliRunner().invoke(app, [*words, *more])
        assert result.exit_code == 0, (words, result.output, result.exception)
    assert {"mine-ctranslate2", "translate-en_de-1_1.argosmodel", "models"} <= {one.name for one in tmp_path.iterdir()}
