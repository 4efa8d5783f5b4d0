"""Shards translated, one after the other or by several at once, and joined.

A shard is a file that takes its name when it is whole. While somebody translates one, its lock is held; a process that dies
lets go of it. Any number of processes and machines with one folder can therefore be started, killed and started again: each
takes a shard that is not there and that nobody holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from glassformer.bulk.plan import ShardPlan, ShardReader
from glassformer.bulk.records import content_of, joined, records_kind, text_of, with_translation
from glassformer.config import DecodingConfig
from glassformer.disk import replace_file, replacing
from glassformer.errors import ConfigError
from glassformer.text.glossary import Glossary

if TYPE_CHECKING:
    from glassformer.translator import Translator

TranslateTexts = Callable[[Sequence[str]], list[str]]


def translate_with(translator: Translator, config: DecodingConfig, glossary: Glossary | None) -> TranslateTexts:
    """Texts to their best translations."""
    return lambda texts: translator.translate(list(texts), config=config, glossary=glossary)


def write_shard(folder: Path, cursor: ShardReader, shard: int, translate: TranslateTexts) -> bool:
    """Translate one shard, unless it is there or somebody else has it; whether this call wrote it."""
    plan = cursor.plan
    path = folder / plan.name(shard)
    if path.exists():
        return False
    try:
        with lock_of(path):
            if path.exists():  # since a moment ago
                return False
            records = cursor.records(shard)
            write_translated(path, records, translate(texts_of(records, plan.field)))
            return True
    except Timeout:
        return False


def lock_of(path: Path) -> FileLock:
    """Held by who makes the shard ``path``; raises Timeout at once where somebody else does."""
    return FileLock(path.with_name(f".{path.name}.lock"), timeout=0)


def texts_of(records: Sequence[Any], field: str) -> list[str]:
    """The texts of these records."""
    return [text_of(record, field) for record in records]


def write_translated(path: Path, records: Sequence[Any], translations: Sequence[str]) -> None:
    """The shard ``path``, whole or not at all."""
    made = [with_translation(*pair) for pair in zip(records, translations, strict=True)]
    replace_file(path, content_of(made, records_kind(path)))


def work(folder: Path, plan: ShardPlan, shards: Sequence[int], translate: TranslateTexts) -> Iterator[int]:
    """Translate those of ``shards`` that are to be done; gives each number that was written here."""
    cursor = ShardReader(plan)
    for shard in shards:
        if write_shard(folder, cursor, shard, translate):
            yield shard


def missing(folder: Path, plan: ShardPlan) -> list[int]:
    """The shards that are not there yet."""
    return [shard for shard in range(len(plan.shards)) if not (folder / plan.name(shard)).exists()]


def join(folder: Path, plan: ShardPlan) -> list[Path]:
    """The translation of each input, in the order of its lines, as one file beside the shards. Raises ConfigError while
    shards are missing."""
    if left := missing(folder, plan):
        raise ConfigError(f"{len(left):,} of {len(plan.shards):,} shards are missing: run the same command again")
    made = []
    for number, name in enumerate(plan.files):
        kind = records_kind(name)
        stem = Path(name).name.removesuffix(".gz").removesuffix(".xz").removesuffix(".zst")
        path = folder / f"{number:03d}-{Path(stem).stem}.translated{kind}"
        shards = [folder / plan.name(shard) for shard, (file, _) in enumerate(plan.shards) if file == number]
        with replacing(path) as unfinished, unfinished.open("wb") as out:
            joined(shards, kind, out)
        made.append(path)
    for lock in folder.glob(".shard-*.lock"):
        lock.unlink(missing_ok=True)
    return made
