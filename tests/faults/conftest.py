"""A table of what was tried: ``make soak`` writes it, and docs/reliability.md is made of it."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Tried = Callable[..., None]
rows: list[dict[str, object]] = []


@pytest.fixture(scope="session")
def tried() -> Iterator[Tried]:
    """``tried(fault, times, lost, what)``: a test says that it tried a fault so often, and what came of it.

    GLASSFORMER_FAULTS names the file to which all rows are written in the end; a row replaces an older one of its name.
    """

    def note(fault: str, times: int, lost: str, what: str) -> None:
        rows.append({"fault": fault, "tried": times, "lost": lost, "what": what})

    yield note
    if rows and (name := os.environ.get("GLASSFORMER_FAULTS")):
        path = Path(name)
        before = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
        table: dict[str, dict[str, object]] = {}
        for row in [*before, *rows]:
            known = table.setdefault(str(row["fault"]), {})
            known.update(row)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.values()), encoding="utf-8")


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether this is ``make soak``, which tries more often than ``make test``."""
    return bool(os.environ.get("GLASSFORMER_FAULTS"))
