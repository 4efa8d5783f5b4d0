"""ONNX: the two parts are the model, and the folder's README translates with ONNX Runtime alone."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from glassformer.checkpoint import Saved, load_model, save_model
from glassformer.cli.app import app
from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.errors import ConfigError, ConversionError
from glassformer.interop.bring import import_model
from glassformer.interop.export_onnx import export_onnx
from glassformer.interop.imported import Languages
from glassformer.interop.onnx_parts import OnnxEncoder, OnnxStep
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer
from tests.interop.conftest import sure
from tests.interop.test_huggingface import TEXTS, many_folder, marian_folder

KINDS: dict[str, dict[str, Any]] = {
    "as in the paper": {},
    "as BART": {"positions": "learned", "longest": 9, "embedding_norm": True, "activation": "gelu", "attention_bias": True},
    "two vocabularies": {"target_vocabulary_size": 17, "tied_output": False, "norm": "pre", "output_bias": True},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_it_is_the_model(kind: str) -> None:
    """Padding in the batch, and a cache that begins with nothing."""
    torch.manual_seed(4)
    sizes = {"d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 2, "decoder_layers": 2}
    config = ModelConfig(vocabulary_size=20, **sizes, **KINDS[kind])
    model = sure(Transformer(config))
    source, target = torch.tensor([[5, 6, 7, 2], [8, 2, 0, 0]]), torch.tensor([[1, 5, 6], [1, 9, 4]])
    wanted = model(source, target)
    memory = OnnxEncoder(model)(source)
    keys = values = memory[0][:, :, :, :0]
    for place in range(target.size(1)):
        logits, keys, values = OnnxStep(model)(source, target[:, place : place + 1], keys, values, *memory)
        torch.testing.assert_close(logits, wanted[:, place], atol=1e-5, rtol=1e-5)
    assert keys.shape == (2, 2, 2, 3, 8)


def test_without_the_extra_it_says_what_to_install(
    saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(tmp_path / "ours", saved)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ConfigError, match=r"onnx is not installed: pip install 'glassformer\[onnx\]'"):
        export_onnx(tmp_path / "ours", tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def readme_says(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the README's own program prints, for this text."""
    (code,) = re.findall(r"^```python\n(.*?)^```", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 28
    monkeypatch.chdir(folder)
    printed: list[str] = []
    exec(code.replace("Good morning!", text), {"print": printed.append})  # noqa: S102
    return printed[0]


@pytest.fixture
def _runtime() -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed: make peers runs this test")
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed: make peers runs this test")


@pytest.mark.usefixtures("_runtime", "unchecked_shapes")
@pytest.mark.parametrize("kind", ["ours", "marian", "nllb"])
def test_the_readme_translates(
    kind: str, saved: Saved, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with the tables of two vocabularies, and with a language token before both sides."""
    ours = tmp_path / "ours"
    if kind == "ours":
        save_model(ours, saved)
    elif kind == "marian":
        marian_folder(tmp_path / "theirs", tokenizer, own=True)
        import_model(tmp_path / "theirs", ours)
    else:
        many_folder(tmp_path / "theirs")
        import_model(tmp_path / "theirs", ours, Languages("eng", "deu_Latn"))
    result = CliRunner().invoke(app, ["export", "--to", "onnx", str(ours), str(tmp_path / "onnx")])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "of 20 made-up sentences" in result.output
    model = load_model(ours)
    for text in TEXTS:
        ids = model.tokenizer.encode(text)
        ((found,),) = decode(model.model, [ids], DecodingConfig(method="greedy"))
        assert readme_says(tmp_path / "onnx", text, monkeypatch) == model.tokenizer.target.decode(found.ids)


@pytest.mark.usefixtures("_runtime", "unchecked_shapes")
def test_where_other_tokens_come_nothing_is_written(
    saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glassformer.interop import export_onnx as module

    save_model(tmp_path / "ours", saved)
    graphs_of = module.graphs_of

    def spoilt(saved: Saved) -> dict[str, bytes]:
        with torch.no_grad():
            saved.model.decoder.layers[0].feed_forward.w_1.weight.mul_(-3)  # type: ignore[union-attr, operator]
            graphs = graphs_of(saved)
            saved.model.decoder.layers[0].feed_forward.w_1.weight.div_(-3)  # type: ignore[union-attr, operator]
        return graphs

    monkeypatch.setattr(module, "graphs_of", spoilt)
    with pytest.raises(ConversionError, match="ONNX Runtime computes another translation"):
        export_onnx(tmp_path / "ours", tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()
