"""Pieces of text that wait to be translated. A free worker takes all that waits, up to a budget of tokens, without a timer.

A *piece* is one sentence's ids, the engine's unit. Pieces that may be computed together (the same model, the same settings)
wait in one *lane*. From a lane one piece of each order is taken in turn, so that a short request never waits behind a long
document; lanes take turns as well. Which piece of an order comes first is free: pieces of similar length are computed
together, as a batch takes as many steps as its longest sentence. Here nothing is known of models or HTTP.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

BUDGET = 512
"""Source tokens that are computed together; twice as many where only orders of half a budget or more wait. A larger batch
costs less a sentence (journal), but a request that comes meanwhile waits for all of it."""
SHARED = 128
"""Source tokens from which on a worker leaves a part of what waits to the workers who are free, too."""
MOST_WAITING = 200_000
"""Source tokens that may wait: more is refused, so that memory and waiting times stay bounded."""


class FullError(Exception):
    """Too much waits already."""


class ClosedError(Exception):
    """The server is ending: nothing new is taken."""


@dataclass(eq=False)
class Order:
    """Pieces of one request, which are computed whenever their turn comes."""

    lane: Hashable
    sources: Sequence[list[int]]
    deadline: float
    """On ``time.monotonic``'s clock: pieces whose turn comes later are not computed."""
    done: Callable[[Order], None]
    """Is called once, from whichever thread ended the order, when all pieces are found or it has failed."""
    found: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    left: int = 0
    """Pieces that are not found yet."""
    waiting: list[int] = field(default_factory=list)
    """The numbers of the pieces that nobody has taken, the shortest first."""
    tokens: int = 0
    """Of all pieces, the taken ones too, with their ends."""
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when nobody waits for it any more."""
    began: float = 0.0
    """When its first piece was taken."""
    since: float = field(default_factory=time.monotonic)

    over: bool = False
    ending: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.left, self.found = len(self.sources), [None] * len(self.sources)
        self.waiting = sorted(range(len(self.sources)), key=self.length)
        self.tokens = self.waiting_tokens

    def end(self, error: BaseException | None = None) -> bool:
        """Whether the order ends with this: it does once, however many threads find a reason at the same time."""
        with self.ending:
            if self.over:
                return False
            self.over, self.error = True, error
            return True

    @property
    def waiting_tokens(self) -> int:
        """Of the pieces that nobody has taken."""
        return sum(map(self.length, self.waiting)) + len(self.waiting)

    def length(self, number: int) -> int:
        """How many tokens this piece has."""
        return len(self.sources[number])

    def nearest(self, length: int) -> int:
        """The place in ``waiting`` of the piece whose length is nearest to this."""
        waiting, of = self.waiting, self.length
        place = bisect_left(waiting, length, key=of)
        if place and (place == len(waiting) or length - of(waiting[place - 1]) <= of(waiting[place]) - length):
            return place - 1
        return place

    def why_not(self, now: float) -> BaseException | None:
        """Why this need not be computed any more."""
        if self.error is not None:
            return self.error
        if self.gone.is_set():
            return GoneError("nobody waits for this translation any more")
        return LateError("the time for this request is over") if now > self.deadline else None


class GoneError(Exception):
    """The client who asked has left."""


class LateError(Exception):
    """The deadline has passed."""


@dataclass(frozen=True)
class Piece:
    """Number ``number`` of an order's sources."""

    order: Order
    number: int

    @property
    def source(self) -> list[int]:
        return self.order.sources[self.number]


class Queue:
    """Lanes of orders. ``put`` from any thread, ``take`` from the workers', who wait in it."""

    def __init__(self, budget: int = BUDGET, most_waiting: int = MOST_WAITING) -> None:
        self.budget, self.most_waiting = budget, most_waiting
        self.lanes: OrderedDict[Hashable, list[Order]] = OrderedDict()
        self.tokens = 0
        """Waiting now."""
        self.idle = 0
        """Workers who wait for something."""
        self.closed = False
        self.something = threading.Condition()

    def put(self, order: Order) -> None:
        """Raises FullError where that is too much, ClosedError where the server is ending. An order without pieces is done
        at once. One that alone is over the limit may come when nothing waits."""
        if not order.sources:
            order.end()
            order.done(order)
            return
        tokens = order.waiting_tokens
        with self.something:
            if self.closed:
                raise ClosedError("the server is ending")
            if self.tokens and self.tokens + tokens > self.most_waiting:
                raise FullError(f"{self.tokens:,} tokens wait to be translated already")
            self.tokens += tokens
            self.lanes.setdefault(order.lane, []).append(order)
            self.something.notify()

    def take(self) -> tuple[Hashable, list[Piece]] | None:
        """The next pieces of one lane, at least one; waits for them. None when the queue is closed and empty."""
        while True:
            with self.something:
                while not self.lanes:
                    if self.closed:
                        return None
                    self.idle += 1
                    self.something.wait()
                    self.idle -= 1
                lane, orders = next(iter(self.lanes.items()))
                pieces, ended = self._from(orders)
                self.lanes.pop(lane)
                if left := [order for order in orders if order.waiting]:
                    self.lanes[lane] = left  # at the end: another lane's turn
                    self.something.notify()
            for order in ended:
                order.done(order)
            if pieces:
                return lane, pieces

    def _from(self, orders: list[Order]) -> tuple[list[Piece], list[Order]]:
        """Pieces up to the budget, one of each order in turn, and the orders that ended without being computed. The first
        order's longest piece says which length is taken of the others, so that the order that waits the longest is done
        first."""
        now = time.monotonic()
        pieces: list[Piece] = []
        ended: list[Order] = []
        for order in orders:
            if why := order.why_not(now):
                self.tokens -= order.waiting_tokens
                order.waiting.clear()
                if order.end(why):
                    ended.append(order)
        waiting = [order for order in orders if order.waiting]
        longest = waiting[0].length(waiting[0].waiting[-1]) if waiting else 0
        room = min(self.most(), max(self.tokens // (self.idle + 1), SHARED))
        while waiting and room > 0:
            for order in waiting:
                place = order.nearest(longest)
                length = order.length(order.waiting[place])
                if pieces and length >= room:
                    room = 0  # its turn comes with the next batch
                    break
                order.began = order.began or now
                pieces.append(Piece(order, order.waiting.pop(place)))
                room, self.tokens = room - length - 1, self.tokens - length - 1
            waiting = [order for order in waiting if order.waiting]
        return pieces, ended

    def most(self) -> int:
        """Tokens of the next batch: the budget, or twice as many when only lists and documents wait, in all lanes."""
        waiting = (order for orders in self.lanes.values() for order in orders if order.waiting)
        return self.budget * (2 if all(2 * order.tokens >= self.budget for order in waiting) else 1)

    def close(self) -> None:
        """Take nothing new; what waits is still computed."""
        with self.something:
            self.closed = True
            self.something.notify_all()


def deliver(pieces: Sequence[Piece], found: Sequence[Any]) -> list[Order]:
    """Give each piece's result to its order; the orders that are complete now, each once. To be called by one thread at a
    time for an order's pieces: callers hold a lock."""
    ready = []
    for piece, result in zip(pieces, found, strict=True):
        order = piece.order
        order.found[piece.number] = result
        order.left -= 1
        if order.left == 0 and order.end():
            ready.append(order)
    return ready


def fail(pieces: Sequence[Piece], error: BaseException) -> list[Order]:
    """The orders that fail with ``error``, each once; what of them waits is not computed any more."""
    return [order for order in dict.fromkeys(piece.order for piece in pieces) if order.end(error)]
