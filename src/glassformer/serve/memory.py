"""Memory that was freed, given back to the system now and then: a server then holds as much after days as after minutes.

An engine's buffers are of another size for each batch. glibc keeps what is freed for the next one, and of that more and more
is resident: it has been touched, and lies between blocks that are in use.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from glassformer.glibc import function_of_glibc

OFTEN = 20.0
"""Seconds: to give memory back takes some milliseconds, and the next batch as long to get what it needs again."""


def give_back() -> bool:
    """All of it, of all threads. False where there is no glibc."""
    trim = function_of_glibc("malloc_trim")
    return trim is not None and bool(trim(0))


class NowAndThen:
    """Does something when it is called, but not more often than every ``seconds``. From any thread."""

    def __init__(self, what: Callable[[], object] = give_back, seconds: float = OFTEN) -> None:
        self.what, self.seconds, self.next = what, seconds, 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self.next:
            self.next = now + self.seconds
            self.what()
