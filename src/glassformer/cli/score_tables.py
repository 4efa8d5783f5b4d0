"""How ``evaluate`` says what it found: tables for people, JSON, and a line a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassformer.cli.terminal import Terminal
    from glassformer.scores import Comparison, Score

P_VALUES = "p: how likely chance alone makes as large a difference, by paired bootstrap / approximate randomisation"

FEW = 100
"""Sentences below which few resamples differ, so that p is too small."""


@dataclass
class SystemScores:
    """The scores of one system."""

    name: str
    scores: "list[Score]"
    comparisons: "list[Comparison]" = field(default_factory=list)
    """With the first system; its own are none."""
    sentences: list[list[float]] = field(default_factory=list)
    """A row a measure: its figure of each line; empty where nobody asked."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found: dict[str, Any] = {"of": self.name, "scores": [asdict(score) for score in self.scores]}
        if self.comparisons:
            found["compared_with_the_first"] = [asdict(comparison) for comparison in self.comparisons]
        if self.sentences:
            names = [score.name for score in self.scores]
            found["lines"] = [dict(zip(names, row, strict=True)) for row in zip(*self.sentences, strict=True)]
        return found


def sentence_rows(systems: Sequence[SystemScores]) -> Iterator[str]:
    """A TSV: a line's number, the system where there are several, a column a measure."""
    several = len(systems) > 1
    names = [score.name for score in systems[0].scores]
    yield "\t".join(["line", *(["system"] if several else []), *names])
    for number, rows in enumerate(zip(*(zip(*found.sentences, strict=True) for found in systems), strict=True), 1):
        for found, row in zip(systems, rows, strict=True):
            name = [found.name.replace("\t", " ")] if several else []
            yield "\t".join([str(number), *name, *(f"{value:.2f}" for value in row)])


def print_scores(console: "Terminal", systems: Sequence[SystemScores], title: str, sentences: int) -> None:
    """One system: a row a measure. Several: a table a measure, a row a system, and how it compares with the first."""
    from rich.text import Text

    console.print(Text(title, style="bold"))
    if len(systems) == 1:
        table = table_of("measure", "score", "95 % interval")
        for score in systems[0].scores:
            table.add_row(named(score), Text(f"{score.value:.2f}", style="bold"), interval(score))
        console.print(table)
    else:
        for number, first in enumerate(systems[0].scores):
            console.print()
            table = table_of(named(first), "score", "95 % interval", "difference", "p")
            for found in systems:
                score = found.scores[number]
                beside = ["", ""]
                if found.comparisons:
                    comparison = found.comparisons[number]
                    p_values = comparison.p_bootstrap, comparison.p_randomisation
                    beside = [f"{comparison.difference:+.2f}", " / ".join(f"{value:.4f}" for value in p_values)]
                table.add_row(Text(found.name), Text(f"{score.value:.2f}", style="bold"), interval(score), *beside)
            console.print(table)
        console.print()
        console.print(P_VALUES, style="dim", soft_wrap=True)
        if sentences < FEW:
            console.print(f"{sentences} sentences are few: p says little below some {FEW}", style="dim")
    console.print("signatures", style="dim")
    for score in systems[0].scores:  # a line each however long, so that it can be copied
        console.print(f"{score.name}: {score.signature}", style="dim", markup=False, soft_wrap=True)


def table_of(first: str, *names: str) -> Any:
    """A table without lines; its second and fourth columns hold numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(first, header_style="dim", overflow="fold")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number % 2 else "right", header_style="dim", overflow="fold")
    return table


def named(score: "Score") -> str:
    return f"{score.name} (lower is better)" if score.name == "TER" else score.name


def interval(score: "Score") -> str:
    return "" if score.low is None or score.high is None else f"{score.low:.1f} … {score.high:.1f}"
