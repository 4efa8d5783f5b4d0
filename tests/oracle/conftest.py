"""What the oracles share: numbers that are nowhere zero or one by chance, and the reading of a table of names."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


@pytest.fixture
def scatter() -> Callable[[nn.Module], None]:
    """Give every parameter random numbers, the biases and the norms as well, which begin as zeros and ones."""

    @torch.no_grad()
    def give(model: nn.Module) -> None:
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            if parameter.dim() > 1:
                parameter.copy_(noise / parameter.size(1) ** 0.5)
            else:
                parameter.copy_(noise * 0.2 + (1 if "norm" in name and name.endswith("weight") else 0))

    return give


@pytest.fixture
def worst() -> Callable[[Weights, Weights], float]:
    """The largest difference between two sets of tensors with the same names and shapes."""

    def difference(ours: Weights, theirs: Weights) -> float:
        assert ours.keys() == theirs.keys()
        assert all(ours[name].shape == theirs[name].shape for name in ours)
        return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)

    return difference
