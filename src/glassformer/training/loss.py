"""§5.4 Label smoothing, on the positions that hold a word: padding is never multiplied by the vocabulary's matrix. And
R-Drop (Liang et al. 2021, arXiv 2106.14448): each batch twice, under two dropouts, whose predictions are to agree."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.model import Transformer

LOGITS_AT_ONCE = 1 << 23
"""Held at a time by the fused loss, for products that are large enough: 16 MB in bfloat16."""
IN_CACHE = 1 << 17
"""Of these, turned into their gradient at a time by each core of a processor: half a megabyte in float32, which its nearest
cache keeps from the first operation to the last. All at once they take 1.6 times as long, most of it waiting for memory."""
EVEN_ROWS = 64
"""From 16 times this number of tokens on, a product with the vocabulary has a multiple of it as rows, the last of them 0:
oneDNN compiles each number of rows anew, on a processor with AMX in 5 to 40 ms, and keeps 1,024 products."""


class Loss(NamedTuple):
    """Sums over tokens, not means: batches of different size add up. Of a batch that is computed twice, the mean of both."""

    smoothed: Float[Tensor, ""]
    """The loss of training: cross entropy against the smoothed distribution, in nats, and R-Drop's divergence."""
    plain: Float[Tensor, ""]
    """Cross entropy of the wanted tokens alone, in nats: its exp per token is the perplexity."""


def loss_of(
    model: Transformer,
    source_ids: Int[Tensor, "batch source"],
    target_ids: Int[Tensor, "batch target"],
    label_smoothing: float,
    r_drop: float = 0.0,
) -> Loss:
    """The loss of predicting each target token (from the second on) from those before it, summed over the batch.
    ``r_drop``: R-Drop's α, for which the batch is computed twice; 0: once."""
    if r_drop:
        source_ids, target_ids = source_ids.repeat(2, 1), target_ids.repeat(2, 1)
    given, wanted = target_ids[:, :-1], target_ids[:, 1:]
    memory = model.encode(source_ids)
    states = model.decode(given, memory, model.allowed(source_ids))
    real = wanted != model.config.pad_id
    if model.logits.watched or model.probabilities.watched:
        return smoothed_loss(model.predict(states[real]), wanted[real], label_smoothing, r_drop)
    return fused_loss(states[real], model.output_weight, model.output_bias, wanted[real], label_smoothing, r_drop)


def smoothed_loss(
    logits: Float[Tensor, "token vocabulary"],
    wanted: Int[Tensor, " token"],
    label_smoothing: float,
    r_drop: float = 0.0,
) -> Loss:
    """§5.4 as it is written: (1 − ε) of the probability belongs to the wanted token, ε to all tokens alike.

    With R-Drop, α = ``r_drop``: the second half of the tokens is the first once more, under another dropout, and to half
    of the sum of their losses comes α/2 times the mean of both Kullback–Leibler divergences (the paper's loss, halved).
    """
    log_probabilities = logits.float().log_softmax(dim=-1)
    plain = F.nll_loss(log_probabilities, wanted, reduction="sum")
    uniform = -log_probabilities.mean(dim=-1).sum()
    smoothed = (1 - label_smoothing) * plain + label_smoothing * uniform
    if not r_drop:
        return Loss(smoothed, plain.detach())
    one, other = log_probabilities.chunk(2)
    divergence = ((one.exp() - other.exp()) * (one - other)).sum() / 2
    return Loss((smoothed + r_drop * divergence) / 2, plain.detach() / 2)


def fused_loss(
    states: Float[Tensor, "token d_model"],
    weight: Float[Tensor, "vocabulary d_model"],
    bias: Float[Tensor, " vocabulary"] | None,
    wanted: Int[Tensor, " token"],
    label_smoothing: float,
    r_drop: float = 0.0,
) -> Loss:
    """The same from the decoder's states, without ever holding the logits of all tokens: some rows at a time are
    predicted, a few of them at a time turned into their gradient, in their place, and all forgotten."""
    device = states.device.type
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
        states, weight = states.to(kind), weight.to(kind)
    smoothed, plain = _FusedLoss.apply(states, weight, bias, wanted, label_smoothing, r_drop)  # type: ignore[no-untyped-call]
    return Loss(smoothed, plain)


class _FusedLoss(torch.autograd.Function):
    """∂loss/∂logits = softmax(logits) − the smoothed distribution: known as soon as the logits are. R-Drop's is, too."""

    @staticmethod
    def forward(
        ctx: Any,
        states: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        wanted: Tensor,
        label_smoothing: float,
        r_drop: float,
    ) -> tuple[Tensor, Tensor]:
        vocabulary, copies = weight.size(0), 2 if r_drop else 1
        learns = any(ctx.needs_input_grad)
        smoothed, plain = weight.new_zeros((), dtype=torch.float32), weight.new_zeros((), dtype=torch.float32)
        by_states = torch.empty_like(states) if learns else None
        by_weight = weight.new_zeros(weight.shape, dtype=torch.float32) if learns else None
        by_bias = weight.new_zeros(vocabulary, dtype=torch.float32) if learns and bias is not None else None
        mean_weight = weight.float().mean(dim=0)  # times a state: the mean of its logits, without another look at them
        if bias is not None:
            smoothed -= label_smoothing * len(states) * bias.mean()
        rows, part, even = at_once(len(states) // copies, vocabulary * copies, states.device.type)
        of_copies = states.view(copies, -1, states.size(-1))
        by_copies = None if by_states is None else by_states.view_as(of_copies)
        missing = torch.full((part * copies, 1), label_smoothing - 1, device=states.device)
        for first in range(0, of_copies.size(1), rows):
            ids = wanted.view(copies, -1)[:, first : first + rows]
            real = slice(first, first + ids.size(1))
            some = F.pad(of_copies[:, real], (0, 0, 0, -ids.size(1) % even)).flatten(0, 1)
            logits = (some @ weight.mT).view(copies, -1, vocabulary)
            chosen = logits[:, : ids.size(1)].gather(2, ids[..., None]).float().sum()
            if bias is not None:
                chosen += bias[ids].sum()
            log_sums = []
            for at in range(0, ids.size(1), part):
                few_logits = logits[:, at : min(at + part, ids.size(1))]
                few = few_logits.float().flatten(0, 1)
                few = few if bias is None else few.add_(bias)
                few_wanted = ids[:, at : at + part].reshape(-1, 1)
                gradient, log_sum, divergence = gradient_of(few, few_wanted, missing, label_smoothing, r_drop, learns)
                log_sums.append(log_sum.view(copies, -1))
                if divergence is not None:
                    smoothed += r_drop * divergence
                if by_bias is not None:
                    by_bias += gradient.sum(dim=0)
                if learns:
                    few_logits.copy_(gradient.view_as(few_logits))
            log_sum = torch.cat(log_sums, dim=1).sum()
            nll, uniform = log_sum - chosen, log_sum - (some.float() @ mean_weight).sum()
            plain += nll
            smoothed += (1 - label_smoothing) * nll + label_smoothing * uniform
            if by_copies is not None and by_weight is not None:
                by_logits = logits.view(-1, vocabulary)
                by_copies[:, real] = torch.mm(by_logits, weight).view(copies, -1, states.size(-1))[:, : ids.size(1)]
                by_weight += by_logits.mT @ some
        ctx.gradients = by_states, by_weight, by_bias
        ctx.kind, ctx.share = weight.dtype, 1 / copies
        plain = plain / copies
        ctx.mark_non_differentiable(plain)
        return smoothed / copies, plain

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        by_states, by_weight, by_bias = ctx.gradients
        scale = upstream[0] * ctx.share
        return (
            by_states * scale.to(by_states.dtype),
            (by_weight * scale).to(ctx.kind),
            None if by_bias is None else by_bias * scale,
            None,
            None,
            None,
        )


def at_once(tokens: int, vocabulary: int, device: str) -> tuple[int, int, int]:
    """How many of ``tokens``, with ``vocabulary`` logits each, are predicted at a time; how many of these are turned into
    their gradient at a time; and the number of which a product's rows are a multiple."""
    rows = max(LOGITS_AT_ONCE // vocabulary, 16)
    even = EVEN_ROWS if tokens >= 16 * EVEN_ROWS and rows >= EVEN_ROWS else 1
    rows -= rows % even
    in_caches = IN_CACHE * torch.get_num_threads()
    return rows, max(in_caches // vocabulary, 1) if device == "cpu" else rows, even


def gradient_of(
    logits: Float[Tensor, "token vocabulary"],
    wanted: Int[Tensor, "token 1"],
    missing: Float[Tensor, "most 1"],
    label_smoothing: float,
    r_drop: float,
    learns: bool,
) -> tuple[Float[Tensor, "token vocabulary"], Float[Tensor, " token"], Float[Tensor, ""] | None]:
    """Of a few rows: ∂loss/∂logits, or without ``learns`` the probabilities alone; log Σ exp(logits) of each; and with
    R-Drop their divergence. ``missing``: a column of label smoothing − 1, with a row for each of ``logits`` or more.
    R-Drop overwrites ``logits``."""
    gradient = logits.softmax(dim=-1)
    # log Σ exp(logits) from the largest probability, which is exp(the largest logit) / Σ exp(logits)
    log_sum = logits.amax(dim=-1) - gradient.amax(dim=-1).log()
    divergence, pull = apart(gradient, logits.sub_(log_sum[:, None])) if r_drop else (None, None)
    if learns:
        gradient.sub_(label_smoothing / logits.size(-1))
        gradient.scatter_add_(1, wanted, missing[: len(gradient)])
        if pull is not None:
            gradient.add_(pull, alpha=r_drop)
    return gradient, log_sum, divergence


def apart(
    probabilities: Float[Tensor, "token vocabulary"], log_probabilities: Float[Tensor, "token vocabulary"]
) -> tuple[Float[Tensor, ""], Float[Tensor, "token vocabulary"]]:
    """The mean of the two Kullback–Leibler divergences between the first half of the rows and the second, summed over
    the tokens, and its gradient by the logits: of KL(p ‖ q) it is p (log p/q − KL) by p's and q − p by q's."""
    p, q = probabilities.chunk(2)
    one, other = log_probabilities.chunk(2)
    ratio = one - other
    by_p, by_q = p * ratio, q * ratio
    of_p, of_q = by_p.sum(dim=-1, keepdim=True), -by_q.sum(dim=-1, keepdim=True)
    gradient = torch.cat([by_p.addcmul_(p, of_p, value=-1) + p - q, -by_q.addcmul_(q, of_q) + q - p])
    return (of_p + of_q).sum() / 2, gradient / 2
