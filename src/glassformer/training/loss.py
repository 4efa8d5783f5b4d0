"""§5.4 Label smoothing, on the positions that hold a word: padding is never multiplied by the vocabulary's matrix."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.model import Transformer

NUMBERS_AT_ONCE = 1 << 22
"""Logits held at a time by the fused loss: 16 MB in float32, which stay in the processor's cache."""


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
    if model.logits.watched or model.probabilities.watched:
        return smoothed_loss(model.predict(states[real]), wanted[real], label_smoothing)
    return fused_loss(states[real], model.embedding.weight, model.output_bias, wanted[real], label_smoothing)


def smoothed_loss(
    logits: Float[Tensor, "token vocabulary"], wanted: Int[Tensor, " token"], label_smoothing: float
) -> Loss:
    """§5.4 as it is written: (1 − ε) of the probability belongs to the wanted token, ε to all tokens alike."""
    log_probabilities = logits.float().log_softmax(dim=-1)
    plain = F.nll_loss(log_probabilities, wanted, reduction="sum")
    uniform = -log_probabilities.mean(dim=-1).sum()
    return Loss((1 - label_smoothing) * plain + label_smoothing * uniform, plain.detach())


def fused_loss(
    states: Float[Tensor, "token d_model"],
    weight: Float[Tensor, "vocabulary d_model"],
    bias: Float[Tensor, " vocabulary"] | None,
    wanted: Int[Tensor, " token"],
    label_smoothing: float,
) -> Loss:
    """The same from the decoder's states, without ever holding the logits of all tokens: a few rows at a time are
    predicted, turned into their gradient while they are at hand, and forgotten."""
    device = states.device.type
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
        states, weight = states.to(kind), weight.to(kind)
    smoothed, plain = _FusedLoss.apply(states, weight, bias, wanted, label_smoothing)  # type: ignore[no-untyped-call]
    return Loss(smoothed, plain)


class _FusedLoss(torch.autograd.Function):
    """∂loss/∂logits = softmax(logits) − the smoothed distribution: known as soon as the logits are."""

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor, label_smoothing: float
    ) -> tuple[Tensor, Tensor]:
        vocabulary = weight.size(0)
        learns = any(ctx.needs_input_grad)
        smoothed, plain = weight.new_zeros((), dtype=torch.float32), weight.new_zeros((), dtype=torch.float32)
        by_states = torch.empty_like(states) if learns else None
        by_weight = weight.new_zeros(weight.shape, dtype=torch.float32) if learns else None
        by_bias = weight.new_zeros(vocabulary, dtype=torch.float32) if learns and bias is not None else None
        mean_weight = weight.float().mean(dim=0)  # times a state: the mean of its logits, without another look at them
        if bias is not None:
            smoothed -= label_smoothing * len(states) * bias.mean()
        rows = max(NUMBERS_AT_ONCE // vocabulary, 16)
        for first in range(0, len(states), rows):
            some, ids = states[first : first + rows], wanted[first : first + rows]
            logits = (some @ weight.mT).float()
            logits = logits if bias is None else logits.add_(bias)
            gradient = logits.softmax(dim=-1)
            # log Σ exp(logits) from the largest probability, which is exp(the largest logit) / Σ exp(logits)
            log_sum = logits.amax(dim=-1) - gradient.amax(dim=-1).log()
            nll = log_sum.sum() - logits.gather(1, ids[:, None]).sum()
            plain += nll
            smoothed += (1 - label_smoothing) * nll + label_smoothing * (log_sum - some.float() @ mean_weight).sum()
            if by_states is None or by_weight is None:
                continue
            gradient.sub_(label_smoothing / vocabulary)
            gradient.scatter_add_(1, ids[:, None], gradient.new_full((len(ids), 1), label_smoothing - 1))
            if by_bias is not None:
                by_bias += gradient.sum(dim=0)
            gradient = gradient.to(weight.dtype)
            torch.mm(gradient, weight, out=by_states[first : first + rows])
            by_weight += gradient.mT @ some
        ctx.gradients = by_states, by_weight, by_bias
        ctx.kind = weight.dtype
        ctx.mark_non_differentiable(plain)
        return smoothed, plain

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        by_states, by_weight, by_bias = ctx.gradients
        scale = upstream[0]
        return (
            by_states * scale.to(by_states.dtype),
            (by_weight * scale).to(ctx.kind),
            None if by_bias is None else by_bias * scale,
            None,
            None,
        )
