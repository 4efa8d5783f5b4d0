"""The view into the model: ids in, numbers out. This, and not the door itself, needs torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from glassformer.brief import brief
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.decoding.constrained import constrained_search
from glassformer.engines.native import Native
from glassformer.hypothesis import Hypothesis
from glassformer.model import Transformer
from glassformer.trace import Trace, Window, record


@brief
@dataclass(frozen=True)
class Inside:
    """The model as PyTorch has it, whichever engine translates."""

    native: Native

    @property
    def model(self) -> Transformer:
        return self.native.model

    def found(self, source_ids: Sequence[int], config: DecodingConfig) -> list[Hypothesis]:
        """The best translations, the best first."""
        return self.native.submit([source_ids], config).result()[0]

    def scores(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]) -> list[list[float]]:
        """log P of each target's tokens, eos the last. Raises DecodingError where it is not a number."""
        return self.native.score(sources, targets)

    def with_phrases(
        self,
        source_ids: Sequence[int],
        phrases: Sequence[Sequence[int]],
        instead: Sequence[Sequence[int]],
        inside_word: Sequence[bool],
        config: DecodingConfig,
        prefix: Sequence[int] = (),
    ) -> list[Hypothesis]:
        """The best translations that have all ``phrases`` in them; none where there is no room for them. Each takes the
        place of its word of ``instead`` (ids, which may be empty) if there is such a place. ``inside_word``: by id, whether
        a token goes on with a word. ``prefix``: the ids that they begin with."""
        decoder, inside = self.native.lean(config.precision), torch.tensor(inside_word)
        found = constrained_search(decoder, source_ids, phrases, inside, config, instead, prefix)
        if not found and any(instead):
            found = constrained_search(decoder, source_ids, phrases, inside, config, prefix=prefix)
        if found and config.attention:
            found[0] = replace(found[0], attention=self.native.attention(source_ids, found[0].ids))
        return found

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
