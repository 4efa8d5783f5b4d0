"""Threads that take what waits, compute it, and tell the client who waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from glassformer.config import DecodingConfig
from glassformer.serve.models import Offer
from glassformer.serve.queue import Order, Piece, Queue, deliver, fail

Lane = tuple[Offer, DecodingConfig]
Compute = Callable[[Lane, Sequence[Piece]], list[Any]]


class Workers:
    """``count`` threads on one queue. ``compute`` gives one result a piece."""

    def __init__(
        self,
        queue: Queue,
        compute: Compute,
        count: int,
        counted: Callable[[Sequence[Piece]], None],
        tidy: Callable[[], None] = lambda: None,
    ) -> None:
        """``counted`` is called with each batch before it is computed, for figures; ``tidy`` when it has been delivered."""
        self.queue, self.compute, self.counted, self.tidy = queue, compute, counted, tidy
        self.delivering = threading.Lock()
        self.threads = [threading.Thread(target=self.work, name=f"worker {n}", daemon=True) for n in range(count)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def work(self) -> None:
        """Until the queue is closed and empty."""
        while (taken := self.queue.take()) is not None:
            lane, pieces = taken
            self.counted(pieces)
            try:
                found, error = self.compute(lane, pieces), None  # type: ignore[arg-type]
            except BaseException as failure:
                found, error = [], failure
            with self.delivering:
                ended = fail(pieces, error) if error is not None else deliver(pieces, found)
            for order in ended:
                order.done(order)
            del found, ended
            self.tidy()

    def end(self, seconds: float) -> bool:
        """Compute what waits, for at most so long; whether all of it was."""
        self.queue.close()
        for thread in self.threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self.threads)


def compute_with_models(translator_of: Callable[[Offer], Any]) -> Compute:
    """Batches as the models' engines compute them."""

    def compute(lane: Lane, pieces: Sequence[Piece]) -> list[Any]:
        offer, config = lane
        translator = translator_of(offer)
        engine = translator.engine_now
        sources = [piece.source for piece in pieces]
        submitted = engine.submit(sources, config)
        if uses_torch(engine, sources, config):
            with offer.lock, Stopwatch(translator.model, [piece.order for piece in pieces]):
                return list(submitted.result())
        return list(submitted.result())

    return compute


def uses_torch(engine: Any, sources: Sequence[list[int]], config: DecodingConfig) -> bool:
    """Whether PyTorch will compute this: it looks at the clock in each layer and step."""
    chosen = getattr(engine, "chosen", None)
    return (chosen(sources, config, None) if chosen else engine).name == "native"


class Stopwatch:
    """A ``with`` block in which the model stops when nobody waits for any of the orders, or all of their times are over."""

    def __init__(self, model: Any, orders: Sequence[Order]) -> None:
        self.model, self.orders = model, list(dict.fromkeys(orders))
        self.handles: list[Any] = []

    def __enter__(self) -> None:
        from glassformer.decoding.lean import Bystander  # needs torch, as whatever is watched does

        orders = self.orders

        class Clock(Bystander):
            def __call__(self, *_: Any) -> None:
                now = time.monotonic()
                reasons = [order.why_not(now) for order in orders]
                if all(reasons):
                    raise reasons[0] or RuntimeError

        for module in (self.model.encoder.norm, self.model.decoder.norm):
            self.handles.append(module.register_forward_pre_hook(Clock()))

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()
