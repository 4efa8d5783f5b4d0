"""A folder that at any moment is either not there or complete, and whose every file is what it was when it was written.

It is written under another name and renamed when it is complete; ``manifest.json`` has the SHA-256 of each file, by which
an altered one is known. A model's folder:

    config.json         the model's sizes and choices (ModelConfig)
    model.safetensors   its weights
    tokenizer.model     its vocabulary (SentencePiece)
    card.json           what is known about it: data, command, scores

Needs no torch: what a model is, and how its text becomes ids, can be read without its weights.
"""

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassformer.brief import brief
from glassformer.config import ModelConfig
from glassformer.errors import CheckpointError
from glassformer.text.tokenizer import Tokenizer

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished-"
CHECKPOINT_NAME = re.compile(r"step-\d{1,12}")
LARGEST_JSON = 16 * 2**20
"""Bytes."""


@brief
@dataclass(frozen=True)
class Description:
    """All that a model's folder says but the weights."""

    config: ModelConfig
    tokenizer: Tokenizer
    card: dict[str, Any]


def read_config(folder: Path) -> ModelConfig:
    """A model's sizes and choices. Raises CheckpointError for what is not a small file of this folder, unread."""
    return ModelConfig.from_dict(read_json(read_file(folder, "config.json", LARGEST_JSON), folder / "config.json"))


def describe(folder: Path) -> Description:
    """Raises CheckpointError for a folder that is not complete, altered, or put together from two trainings."""
    config = read_config(folder)
    files = read_folder(folder, ["config.json", "tokenizer.model", "card.json"])
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
    return Description(config, tokenizer, read_json(files["card.json"], folder / "card.json"))


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
    """What the system says."""
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
