"""What every engine can do. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from glassformer.config import DecodingConfig
from glassformer.hypothesis import Hypothesis

if TYPE_CHECKING:
    from glassformer.model import Transformer

Ids = Sequence[Sequence[int]]
Progress = Callable[[int], None]
Pending = Callable[[], list[list[Hypothesis]]]
"""Waits for what was begun and gives each source's hypotheses, in the sources' order."""


class Engine(Protocol):
    """Ids to ids. ``begin`` may compute while the caller does something else; what it gives, waits for the end."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> Transformer:
        """The model to look into: always PyTorch's, whatever computes the translations."""

    def begin(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Pending:
        """The hypotheses of each source, as ``decoding.decode`` finds them; raises as it does."""

    def score(self, sources: Ids, targets: Ids) -> list[list[float]]:
        """log P of each target's tokens, natural, eos's the last, as ``decoding.score`` gives them; raises as it does."""
