"""Safe by construction: no file of a model can name another, become code, or ask for memory that it does not have."""

import gzip
import hashlib
import json
import lzma
import os
import resource
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd

from glassformer.checkpoint import load_model
from glassformer.errors import CheckpointError, GlassformerError, TraceFileError
from glassformer.folders import LARGEST_JSON
from glassformer.trace import Trace
from tests.faults.conftest import Tried
from tests.memory_of import memory_of
from tests.toy_translator import save_toy_translator

Rewrite = Callable[..., Path]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_toy_translator(tmp_path / "model")
    return tmp_path / "model"


def rewrite(model: Path, name: str, content: bytes) -> None:
    """As a stranger would: the manifest agrees."""
    (model / name).write_bytes(content)
    hashes = json.loads((model / "manifest.json").read_bytes())
    hashes[name] = hashlib.sha256(content).hexdigest()
    (model / "manifest.json").write_bytes(json.dumps(hashes).encode())


HUGE = [
    {"vocabulary_size": 10**9}, {"d_model": 2 * 10**6}, {"d_ff": 10**12}, {"encoder_layers": 10**9},
    {"decoder_layers": 10**12, "encoder_layers": 1}, {"d_model": 10**18, "heads": 1}, {"vocabulary_size": 10**400},
]  # fmt: skip


def test_a_small_file_cannot_ask_for_a_large_model(model: Path, tried: Tried) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    config = json.loads((model / "config.json").read_bytes())
    for sizes in HUGE:
        rewrite(model, "config.json", json.dumps(config | sizes).encode())
        with pytest.raises(CheckpointError, match=r"which is not the model of its config\.json"):
            load_model(model)
    rewrite(model, "config.json", json.dumps(config).encode())
    load_model(model)
    header = json.dumps(
        {"embedding.weight": {"dtype": "F32", "shape": [10**9, 10**3], "data_offsets": [0, 4 * 10**12]}}
    )
    rewrite(model, "model.safetensors", struct.pack("<Q", len(header)) + header.encode())
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        load_model(model)
    rewrite(model, "model.safetensors", struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        load_model(model)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
    what = "its sizes are compared with the header of the weights before any memory is taken"
    tried("A small file that asks for a model of terabytes", len(HUGE) + 2, "nothing", what)


def test_a_large_json_is_not_read(model: Path) -> None:
    with (model / "config.json").open("r+b") as file:
        file.truncate(LARGEST_JSON + 1)  # holes: it takes no room
    with pytest.raises(CheckpointError, match="wanted at most"):
        load_model(model)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{}", "[]", "null", '{"d_model": NaN}', "\ufeff{}", '{"a": 1e999}', "\x00"]
)
def test_what_is_no_configuration(model: Path, text: str) -> None:
    rewrite(model, "config.json", text.encode())
    with pytest.raises(GlassformerError) as error:
        load_model(model)
    assert "\n" not in str(error.value)


def test_no_path_leads_out_of_a_models_folder(model: Path, tmp_path: Path, tried: Tried) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"a": "secret"}')
    for make in (
        lambda path: path.symlink_to(secret),
        lambda path: path.symlink_to("/dev/zero"),
        os.mkfifo,
        Path.mkdir,
    ):
        shutil.copytree(model, tmp_path / "copy")
        (tmp_path / "copy" / "card.json").unlink()
        make(tmp_path / "copy" / "card.json")
        with pytest.raises(CheckpointError, match="leads out of its folder or is no regular file"):
            load_model(tmp_path / "copy")
        shutil.rmtree(tmp_path / "copy")
    run = tmp_path / "run"
    run.mkdir()
    for name in ("..", "../../model", str(model), "step-1/../..", "step-00000001\0", None, 7, "."):
        (run / "best.json").write_text(json.dumps({"checkpoint": name}))
        with pytest.raises(CheckpointError, match="names no checkpoint"):
            load_model(run)
    tried(
        "A model's folder that leads elsewhere: links, devices, pipes, names with ..",
        12,
        "nothing",
        "refused in one line",
    )


def test_a_small_file_that_unpacks_to_much(tmp_path: Path, tried: Tried) -> None:
    """All the ways are in tests/text/test_compression.py; these are for the table."""
    bombs = {"zst": zstd.compress, "gz": gzip.compress, "xz": lzma.compress}
    for ending, pack in bombs.items():
        path = tmp_path / f"bomb.{ending}"
        path.write_bytes(pack(b"a\n" + bytes(9 * 10**7)))
        reading = "from glassformer.text.corpus import read_lines"
        took, said = memory_of(reading, "for line in read_lines(sys.argv[1]): pass", str(path))
        assert f"bomb.{ending}, line 2: more than 2,621,440 bytes without a line's end" in said
        assert took < 64
    what = "unpacked in pieces; a line ends within 2.5 MiB, a window is at most 16 MiB: 64 MiB of memory for any file"
    tried("A file of some kilobytes that unpacks to gigabytes", len(bombs), "nothing", what)


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"steps": 1}', '{"steps": [{"a": 1}], "about": {}}', '{"steps": [], "about": 3}', "["]
)
def test_a_trace_whose_checksum_is_right_and_whose_header_is_not(tmp_path: Path, text: str) -> None:
    from safetensors.torch import save

    from glassformer.trace import FORMAT, checksum

    metadata = {"format": FORMAT, "trace": text, "sha256": checksum(text, {})}
    (tmp_path / "t").write_bytes(save({}, metadata))
    with pytest.raises(TraceFileError, match="has a header that no trace has"):
        Trace.load(tmp_path / "t")
