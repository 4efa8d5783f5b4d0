"""Shards given to workers who may die, on other machines of a cluster, say. Each is asked again of another worker until it
is there. This process alone writes, so that no worker's death leaves half a shard and no two write the same one.

Here nothing is known of a cluster: ``Cluster`` is what is wanted of one (``glassformer.ray``; the tests have a stand-in).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from glassformer.bulk.plan import ShardPlan, ShardReader
from glassformer.bulk.shards import lock_of, texts_of, write_translated
from glassformer.errors import ConfigError

AHEAD = 2
"""Shards that each worker has at a time: the next one waits where it will be computed."""
TRIES = 5
"""Deaths of workers with the same shard after which it is taken for their cause."""
PATIENCE = 300.0
"""Seconds in which something has to come back: a shard, or the news of a death."""


class LostError(Exception):
    """A worker died with what it was asked."""


class Cluster(Protocol):
    """Somebody who has workers elsewhere."""

    def start(self) -> Any:
        """A new worker, or one that will be there when there is room for it."""

    def ask(self, worker: Any, texts: Sequence[str]) -> Any:
        """A ticket for the translations of ``texts``."""

    def wait(self, tickets: Sequence[Any], seconds: float) -> Sequence[Any]:
        """Those that are ready, after at most so long; at least one where any is."""

    def result(self, ticket: Any) -> list[str]:
        """The request of ``ask``. Raises LostError for a worker that has died, anything else for what it could not do."""

    def why_none(self) -> str:
        """The advice where no worker answers."""


@dataclass
class PendingShard:
    """A shard on its way."""

    shard: int
    records: list[Any]
    worker: int
    who: Any
    lock: FileLock


def work_with(folder: Path, plan: ShardPlan, shards: Sequence[int], cluster: Cluster, workers: int) -> Iterator[int]:
    """Have those of ``shards`` that are to be done translated by ``workers`` of the ``cluster``; gives each number that was
    written. Raises ConfigError where nobody answers, or a shard has been the end of TRIES workers."""
    crew = {number: cluster.start() for number in range(workers)}
    todo, open_ = deque(shards), dict[Any, PendingShard]()
    deaths: Counter[int] = Counter()
    cursor = ShardReader(plan)
    try:
        while True:
            give(folder, cursor, todo, open_, crew, cluster)
            if not open_:
                return
            ready = cluster.wait(list(open_), PATIENCE)
            if not ready:
                raise ConfigError(f"nothing came back for {PATIENCE:g} seconds: {cluster.why_none()}")
            for ticket in ready:
                asked = open_.pop(ticket)
                try:
                    found = cluster.result(ticket)
                except LostError as error:
                    asked.lock.release()
                    todo.appendleft(asked.shard)
                    if crew[asked.worker] is asked.who:  # the first of its tickets that says so
                        crew[asked.worker] = cluster.start()
                    deaths[asked.shard] += 1
                    if deaths[asked.shard] >= TRIES:
                        name = plan.name(asked.shard)
                        raise ConfigError(f"{TRIES} workers died with {name} (the last one: {error})") from None
                    continue
                except BaseException:
                    asked.lock.release()
                    raise
                write_translated(folder / plan.name(asked.shard), asked.records, found)
                asked.lock.release()
                yield asked.shard
    finally:
        for asked in open_.values():
            asked.lock.release()


def give(
    folder: Path,
    cursor: ShardReader,
    todo: deque[int],
    open_: dict[Any, PendingShard],
    crew: dict[int, Any],
    cluster: Cluster,
) -> None:
    """Ask each worker that has less than AHEAD shards for the next ones, without those that are there or taken."""
    held = Counter(asked.worker for asked in open_.values())
    while todo:
        worker = min(crew, key=lambda one: held[one])
        if held[worker] >= AHEAD:
            return
        shard = todo.popleft()
        path = folder / cursor.plan.name(shard)
        lock = lock_of(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        if path.exists():
            lock.release()
            continue
        records = cursor.records(shard)
        ticket = cluster.ask(crew[worker], texts_of(records, cursor.plan.field))
        open_[ticket] = PendingShard(shard, records, worker, crew[worker], lock)
        held[worker] += 1
