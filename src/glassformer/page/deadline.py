"""An answer that takes too long, or that nobody waits for any more, ends in the middle of the model's work."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from glassformer.decoding.lean import Bystander
from glassformer.http.guard import RequestError
from glassformer.model import Transformer
from glassformer.model.layers import DecoderLayer, EncoderLayer

LONGEST_ANSWER = 30.0
"""Seconds of the model's time for one question."""


class Deadline:
    """Until when a question may be worked on. It begins to count when the work does."""

    def __init__(self, seconds: float = LONGEST_ANSWER) -> None:
        self.seconds = seconds
        self.gone = threading.Event()
        """Set when the client has left."""

    @contextmanager
    def over(self, model: Transformer) -> Iterator[None]:
        """A ``with`` block in which every layer of ``model``, and every step of its lean twin, first looks at the clock.
        Raises RequestError from there."""
        clock = AnswerClock(self.gone, self.seconds)
        layers = [module for module in model.modules() if isinstance(module, (EncoderLayer, DecoderLayer))]
        watched = [*layers, model.encoder.norm, model.decoder.norm]
        handles = [module.register_forward_pre_hook(clock) for module in watched]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


class AnswerClock(Bystander):
    """It begins to run when it is made."""

    def __init__(self, gone: threading.Event, seconds: float) -> None:
        self.gone, self.seconds, self.until = gone, seconds, time.monotonic() + seconds

    def __call__(self, *_: Any) -> None:
        if self.gone.is_set():
            raise RequestError(499, "nobody waits for this answer any more")
        if time.monotonic() > self.until:
            raise RequestError(
                503, f"the answer takes longer than {self.seconds:g} seconds: ask about a shorter sentence"
            )
