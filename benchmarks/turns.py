"""Contenders that take turns, A B C A B C, each in a process of its own.

So whatever else the machine does falls on all of them alike, and nothing that one does to its process (allocator, kind
of products, threads) helps or hurts another. Those that wait sleep. A contender that cannot be built, or fails, is
reported with its reason and the others go on.
"""

import math
import multiprocessing
import os
import statistics
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import torch

Make = tuple[Callable[..., Callable[[], Any]], tuple[Any, ...]]
"""A function at the top of a module and its arguments: called in the contender's process, it gives what is measured."""


class Turns:
    """Seconds that each contender took in each round, and what its first call gave. With one thread seconds of processor
    time, which other work on the machine hardly changes; with more seconds on the wall's clock."""

    def __init__(self, threads: int) -> None:
        self.clock = "processor" if threads == 1 else "wall"
        self.seconds: dict[str, list[float]] = {}
        self.wall_seconds: dict[str, list[float]] = {}
        self.gave: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.load = 0.0

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def row(self, name: str, work: float) -> dict[str, Any]:
        """What ``name`` did a second, with the slowest and the fastest round, and how many processes wanted a core while
        all this was measured."""
        rates = sorted(work / seconds for seconds in self.seconds[name])
        return {
            "per_second": statistics.median(rates),
            "slowest": rates[0],
            "fastest": rates[-1],
            "clock": self.clock,
            "per_wall_second": work / statistics.median(self.wall_seconds[name]),
            "rounds": len(rates),
            "load": round(self.load, 1),
        }


def take_turns(
    contenders: Mapping[str, Make], *, rounds: int, threads: int, warm_up: int = 1, seconds: float = math.inf
) -> Turns:
    """Let them take ``rounds`` turns after ``warm_up`` that do not count; no new round begins after ``seconds``, but one is
    counted in any case."""
    start = time.monotonic()
    turns = Turns(threads)
    context = multiprocessing.get_context("spawn")
    running: dict[str, tuple[Any, Connection]] = {}
    for name, make in contenders.items():
        here, there = context.Pipe()
        process = context.Process(target=contend, args=(there, make, threads), daemon=True)
        process.start()
        there.close()
        running[name] = process, here
        if expect(turns, running, name, "built") is not None:  # one builds at a time: imports are heavy
            turns.seconds[name], turns.wall_seconds[name] = [], []
    for number in range(-warm_up, rounds):
        if number > 0 and time.monotonic() - start > seconds:
            break
        for name in list(running):
            running[name][1].send("go")
            if (answer := expect(turns, running, name, "done")) is None:
                continue
            if number >= 0:
                turns.seconds[name].append(answer[turns.clock == "processor"])
                turns.wall_seconds[name].append(answer[0])
            turns.gave.setdefault(name, answer[2])
    turns.load = os.getloadavg()[0]
    for process, connection in running.values():
        connection.send("end")
        process.join()
    return turns


def expect(turns: Turns, running: dict[str, tuple[Any, Connection]], name: str, kind: str) -> Any:
    """The contender's answer; None when it failed: then it is out."""
    process, connection = running[name]
    try:
        said, what = connection.recv()
    except EOFError:
        said, what = "failed", "its process died"
    if said == kind:
        return what
    turns.failed[name] = what
    turns.seconds.pop(name, None)
    del running[name]
    process.join()
    return None


def contend(connection: Connection, make: Make, threads: int) -> None:
    """In the contender's process: build, then a call and its time for every "go"."""
    torch.set_num_threads(threads)
    try:
        function, arguments = make
        call = function(*arguments)
        connection.send(("built", True))
        while connection.recv() == "go":
            start, cpu_start = time.perf_counter(), time.process_time()
            gave = call()
            spent, cpu_spent = time.perf_counter() - start, time.process_time() - cpu_start
            connection.send(("done", (spent, cpu_spent, gave)))
    except EOFError:  # whoever led the turns is gone
        return
    except Exception as error:  # whatever a peer raises: the others go on
        last = traceback.extract_tb(error.__traceback__)[-1]
        connection.send(("failed", f"{type(error).__name__}: {error} ({last.name}, line {last.lineno})"))
