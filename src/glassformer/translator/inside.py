"""What looks into the model: ids in, numbers out. This, and not the door itself, needs torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from glassformer.brief import brief
from glassformer.config import DecodingConfig
from glassformer.decoding import decode, score
from glassformer.engines.native import Native
from glassformer.model import Transformer
from glassformer.trace import Trace, Window, record


@brief
@dataclass(frozen=True)
class Inside:
    """The model as PyTorch has it, whichever engine translates."""

    model: Transformer

    @cached_property
    def native(self) -> Native:
        return Native(self.model)

    def best(self, source_ids: Sequence[int], config: DecodingConfig | None) -> list[int]:
        """The ids of the best translation."""
        return self.native.begin([source_ids], config or DecodingConfig())()[0][0].ids

    def scores(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[list[float]]:
        """log P of each target's tokens, eos the last."""
        return score(self.model, sources, targets)

    def recorded(self, source_ids: Sequence[int], target_ids: Sequence[int], only: str = "*") -> Trace:
        """Every number on the way from one sentence to the other, all target positions at once."""
        special, device = self.model.config, self.model.embedding.weight.device
        sides = special.source(source_ids), [special.bos_id, *target_ids]
        with torch.no_grad(), record(self.model, only) as trace:
            self.model(*(torch.tensor([ids], device=device) for ids in sides))
        return trace

    def recorded_decoding(self, source_ids: Sequence[int]) -> tuple[Trace, list[int]]:
        """The same for greedy decoding, a part a step, and the ids that it found."""
        with record(self.model) as trace:
            ((found,),) = decode(self.model, [source_ids], DecodingConfig(method="greedy"))
        # Decoding's tensors are PyTorch's inference tensors, which cannot be written to or used in gradients.
        trace.steps = [{name: Window(w.tensor.clone(), *w[1:]) for name, w in step.items()} for step in trace.steps]
        return trace, found.ids
