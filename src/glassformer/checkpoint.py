"""A model on disk: a folder of safetensors and JSON, written under another name and renamed when it is complete.

    config.json         the model's sizes and choices (ModelConfig)
    model.safetensors   its weights
    tokenizer.model     its vocabulary (SentencePiece)
    card.json           what is known about it: data, command, scores
    manifest.json       the SHA-256 of each file, by which an altered one is known

A training checkpoint is such a folder, with the averaged weights as its model, and two more files (``training.save``).
"""

import hashlib
import json
import math
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from glassformer.config import ModelConfig
from glassformer.errors import CheckpointError
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished-"
CHECKPOINT_NAME = re.compile(r"step-\d{1,12}")
LARGEST_JSON = 16 * 2**20
"""Bytes."""


@dataclass
class Saved:
    """What a model's folder holds."""

    model: Transformer
    tokenizer: Tokenizer
    card: dict[str, Any] = field(default_factory=dict)


def save_model(folder: str | Path, saved: Saved, *, dtype: torch.dtype | None = None) -> None:
    """Write a model's folder. ``dtype`` makes it smaller on disk (bfloat16: half); it is float32 again when loaded."""
    write_folder(folder, model_files(saved, dtype=dtype))


def load_model(folder: str | Path) -> Saved:
    """Read a model's folder; of a run's folder, its best checkpoint. Raises CheckpointError for a folder that is not
    there, not complete or altered."""
    folder = model_folder(folder)
    config = ModelConfig.from_dict(read_json(read_file(folder, "config.json", LARGEST_JSON), folder / "config.json"))
    check_sizes(config, folder / "model.safetensors")
    files = read_folder(folder, ["config.json", "model.safetensors", "tokenizer.model", "card.json"])
    tokenizer = Tokenizer.from_bytes(files["tokenizer.model"])
    if len(tokenizer) != config.vocabulary_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has {len(tokenizer)} tokens and the model {config.vocabulary_size}: "
            "they are not of the same training"
        )
    for name in ("pad_id", "bos_id", "eos_id", "unk_id"):
        if getattr(tokenizer, name) != getattr(config, name):
            raise CheckpointError(
                f"{folder}: the tokenizer's {name} is {getattr(tokenizer, name)} and the model's {getattr(config, name)}: "
                "they are not of the same training"
            )
    model = Transformer(config)
    load_weights(model, tensors_in(files["model.safetensors"], folder / "model.safetensors"), folder)
    return Saved(model.eval(), tokenizer, read_json(files["card.json"], folder / "card.json"))


def model_folder(folder: str | Path) -> Path:
    """The folder itself, or, where it is a run's, the checkpoint that ``best.json`` names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"there is no model in {folder}: it is not a folder")
    best = folder / "best.json"
    if best.is_file():
        return folder / "checkpoints" / best_checkpoint(folder)
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"there is no model in {folder}: wanted a folder with a config.json, or a run that has saved"
        )
    return folder


def best_checkpoint(run: Path) -> str:
    """The checkpoint that a run's ``best.json`` names. Raises CheckpointError where it names none."""
    where = run / "best.json"
    name = str(read_json(read_file(run, where.name, LARGEST_JSON), where).get("checkpoint"))
    if not CHECKPOINT_NAME.fullmatch(name):
        raise CheckpointError(f"{where} names no checkpoint ({name[:40]!r}): name one of {run / 'checkpoints'} instead")
    return name


def check_sizes(config: ModelConfig, path: Path) -> None:
    """Raises CheckpointError unless the weights' file holds what ``config`` wants. It reads the header only, and takes
    no memory for weights: a small file cannot ask for a large model."""
    try:
        check_regular(path)
        with safe_open(path, framework="pt") as file:
            shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): the model is not complete") from None
    except SafetensorError as error:
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None
    numbers = sum(map(math.prod, shapes.values()))
    layers = config.encoder_layers + config.decoder_layers
    widest = config.d_model * max(config.d_model, config.d_ff, config.vocabulary_size)
    if layers > len(shapes) or widest > numbers:
        raise CheckpointError(
            f"{path} holds {numbers:,} numbers in {len(shapes):,} tensors, which is not the model of its config.json: "
            f"{layers:,} layers, a matrix of {widest:,} numbers"
        )
    with torch.device("meta"):
        wanted = shapes_of(Transformer(config).state_dict())
    check_shapes(shapes, wanted, path)


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, list[int]]:
    """Each tensor's shape, by its name."""
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def check_shapes(came: Mapping[str, list[int]], wanted: Mapping[str, list[int]], where: str | Path) -> None:
    """Raises CheckpointError for a tensor too many, too few or of another shape."""
    for name in wanted.keys() | came.keys():
        if came.get(name) != wanted.get(name):
            here, expected = came.get(name, "nothing"), wanted.get(name, "nothing")
            raise CheckpointError(f"{where}: {name} is {here}, and its config.json wants {expected}")


def model_files(saved: Saved, *, dtype: torch.dtype | None = None) -> dict[str, bytes]:
    """A model's folder as bytes by file name, without its manifest."""
    weights = {name: tensor.to(dtype or tensor.dtype).cpu() for name, tensor in saved.model.state_dict().items()}
    return {
        "config.json": json_bytes(saved.model.config.to_dict()),
        "model.safetensors": save(weights),
        "tokenizer.model": saved.tokenizer.to_bytes(),
        "card.json": json_bytes(saved.card),
    }


def load_weights(model: Transformer, weights: Mapping[str, Tensor], where: str | Path) -> None:
    """Give ``model`` these weights, each of them. Raises CheckpointError for one too many, too few or of another shape."""
    wanted = model.state_dict()
    check_shapes(shapes_of(weights), shapes_of(wanted), where)
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(weights[name])


def write_folder(folder: str | Path, files: Mapping[str, bytes]) -> None:
    """Write a folder so that at any moment it is either not there or complete, whatever happens to the machine.

    Raises FileExistsError when it is there already.
    """
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} is there already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder.parent))
    try:
        for name, content in {**files, MANIFEST: json_bytes(hashes)}.items():
            write_durably(unfinished / name, content)
        unfinished.chmod(0o755)
        sync_folder(unfinished)
        unfinished.rename(folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def read_folder(folder: Path, names: Sequence[str] = ()) -> dict[str, bytes]:
    """Read these files of a folder that ``write_folder`` wrote, or all. Raises CheckpointError for one missing or
    altered."""
    hashes = read_json(read_file(folder, MANIFEST, LARGEST_JSON), folder / MANIFEST)
    files = {name: read_file(folder, name) for name in names or hashes}
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != hashes.get(name):
            raise CheckpointError(f"{folder / name} was altered or is damaged: it is not what {MANIFEST} says")
    return files


def read_file(folder: Path, name: str, largest: int = 0) -> bytes:
    """A file in ``folder``. Raises CheckpointError for one that is not there, not in the folder, no file (a link out
    of the folder, a device, a pipe) or larger than ``largest`` bytes (0: any size)."""
    path = folder / name
    if Path(name).name != name or "\0" in name:
        raise CheckpointError(f"{folder / MANIFEST} names {name[:80]!r}: wanted a file of this folder")
    try:
        size = check_regular(path)
        if largest and size > largest:
            raise CheckpointError(f"{path} has {size:,} bytes: wanted at most {largest:,}")
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): the model is not complete") from None


def check_regular(path: Path) -> int:
    """The size of a file. Raises CheckpointError where ``path`` leads out of its folder or to no regular file."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or path.resolve(strict=True).parent != path.parent.resolve(strict=True):
        raise CheckpointError(f"{path} leads out of its folder or is no regular file: wanted the file itself")
    return status.st_size


def reason(error: OSError) -> str:
    return error.strerror or str(error)


def replace_file(path: Path, content: bytes) -> None:
    """Write one file so that at any moment it is either the old or the new one."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    write_durably(unfinished, content)
    os.replace(unfinished, path)
    sync_folder(path.parent)


def write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; its entries are written in order
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tensors_in(content: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises CheckpointError when it is none."""
    try:
        return load(content)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None


def json_bytes(value: Any) -> bytes:
    """JSON as it lies on disk: indented, in UTF-8, with a line's end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def read_json(content: bytes, path: Path) -> dict[str, Any]:
    """A JSON object. Raises CheckpointError when it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} is not a JSON object")
    return value
