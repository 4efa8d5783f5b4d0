"""A run that begins with a trained model's weights instead of random ones: fine-tuning, also with another vocabulary."""

import torch
from torch import Tensor

from glassformer.checkpoint import Saved
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import WORD_START, Tokenizer
from glassformer.training.state import State

VOCABULARY = ("embedding.weight", "target_embedding.weight", "output_matrix", "output_bias")
"""The matrices with a row for each piece of the vocabulary: the first of the source's, the others of the target's."""
SIZES = (
    "d_model",
    "heads",
    "d_ff",
    "encoder_layers",
    "decoder_layers",
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
OF_TABLES = ("target_vocabulary_size", "target_prefix", "pad_id", "bos_id", "eos_id", "unk_id")
"""Settings that go with a vocabulary that is kept."""


def start_from(state: State, tokenizer: Tokenizer, saved: Saved) -> None:
    """Give the model, and its average, the weights of ``saved``. A piece that both vocabularies have keeps its
    embedding; a new one gets that of its lower-case twin, or the mean of the pieces that spelt it.

    Raises ConfigError for a model of other sizes.
    """
    for name in SIZES:
        own, other = getattr(state.model.config, name), getattr(saved.model.config, name)
        if own != other:
            raise ConfigError(f"model.{name}={own}, and the model to start from has {other}: leave the setting out")
    if bool(state.model.config.target_vocabulary_size) != bool(saved.model.config.target_vocabulary_size):
        raise ConfigError(
            "the model to start from has a vocabulary for each language: keep them, without --new-vocabulary"
        )
    weights = saved.model.state_dict()
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
