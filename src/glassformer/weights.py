"""A model's learned numbers without torch: read from its folder, by name, for the fast engine's conversion and the page."""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open

from glassformer.brief import brief
from glassformer.config import ModelConfig
from glassformer.disk import check_regular, read_folder, reason
from glassformer.errors import CheckpointError

if TYPE_CHECKING:
    from glassformer.model import Transformer

LARGEST_HEADER = 2**20
"""Bytes of a safetensors file's header: some 8,000 tensors, ten times what the largest preset's training has."""
KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
Arrays = Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]


@brief
@dataclass(frozen=True)
class Bare:
    """A model that cannot compute: its sizes, and its numbers by name in float32."""

    config: ModelConfig
    weights: Arrays


def numbers_of(model: "Transformer | Bare") -> Arrays:
    """A model's learned weights, in float32, in the model's own order. A model on the CPU shares its memory with it."""
    if isinstance(model, Bare):
        return model.weights
    return {name: value.detach().cpu().float().numpy() for name, value in model.state_dict().items()}


def shapes_of(config: ModelConfig) -> dict[str, list[int]]:
    """The shape of each of a model's learned matrices and vectors, in the model's order."""
    d, inner = config.d_model, config.d_ff
    norm = {"norm.weight": [d], "norm.bias": [d]}
    attention = {"w_qkv": [3 * d, d], "b_qkv": [3 * d], "w_o.weight": [d, d], "w_o.bias": [d]}
    if not config.attention_bias:
        attention = {name: shape for name, shape in attention.items() if len(shape) == 2}
    parts = {
        "self_attention": attention,
        "cross_attention": attention,
        "feed_forward": {"w_1.weight": [inner, d], "w_1.bias": [inner], "w_2.weight": [d, inner], "w_2.bias": [d]},
    }
    found: dict[str, list[int]] = {} if config.tied_output else {"output_matrix": [config.target_size, d]}
    found |= {"output_bias": [config.target_size]} if config.output_bias else {}
    found["embedding.weight"] = [config.vocabulary_size, d]
    if config.target_vocabulary_size:
        found["target_embedding.weight"] = [config.target_vocabulary_size, d]
    for side, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        if config.positions == "learned":
            found[f"{side}.input.positional_encoding.table"] = [config.longest, d]
        if config.embedding_norm:
            found |= {f"{side}.input.{name}": shape for name, shape in norm.items()}
        for layer in range(layers):
            for part, matrices in parts.items():
                if part == "cross_attention" and side == "encoder":
                    continue
                for name, shape in (*matrices.items(), *((f"_add_norm.{name}", shape) for name, shape in norm.items())):
                    found[f"{side}.layers.{layer}.{part}{'' if name[0] == '_' else '.'}{name}"] = shape
        if config.norm == "pre":
            found |= {f"{side}.{name}": shape for name, shape in norm.items()}
    return found


def read_weights(folder: Path, config: ModelConfig) -> Bare:
    """The numbers of the model in ``folder``. Raises CheckpointError for a file that is damaged, altered, or not the model
    of ``config``, and for a number that is not finite."""
    path = folder / "model.safetensors"
    try:
        size = check_regular(path)
        with path.open("rb") as file:
            check_header(file.read(8), size, path)
        with safe_open(path, framework="np"):  # refuses a file larger than its header says, before it is read
            pass
        tensors = dict(deserialize(read_folder(folder, [path.name])[path.name]))  # type: ignore[no-untyped-call]
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({reason(error)}): the model is not complete") from None
    except (SafetensorError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} is not a safetensors file ({error})") from None
    layers = config.encoder_layers + config.decoder_layers
    wanted = shapes_of(config) if layers <= len(tensors) else {}
    came = {name: list(one["shape"]) for name, one in tensors.items()}
    if came != wanted:
        other = next((name for name in wanted.keys() | came.keys() if came.get(name) != wanted.get(name)), "")
        here, expected = came.get(other, "nothing"), wanted.get(other, "nothing")
        raise CheckpointError(f"{path}: {other} is {here}, and its config.json wants {expected}")
    return Bare(config, {name: array(name, tensors[name], path) for name in wanted})


def array(name: str, tensor: Mapping[str, Any], path: Path) -> Any:
    if tensor["dtype"] not in KINDS:
        raise CheckpointError(f"{path}: {name} holds {tensor['dtype']}: wanted floating-point numbers")
    values = np.frombuffer(tensor["data"], KINDS[tensor["dtype"]]).reshape(tensor["shape"])
    if tensor["dtype"] == "BF16":  # the upper half of a float32
        values = (values.astype(np.uint32) << 16).view(np.float32)
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise CheckpointError(
            f"{path}: {name} holds a number that is not finite (NaN or infinity): the model is damaged or no model"
        )
    return values


def check_header(begin: bytes, size: int, path: Path) -> None:
    """Raises CheckpointError for a safetensors file of ``size`` bytes whose first 8 say that its header, which becomes many
    times as large in memory, is longer than LARGEST_HEADER, or than the file."""
    length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else size
    if length > size - 8:
        raise CheckpointError(f"{path} is not a safetensors file (its header is longer than the file)")
    if length > LARGEST_HEADER:
        raise CheckpointError(
            f"{path} is not a safetensors file of ours: its header has {length:,} bytes, at most {LARGEST_HEADER:,} are read"
        )
