"""A model as CTranslate2 has it: the same weights under its names, positions as a table."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from glassformer.config import ModelConfig
from glassformer.engines.ctranslate2 import POSITIONS, files_of
from glassformer.model import Transformer
from glassformer.model.attention import MultiHeadAttention
from glassformer.model.layers import AddAndNorm, FeedForward
from glassformer.model.positions import positional_encodings

NEVER = -1e4
"""A logit whose probability is 0, and which float16 can hold."""
EPSILON = 1e-5
"""Of LayerNorm, in both."""


def convert(
    model: Transformer,
    tokens: list[str],
    target_tokens: list[str] | None = None,
    *,
    quantization: str = "float32",
    add_source_eos: bool = False,
) -> dict[str, bytes]:
    """The files of a folder that CTranslate2 loads, by name. ``tokens``: the vocabulary, by id; ``target_tokens``: the
    target's, where it has one of its own.

    ``quantization``: one of QUANTIZATIONS. ``add_source_eos``: CTranslate2 itself adds </s> to each source, and then
    gives nothing for an empty one.
    """
    spec = spec_of(model)
    written = target_tokens or tokens
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(written)
    special = model.config
    spec.config.bos_token = spec.config.decoder_start_token = written[special.bos_id]
    spec.config.eos_token, spec.config.unk_token = written[special.eos_id], written[special.unk_id]
    spec.config.add_source_eos = add_source_eos and special.source_eos
    spec.config.layer_norm_epsilon = EPSILON
    spec.validate()
    quantise(spec, quantization)
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        return {name: (Path(folder) / name).read_bytes() for name in files_of(model.config)}


def quantise(spec: Any, quantization: str) -> None:
    """As CTranslate2 does it, but for int8: weights of ±64, where it has ±127.

    Processors without VNNI add two products, each of 8 unsigned bits by 8 signed ones, in 16 bits. 2 · 255 · 127 is more
    than these hold, what is more is cut off, and translations suffer, to nonsense in a small model; 2 · 255 · 64 is not.
    Where a conversion is made says nothing of where it will run. Source: oneDNN's documentation, "Nuances of int8
    Computations".
    """
    from ctranslate2.specs.model_spec import NumpyVariable, visit_spec

    exact: dict[str, Any] = {}

    def remember(layer: Any, name: str, value: Any) -> None:
        if hasattr(layer, f"{attribute(name)}_scale") and value.dtype == "float32":
            exact[name] = value.numpy().copy()

    def replace(layer: Any, name: str, value: Any) -> None:
        if name in exact and not isinstance(value, str):  # a name stands for a table that two share
            scale = np.float32(64) / np.abs(exact[name]).max(axis=1).clip(1e-30)
            setattr(layer, attribute(name), NumpyVariable(np.rint(exact[name] * scale[:, None]).astype(np.int8)))
            setattr(layer, f"{attribute(name)}_scale", NumpyVariable(scale))

    if quantization.startswith("int8"):
        visit_spec(spec, remember)
    spec.optimize(quantization=quantization)
    visit_spec(spec, replace)


def attribute(name: str) -> str:
    """``linear_0/weight`` → ``weight``."""
    return name.rpartition("/")[2]


def spec_of(model: Transformer) -> Any:
    """CTranslate2's description of the model (``TransformerSpec``), filled with its weights."""
    from ctranslate2.specs import TransformerSpec  # needs seconds, and only converting needs it
    from ctranslate2.specs.common_spec import Activation

    config = model.config
    layers = (config.encoder_layers, config.decoder_layers)
    spec = TransformerSpec.from_config(
        layers,
        config.heads,
        pre_norm=config.norm == "pre",
        activation=Activation[config.activation.upper()],
        layernorm_embedding=config.embedding_norm,
    )
    spec.encoder.embeddings[0].weight = array(model.embedding.weight)
    spec.decoder.embeddings.weight = array(model.written.weight)
    spec.decoder.projection.weight = array(model.output_weight)
    spec.decoder.projection.bias = output_bias(model)
    stacks: list[tuple[Any, Any]] = [(spec.encoder, model.encoder), (spec.decoder, model.decoder)]
    for place, stack in stacks:
        place.scale_embeddings = config.scale_embedding
        place.position_encodings.encodings = positions_of(config, stack)
        if config.embedding_norm:
            set_norm(place.layernorm_embedding, stack.input.norm)
        if config.norm == "pre":
            set_norm(place.layer_norm, stack.norm)
        for to, layer in zip(place.layer, stack.layers, strict=True):
            set_self_attention(to.self_attention, layer.self_attention, layer.self_attention_add_norm)
            if stack is model.decoder:
                set_cross_attention(to.attention, layer.cross_attention, layer.cross_attention_add_norm)
            set_feed_forward(to.ffn, layer.feed_forward, layer.feed_forward_add_norm)
    return spec


def positions_of(config: ModelConfig, stack: Any) -> Any:
    """The table of positions of one stack: what it learned, or as many rows of its waves as CTranslate2 is given."""
    if config.positions == "learned":
        return array(stack.input.positional_encoding.table)
    return positional_encodings(POSITIONS, config.d_model, config.positions, config.first_position).numpy()


def output_bias(model: Transformer) -> Any:
    """The model's, or none, but for pad and bos, which no translation has in it: so CTranslate2 need not be told."""
    config = model.config
    bias = torch.zeros(config.target_size) if model.output_bias is None else model.output_bias.detach().clone()
    bias[list({config.pad_id, config.bos_id} - {config.eos_id})] = NEVER
    return array(bias)


def set_self_attention(to: Any, attention: MultiHeadAttention, add_and_norm: AddAndNorm) -> None:
    """Queries, keys and values in one product, as here."""
    set_linear(to.linear[0], attention.w_qkv, attention.b_qkv)
    set_linear(to.linear[1], attention.w_o.weight, attention.w_o.bias)
    set_norm(to.layer_norm, add_and_norm.norm)


def set_cross_attention(to: Any, attention: MultiHeadAttention, add_and_norm: AddAndNorm) -> None:
    """Queries in one product, keys and values in another."""
    width, b = attention.d_model, attention.b_qkv
    set_linear(to.linear[0], attention.w_qkv[:width], None if b is None else b[:width])
    set_linear(to.linear[1], attention.w_qkv[width:], None if b is None else b[width:])
    set_linear(to.linear[2], attention.w_o.weight, attention.w_o.bias)
    set_norm(to.layer_norm, add_and_norm.norm)


def set_feed_forward(to: Any, feed_forward: FeedForward, add_and_norm: AddAndNorm) -> None:
    set_linear(to.linear_0, feed_forward.w_1.weight, feed_forward.w_1.bias)
    set_linear(to.linear_1, feed_forward.w_2.weight, feed_forward.w_2.bias)
    set_norm(to.layer_norm, add_and_norm.norm)


def set_linear(to: Any, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
    to.weight = array(weight)
    if bias is not None:
        to.bias = array(bias)


def set_norm(to: Any, norm: nn.LayerNorm) -> None:
    to.gamma, to.beta = array(norm.weight), array(norm.bias)


def array(tensor: torch.Tensor) -> Any:
    """Its numbers, float32, in memory of their own: CTranslate2's quantisation writes into what it is given."""
    return tensor.detach().cpu().float().numpy().copy()
