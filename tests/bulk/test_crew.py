"""Workers who die: every shard once, whoever is lost; and what stops the work is said."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from glassformer.bulk.crew import TRIES, LostError, work_with
from glassformer.bulk.plan import ShardPlan, settle
from glassformer.bulk.shards import join, lock_of
from glassformer.errors import ConfigError

TEXT = [f"line {number}" for number in range(95)]


class StandIn:
    """A cluster in this process. Of the asked texts every ``dying``-th is the end of its worker."""

    def __init__(self, dying: int = 0, cursed: str = "") -> None:
        self.dying, self.cursed = dying, cursed
        self.started = self.asked = 0
        self.dead: set[int] = set()
        self.written: list[list[str]] = []

    def start(self) -> int:
        self.started += 1
        return self.started

    def ask(self, worker: int, texts: Sequence[str]) -> Any:
        self.asked += 1
        if (self.dying and self.asked % self.dying == 0) or self.cursed in texts:
            self.dead.add(worker)
        return (worker, self.asked, tuple(texts))

    def wait(self, tickets: Sequence[Any], seconds: float) -> Sequence[Any]:
        return tickets[:2] if self.asked < 1000 else []

    def result(self, ticket: Any) -> list[str]:
        worker, _, texts = ticket
        if worker in self.dead:
            raise LostError(f"worker {worker} died")
        return [text.upper() for text in texts]

    def why_none(self) -> str:
        return "add nodes"


@pytest.fixture
def plan(tmp_path: Path) -> ShardPlan:
    source = tmp_path / "news.en"
    source.write_text("".join(f"{line}\n" for line in TEXT))
    return settle(tmp_path / "out", [source], field="", model="m", options={}, lines=3)


def test_every_shard_comes_once_whoever_dies(tmp_path: Path, plan: ShardPlan) -> None:
    out, cluster = tmp_path / "out", StandIn(dying=5)
    written = list(work_with(out, plan, range(len(plan.shards)), cluster, workers=3))
    assert sorted(written) == list(range(len(plan.shards)))
    (path,) = join(out, plan)
    assert path.read_text() == "".join(f"{line.upper()}\n" for line in TEXT)
    assert cluster.started == 3 + len(cluster.dead)  # one newcomer for each, though each had two shards


def test_what_is_there_or_held_is_left_out(tmp_path: Path, plan: ShardPlan) -> None:
    out = tmp_path / "out"
    assert list(work_with(out, plan, [0], StandIn(), workers=1)) == [0]
    with lock_of(out / plan.name(1)):
        assert list(work_with(out, plan, [0, 1, 2], StandIn(), workers=1)) == [2]
    assert list(work_with(out, plan, [1], StandIn(), workers=1)) == [1]


def test_a_shard_that_kills_its_workers_ends_the_work(tmp_path: Path, plan: ShardPlan) -> None:
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match=rf"{TRIES} workers died with shard-00004\.txt"):
        list(work_with(out, plan, range(8), StandIn(cursed="line 12"), workers=2))
    lock_of(out / plan.name(4)).acquire().__enter__()  # nobody holds it any more


def test_a_cluster_that_never_answers_is_said(tmp_path: Path, plan: ShardPlan) -> None:
    cluster = StandIn()
    cluster.asked = 2000
    with pytest.raises(ConfigError, match="nothing came back for 300 seconds: add nodes"):
        list(work_with(tmp_path / "out", plan, range(8), cluster, workers=2))
