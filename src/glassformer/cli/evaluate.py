"""``glassformer evaluate``: how good translations are, each figure with its recipe and its interval."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassformer.cli.translate import bar, decoding_config, tell, writer
from glassformer.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from glassformer.training.evaluation import Score

RESAMPLES = 1000

EPILOG = """[bold]Examples[/]

glassformer evaluate --model en-de --source test.en --target test.de

glassformer evaluate --model runs/mine --source test.tsv --papers de --json

glassformer evaluate --hypotheses translated.de --target test.de
"""


def evaluate(
    model: Annotated[str, typer.Option(help="A shipped model's name, or the folder of a model or a run.", show_default="en-de")] = "",
    source: Annotated[str, typer.Option(help="What to translate, one sentence a line; without --target, a TSV of pairs.")] = "",
    target: Annotated[str, typer.Option(help="The references; line n translates line n of --source.")] = "",
    hypotheses: Annotated[str, typer.Option(help="Translations that are there already, in place of --model and --source.")] = "",
    papers: Annotated[str, typer.Option(metavar="LANG", help="Add the papers' lower-cased, tokenised BLEU for this target language, such as de.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write the translations here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    beam: Annotated[int, typer.Option(help="Hypotheses followed at a time.")] = 4,
    length_penalty: Annotated[float, typer.Option(help="α of ((5 + n) / 6)^α: higher makes longer translations.")] = 0.6,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
    engine: Annotated[str, typer.Option(help="Who translates: native (PyTorch) or ctranslate2, whose int8 translations may score a little differently.")] = "native",
    quantization: Annotated[str, typer.Option(help="The numbers that ctranslate2 computes with: int8 or float32.")] = "int8",
) -> None:  # fmt: skip
    """Score translations with BLEU and chrF: cased and detokenised, with signatures and 95 % bootstrap intervals.

    Every line counts, empty ones too. Only figures with equal signatures compare.
    """
    from glassformer.training.evaluation import bleu, check_sides, chrf, papers_bleu

    sources, references = read_sides(source, target, hypotheses, model)
    model = model or "en-de"
    check_sides([""] * len(references), references)  # before minutes of translating
    translations = (
        sources
        if hypotheses
        else translated(sources, beam, length_penalty, model, device=device, engine=engine, quantization=quantization)
    )
    if output is not None:
        with writer(output) as write:
            write("".join(f"{line}\n" for line in translations))
    scores = [measure(translations, references, resamples=RESAMPLES) for measure in (bleu, chrf)]
    if papers:
        scores.append(papers_bleu(translations, references, papers, resamples=RESAMPLES))
    what = hypotheses or model
    if as_json:
        found = {"of": what, "sentences": len(references), "scores": [asdict(score) for score in scores]}
        if not hypotheses:
            found["engine"] = said_engine(engine, quantization)
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        by = "" if hypotheses else f", {said_engine(engine, quantization)}"
        print_scores(scores, f"{what}, {len(references):,} sentences{by}")


def read_sides(source: str, target: str, hypotheses: str, model: str) -> tuple[list[str], list[str]]:
    """What is translated, or has been, and the references. Raises ConfigError for options that do not go together,
    CorpusError for sides that are not as long as each other, or empty."""
    if bool(source) == bool(hypotheses):
        raise ConfigError(
            "give --source, to translate it with a model, or --hypotheses, which are translations already"
        )
    if hypotheses and model:
        raise ConfigError("--model with --hypotheses: translations that are there need no model")
    if hypotheses and not target:
        raise ConfigError("--hypotheses without --target: there is nothing to compare them with")
    from glassformer.text.corpus import CorpusReport, read_lines, read_pairs

    if not target:
        report = CorpusReport()
        pairs = list(read_pairs(source, report=report))
        if report.skipped:
            typer.echo("\n".join(report.messages()), err=True)
        return [left for left, _ in pairs], [right for _, right in pairs]
    name = source or hypotheses
    if name == target == "-":
        raise CorpusError("standard input is one stream and a test set two files: name one of them")
    sides = list(read_lines(name)), list(read_lines(target))
    counts = f"{name} has {len(sides[0]):,} lines and {target} has {len(sides[1]):,}"
    if len(sides[0]) != len(sides[1]):
        raise CorpusError(f"{counts}: wanted as many in both, as line n of one belongs to line n of the other")
    if not sides[0]:
        raise CorpusError(f"{counts}: there is nothing to score")
    return sides


def said_engine(engine: str, quantization: str) -> str:
    return engine if engine == "native" else f"{engine} {quantization}"


def translated(
    sources: list[str], beam: int, length_penalty: float, model: str, device: str, engine: str, quantization: str
) -> list[str]:
    from glassformer.translator import Translator

    translator = Translator.load(model, device=device, engine=engine, quantization=quantization, tell=tell)
    config = decoding_config("beam", beam, 1, length_penalty, 0, {})
    if not sys.stderr.isatty():
        return translator.translate(sources, config=config)
    with bar("translating", len(sources)) as advance:
        return translator.translate(sources, config=config, progress=advance)


def print_scores(scores: "list[Score]", title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title=Text(title), title_justify="left", title_style="bold")
    for name, side in (("measure", "left"), ("score", "right"), ("95 % interval", "left")):
        table.add_column(name, justify=side, header_style="dim")  # type: ignore[arg-type]
    for score in scores:
        interval = (
            "" if score.low is None or score.high is None else f"{max(score.low, 0):.1f} … {min(score.high, 100):.1f}"
        )
        table.add_row(score.name, Text(f"{score.value:.2f}", style="bold"), interval)
    console = Console(emoji=False, highlight=False)
    console.print(table)
    console.print("signatures", style="dim")
    for score in scores:  # a line each however long, so that it can be copied
        console.print(f"{score.name}: {score.signature}", style="dim", markup=False, soft_wrap=True)
