"""A batch to decode, as tensors: padded sources, forced prefixes, length limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.brief import brief
from glassformer.config import ModelConfig
from glassformer.decoding.batches import pad
from glassformer.hypothesis import Sentence


@brief
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
    never, eos not first (a sentence has a translation), and inside a prefix all but its token, so that every method
    treats them alike."""
    open_ = log_probabilities.clone()
    for never in {config.pad_id, config.bos_id} - {config.eos_id}:  # some models begin with eos, which must stay open
        open_[:, never] = -math.inf
    if step == 0:
        open_[:, config.eos_id] = -math.inf
    if step >= forced.size(1):
        return open_
    now = forced[:, step, None]
    only = now.clamp(min=0)
    alone = torch.full_like(open_, -math.inf).scatter(1, only, log_probabilities.gather(1, only))
    return torch.where(now >= 0, alone, open_)
