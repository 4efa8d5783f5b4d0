"""The newest rows of results/ about training and decoding, as tables."""

import argparse
import json
from collections.abc import Iterable, Mapping
from typing import Any

import rows

Row = Mapping[str, Any]


def newest(name: str, *keys: str) -> list[list[Row]]:
    """The rows that were written together last, for each combination of ``keys``."""
    path = rows.RESULTS / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    together: dict[tuple[Any, ...], list[Row]] = {}
    for row in map(json.loads, lines):
        group = together.setdefault(tuple(row[key] for key in keys), [])
        if group and group[-1]["date"] != row["date"]:
            group.clear()
        group.append(row)
    return [together[key] for key in sorted(together, key=str)]


def markdown(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    table = ["| " + " | ".join(head) + " |"]
    table.append("|" + "---|" * (table[0].count(" | ") + 1))
    return "\n".join([*table, *("| " + " | ".join(line) + " |" for line in lines)])


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def recipe(row: Row) -> str:
    threads = "1 thread" if row["threads"] == 1 else f"{row['threads']} threads"
    return f"{row['cpu']}, {threads}, torch {row['torch']}, commit {row['commit']}, {row['date'][:10]}, {row['clock']} time, load {row['load']}"


def training(group: list[Row]) -> str:
    first = group[0]
    lines = [
        (
            f"{row['contender']} ({row['version']})" if row["version"] else f"**{row['contender']}**",
            number(row["per_second"]),
            f"{number(row['slowest'])} … {number(row['fastest'])}",
            f"{row['over_best_peer']:.2f} ×",
            f"{100 * row['share_of_limit']:.0f} %",
        )
        for row in group
    ]
    title = f"Training, {first['model']}, {first['precision']}, dropout {first['dropout']}: {recipe(first)}"
    return title + "\n\n" + markdown(["", "tokens/s", "from … to", "of the best peer", "of the products alone"], lines)


def decoding(group: list[Row]) -> str:
    first = group[0]
    lines = [
        (
            f"{row['contender']} ({row['version']})" if row["version"] else f"**{row['contender']}**",
            number(row["per_second"]),
            f"{number(row['slowest'])} … {number(row['fastest'])}",
            f"{row['over_best_peer']:.2f} ×",
        )
        for row in group
    ]
    title = f"Greedy, {first['model']}, {first['at_once']} at once, {first['tokens']} tokens each: {recipe(first)}"
    return title + "\n\n" + markdown(["", "sentences/s", "from … to", "of the best peer in PyTorch"], lines)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for group in newest("training_speed", "model", "precision", "dropout", "threads"):
        print(training(group), end="\n\n")
    for group in newest("decoding_speed", "model", "at_once", "threads"):
        print(decoding(group), end="\n\n")


if __name__ == "__main__":
    main()
