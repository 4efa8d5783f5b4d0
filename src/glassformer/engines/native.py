"""PyTorch: the model itself, which can be looked into."""

from pathlib import Path

import torch

from glassformer.checkpoint import load_model
from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.devices import find_device
from glassformer.engines.engine import Ids, Pending, Progress
from glassformer.model import Transformer


class Native:
    """Can everything; computes when its result is asked for."""

    name = "native"

    def __init__(self, model: Transformer) -> None:
        self.model = model

    def begin(
        self, sources: Ids, config: DecodingConfig, *, prefixes: Ids | None = None, progress: Progress | None = None
    ) -> Pending:
        return lambda: decode(self.model, sources, config, prefixes=prefixes, progress=progress)


def load_native(folder: Path, *, device: str = "", threads: int = 0) -> Native:
    """Raises CheckpointError for a damaged folder, ConfigError for a device that is not there."""
    where = find_device(device)
    if threads:
        torch.set_num_threads(threads)
    return Native(load_model(folder).model.to(where))
