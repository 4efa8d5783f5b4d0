"""§5.4 Label smoothing, on the positions that hold a word: padding is never multiplied by the vocabulary's matrix."""

from typing import NamedTuple

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.model import Transformer


class Loss(NamedTuple):
    """Sums over tokens, not means: batches of different size add up."""

    smoothed: Float[Tensor, ""]
    """What training makes small: cross entropy against the smoothed distribution, in nats."""
    plain: Float[Tensor, ""]
    """Cross entropy of the wanted tokens alone, in nats: its exp per token is the perplexity."""


def loss_of(
    model: Transformer,
    source_ids: Int[Tensor, "batch source"],
    target_ids: Int[Tensor, "batch target"],
    label_smoothing: float,
) -> Loss:
    """The loss of predicting each target token (from the second on) from those before it, summed over the batch."""
    given, wanted = target_ids[:, :-1], target_ids[:, 1:]
    memory = model.encode(source_ids)
    states = model.decode(given, memory, model.allowed(source_ids))
    real = wanted != model.config.pad_id
    log_probabilities = model.predict(states[real]).float().log_softmax(dim=-1)  # [token, vocabulary]
    plain = F.nll_loss(log_probabilities, wanted[real], reduction="sum")
    uniform = -log_probabilities.mean(dim=-1).sum()
    return Loss((1 - label_smoothing) * plain + label_smoothing * uniform, plain.detach())
