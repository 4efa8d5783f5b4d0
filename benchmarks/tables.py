"""The newest rows of results/ about training and decoding, and what each part of the recipe pays, as tables."""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean
from typing import Any

import rows
from recipe import TIMES, VARIANTS

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


def parts(made: Iterable[Row]) -> Iterator[str]:
    """For each budget and target language what each change to the recipe does, seed by seed, against the recipe itself.
    What takes longer a step is held against the recipe of so many times its budget: at equal time."""
    by_seed: dict[tuple[str, int], dict[str, dict[int, Row]]] = {}
    for row in made:
        equal = row["steps_budget"] * TIMES.get(row["variant"], 1)
        by_variant = by_seed.setdefault((row["target"], equal), {})
        by_variant.setdefault(row["variant"], {})[row["seed"]] = row
    for (target, budget), by_variant in sorted(by_seed.items()):
        whole = by_variant.pop("recipe", {})
        lines = [part(name, seeds, whole) for name, seeds in by_variant.items() if seeds.keys() & whole.keys()]
        if lines:
            own = ", ".join(f"{row['papers_BLEU']:.2f} (seed {seed})" for seed, row in sorted(whole.items()))
            title = f"The recipe's parts, en-{target}, budget {budget:,}: the recipe itself has BLEU {own}"
            lines.sort(key=lambda line: float(line[2].replace("−", "-")))
            yield title + "\n\n" + markdown(["instead", "BLEU", "difference", "of each seed", "loss"], lines)


def part(name: str, by_seed: Mapping[int, Row], whole: Mapping[int, Row]) -> list[str]:
    seeds = sorted(by_seed.keys() & whole.keys())

    def differences(key: str) -> list[float]:
        return [by_seed[seed][key] - whole[seed][key] for seed in seeds]

    bleu = differences("papers_BLEU")
    return [
        name,
        " / ".join(f"{by_seed[seed]['papers_BLEU']:.2f}" for seed in seeds),
        signed(fmean(bleu), 2),
        " / ".join(signed(value, 2) for value in bleu),
        signed(fmean(differences("valid_loss")), 3),
    ]


def signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for group in newest("training_speed", "model", "precision", "dropout", "threads"):
        print(training(group), end="\n\n")
    for group in newest("decoding_speed", "model", "at_once", "threads"):
        print(decoding(group), end="\n\n")
    changed = [row for group in newest("recipe", "variant", "seed", "target", "steps_budget") for row in group]
    for table in parts(row for row in changed if VARIANTS.get(row["variant"]) == row["changes"]):  # of today's recipe
        print(table, end="\n\n")


if __name__ == "__main__":
    main()
