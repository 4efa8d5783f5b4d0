"""The plan of the work: texts cut into numbered shards, written down before the first of them is begun."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from glassformer.bulk.records import read_records, records_kind
from glassformer.disk import json_bytes, read_json, replace_file, sha256_of
from glassformer.errors import ConfigError

MANIFEST = "manifest.json"
LINES = 2000
"""Of a shard: some seconds of work, so that little is lost with it."""


@dataclass(frozen=True)
class ShardPlan:
    """Which lines of which files make which shard. Shard n holds ``lines`` lines, the last one of a file what is left."""

    files: list[str]
    hashes: list[str]
    """SHA-256 of each file."""
    counts: list[int]
    """Lines of each file."""
    lines: int
    field: str
    """Of JSONL and Parquet, the field that holds the text; "" for text."""
    model: str
    """SHA-256 of the model's manifest: another model, another corpus."""
    options: dict[str, Any]

    @property
    def shards(self) -> list[tuple[int, int]]:
        """The file's number and the first line of each shard, from 0."""
        return [(number, first) for number, count in enumerate(self.counts) for first in range(0, count, self.lines)]

    def name(self, shard: int) -> str:
        """``shard-00017.jsonl``, and so on."""
        return f"shard-{shard:05d}{records_kind(self.files[self.shards[shard][0]])}"

    def mine(self, part: int, parts: int) -> list[int]:
        """The shards of part ``part`` (from 1) of ``parts``: every parts-th."""
        return list(range(part - 1, len(self.shards), parts))


class ShardReader:
    """Reads shards. Those that are asked for in order are read in one pass through their file."""

    def __init__(self, plan: ShardPlan) -> None:
        self.plan, self.shards = plan, plan.shards
        self.file, self.line = -1, 0
        self.rest: Iterator[Any] = iter(())

    def records(self, shard: int) -> list[Any]:
        """The records of one shard, in order."""
        file, first = self.shards[shard]
        if file != self.file or first < self.line:
            self.file, self.line = file, 0
            self.rest = read_records(Path(self.plan.files[file]))
        found = list(islice(self.rest, first - self.line, first - self.line + self.plan.lines))
        self.line = first + len(found)
        return found


def settle(
    folder: Path, files: Sequence[Path], *, field: str, model: str, options: Mapping[str, Any], lines: int = LINES
) -> ShardPlan:
    """The plan in ``folder``, which is written if there is none. Raises ConfigError where the one that is there is of other
    files, another model or other options, naming what differs."""
    path = folder / MANIFEST
    paths = [str(file.resolve()) for file in files]
    new = {"field": field, "model": model, "options": json.loads(json.dumps(dict(options)))}
    hashes = [sha256_of(file) for file in files]
    if path.exists():
        old = plan_of(read_json(path.read_bytes(), path), path)
        now = {"files": hashes, **new}
        before = {"files": old.hashes, "field": old.field, "model": old.model, "options": old.options}
        if differs := [name for name in now if now[name] != before[name]]:
            raise ConfigError(
                f"{folder} holds shards of other {', '.join(differs)}: name another folder, or remove it to begin anew"
            )
        return ShardPlan(paths, hashes, old.counts, old.lines, field, model, old.options)
    counts = [sum(1 for _ in read_records(file)) for file in files]
    plan = ShardPlan(paths, hashes, counts, lines, field, model, new["options"])
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty and has no {MANIFEST}: name a new folder")
    replace_file(path, json_bytes(vars(plan)))
    return plan


def plan_of(value: dict[str, Any], path: Path) -> ShardPlan:
    """Raises ConfigError for a file that is none."""
    try:
        return ShardPlan(**value)
    except TypeError:
        raise ConfigError(f"{path} is no manifest of shards: name a new folder") from None


def fingerprint(folder: Path) -> str:
    """A model's: the hash of the hashes of its files."""
    manifest = folder / MANIFEST
    return hashlib.sha256(manifest.read_bytes()).hexdigest()
