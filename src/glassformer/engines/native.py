"""PyTorch: the model itself, which can be looked into."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from glassformer.checkpoint import load_transformer
from glassformer.config import DecodingConfig, Precision
from glassformer.config.settings import use_threads
from glassformer.decoding import decode, score
from glassformer.decoding.batches import evaluating
from glassformer.decoding.lean import LeanTransformer, is_watched, lean
from glassformer.devices import find_device
from glassformer.engines.engine import Ids, Progress, Submitted
from glassformer.hypothesis import Hypothesis, check_numbers
from glassformer.model import Transformer
from glassformer.model_folder import Description
from glassformer.trace import record


class Native:
    """Can everything; computes when its result is asked for."""

    name = "native"
    copies = False

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self._lean: dict[Precision, tuple[object, LeanTransformer]] = {}

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks or reaches through a window of the model (``record``, ``heads_off`` and their like)."""
        return is_watched(self.model)

    def submit(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Submitted[list[list[Hypothesis]]]:
        def finish() -> list[list[Hypothesis]]:
            found = decode(self.lean(config.precision), sources, config, prefixes=prefixes, progress=progress)
            check_numbers(one[0].log_probability if one else math.nan for one in found)
            if config.attention:
                for source, hypotheses in zip(sources, found, strict=True):
                    hypotheses[0] = replace(hypotheses[0], attention=self.attention(source, hypotheses[0].ids))
            return found

        return Submitted(finish)

    def score(self, sources: Ids, targets: Ids) -> list[list[float]]:
        found = score(self.model, sources, targets)
        check_numbers(map(sum, found))
        return found

    def attention(self, source: Sequence[int], target: Sequence[int]) -> list[list[float]]:
        """The attention of ``target``'s tokens to ``source`` (eos last) when it is chosen: the mean over the heads of
        the penultimate decoder layer, which aligns best (Garg et al. 2019, §3.2)."""
        special, device = self.model.config, self.model.embedding.weight.device
        window = f"decoder.layers.{max(special.decoder_layers - 2, 0)}.cross_attention.weights"
        sides = special.source(source), [special.bos_id, *target]
        with torch.inference_mode(), evaluating(self.model), record(self.model, window) as trace:
            self.model(*(torch.tensor([ids], device=device) for ids in sides))
        return trace[window].float().mean(dim=0)[: len(target)].tolist()

    def lean(self, precision: Precision) -> Transformer | LeanTransformer:
        """The decoder: kept for the next sentences, and made again when a weight has changed."""
        weights = [(parameter.data_ptr(), parameter._version) for parameter in self.model.parameters()]
        before, kept = self._lean.get(precision, (None, None))
        made = lean(self.model, precision) if before != weights or kept is None or is_watched(self.model) else kept
        if isinstance(made, LeanTransformer):
            self._lean[precision] = weights, made
        return made


def load_native(folder: Path, about: Description, *, device: str = "", threads: int = 0) -> Native:
    """The model that ``about`` describes. Raises CheckpointError for a damaged folder, ConfigError for a device that is not
    there."""
    where = find_device(device)
    use_threads(threads)
    return Native(load_transformer(folder, about.config).to(where))
