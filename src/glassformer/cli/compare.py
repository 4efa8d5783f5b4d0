"""``glassformer info RUN OTHER``: models side by side, and the curves of their trainings on one scale."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glassformer.cli.diagnose import BARS
from glassformer.cli.terminal import Terminal

Points = list[tuple[float, float]]
CURVES = {"training": "training loss", "validation": "validation loss", "bleu": "validation BLEU"}
ALWAYS = (
    "languages",
    "sentence pairs",
    "size",
    "training step",
    "training validation bleu",
    "training validation loss",
)
"""Rows that are shown although they are equal."""
LEFT_OUT = ("folder", "command", "")


def run_rows(folder: Path) -> list[dict[str, Any]]:
    """The records of a run's ``metrics.jsonl``; none of a model that is no run's. A last line cut short is left out."""
    path = folder / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []  # sentences may hold U+2028
    return [json.loads(line) for line in lines if line.endswith("}")]


def differing(columns: Sequence[Mapping[str, str]]) -> tuple[list[str], int]:
    """The names of the rows to show, in their order, and how many others are equal."""
    names = list(dict.fromkeys(name for column in columns for name in column if name not in LEFT_OUT))
    shown = [name for name in names if name in ALWAYS or len({column.get(name) for column in columns}) > 1]
    return shown, len(names) - len(shown)


def warnings(folders: Sequence[Path], rows: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    """Why figures of the runs do not compare, in sentences."""
    found = []
    prepared = [made_of(folder) for folder, some in zip(folders, rows, strict=True) if some]
    if len({one.get("validation.json") for one in prepared}) > 1:
        found.append("their validation pairs differ: validation losses and BLEU do not compare")
    if len({one.get("tokenizer.model") for one in prepared}) > 1:
        found.append("their tokenizers differ: losses, which are a token's, do not compare; BLEU does")
    signatures = {
        row["signature"] for some in rows for row in some if row["kind"] == "validation" and "signature" in row
    }
    if len(signatures) > 1:
        found.append(
            f"their BLEU is not counted the same way ({' and '.join(sorted(signatures))}): it does not compare"
        )
    return found


def made_of(folder: Path) -> dict[str, str]:
    """The hashes of what a run's corpus was made into; none where they cannot be read."""
    try:
        hashes = json.loads((folder / "data" / "prepared.json").read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return hashes if isinstance(hashes, dict) else {}


def line_of(points: Points, last: float, width: int, low: float, high: float) -> str:
    """A row of bars: column n is the figure at n / width of ``last`` steps, up to where the run ended."""
    columns: list[str] = []
    for column in range(1, width + 1):
        edges = last * (column - 1) / width, last * column / width
        inside = [value for step, value in points if edges[0] < step <= edges[1]]
        later = [value for step, value in points if step > edges[1]]
        earlier = [value for step, value in points if step <= edges[0]]
        if inside or (later and earlier):
            value = sum(inside) / len(inside) if inside else earlier[-1]
            columns.append(BARS[round((len(BARS) - 1) * (value - low) / ((high - low) or 1))])
        else:
            columns.append(" ")  # before the first figure, or after the last
    return "".join(columns)


def print_curves(console: Terminal, names: Sequence[str], curves: Sequence[Mapping[str, Points]]) -> None:
    """Each figure as a block, a line a run, on one scale of steps and of values."""
    from rich.text import Text

    last = max((step for one in curves for points in one.values() for step, _ in points), default=0)
    shown = [name if len(name) <= 24 else f"…{name[-23:]}" for name in names]
    pad = max(map(len, shown), default=0)
    width = max(10, min(console.width - pad - 26, 60))
    for figure, title in CURVES.items():
        values = [value for one in curves for _, value in one.get(figure, [])]
        if not values:
            continue
        console.print(Text(f"{title}, steps 1 to {last:,.0f}", style="dim"))
        for name, one in zip(shown, curves, strict=True):
            points = one.get(figure, [])
            if not points:
                ends = "no figures"
            else:
                best = (max if figure == "bleu" else min)(value for _, value in points)
                ends = f"{points[-1][1]:.2f}" + (
                    f", best {best:.2f}" if f"{best:.2f}" != f"{points[-1][1]:.2f}" else ""
                )
            bars = line_of(points, last, width, min(values), max(values))
            console.print(Text(f"  {name:<{pad}}  {bars}  {ends}"), soft_wrap=True)


def print_comparison(names: Sequence[str], columns: Sequence[Mapping[str, str]], folders: Sequence[Path]) -> None:
    """The differences, their effect on the figures, and the curves."""
    from rich.table import Table
    from rich.text import Text

    from glassformer.diagnosis.learning_curve import series

    console = Terminal(highlight=False)
    shown, equal = differing(columns)
    table = Table(box=None, pad_edge=False)
    table.add_column("", style="dim")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in shown:
        values = [column.get(row, "–") for column in columns]
        style = "bold" if len(set(values)) > 1 else "dim"
        table.add_row(Text(row), *(Text(value, style=style) for value in values))
    console.print(table)
    console.print(f"{equal} other {'fact is' if equal == 1 else 'facts are'} the same", style="dim")
    rows = [run_rows(folder) for folder in folders]
    for warning in warnings(folders, rows):
        console.print(Text(f"! {warning}", style="yellow"), soft_wrap=True)
    if any(rows):
        console.print()
        print_curves(console, names, [series(some) for some in rows])
