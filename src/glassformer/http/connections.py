"""How long a connection may take to send a request or to read its answer, and who gives way when there are too many.

uvicorn answers a request when its headers are there, and waits for them as long as the client likes: some hundred clients
that never send the last line would keep everybody else out. Here each has LONGEST_REQUEST seconds for headers and body
together, LONGEST_READ for the answer, and gives way to a newcomer before that when all places are taken.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from glassformer.http.guard import HEADERS, LONGEST_BODY, NOTHING_RUNS
from glassformer.http.parse import to_json

LONGEST_REQUEST = LONGEST_BODY
"""Seconds from the first byte (or the connection) to the last one of a request."""
LONGEST_READ = 30.0
"""Seconds in which a client has to go on reading its answer."""
GIVES_WAY = 0.5
"""Seconds after which a connection without a whole request may be closed for a new one."""
LARGEST_HEAD = 16 * 1024
"""Bytes of a request's first line and headers."""


class Clocks(asyncio.Protocol):
    """The differences from uvicorn's connections, with any parser of requests. To be named before one of these as a base."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    connections: set[Any]
    limit_concurrency: int | None
    cycle: Any
    request_clock: asyncio.TimerHandle | None = None
    answer_clock: asyncio.TimerHandle | None = None
    quiet_since = 0.0

    def is_coming(self) -> bool:
        """Whether some of a request is there, and not all."""
        raise NotImplementedError

    def is_answered(self) -> bool:
        """Whether something of an answer to the newest request was sent already."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.quiet_since = self.loop.time()  # so that it does not give way to itself
        self.make_room()
        self.request_clock = self.loop.call_later(LONGEST_REQUEST, self.too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        for clock in (self.request_clock, self.answer_clock):
            if clock is not None:
                clock.cancel()
        super().connection_lost(exc)

    def look_at_the_clock(self) -> None:
        """To be called whenever something of a request has come."""
        coming = self.is_coming()
        if not coming and self.request_clock is not None:
            self.request_clock.cancel()
            self.request_clock = None
            self.quiet_since = self.loop.time()
        elif coming and self.request_clock is None:
            self.request_clock = self.loop.call_later(LONGEST_REQUEST, self.too_slow)

    def too_slow(self) -> None:
        """The answer, where none has begun, and the end of the connection."""
        if self.transport.is_closing():
            return
        if not self.is_answered():
            self.transport.write(too_late())
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # a request that waits for the rest of its body ends
            self.cycle.message_event.set()
        self.transport.close()

    def make_room(self) -> None:
        """Where all places are taken, close the connections that have been without a whole request for the longest."""
        limit = self.limit_concurrency
        if limit is None or len(self.connections) < limit:
            return
        before = self.loop.time() - GIVES_WAY
        others = [one for one in self.connections if isinstance(one, Clocks) and one.waits() < before]
        for one in sorted(others, key=Clocks.waits)[: len(self.connections) - limit + 1]:
            one.transport.abort()
            self.connections.discard(one)

    def waits(self) -> float:
        """Since when this one has been without a whole request; infinity where it is being answered."""
        answered = self.cycle is None or self.cycle.response_complete
        coming = self.request_clock is not None or answered
        return self.quiet_since if coming else float("inf")

    def pause_writing(self) -> None:
        super().pause_writing()
        self.answer_clock = self.loop.call_later(LONGEST_READ, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.answer_clock is not None:
            self.answer_clock.cancel()
            self.answer_clock = None


def too_late() -> bytes:
    """An answer with status 408, whole."""
    content = to_json({"error": f"the request did not come within {LONGEST_REQUEST:g} seconds: send it again"})
    sent = {
        **HEADERS,
        "Content-Security-Policy": NOTHING_RUNS,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "Connection": "close",
    }
    lines = ["HTTP/1.1 408 Request Timeout", *(f"{name}: {value}" for name, value in sent.items()), "", content]
    return "\r\n".join(lines).encode()


class Connection(Clocks, H11Protocol):
    """One client's, its requests parsed by h11."""

    def handle_events(self) -> None:
        super().handle_events()
        self.look_at_the_clock()

    def is_coming(self) -> bool:
        half_a_head = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        return self.conn.their_state is h11.SEND_BODY or half_a_head

    def is_answered(self) -> bool:
        return self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE)
