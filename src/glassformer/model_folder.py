"""A model's folder, read without torch: what the model is and how its text becomes ids, but not its weights.

config.json         the model's sizes and choices (ModelConfig)
model.safetensors   its weights
tokenizer.model     its vocabulary (SentencePiece)
card.json           what is known about it: data, command, scores
manifest.json       the SHA-256 of each of these files (``disk``)
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassformer.brief import brief, shown
from glassformer.card import check_card
from glassformer.config import ModelConfig
from glassformer.disk import inside, read_file, read_folder, read_json
from glassformer.errors import CheckpointError, ConfigError
from glassformer.text.tokenizer import Tokenizer

CHECKPOINT_NAME = re.compile(r"step-\d{1,12}")


@brief
@dataclass(frozen=True)
class Description:
    """All that a model's folder says but the weights."""

    config: ModelConfig
    tokenizer: Tokenizer
    card: dict[str, Any]


def read_config(folder: Path) -> ModelConfig:
    """A model's sizes and choices. Raises CheckpointError for what is not a small file of this folder, unread."""
    path = folder / "config.json"
    try:
        return ModelConfig.from_dict(read_json(read_file(folder, path.name), path))
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None


def describe(folder: Path) -> Description:
    """Raises CheckpointError for a folder that is not complete, altered, or put together from two trainings."""
    config = read_config(folder)
    files = read_folder(folder, ["config.json", "tokenizer.model", "card.json"])
    tokenizer = Tokenizer.from_bytes(files["tokenizer.model"])
    sizes = (len(tokenizer), len(tokenizer.target)), (config.vocabulary_size, config.target_size)
    if sizes[0] != sizes[1]:
        (source, target), (wanted, of_target) = sizes
        raise CheckpointError(
            f"{folder}: the tokenizer has {source} tokens and the model {wanted}, for the target {target} and {of_target}: "
            "they are not of the same training"
        )
    if tokenizer.target.before != config.target_prefix:
        raise CheckpointError(
            f"{folder}: the tokenizer begins targets with {shown(tokenizer.target.before)} and the model with "
            f"{shown(config.target_prefix)}: they are not of the same training"
        )
    for name in ("pad_id", "bos_id", "eos_id", "unk_id"):
        if getattr(tokenizer, name) != getattr(config, name):
            raise CheckpointError(
                f"{folder}: the tokenizer's {name} is {getattr(tokenizer, name)} and the model's {getattr(config, name)}: "
                "they are not of the same training"
            )
    card = read_json(files["card.json"], folder / "card.json")
    check_card(card, folder / "card.json")
    return Description(config, tokenizer, card)


def model_folder(folder: str | Path) -> Path:
    """The folder itself, or, where it is a run's, the checkpoint that ``best.json`` names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(f"there is no model in {folder}: it is not a folder")
    best = folder / "best.json"
    if best.is_file():
        return inside(folder, folder / "checkpoints" / best_checkpoint(folder))
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"there is no model in {folder}: wanted a folder with a config.json, or a run that has saved"
        )
    return folder


def best_checkpoint(run: Path) -> str:
    """The checkpoint that a run's ``best.json`` names. Raises CheckpointError where it names none."""
    where = run / "best.json"
    name = str(read_json(read_file(run, where.name), where).get("checkpoint"))
    if not CHECKPOINT_NAME.fullmatch(name):
        raise CheckpointError(f"{where} names no checkpoint ({name[:40]!r}): name one of {run / 'checkpoints'} instead")
    return name


def checkpoints(run: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first: neither an incomplete one nor a copy that somebody made has such a
    name."""
    found = (run / "checkpoints").glob("step-*")
    return sorted(path for path in found if CHECKPOINT_NAME.fullmatch(path.name))


def shown_checkpoint(run: Path) -> Path | None:
    """The model to look at in a run's folder: its newest checkpoint while it goes on, its best when it has ended.
    None where nothing is saved yet, or ``run`` is no run's folder."""
    found = checkpoints(run)
    if not found:
        return None
    try:
        ended = read_json(read_file(inside(run, found[-1]), "training.json"), found[-1]).get("ended")
    except CheckpointError:
        if (found[-1] / "training.json").exists():
            raise
        ended = "removed just now"
    best = run / "best.json"
    return model_folder(run) if ended and best.is_file() else found[-1]
