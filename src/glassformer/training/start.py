"""A run that begins with a trained model's weights instead of random ones: fine-tuning, also with another vocabulary."""

from typing import Any

import torch
from torch import Tensor

from glassformer.card import Card
from glassformer.checkpoint import Saved
from glassformer.config import ModelConfig
from glassformer.config.training import HEAD_OF_ENCODER
from glassformer.errors import ConfigError
from glassformer.model import Transformer
from glassformer.text.tokenizer import WORD_START, Tokenizer
from glassformer.training.state import State

VOCABULARY = ("embedding.weight", "target_embedding.weight", "output_matrix", "output_bias")
"""The matrices with a row for each piece of the vocabulary: the first of the source's, the others of the target's."""
SIZES = (
    "d_model",
    "heads",
    "d_ff",
    "activation",
    "positions",
    "first_position",
    "longest",
    "scale_embedding",
    "embedding_norm",
    "norm",
    "attention_bias",
    "output_bias",
    "tied_output",
    "source_eos",
)
"""Settings that must be the same in both models."""
LAYERS = ("encoder_layers", "decoder_layers")
"""Settings that may be lower than those of the model to start from."""
OF_TABLES = ("target_vocabulary_size", "target_prefix", "pad_id", "bos_id", "eos_id", "unk_id")
"""Settings that go with a vocabulary that is kept."""


def start_from(state: State, tokenizer: Tokenizer, saved: Saved) -> None:
    """Give the model, and its average, the weights of ``saved``. A piece that both vocabularies have keeps its
    embedding; a new one gets that of its lower-case twin, or the mean of the pieces that spelt it. A model of fewer layers
    takes some of the other's (``kept_layers``).

    Raises ConfigError for a model of other sizes, or of more layers.
    """
    for name in SIZES:
        own, other = getattr(state.model.config, name), getattr(saved.model.config, name)
        if own != other:
            raise ConfigError(f"model.{name}={own}, and the model to start from has {other}: leave the setting out")
    for name in LAYERS:
        own, other = getattr(state.model.config, name), getattr(saved.model.config, name)
        if own > other:
            raise ConfigError(
                f"model.{name}={own}, and the model to start from has only {other}: leave the setting out"
            )
    if bool(state.model.config.target_vocabulary_size) != bool(saved.model.config.target_vocabulary_size):
        raise ConfigError(
            "the model to start from has a vocabulary for each language: keep them, without --new-vocabulary"
        )
    weights = with_fewer_layers(saved.model, state.model.config)
    of_source = twins(tokenizer, saved.tokenizer)
    shared = tokenizer.target is tokenizer and saved.tokenizer.target is saved.tokenizer
    of_target = of_source if shared else twins(tokenizer.target, saved.tokenizer.target)
    with torch.no_grad():
        for name, parameter in state.model.named_parameters():
            found = weights[name].to(parameter.device, torch.float32)
            rows = of_source if name == "embedding.weight" else of_target
            parameter.copy_(mixed(found, rows) if name in VOCABULARY else found)
        for average, parameter in zip(state.average.weights, state.model.parameters(), strict=True):
            average.copy_(parameter)


def with_fewer_layers(model: Transformer, config: ModelConfig) -> dict[str, Tensor]:
    """The model's weights by name, as one of ``config``'s numbers of layers names them."""
    weights = model.state_dict()
    for side, old, new in (
        ("encoder", model.config.encoder_layers, config.encoder_layers),
        ("decoder", model.config.decoder_layers, config.decoder_layers),
    ):
        layers = {name: weights.pop(name) for name in list(weights) if name.startswith(f"{side}.layers.")}
        for number, kept in enumerate(kept_layers(old, new)):
            own, other = f"{side}.layers.{number}.", f"{side}.layers.{kept}."
            weights |= {name.replace(other, own): tensor for name, tensor in layers.items() if name.startswith(other)}
    return weights


def taught_before(saved: Saved, config: ModelConfig) -> dict[str, Any]:
    """The card's entry on a head that the model to start from was taught, by its name in a model of fewer layers; empty
    where none was taught, or its layer is not kept."""
    taught = dict(Card.of(saved.card).taught)
    found = HEAD_OF_ENCODER.fullmatch(str(taught.get("head", "")))
    kept = kept_layers(saved.model.config.encoder_layers, config.encoder_layers)
    if not found or int(found[1]) not in kept:
        return {}
    return {**taught, "head": f"encoder.layers.{kept.index(int(found[1]))}.self_attention:{found[2]}"}


def kept_layers(old: int, new: int) -> list[int]:
    """Which of ``old`` layers a model of ``new`` takes: the first, the last, and between them at equal distances; of a
    single one the first ("shrink and fine-tune", Shleifer and Rush 2020)."""
    return [round(number * (old - 1) / max(new - 1, 1)) for number in range(new)]


def mixed(old: Tensor, rows: list[list[int]]) -> Tensor:
    """For each new piece the mean of the old rows."""
    return torch.stack([old[row].mean(dim=0) for row in rows])


def twins(new: Tokenizer, old: Tokenizer) -> list[list[int]]:
    """For each piece of ``new`` the pieces of ``old`` that stand for it."""
    known = {token: id for id, token in enumerate(old.tokens(range(len(old))))}
    found = []
    for token in new.tokens(range(len(new))):
        lower = token.lower()
        titled = f"{lower[:2].upper()}{lower[2:]}" if lower.startswith(WORD_START) else lower.capitalize()
        same = next((known[twin] for twin in (token, lower, titled) if twin in known), None)
        spelt = [same] if same is not None else old.encode(lower.replace(WORD_START, " "))
        found.append(spelt or [old.unk_id])
    return found
