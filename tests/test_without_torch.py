"""What works where PyTorch is not installed, and what is said where it is needed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from glassformer.config import ModelConfig
from glassformer.engines.conversion import convert, positions
from glassformer.engines.ctranslate2 import POSITIONS
from glassformer.errors import CheckpointError
from glassformer.model import Transformer
from glassformer.model.positions import positional_encodings
from glassformer.page.built import built_page
from glassformer.weights import numbers_of, read_weights, shapes_of
from tests.toy_translator import save_toy_translator, toy

ALONE = """
import sys
class Nothing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
sys.meta_path.insert(0, Nothing())
from glassformer.cli.app import main
main()
"""
KINDS = [
    {},
    {"norm": "pre", "attention_bias": True, "output_bias": True, "positions": "interleaved", "first_position": 1},
    {"positions": "halves_exact", "encoder_layers": 3},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone") / "toy"
    save_toy_translator(folder)
    return folder


def run(*words: str, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "COLUMNS": "500"}
    command = [sys.executable, "-c", ALONE, *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)


def test_it_translates_and_writes_pages_without_pytorch(folder: Path, tmp_path: Path) -> None:
    done = run("translate", "--model", str(folder), "The lamp flickers.", cache=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Die Lampe flackert.\n"), done.stderr
    assert "int8 against CTranslate2 in float32's translations" in done.stderr
    done = run("translate", "--model", str(folder), "--prefix", "Die", "The lamp flickers.", cache=tmp_path)
    assert done.returncode == 2
    assert "pip install 'glassformer[train]'" in done.stderr
    assert done.stderr.count("\n") == 1
    if not built_page():
        return
    page = tmp_path / "page.html"
    options = ["look", "The lamp flickers.", "--model", str(folder), "--save", str(page)]
    assert run(*options, cache=tmp_path).returncode == 0
    assert 'id="shelf"' in page.read_text("utf-8")
    assert run(*options, cache=tmp_path).returncode == 0  # it may be replaced
    done = run(*options, "--heads-off", "nowhere:1", cache=tmp_path)
    assert (done.returncode, "no head 1 in nowhere" in done.stderr) == (2, True)
    assert run("site", str(tmp_path / "site"), "--model", str(folder), "--int8", cache=tmp_path).returncode == 0
    assert (tmp_path / "site" / "index.html").is_file()


@pytest.mark.parametrize(
    "words", [["look", "--token", "it"], ["look", "--numbers-only", "--save", "x.html"], ["score"]]
)
def test_what_needs_pytorch_says_so_in_a_line(words: list[str], tmp_path: Path) -> None:
    files = ["--source", __file__, "--target", __file__] if words == ["score"] else []
    done = run(*words, *files, cache=tmp_path)
    assert done.returncode == 2
    assert "this needs PyTorch, which is not installed: pip install 'glassformer[train]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("changes", KINDS)
def test_a_model_s_shapes_and_positions_are_known_without_it(changes: dict[str, object]) -> None:
    sizes = {"d_model": 8, "heads": 2, "d_ff": 12, "encoder_layers": 2, "decoder_layers": 1}
    config = ModelConfig(vocabulary_size=20, **{**sizes, **changes})  # type: ignore[arg-type]
    model = Transformer(config)
    found = {name: list(values.shape) for name, values in numbers_of(model).items()}
    assert list(found.items()) == list(shapes_of(config).items())
    table = positional_encodings(POSITIONS, config.d_model, config.positions, config.first_position)
    assert np.allclose(positions(config), table.numpy(), rtol=0, atol=1e-6)


def test_weights_and_conversion_are_the_model_s_own(folder: Path) -> None:
    known = toy()
    bare = read_weights(folder, known.model.config)
    for name, value in known.model.state_dict().items():
        assert np.array_equal(bare.weights[name], value.numpy()), name
    tokens = known.tokenizer.tokens(range(len(known.tokenizer)))
    assert convert(bare, tokens) == convert(known.model, tokens)


def test_bfloat16_is_read_exactly(folder: Path, tmp_path: Path) -> None:
    from glassformer.checkpoint import save_model

    save_model(tmp_path / "half", toy(), dtype=torch.bfloat16)
    bare = read_weights(tmp_path / "half", toy().model.config)
    half = toy().model.embedding.weight.detach().bfloat16().float().numpy()
    assert np.array_equal(bare.weights["embedding.weight"], half)


def test_a_file_larger_than_its_header_says_is_not_read(folder: Path, tmp_path: Path) -> None:
    """A hole of three gigabytes takes no bytes on disk, and took 3.2 GB of memory."""
    shutil.copytree(folder, tmp_path / "hole")
    os.truncate(tmp_path / "hole" / "model.safetensors", 3 * 2**30)
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        read_weights(tmp_path / "hole", toy().model.config)


def test_another_model_s_sizes_are_refused(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"and its config\.json wants"):
        read_weights(folder, toy().model.config.changed(d_ff=96))
    with pytest.raises(CheckpointError, match=r"and its config\.json wants nothing"):
        read_weights(folder, toy().model.config.changed(encoder_layers=10**9))
