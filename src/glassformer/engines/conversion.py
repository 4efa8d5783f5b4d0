"""A model as CTranslate2 has it: the same weights under its names, positions as a table. Needs no torch."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassformer.config import ModelConfig
from glassformer.engines.ctranslate2 import POSITIONS, files_of
from glassformer.weights import Arrays, Bare, numbers_of

if TYPE_CHECKING:
    from glassformer.model import Transformer

NEVER = -1e4
"""A logit whose probability is 0, and which float16 can hold."""
EPSILON = 1e-5
"""Of LayerNorm, in both."""


def convert(
    model: "Transformer | Bare",
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


def spec_of(model: "Transformer | Bare") -> Any:
    """CTranslate2's description of the model (``TransformerSpec``), filled with its weights."""
    from ctranslate2.specs import TransformerSpec  # needs seconds, and only converting needs it
    from ctranslate2.specs.common_spec import Activation

    config, weights = model.config, numbers_of(model)
    layers = (config.encoder_layers, config.decoder_layers)
    spec = TransformerSpec.from_config(
        layers,
        config.heads,
        pre_norm=config.norm == "pre",
        activation=Activation[config.activation.upper()],
        layernorm_embedding=config.embedding_norm,
    )
    written = weights["target_embedding.weight" if config.target_vocabulary_size else "embedding.weight"]
    spec.encoder.embeddings[0].weight = weights["embedding.weight"].copy()
    spec.decoder.embeddings.weight = written.copy()
    spec.decoder.projection.weight = (written if config.tied_output else weights["output_matrix"]).copy()
    spec.decoder.projection.bias = output_bias(config, weights)
    waves = None if config.positions == "learned" else positions(config)
    for side, place in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        place.scale_embeddings = config.scale_embedding
        learned = weights.get(f"{side}.input.positional_encoding.table")
        place.position_encodings.encodings = waves if learned is None else learned.copy()
        if config.embedding_norm:
            set_norm(place.layernorm_embedding, weights, f"{side}.input.norm")
        if config.norm == "pre":
            set_norm(place.layer_norm, weights, f"{side}.norm")
        for number, to in enumerate(place.layer):
            layer = f"{side}.layers.{number}"
            set_self_attention(to.self_attention, weights, f"{layer}.self_attention")
            if side == "decoder":
                set_cross_attention(to.attention, weights, f"{layer}.cross_attention", config.d_model)
            set_feed_forward(to.ffn, weights, f"{layer}.feed_forward")
    return spec


def positions(config: ModelConfig) -> Any:
    """Rows of the table as ``model.positions`` has them, which says what the layouts are."""
    pairs = config.d_model // 2
    exponent = np.arange(pairs) / (max(pairs - 1, 1) if config.positions == "halves" else pairs)
    pos = np.arange(config.first_position, config.first_position + POSITIONS, dtype=np.float64)
    angles = pos[:, None] / 10000**exponent  # [position, pair]
    waves = [np.sin(angles), np.cos(angles)]
    interleaved = config.positions == "interleaved"
    table = np.stack(waves, axis=-1).reshape(POSITIONS, -1) if interleaved else np.concatenate(waves, axis=-1)
    return table.astype(np.float32)


def output_bias(config: ModelConfig, weights: Arrays) -> Any:
    """The model's, or none, but for pad and bos, which no translation has in it: so CTranslate2 need not forbid them."""
    given = weights.get("output_bias")
    bias = np.zeros(config.target_size, np.float32) if given is None else given.copy()
    bias[list({config.pad_id, config.bos_id} - {config.eos_id})] = NEVER
    return bias


def set_self_attention(to: Any, weights: Arrays, name: str) -> None:
    """Queries, keys and values in one product, as here."""
    set_linear(to.linear[0], weights[f"{name}.w_qkv"], weights.get(f"{name}.b_qkv"))
    set_linear(to.linear[1], weights[f"{name}.w_o.weight"], weights.get(f"{name}.w_o.bias"))
    set_norm(to.layer_norm, weights, f"{name}_add_norm.norm")


def set_cross_attention(to: Any, weights: Arrays, name: str, width: int) -> None:
    """Queries in one product, keys and values in another."""
    w, b = weights[f"{name}.w_qkv"], weights.get(f"{name}.b_qkv")
    set_linear(to.linear[0], w[:width], None if b is None else b[:width])
    set_linear(to.linear[1], w[width:], None if b is None else b[width:])
    set_linear(to.linear[2], weights[f"{name}.w_o.weight"], weights.get(f"{name}.w_o.bias"))
    set_norm(to.layer_norm, weights, f"{name}_add_norm.norm")


def set_feed_forward(to: Any, weights: Arrays, name: str) -> None:
    for linear, part in ((to.linear_0, "w_1"), (to.linear_1, "w_2")):
        set_linear(linear, weights[f"{name}.{part}.weight"], weights[f"{name}.{part}.bias"])
    set_norm(to.layer_norm, weights, f"{name}_add_norm.norm")


def set_linear(to: Any, weight: Any, bias: Any) -> None:
    """In memory of their own: CTranslate2's quantisation writes into what it is given."""
    to.weight = weight.copy()
    if bias is not None:
        to.bias = bias.copy()


def set_norm(to: Any, weights: Arrays, name: str) -> None:
    to.gamma, to.beta = weights[f"{name}.weight"].copy(), weights[f"{name}.bias"].copy()
