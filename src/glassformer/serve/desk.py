"""Where requests meet the models: texts in, translations out, within the time that the request has."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from glassformer.config import DecodingConfig
from glassformer.http.guard import RequestError
from glassformer.serve.memory import NowAndThen
from glassformer.serve.metrics import ServerMetrics
from glassformer.serve.models import Models, Offer
from glassformer.serve.queue import ClosedError, FullError, GoneError, LateError, Order, Piece, Queue
from glassformer.serve.workers import Stopwatch, Workers, compute_with_models
from glassformer.text.glossary import Glossary
from glassformer.translator import Translation
from glassformer.translator.prepared import Prepared

SHORT = 3000
"""Characters that are read at once, in one to five milliseconds; more are read in a thread, so that other requests do not
wait for it."""
SOON = 0.05
"""Seconds after which it is watched whether the client who asked is still there: most answers are ready before."""
LONGEST = 30.0
"""Seconds in which a request is answered or refused, where nothing else is set."""


@dataclass(frozen=True)
class TranslationRequest:
    """One request's texts, and how they are to be translated."""

    offer: Offer
    texts: Sequence[str]
    config: DecodingConfig = field(default_factory=DecodingConfig)
    glossary: Glossary | None = None


class Desk:
    """The models, one queue, and the threads that work on it."""

    def __init__(
        self,
        models: Models,
        *,
        workers: int,
        glossaries: Mapping[str, Glossary] | None = None,
        longest: float = LONGEST,
        queue: Queue | None = None,
    ) -> None:
        self.models, self.longest, self.glossaries = models, longest, dict(glossaries or {})
        self.queue, self.metrics, self.count = queue or Queue(), ServerMetrics(), workers
        self.mail = Mail()
        compute = compute_with_models(models.translator)
        self.workers = Workers(self.queue, compute, workers, self.count_batch, NowAndThen())
        self.workers.start()

    def count_batch(self, pieces: Sequence[Piece]) -> None:
        tokens = sum(len(piece.source) + 1 for piece in pieces)
        self.metrics.batch(len(pieces), tokens)

    async def translate(
        self, asked: TranslationRequest, watch: Callable[[], Awaitable[bool]] | None = None
    ) -> list[list[Translation]]:
        """Up to n_best translations of each text. ``watch`` ends, with True, when the client who asked has left.

        Raises RequestError: 503 when too much waits, or the time is over, 499 when nobody waits any more; and
        GlassformerError for what cannot be translated.
        """
        until = time.monotonic() + self.longest
        prepared = await self.prepared(asked)
        loop, result = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        def done(order: Order) -> None:
            if order.error is None and order.gone.is_set():
                outcome: Any = GoneError("nobody waits for this translation any more")
            elif order.error is None:
                try:
                    outcome = finished(asked, prepared, order)
                except BaseException as error:
                    outcome = error
            else:
                outcome = order.error
            self.mail.send(loop, result, outcome)

        order = Order((asked.offer, prepared.asked), prepared.sources, until, done)
        try:
            if order.sources:
                self.queue.put(order)
            else:
                await asyncio.to_thread(self.queue.put, order)  # which finishes it, and this may take a while
        except FullError as error:
            raise busy(str(error)) from None
        except ClosedError:
            raise busy("the server is ending") from None
        try:
            return await self.waited(result, until, watch)
        except (GoneError, LateError) as error:
            raise self.refusal(error) from None
        finally:
            order.gone.set()  # whatever is left of it is not computed

    async def prepared(self, asked: TranslationRequest) -> Prepared:
        """The texts read, by their model, which is loaded if it is not yet."""
        translator = asked.offer.translator
        if translator is None:
            translator = await asyncio.to_thread(self.models.translator, asked.offer)
        asked.offer.used = time.monotonic()
        read = partial(translator.prepare, asked.texts, config=asked.config, glossary=asked.glossary)
        if sum(map(len, asked.texts)) <= SHORT:
            return read()
        return await asyncio.to_thread(read)

    async def waited(
        self, result: asyncio.Future[Any], until: float, watch: Callable[[], Awaitable[bool]] | None
    ) -> list[list[Translation]]:
        """The result, if it comes in time and somebody still waits for it."""
        done, _ = await asyncio.wait([result], timeout=min(SOON, max(until - time.monotonic(), 0)))
        if done:
            return result.result()
        leaving = asyncio.ensure_future(watch()) if watch is not None else None
        try:
            both = [result, *([leaving] if leaving else [])]
            await asyncio.wait(both, timeout=max(until - time.monotonic(), 0), return_when=asyncio.FIRST_COMPLETED)
            if result.done():
                return result.result()
            raise GoneError if leaving is not None and leaving.done() else LateError
        finally:
            if leaving is not None:
                leaving.cancel()

    def refusal(self, error: Exception) -> RequestError:
        if isinstance(error, GoneError):
            return RequestError(499, "nobody waits for this answer any more")
        return busy(f"the translation was not ready within {self.longest:g} seconds")

    def glossary(self, name: str) -> Glossary:
        """Raises RequestError for one that is not there."""
        if name not in self.glossaries:
            known = ", ".join(self.glossaries) or "none"
            raise RequestError(404, f"there is no glossary {name[:40]!r}: there is {known}")
        return self.glossaries[name]

    async def end(self, seconds: float) -> None:
        """Answer what waits, take nothing new."""
        await asyncio.to_thread(self.workers.end, seconds)


def finished(asked: TranslationRequest, prepared: Prepared, order: Order) -> list[list[Translation]]:
    """The translations; where a glossary may search again in PyTorch, nobody else uses the model meanwhile. Of an order
    without pieces nothing is searched for, so that it waits for nobody."""
    if asked.glossary is None or not order.sources:
        return prepared.finish(order.found)
    with asked.offer.lock, Stopwatch(prepared.translator.model, [order]):
        return prepared.finish(order.found)


class Mail:
    """Outcomes on their way from the workers' threads to the requests that wait: all that are ready wake the loop once."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self.called: asyncio.AbstractEventLoop | None = None
        """The loop that has been called and has not come yet."""

    def send(self, loop: asyncio.AbstractEventLoop, result: asyncio.Future[Any], outcome: Any) -> None:
        """From any thread."""
        self.waiting.append((result, outcome))
        if self.called is not loop:
            before, self.called = self.called, loop
            try:
                loop.call_soon_threadsafe(self.hand_out)
            except RuntimeError:  # the loop is closed: nobody waits for this any more, and the worker goes on
                self.called = before
                self.waiting.remove((result, outcome))

    def hand_out(self) -> None:
        """In the loop's thread. Requests that are sent from here on call again."""
        self.called = None
        while self.waiting:
            settle(*self.waiting.popleft())


def settle(result: asyncio.Future[Any], outcome: Any) -> None:
    """Give a future its result or its exception, unless it has one, or nobody waits for it."""
    if result.done():
        return
    if isinstance(outcome, BaseException):
        result.set_exception(outcome)
    else:
        result.set_result(outcome)


def busy(why: str) -> RequestError:
    return RequestError(503, f"{why}: ask again in a few seconds", Retry_After="5")
