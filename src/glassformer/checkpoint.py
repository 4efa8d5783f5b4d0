"""A model on disk: weights in safetensors, the rest in JSON, in a folder as ``folders`` writes it; no pickle anywhere.

A training checkpoint is such a folder, with the averaged weights as its model, and two more files (``training.save``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from glassformer.errors import CheckpointError
from glassformer.folders import describe, json_bytes, model_folder, read_folder, write_folder
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer


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
    about = describe(folder)
    content = read_folder(folder, ["model.safetensors"])["model.safetensors"]
    model = Transformer(about.config)
    load_weights(model, tensors_in(content, folder / "model.safetensors"), folder)
    return Saved(model.eval(), about.tokenizer, about.card)


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
    for name in wanted.keys() | weights.keys():
        came = list(weights[name].shape) if name in weights else "nothing"
        expected = list(wanted[name].shape) if name in wanted else "nothing"
        if came != expected:
            raise CheckpointError(f"{where}: {name} is {came}, and its config.json wants {expected}")
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(weights[name])


def tensors_in(content: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises CheckpointError when it is none."""
    try:
        return load(content)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None
