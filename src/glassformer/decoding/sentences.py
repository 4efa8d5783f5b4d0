"""What is decoded together: padded sources, forced prefixes, length limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding.batches import pad
from glassformer.errors import DecodingError, VocabularyError


@dataclass(frozen=True)
class Sentence:
    """One source (eos at its end), the ids with which its target must begin, and the most tokens it may have."""

    source: list[int]
    prefix: list[int]
    limit: int


def make_sentence(
    source: Sequence[int], prefix: Sequence[int], config: DecodingConfig, model_config: ModelConfig
) -> Sentence:
    """Adds eos to the source, as training does. The limit counts the target's tokens with eos: the source's (with eos)
    plus ``extra_length``, and always one after the prefix.

    Raises DecodingError for a prefix longer than the limit or with pad, bos or eos in it, which no target has inside,
    and VocabularyError for a prefix's id that is not in the vocabulary (the model says it of the source).
    """
    limit = len(source) + 1 + config.extra_length
    if len(prefix) > limit:
        raise DecodingError(
            f"a prefix of {len(prefix)} ids for a source of {len(source)}, whose limit is {limit} target tokens: "
            f"shorten it or set extra_length={config.extra_length} higher"
        )
    special = {"pad": model_config.pad_id, "bos": model_config.bos_id, "eos": model_config.eos_id}
    for name, special_id in special.items():
        if special_id in prefix:
            raise DecodingError(f"a prefix with {name} ({special_id}) in it: wanted ids of ordinary tokens")
    vocabulary = model_config.vocabulary_size
    for token in prefix:
        if not 0 <= token < vocabulary:
            raise VocabularyError(f"id {token} of a prefix is not in the vocabulary: wanted 0 … {vocabulary - 1}")
    return Sentence([*source, model_config.eos_id], list(prefix), max(limit, len(prefix) + 1))


@dataclass(frozen=True)
class Sentences:
    """Some of them as tensors on the model's device."""

    source_ids: Int[Tensor, "batch source"]
    """Padded on the right."""
    forced: Int[Tensor, "batch prefix"]
    """The prefixes, −1 after their ends."""
    limits: Int[Tensor, " batch"]

    @classmethod
    def of(cls, sentences: Sequence[Sentence], pad_id: int, device: torch.device) -> "Sentences":
        return cls(
            pad([sentence.source for sentence in sentences], pad_id, device),
            pad([sentence.prefix for sentence in sentences], -1, device),
            torch.tensor([sentence.limit for sentence in sentences], device=device),
        )


def choosable(
    log_probabilities: Float[Tensor, "row vocabulary"],
    forced: Int[Tensor, "row prefix"],
    step: int,
    config: ModelConfig,
) -> Float[Tensor, "row vocabulary"]:
    """The log-probabilities, but −∞ for what may not be the target's token number ``step`` (from 0): pad and bos
    never, and inside a prefix all but its token, so that every method treats them alike."""
    open_ = log_probabilities.clone()
    for never in {config.pad_id, config.bos_id} - {config.eos_id}:  # some models begin with eos, which must stay open
        open_[:, never] = -math.inf
    if step >= forced.size(1):
        return open_
    now = forced[:, step, None]
    only = now.clamp(min=0)
    alone = torch.full_like(open_, -math.inf).scatter(1, only, log_probabilities.gather(1, only))
    return torch.where(now >= 0, alone, open_)
