"""PyTorch: the model itself, which can be looked into."""

from pathlib import Path

import torch

from glassformer.checkpoint import load_model
from glassformer.config import DecodingConfig, Precision
from glassformer.config.settings import check_threads
from glassformer.decoding import decode
from glassformer.decoding.lean import LeanTransformer, is_watched, lean
from glassformer.devices import find_device
from glassformer.engines.engine import Ids, Pending, Progress
from glassformer.model import Transformer


class Native:
    """Can everything; computes when its result is asked for."""

    name = "native"

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self._lean: dict[Precision, tuple[object, LeanTransformer]] = {}

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks or reaches through a window of the model (``record``, ``heads_off`` and their like)."""
        return is_watched(self.model)

    def begin(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Pending:
        return lambda: decode(self.lean(config.precision), sources, config, prefixes=prefixes, progress=progress)

    def lean(self, precision: Precision) -> Transformer | LeanTransformer:
        """What decodes: kept for the next sentences, and made again when a weight has changed."""
        weights = [(parameter.data_ptr(), parameter._version) for parameter in self.model.parameters()]
        before, kept = self._lean.get(precision, (None, None))
        made = lean(self.model, precision) if before != weights or kept is None or is_watched(self.model) else kept
        if isinstance(made, LeanTransformer):
            self._lean[precision] = weights, made
        return made


def load_native(folder: Path, *, device: str = "", threads: int = 0) -> Native:
    """Raises CheckpointError for a damaged folder, ConfigError for a device that is not there."""
    where = find_device(device)
    check_threads(threads)
    if threads:
        torch.set_num_threads(threads)
    return Native(load_model(folder).model.to(where))
