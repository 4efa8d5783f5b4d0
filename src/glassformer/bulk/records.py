"""Text, JSONL and Parquet, a record at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from glassformer.errors import ConfigError
from glassformer.strict_json import parsed
from glassformer.text.lines import read_lines

TRANSLATION = "translation"
"""The field that a translation goes into."""
ROWS = 10_000
"""Of a Parquet file, read at a time."""


def records_kind(name: str | Path) -> str:
    """.jsonl, .parquet, or .txt for everything else, a line a record."""
    ending = Path(name).suffix.lower()
    return ending if ending in (".jsonl", ".parquet") else ".txt"


def read_records(path: Path) -> Iterator[Any]:
    """Texts of a text file (also compressed), objects of the others. Raises ConfigError for what is no such file."""
    kind = records_kind(path)
    if kind == ".txt":
        yield from read_lines(str(path))
    elif kind == ".jsonl":
        for number, line in enumerate(read_lines(str(path)), start=1):
            try:
                record = parsed(line)
            except ValueError as error:
                raise ConfigError(f"{path}, line {number} is not JSON ({error})") from None
            if not isinstance(record, dict):
                raise ConfigError(f"{path}, line {number}: wanted an object")
            yield record
    else:
        for batch in parquet().ParquetFile(path).iter_batches(batch_size=ROWS):
            yield from batch.to_pylist()


def text_of(record: Any, field: str) -> str:
    """The text of a record. Raises ConfigError where the field is not there or holds no text."""
    if isinstance(record, str):
        return record
    text = record.get(field)
    if not isinstance(text, str):
        raise ConfigError(f"a record has no text in {field!r}: it has {', '.join(map(str, record))[:80]}; name --field")
    return text


def with_translation(record: Any, translation: str) -> Any:
    """A text's translation; an object with it beside what it has."""
    return translation if isinstance(record, str) else {**record, TRANSLATION: translation}


def content_of(records: Iterable[Any], kind: str) -> bytes:
    """A shard's file."""
    if kind == ".txt":
        return "".join(f"{' '.join(text.splitlines())}\n" for text in records).encode()
    if kind == ".jsonl":
        return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    import pyarrow

    into = io.BytesIO()
    parquet().write_table(pyarrow.Table.from_pylist(list(records)), into)
    return into.getvalue()


def joined(shards: Sequence[Path], kind: str, out: Any) -> None:
    """All shards of one kind in one file, ``out`` (open for bytes)."""
    if kind != ".parquet":
        for shard in shards:
            out.write(shard.read_bytes())
        return
    writer: Any = None
    for shard in shards:
        table = parquet().read_table(shard)
        writer = writer or parquet().ParquetWriter(out, table.schema)
        writer.write_table(table.cast(writer.schema))
    if writer is not None:
        writer.close()


def parquet() -> Any:
    """pyarrow's. Raises ConfigError where it is not installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet wants pyarrow: pip install 'glassformer[parquet]'") from None
    return pyarrow.parquet
