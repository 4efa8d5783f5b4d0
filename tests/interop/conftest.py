"""Foreign models made here: tiny random weights, in each program's own format, with a vocabulary of our own sentences."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from glassformer.checkpoint import Saved
from glassformer.config import ModelConfig
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import both_sides
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer


@pytest.fixture(scope="session")
def saved(tokenizer: Tokenizer) -> Saved:
    """A model of ours with random weights that are sure of themselves."""
    torch.manual_seed(5)
    config = ModelConfig(
        vocabulary_size=len(tokenizer),
        d_model=16,
        heads=2,
        d_ff=32,
        encoder_layers=2,
        decoder_layers=2,
        activation="swish",
    )
    return Saved(sure(Transformer(config)), tokenizer, {"languages": "en-de"})


def sure(model: Transformer) -> Transformer:
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.mul_(3)
            elif "norm" not in name:
                weight.normal_(std=0.2)
    return model.eval()


@pytest.fixture
def ctranslate2_folder(saved: Saved, tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder of CTranslate2 with SentencePiece in it."""

    def write(model: Saved = saved, quantization: str = "float32", name: str = "ct2", eos: bool = True) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        files = convert(model.model, *both_sides(model.tokenizer), quantization=quantization, add_source_eos=eos)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        (folder / "sentencepiece.model").write_bytes(model.tokenizer.to_bytes())
        return folder

    return write


def set_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
