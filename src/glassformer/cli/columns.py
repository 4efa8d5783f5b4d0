"""``--columns``: which columns of a TSV are the source and the target, wherever a command reads one."""

from typing import Annotated

import typer

from glassformer.config import check_columns
from glassformer.errors import ConfigError

Columns = Annotated[str, typer.Option("--columns", metavar="S,T", help="The source's and the target's column, such as 1,2, in a TSV of more than two.", show_default="there are two")]  # fmt: skip


def columns_of(text: str) -> list[int]:
    """``1,2`` → [1, 2]; nothing for nothing. Raises ConfigError for anything else."""
    parts = text.replace(" ", "").split(",") if text.strip() else []
    if not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise ConfigError(f"--columns {text}: wanted the source's and the target's column, from 1, such as 1,2")
    columns = [int(part) for part in parts]
    check_columns(columns)
    return columns
