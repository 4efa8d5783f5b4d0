"""Which sentences are computed together, and the state in which the model computes them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Int
from torch import Tensor

from glassformer.model import Transformer


def by_length(lengths: Sequence[int], rows: int, batch_tokens: int) -> Iterator[list[int]]:
    """The sentences' numbers in groups, the longest first (what does not fit in memory fails at once, and the time
    left is never underestimated). A group holds at most ``batch_tokens`` padded tokens, each sentence being ``rows``
    rows, and at least one sentence."""
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    start = 0
    while start < len(order):
        count = max(1, batch_tokens // (rows * lengths[order[start]]))
        yield order[start : start + count]
        start += count


def pad(rows: Sequence[Sequence[int]], fill: int, device: torch.device | None = None) -> Int[Tensor, "batch position"]:
    """Rows of different lengths as one matrix, filled up on the right."""
    longest = max(map(len, rows), default=0)
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows], dtype=torch.long, device=device)


@contextmanager
def evaluating(model: Transformer) -> Iterator[None]:
    """No dropout and no gradients inside; afterwards each module is in the mode in which it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
