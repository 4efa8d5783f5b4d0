"""A measured row never travels without the recipe that made it. Every benchmark here writes with this."""

import json
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

import glassformer

MOST_COLUMNS = 20
RESULTS = Path(__file__).parent / "results"


def git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def commit() -> str:
    """The commit that was measured, with -dirty when the sources are not quite it; rows in results/ do not count."""
    changes = git("status", "--porcelain", "--", ":/", ":(exclude,top)benchmarks/results")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("-dirty" if changes else "")


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def recipe() -> dict[str, Any]:
    """What must be known to read a row a year later."""
    return {
        "commit": commit(),
        "glassformer": glassformer.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu": processor(),
        "threads": torch.get_num_threads(),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def read(name: str) -> list[dict[str, Any]]:
    """The rows of results/<name>.jsonl; none where nothing was measured."""
    path = RESULTS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def write(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append each row, with its recipe, to results/<name>.jsonl and print them as a table."""
    how = recipe()
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({**row, **how}, ensure_ascii=False) + "\n" for row in rows)
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table_of(name, rows, how))


def table_of(name: str, rows: Sequence[Mapping[str, Any]], how: Mapping[str, Any]) -> Table:
    """What differs between the rows is a column; what is the same in all of them stands once, under the name."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    same = [
        column for column in columns if len(rows) > 1 and all(row.get(column) == rows[0].get(column) for row in rows)
    ]
    setting = " · ".join(f"{column} {shown(rows[0][column])}" for column in same)
    table = Table(title=f"{name}\n{setting}", caption=" · ".join(f"{key} {value}" for key, value in how.items()))
    columns = [column for column in columns if column not in same]
    if len(columns) > MOST_COLUMNS:  # on their side: a line a column
        for _ in ("", *rows):
            table.add_column(overflow="fold")
        for column in columns:
            table.add_row(column.replace("_", " "), *(shown(row.get(column, "")) for row in rows))
        return table
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(shown(row.get(column, "")) for column in columns))
    return table


def shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
