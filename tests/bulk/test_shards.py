"""Shards: whole or not there, in order when joined, whoever is killed; other files or models are refused."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from glassformer.bulk.plan import ShardPlan, ShardReader, settle
from glassformer.bulk.shards import join, missing, work
from glassformer.cli.shards import parts_of
from glassformer.errors import ConfigError

TEXT = [f"line {number}" if number % 7 else "" for number in range(95)]
WORKER = """
import sys, time
from pathlib import Path
from glassformer.bulk.plan import settle
from glassformer.bulk.shards import join, missing, work

def translate(texts):
    time.sleep(0.02)
    return [text.upper() for text in texts]

out, source = map(Path, sys.argv[1:])
plan = settle(out, [source], field="", model="m", options={}, lines=3)
for shard in work(out, plan, missing(out, plan), translate):
    print(shard, flush=True)
if not missing(out, plan):
    join(out, plan)
"""


def loud(texts: Sequence[str]) -> list[str]:
    return [text.upper() for text in texts]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "news.en"
    path.write_text("".join(f"{line}\n" for line in TEXT))
    return path


def settled(out: Path, *files: Path, lines: int = 10, model: str = "m", **options: object) -> ShardPlan:
    return settle(out, files, field="text", model=model, options=options, lines=lines)


def test_what_is_joined_is_every_line_in_order(tmp_path: Path, source: Path) -> None:
    zipped = tmp_path / "more.en.gz"
    zipped.write_bytes(gzip.compress(b"one\ntwo\n"))
    out = tmp_path / "out"
    plan = settled(out, source, zipped)
    assert len(plan.shards) == 11
    assert list(work(out, plan, range(11), loud)) == list(range(11))
    first, second = join(out, plan)
    assert first.read_text() == "".join(f"{line.upper()}\n" for line in TEXT)
    assert second.read_text() == "ONE\nTWO\n"
    assert list(work(out, plan, range(11), loud)) == []  # nothing twice


def test_parts_for_a_scheduler_are_all_the_shards_once(tmp_path: Path, source: Path) -> None:
    plan = settled(tmp_path / "out", source, lines=2)
    parts = [plan.mine(part, 5) for part in range(1, 6)]
    assert sorted(shard for part in parts for shard in part) == list(range(len(plan.shards)))
    assert parts_of("3/16") == (3, 16)
    for wrong in ("0/3", "4/3", "a/b", "3", "3/"):
        with pytest.raises(ConfigError, match="wanted such as 3/16"):
            parts_of(wrong)


def test_a_shard_that_fails_is_not_there_and_the_rest_goes_on(tmp_path: Path, source: Path) -> None:
    out, chance = tmp_path / "out", random.Random(3)

    def sometimes(texts: Sequence[str]) -> list[str]:
        if chance.random() < 0.5:
            raise RuntimeError("power cut")
        return loud(texts)

    for _ in range(100):
        plan = settled(out, source)
        try:
            list(work(out, plan, missing(out, plan), sometimes))
            break
        except RuntimeError:
            with pytest.raises(ConfigError, match="shards are missing"):
                join(out, plan)
    (path,) = join(out, plan)
    assert path.read_text() == "".join(f"{line.upper()}\n" for line in TEXT)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_killed_at_any_moment_the_same_command_goes_on(tmp_path: Path, source: Path) -> None:
    """Two processes at a time, killed a moment after the first shard of theirs, until one ends by itself: every line once,
    no shard written twice."""
    out, chance, written = tmp_path / "out", random.Random(1), []
    words = [sys.executable, "-c", WORKER, str(out), str(source)]
    for _ in range(4):
        both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        written += (both[0].stdout.readline() if both[0].stdout else "").split()
        time.sleep(chance.uniform(0, 0.1))
        for one in both:
            one.send_signal(signal.SIGKILL)
            written += one.communicate()[0].split()
    assert 0 < len(list(out.glob("shard-*.txt"))) < 32
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    written += done.stdout.split()
    assert len(written) == len(set(written))
    assert (out / "000-news.translated.txt").read_text() == "".join(f"{line.upper()}\n" for line in TEXT)
    assert not list(out.glob(".unfinished*"))


def test_another_input_model_or_option_is_refused(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    settled(out, source, beam=4)
    settled(out, source, beam=4)
    with pytest.raises(ConfigError, match="shards of other model"):
        settled(out, source, model="n", beam=4)
    with pytest.raises(ConfigError, match="shards of other options"):
        settled(out, source, beam=1)
    source.write_text("changed\n")
    with pytest.raises(ConfigError, match="shards of other files"):
        settled(out, source, beam=4)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ConfigError, match="is not empty"):
        settled(tmp_path / "full", source)


def test_objects_keep_what_they_have(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "out"
    records = [{"id": number, "text": f"t {number}"} for number in range(5)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    plan = settled(out, path, lines=2)
    list(work(out, plan, range(3), loud))
    (joined,) = join(out, plan)
    found = [json.loads(line) for line in joined.read_text().splitlines()]
    assert found == [{**record, "translation": str(record["text"]).upper()} for record in records]
    path.write_text('{"other": 1}\n')
    with pytest.raises(ConfigError, match="no text in 'text'"):
        list(work(tmp_path / "two", settled(tmp_path / "two", path), [0], loud))


def test_parquet_keeps_its_columns(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'parquet'")
    from pyarrow import parquet

    path, out = tmp_path / "a.parquet", tmp_path / "out"
    parquet.write_table(pyarrow.table({"id": [1, 2, 3], "text": ["a", "b", "c"]}), path)
    plan = settled(out, path, lines=2)
    list(work(out, plan, range(2), loud))
    (joined,) = join(out, plan)
    assert parquet.read_table(joined).to_pydict() == {
        "id": [1, 2, 3],
        "text": ["a", "b", "c"],
        "translation": ["A", "B", "C"],
    }


def test_shards_in_any_order_are_read_right(tmp_path: Path, source: Path) -> None:
    plan = settled(tmp_path / "out", source)
    cursor = ShardReader(plan)
    for shard in (3, 1, 2, 9, 0):
        assert cursor.records(shard) == TEXT[10 * shard : 10 * shard + 10]
