"""Averaged weights: an exponential moving average over the steps, which translates better than the last weights do."""

import torch
from torch import Tensor, nn


class Average:
    """The average of a model's weights (Polyak averaging with exponential decay)."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.names = [name for name, _ in model.named_parameters()]
        self.weights = [parameter.detach().clone() for parameter in model.parameters()]

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the weights after ``step`` (from 1). Early steps count more, so that the start is soon forgotten."""
        decay = min(self.decay, step / (step + 10))
        torch._foreach_lerp_(self.weights, [p.detach() for p in model.parameters()], 1 - decay)

    def state(self) -> dict[str, Tensor]:
        return dict(zip(self.names, self.weights, strict=True))
