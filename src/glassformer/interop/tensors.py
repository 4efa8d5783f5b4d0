"""A foreign file's tensors, each to be taken by its name: what nobody took is what this Transformer does not have."""

from collections.abc import Mapping

import torch
from torch import Tensor

from glassformer.checkpoint import finite
from glassformer.errors import ForeignModelError

SHOWN = 3
"""Names that a message shows."""


class Tensors:
    """The tensors of one file by their own names."""

    def __init__(self, tensors: Mapping[str, Tensor], where: object) -> None:
        self.tensors, self.where, self.taken = tensors, where, set[str]()

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def take(self, name: str, *shape: int) -> Tensor:
        """The tensor as float32. Raises ForeignModelError where it is missing, of another shape, or not finite."""
        if name not in self.tensors:
            raise ForeignModelError(f"{self.where} has no {name}: the model is not complete, or of another kind")
        self.taken.add(name)
        tensor = self.tensors[name]
        if list(tensor.shape) != list(shape):
            raise ForeignModelError(
                f"{self.where}: {name} is {list(tensor.shape)}, and its settings want {list(shape)}"
            )
        if not tensor.is_floating_point():
            raise ForeignModelError(f"{self.where}: {name} holds {tensor.dtype}: wanted floating-point numbers")
        tensor = tensor.to(torch.float32)
        if not finite(tensor):
            raise ForeignModelError(f"{self.where}: {name} holds a number that is not finite (NaN or infinity)")
        return tensor

    def rows(self, name: str) -> int:
        """The first axis of a tensor. Raises ForeignModelError where there is none."""
        if name not in self.tensors or not self.tensors[name].dim():
            raise ForeignModelError(f"{self.where} has no {name}: the model is not complete, or of another kind")
        return self.tensors[name].size(0)

    def same(self, one: str, other: str) -> bool:
        """Whether both names, where they are there, hold the same numbers."""
        if one not in self.tensors or other not in self.tensors:
            return True
        return self.tensors[one] is self.tensors[other] or torch.equal(self.tensors[one], self.tensors[other])

    def skip(self, *names: str) -> None:
        """These are known, and not needed: tables that are computed, a second name of a tensor that was taken."""
        self.taken.update(names)

    def finish(self) -> None:
        """Raises ForeignModelError, with their names, for tensors that nobody took."""
        left = sorted(self.tensors.keys() - self.taken)
        if left:
            more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
            raise ForeignModelError(
                f"{self.where} has {', '.join(left[:SHOWN])}{more}, which this Transformer does not: it is a model of "
                "another kind"
            )
