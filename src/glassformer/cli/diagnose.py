"""``glassformer diagnose``: why a model is bad, in words for people who train their first one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.cli.terminal import Terminal, echo

if TYPE_CHECKING:
    from glassformer.diagnosis.finding import Finding


BARS = "▁▂▃▄▅▆▇█"
MARKS = {"bad": "[bold red]✗[/]", "watch": "[yellow]![/]", "good": "[green]✓[/]"}

EPILOG = """[bold]Examples[/]

glassformer diagnose runs/en-de

glassformer diagnose runs/en-de --source test.en --target test.de

glassformer diagnose translate-en_de-1_9.argosmodel --source test.en --target test.de
"""


def diagnose(
    run: Annotated[Path, typer.Argument(help="A run's folder; or any model, also another program's.")],
    source: Annotated[str, typer.Option(help="A test set; the command says whether its pairs were trained on; without --target, a TSV of pairs.")] = "",
    target: Annotated[str, typer.Option(help="Its target side.")] = "",
    columns: Columns = "",
    svg: Annotated[Path | None, typer.Option(help="The file for the learning curve.", show_default="RUN/learning-curve.svg")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:  # fmt: skip
    """Say why a model is bad: its data, its training, its translations; and draw its learning curve.

    Looks at the training pairs, at how the losses moved, and at translations of validation sentences. Of a model without
    a run it looks at the tables alone; with --source and --target also at its translations of these, and at whether
    another start, end or order of its tokens makes the references likelier.
    """
    from glassformer.corpus.read import read_pairs
    from glassformer.diagnosis.diagnose import diagnose as findings_of
    from glassformer.diagnosis.diagnose import metrics_of, of_model
    from glassformer.diagnosis.learning_curve import learning_curve
    from glassformer.disk import check_replaceable, replace_file
    from glassformer.interop.known import is_foreign
    from glassformer.translator.shipped import shipped_models

    test = list(read_pairs(source, target or None, columns=columns_of(columns))) if source else []
    if not (run / "config.toml").is_file() or not (run / "data" / "prepared.json").is_file():
        known = run.is_file() or str(run) in shipped_models() or (run / "config.json").is_file() or is_foreign(run)
        if svg is None and known:
            told_of(str(run), of_model(str(run), test), as_json=as_json)
            return
    picture = svg or run / "learning-curve.svg"
    if svg or run.is_dir():
        check_replaceable(picture, b"learning curve", "learning curve")
    findings, rows = findings_of(run, test), metrics_of(run)
    replace_file(picture, learning_curve(rows, f"{run.name}: learning curve").encode())
    if as_json:
        content = {"run": str(run), "findings": [asdict(finding) for finding in findings], "picture": str(picture)}
        echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        show(run, findings, rows, picture)


def told_of(name: str, findings: "list[Finding]", *, as_json: bool) -> None:
    """The findings of a model, the worst first."""
    from glassformer.diagnosis.finding import ORDER, Finding

    if not findings:
        hint = "give sentences and their translations with --source and --target: then its start, end and ids are tried out"
        findings = [Finding("not tried", "watch", "its tables show nothing wrong", hint)]
    findings = sorted(findings, key=lambda finding: ORDER.index(finding.weight))
    if as_json:
        echo(json.dumps({"model": name, "findings": [asdict(one) for one in findings]}, indent=2, ensure_ascii=False))
    else:
        show_findings(Terminal(highlight=False), name, findings)


def show(run: Path, findings: "list[Finding]", rows: list[dict[str, Any]], picture: Path) -> None:
    """Print the findings, the learning curve in blocks, and where its picture lies."""
    from rich.markup import escape

    from glassformer.diagnosis.learning_curve import series

    console = Terminal(highlight=False)
    show_findings(console, str(run), findings)
    console.print()
    width = max(20, min(console.width - 44, 60))
    names = {"training": "training loss", "validation": "validation loss", "bleu": "validation BLEU"}
    for name, points in series(rows).items():
        if points:
            values = [value for _, value in points]
            ends = f"{values[0]:.2f} → {values[-1]:.2f}" if len(values) > 1 else f"{values[0]:.2f}"
            console.print(f"{names[name]:>16}  {bars(values, width)}  {ends}")
    console.print(f"[dim]the learning curve as a picture: {escape(str(picture))}[/]", soft_wrap=True)


def show_findings(console: Terminal, name: str, findings: "list[Finding]") -> None:
    """Print what was found, the bad first."""
    from rich.markup import escape

    bad = sum(finding.weight == "bad" for finding in findings)
    if bad:
        verdict = f"{bad} thing{'' if bad == 1 else 's'} that make{'s' if bad == 1 else ''} it bad"
    else:
        verdict = "nothing that makes it bad"
    console.print(f"[bold]{escape(name)}[/]: {verdict}")
    for finding in findings:
        console.print(f"\n{MARKS[finding.weight]} [bold]{finding.fault}[/]: {escape(finding.says)}")
        if finding.do:
            console.print(f"  [dim]→ {escape(finding.do)}[/]")


def bars(values: list[float], width: int) -> str:
    """The values as a row of bars, at most ``width`` of them, each the mean of its part."""
    width = min(width, len(values))
    parts = [values[len(values) * n // width : len(values) * (n + 1) // width] for n in range(width)]
    means = [sum(part) / len(part) for part in parts]
    low, high = min(means), max(means)
    return "".join(BARS[round((len(BARS) - 1) * (mean - low) / ((high - low) or 1))] for mean in means)
