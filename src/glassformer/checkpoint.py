"""A model on disk: weights in safetensors, the rest in JSON, in a folder as ``folders`` writes it; no pickle anywhere.

A training checkpoint is such a folder, with the averaged weights as its model, and two more files (``training.save``).
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from glassformer.brief import brief
from glassformer.config import ModelConfig
from glassformer.disk import check_files, check_regular, incomplete, json_bytes, write_folder
from glassformer.errors import CheckpointError
from glassformer.model import Transformer
from glassformer.model_folder import describe, model_folder
from glassformer.text.tokenizer import Tokenizer
from glassformer.weights import check_header
from glassformer.weights import shapes_of as shapes_for


@brief
@dataclass
class Saved:
    """The content of a model's folder."""

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
    return Saved(load_transformer(folder, about.config), about.tokenizer, about.card)


def load_transformer(folder: Path, config: ModelConfig) -> Transformer:
    """The model of a folder whose ``config`` has been read. Raises CheckpointError for weights that are not its."""
    path = folder / "model.safetensors"
    check_sizes(config, path)
    check_files(folder, [path.name])
    model = without_numbers(config, "cpu")
    # Read where they lie, and copied once: as bytes in memory they would be copied three times, half a second a gigabyte.
    with opened(path) as file:
        load_weights(model, {name: file.get_tensor(name) for name in file.keys()}, folder)  # noqa: SIM118
    return model.eval()


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A safetensors file, whose tensors are read where they lie. Raises CheckpointError when it is none."""
    try:
        size = check_regular(path)
        with path.open("rb") as file:
            check_header(file.read(8), size, path)
        with safe_open(path, framework="pt") as tensors:
            yield tensors
    except OSError as error:
        raise incomplete(path, error) from None
    except (SafetensorError, KeyError) as error:  # KeyError: a kind of numbers that torch does not have
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None


DRAWS = {Tensor.normal_, Tensor.uniform_, nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_}
"""The functions that draw a tensor's numbers by chance."""


class NothingDrawn(TorchFunctionMode):
    """New weights are on ``device``, and no numbers are drawn for them. ``torch.device("meta")`` does the same to every
    tensor, and PyTorch then imports its compiler, for a second, to draw none and to compute no positions."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Any, types: Any, given: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if func in DRAWS:
            return given[0] if given else named["tensor"]
        if func in (torch.empty, torch.zeros):
            named = {**named, "device": self.device}
        return func(*given, **named)


def without_numbers(config: ModelConfig, device: str = "meta") -> Transformer:
    """A model whose weights are to get their numbers; on ``meta`` they have shapes and take no memory."""
    with NothingDrawn(device):
        return Transformer(config)


def check_sizes(config: ModelConfig, path: Path) -> None:
    """Raises CheckpointError unless the weights' file holds what ``config`` wants. It reads the header only, and takes
    no memory for weights: a small file cannot ask for a large model."""
    with opened(path) as file:
        shapes = {name: list(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    numbers = sum(map(math.prod, shapes.values()))
    layers = config.encoder_layers + config.decoder_layers
    widest = config.d_model * max(config.d_model, config.d_ff, config.vocabulary_size)
    if widest > numbers or tensors_of(config) != len(shapes):
        raise CheckpointError(
            f"{path} holds {numbers:,} numbers in {len(shapes):,} tensors, which is not the model of its config.json: "
            f"{layers:,} layers, a matrix of {widest:,} numbers"
        )
    check_shapes(shapes, shapes_for(config), path)


def tensors_of(config: ModelConfig) -> int:
    """The number of tensors of the model, counted from one with a layer a side: many layers' names take memory."""
    one = shapes_for(config.changed(encoder_layers=1, decoder_layers=1))
    more = {"encoder.layers.": config.encoder_layers - 1, "decoder.layers.": config.decoder_layers - 1}
    return len(one) + sum(layers * sum(name.startswith(side) for name in one) for side, layers in more.items())


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
    """Give ``model`` these weights, each of them. Raises CheckpointError for one too many, too few, of another shape, of no
    floating-point numbers or with one that is not finite."""
    wanted = model.state_dict()
    check_shapes(shapes_of(weights), shapes_of(wanted), where)
    with torch.no_grad():
        for name, tensor in wanted.items():
            if not weights[name].is_floating_point():
                raise CheckpointError(f"{where}: {name} holds {weights[name].dtype}: wanted floating-point numbers")
            tensor.copy_(weights[name])
            if not finite(tensor):
                raise CheckpointError(
                    f"{where}: {name} holds a number that is not finite (NaN or infinity): the model is damaged or no model"
                )


def finite(tensor: Tensor) -> bool:
    """Whether every number is one. A sum, which takes a tenth of the time, is none where one of them is none; it is also
    none where they are too large for it, so that they are looked at one by one then."""
    return bool(tensor.sum().isfinite()) or bool(tensor.isfinite().all())


def tensors_in(content: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises CheckpointError when it is none."""
    check_header(content[:8], len(content), path)
    try:
        return load(content)
    except (SafetensorError, KeyError) as error:  # KeyError: a kind of numbers that torch does not have
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None
