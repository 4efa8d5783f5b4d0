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
import torch
from backports import zstd

from glassformer.checkpoint import load_model
from glassformer.config import DecodingConfig
from glassformer.disk import LARGEST_JSON
from glassformer.errors import CheckpointError, DecodingError, GlassformerError, TraceFileError
from glassformer.trace import Trace
from glassformer.translator import Translator
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
        # The vocabulary is compared with the tokenizer, which is read first; the other sizes with the weights' header.
        wanted = (
            r"the tokenizer has 360 tokens"
            if "vocabulary_size" in sizes
            else r"which is not the model of its config\.json"
        )
        with pytest.raises(CheckpointError, match=wanted):
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
    paths = [tmp_path / f"bomb.{ending}" for ending in bombs]
    for path, pack in zip(paths, bombs.values(), strict=True):
        path.write_bytes(pack(b"a\n" + bytes(9 * 10**7)))
    reading = "from glassformer.text.lines import read_lines"
    measured = memory_of(reading, "for line in read_lines(word): pass", *map(str, paths))
    for path, (took, said) in zip(paths, measured, strict=True):
        assert f"{path.name}, line 2: more than 2,621,440 bytes without a line's end" in said
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


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["embedding.weight", "decoder.layers.1.feed_forward_add_norm.norm.bias"])
def test_weights_that_are_not_finite_are_refused(model: Path, name: str, number: float) -> None:
    from safetensors.torch import load, save

    tensors = load((model / "model.safetensors").read_bytes())
    tensors[name].view(-1)[3] = number
    rewrite(model, "model.safetensors", save(tensors))
    with pytest.raises(CheckpointError, match=f"{name} holds a number that is not finite"):
        load_model(model)
    tensors[name].view(-1)[3] = 3e38  # a sum of two of them is infinite, and each is a number
    tensors[name].view(-1)[4] = 3e38
    rewrite(model, "model.safetensors", save(tensors))
    load_model(model)
    rewrite(model, "model.safetensors", save({key: value.to(torch.complex64) for key, value in tensors.items()}))
    with pytest.raises(CheckpointError, match=r"wanted floating-point numbers|is not a safetensors file"):
        load_model(model)


def test_weights_whose_products_are_not_finite_are_said(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Native ended in an IndexError or gave the source as its translation; evaluate gave figures of that."""
    from safetensors.torch import load, save

    monkeypatch.setenv("XDG_CACHE_HOME", str(model.parent / "cache"))
    tensors = load((model / "model.safetensors").read_bytes())
    for name, values in tensors.items():
        if name.endswith("w_o.weight"):
            values.fill_(3e38)
    rewrite(model, "model.safetensors", save(tensors))
    wanted = "computes numbers that are not finite"
    native = Translator.load(model, engine="native")
    for config in (DecodingConfig(attention=True), DecodingConfig(method="greedy"), DecodingConfig(method="sampling")):
        with pytest.raises(DecodingError, match=wanted):
            native.translate("The dog sleeps.", config=config)
    with pytest.raises(DecodingError, match=wanted):
        native.score(["The dog sleeps."], ["Der Hund schläft."])
    with pytest.raises(DecodingError, match=wanted):
        Translator.load(model, engine="ctranslate2")


def test_a_list_without_end_in_a_configuration_is_one_short_line(model: Path) -> None:
    config = json.loads((model / "config.json").read_bytes())
    for prefix in ([3] * 100_000, [-1] * 100_000):
        rewrite(model, "config.json", json.dumps({**config, "target_prefix": prefix}).encode())
        with pytest.raises(CheckpointError) as refused:
            load_model(model)
        assert len(str(refused.value)) < 600


def test_a_header_of_a_megabyte_takes_no_gigabytes(model: Path, tried: Tried) -> None:
    """As many tensors without numbers as layers that the configuration asks for: each layer would take memory."""
    config = json.loads((model / "config.json").read_bytes())
    folders = [model.with_name(f"{count}-tensors") for count in (10, 10_000, 30_000)]
    for folder, count in zip(folders, (10, 10_000, 30_000), strict=True):
        shutil.copytree(model, folder)
        empty = {f"t{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(count)}
        empty["big"] = {"dtype": "F32", "shape": [2**20], "data_offsets": [0, 2**22]}
        header = json.dumps(empty).encode()
        rewrite(folder, "model.safetensors", struct.pack("<Q", len(header)) + header + bytes(2**22))
        sizes = {"encoder_layers": count - 1, "decoder_layers": 1, "d_model": 2, "heads": 1, "d_ff": 2}
        rewrite(folder, "config.json", json.dumps(config | sizes).encode())
    measured = memory_of("from glassformer.checkpoint import load_model", "load_model(word)", *map(str, folders))
    usual = measured[0][0]  # code that PyTorch loads at the first model: 77 MiB
    assert usual < 128
    for took, said in measured:
        assert took < usual + 64
        assert "which is not the model of its config.json" in said or "its header has" in said
    tried("A model whose header asks for ten thousand layers", 2, "nothing", "counted before any layer is made")


WRONG = [
    {"split_above": "many"}, {"longest": -1}, {"longest": 10**400}, {"sentences": [3]}, {"plain_case": 1},
    {"languages": {"a": "b"}}, {"data": "one"}, {"scores": [{"value": "high", "signature": "x"}]}, {"training": [1]},
    {"scores": [{"value": 10**400, "signature": "x"}]}, {"alignment_layer": 1.5}, {"scores": {}}, {"pairs": None},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_card_of_wrong_types_is_refused_in_one_line(model: Path, wrong: dict[str, object]) -> None:
    card = json.loads((model / "card.json").read_bytes())
    rewrite(model, "card.json", json.dumps(card | wrong).encode())
    with pytest.raises(CheckpointError, match=rf"card\.json: {next(iter(wrong))} is .*: wanted") as error:
        load_model(model)
    assert len(str(error.value)) < 400
    assert "\n" not in str(error.value)


def test_no_link_leads_out_of_a_run(model: Path, tmp_path: Path) -> None:
    from glassformer.model_folder import shown_checkpoint

    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "step-00000007").symlink_to(model)
    (run / "best.json").write_text('{"checkpoint": "step-00000007"}')
    for look in (load_model, shown_checkpoint):
        with pytest.raises(CheckpointError, match="leads out of"):
            look(run)
