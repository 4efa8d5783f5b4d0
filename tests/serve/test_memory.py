"""Memory that was freed goes back to the system now and then."""

import os
import sys
import time
from pathlib import Path

import pytest

from glassformer.serve.memory import NowAndThen, give_back
from glassformer.serve.queue import Order, Queue
from glassformer.serve.workers import Workers

BLOCK = 100_000
"""Bytes: few enough for glibc to take them from a heap, where blocks in use stand between freed ones."""


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_what_was_freed_between_blocks_in_use_goes_back() -> None:
    blocks = [b"x" * BLOCK for _ in range(1000)]
    between = blocks[::20]
    before = resident()
    del blocks
    assert resident() > before - 20e6  # it is kept, and so it would stay
    assert give_back()
    assert resident() < before - 60e6
    assert len(between) == 50


def test_it_is_done_now_and_then_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, done = [100.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    tidy = NowAndThen(lambda: done.append(clock[0]), 20)
    for clock[0] in (100.0, 101.0, 119.9, 120.0, 121.0, 500.0):
        tidy()
    assert done == [100.0, 120.0, 500.0]


def test_a_worker_does_it_when_a_batch_was_delivered() -> None:
    queue, ended, tidied = Queue(), [], []
    workers = Workers(
        queue, lambda lane, pieces: [0 for _ in pieces], 1, lambda pieces: None, lambda: tidied.append(list(ended))
    )
    workers.start()
    queue.put(Order("lane", [[1]], time.monotonic() + 60, ended.append))
    assert workers.end(10)
    assert tidied == [ended]
    assert len(ended) == 1
