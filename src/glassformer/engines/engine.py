"""The protocol of an engine. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from glassformer.config import DecodingConfig
from glassformer.hypothesis import Hypothesis

Ids = Sequence[Sequence[int]]
Progress = Callable[[int], None]
Found = TypeVar("Found")


class Submitted(Generic[Found]):
    """Work that was submitted and may be computed in the background."""

    def __init__(self, finish: Callable[[], Found]) -> None:
        self._finish = finish
        self._found: list[Found] = []

    def result(self) -> Found:
        """Wait for the end, and give what was found: the same each time. Raises what computing raises."""
        if not self._found:
            self._found.append(self._finish())
        return self._found[0]


class Engine(Protocol):
    """Ids to ids. It knows no model to look into: the translator owns that."""

    @property
    def name(self) -> str: ...
    @property
    def copies(self) -> bool:
        """Whether it may compute with a copy of the model, which an intervention in the model does not reach."""

    def submit(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Submitted[list[list[Hypothesis]]]:
        """The hypotheses of each source, in the sources' order, as ``decoding.decode`` finds them; raises as it does. The
        engine may compute while the caller does something else."""

    def score(self, sources: Ids, targets: Ids) -> list[list[float]]:
        """log P of each target's tokens, natural, eos's the last, as ``decoding.score`` gives them; raises as it does."""
