"""A window in the model: a module that returns what it is given, so that a hook can look or reach in."""

from typing import TypeVar

from torch import nn

Value = TypeVar("Value")

AXES = {
    "batch": "sentences computed together",
    "position": "tokens of a sentence, in order",
    "source": "tokens of the source sentence",
    "target": "tokens of the target sentence",
    "query": "the token that looks",
    "key": "the token that is looked at",
    "head": "attention heads",
    "d_model": "the width of the model",
    "d_k": "the width of one head's queries and keys",
    "d_v": "the width of one head's values",
    "d_ff": "the width of the inner feed-forward layer",
    "vocabulary": "all the tokens that the model knows",
}
"""Every word that may name an axis, in a Probe and in the model's signatures, with what it counts."""


class Probe(nn.Module):
    """An identity module with a name for each axis of what passes through (the batch axis goes without saying).

    Put it where the value is made and its module path is the window's name::

        self.weights = Probe("head query key", "§3.2.1, softmax(QKᵀ/√d_k)")
        weights = self.weights(scores.softmax(dim=-1))

    It holds no parameter, adds no key to a ``state_dict`` and no node to an exported graph. The hooks that see through it
    (``trace.record``) or reaches through it (``what_if``) is an ordinary PyTorch forward hook.
    """

    def __init__(self, axes: str, place: str) -> None:
        super().__init__()
        unknown = [axis for axis in axes.split() if axis not in AXES]
        if unknown:
            raise ValueError(f"a Probe's axes are words from {', '.join(AXES)}; got {', '.join(unknown)}")
        self.axes = tuple(axes.split())
        self.place = place

    @property
    def watched(self) -> bool:
        """Whether somebody looks: what nobody looks at need not be computed in full."""
        return bool(self._forward_hooks)

    def forward(self, value: Value) -> Value:
        return value

    def extra_repr(self) -> str:
        return " ".join(self.axes)
