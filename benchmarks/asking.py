"""A client that costs little: keep-alive connections on one epoll, requests made beforehand, answers hardly read.

It asks addresses of this machine alone, and ends by itself. ``benchmarks/serving.py`` runs it as a process of its own:

    python benchmarks/asking.py PLAN.json > FOUND.json

Closed: each of ``clients`` asks again when its answer is there. Open (``rate``): a request is due every 1/rate seconds, whether
answers have come or not, and its time counts from when it was due, so that a slow server is not asked less.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

HOST = "127.0.0.1"
LONGEST = 60.0
"""Seconds without any answer, after which the run ends and what is open counts as lost."""

GIVEN_UP = 1.0
"""Seconds after which a request of an open run that has no connection is never sent."""


@dataclass
class Plan:
    """What is to be asked."""

    port: int
    requests: list[bytes]
    """Asked one after the other, again from the first."""
    clients: int = 64
    count: int = 0
    """Requests altogether; 0: as many as ``seconds`` allow."""
    seconds: float = 30.0
    rate: float = 0.0
    """Requests a second, for an open run."""
    most_open: int = 1000
    """Connections of an open run."""
    kept: int = 0
    """Answers whose bodies come back, the first ones."""


@dataclass
class Found:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    """From the first request to the last answer."""
    latencies: list[float] = field(default_factory=list)
    """Of answers with status 200."""
    lost: int = 0
    """Requests that were sent whole and got no answer."""
    again: int = 0
    """Requests on a connection that the server had closed meanwhile: sent again on a new one, as HTTP clients do."""
    unsent: int = 0
    """Of an open run: due when all connections were taken, and never sent."""
    processor_seconds: float = 0.0
    bodies: list[str] = field(default_factory=list)


class Line:
    """One connection."""

    def __init__(self, port: int, selector: selectors.BaseSelector) -> None:
        self.port, self.selector = port, selector
        self.socket: socket.socket | None = None
        self.coming = bytearray()
        self.wanted = -1
        self.due = 0.0
        self.asked: bytes = b""
        self.uses = 0

    def ask(self, request: bytes, due: float) -> None:
        self.asked, self.due = request, due
        if self.socket is None:
            self.socket = socket.create_connection((HOST, self.port), timeout=10)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(self.socket, selectors.EVENT_READ, self)
            self.uses = 0
        self.uses += 1
        self.socket.sendall(request)

    def close(self) -> None:
        if self.socket is not None:
            self.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None
        self.coming.clear()
        self.wanted = -1

    def answer(self) -> tuple[int, bytes] | None:
        """Status and body when all of it is there. Raises ConnectionError when the server has gone."""
        assert self.socket is not None
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionResetError
        self.coming += part
        if self.wanted < 0:
            end = self.coming.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = bytes(self.coming[:end]).lower()
            start = head.find(b"content-length:") + 15
            self.wanted = end + 4 + int(head[start : (head + b"\r\n").find(b"\r\n", start)])
            self.closes = b"connection: close" in head
        if len(self.coming) < self.wanted:
            return None
        found = int(self.coming[9:12]), bytes(self.coming[self.coming.find(b"\r\n\r\n") + 4 :])
        self.coming.clear()
        self.wanted = -1
        if self.closes:
            self.close()
        return found


def post(path: str, body: object) -> bytes:
    """A whole request, JSON."""
    content = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def ask(plan: Plan) -> Found:
    """Run ``plan``."""
    selector, found = selectors.DefaultSelector(), Found()
    requests: Iterator[bytes] = cycle(plan.requests)
    clients = plan.most_open if plan.rate else plan.clients
    free = deque(Line(plan.port, selector) for _ in range(clients))
    begun = last = time.perf_counter()
    until, sent, answered, open_ = begun + plan.seconds, 0, 0, 0
    waiting: deque[float] = deque()

    def send(line: Line, request: bytes, due: float) -> None:
        try:
            line.ask(request, due)
        except OSError:
            line.close()
            found.again += 1
            line.ask(request, due)

    while True:
        now = time.perf_counter()
        more = now < until and (not plan.count or sent < plan.count)
        if plan.rate:
            while more and (due := sent + len(waiting) + found.unsent) < (now - begun) * plan.rate:
                waiting.append(begun + due / plan.rate)
            while waiting and not free and now - waiting[0] > GIVEN_UP:
                waiting.popleft()
                found.unsent += 1
            while waiting and free:
                send(free.pop(), next(requests), waiting.popleft())
                sent, open_ = sent + 1, open_ + 1
        else:
            while more and free:
                send(free.popleft(), next(requests), time.perf_counter())
                sent, open_ = sent + 1, open_ + 1
                more = not plan.count or sent < plan.count
        if not open_ and not (more or waiting):
            break
        if now - last > LONGEST:
            break
        for key, _ in selector.select(0.001 if plan.rate else 0.05):
            line: Line = key.data
            busy = line.asked != b""
            try:
                answer = line.answer()
            except OSError:
                line.close()
                if not busy:
                    continue
                if line.uses > 1:  # closed between two requests
                    found.again += 1
                    send(line, line.asked, line.due)
                else:
                    found.lost, open_ = found.lost + 1, open_ - 1
                    line.asked = b""
                    free.append(line)
                continue
            if answer is None:
                continue
            last = time.perf_counter()
            found.statuses[answer[0]] += 1
            if answer[0] == 200:
                found.latencies.append(last - line.due)
            if answered < plan.kept:
                found.bodies.append(answer[1].decode())
            answered, open_ = answered + 1, open_ - 1
            line.asked = b""
            free.append(line)
    found.lost += open_
    found.unsent += len(waiting)
    found.seconds = last - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    found.processor_seconds = used.ru_utime + used.ru_stime
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of them lie; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def main(path: str) -> None:
    told = json.loads(Path(path).read_text())
    told["requests"] = [post(*request) for request in told["requests"]]
    found = ask(Plan(**told))
    ordered = sorted(found.latencies)
    json.dump({**vars(found), "latencies": ordered}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
