"""``glassformer diagnose``: why a model is bad, in words for whoever trains a first one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.cli.terminal import Terminal, echo
from glassformer.errors import CheckpointError

if TYPE_CHECKING:
    from glassformer.diagnosis.finding import Finding
    from glassformer.translator import Translator

Pair = tuple[str, str]

MOST = 200_000
"""Training pairs that are looked at, from the beginning of the corpus."""
TRANSLATED = 200
"""Validation sentences that are translated."""
BARS = "▁▂▃▄▅▆▇█"
MARKS = {"bad": "[bold red]✗[/]", "watch": "[yellow]![/]", "good": "[green]✓[/]"}

EPILOG = """[bold]Examples[/]

glassformer diagnose runs/en-de

glassformer diagnose runs/en-de --source test.en --target test.de

glassformer diagnose translate-en_de-1_9.argosmodel --source test.en --target test.de
"""


def diagnose(
    run: Annotated[Path, typer.Argument(help="A run's folder; or any model, also another program's.")],
    source: Annotated[str, typer.Option(help="A test set, to see whether it was trained on; without --target, a TSV of pairs.")] = "",
    target: Annotated[str, typer.Option(help="Its target side.")] = "",
    columns: Columns = "",
    svg: Annotated[Path | None, typer.Option(help="Where the learning curve goes.", show_default="RUN/learning-curve.svg")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:  # fmt: skip
    """Say why a model is bad: its data, its training, its translations; and draw its learning curve.

    Looks at the training pairs, at how the losses moved, and at translations of validation sentences. Of a model without a
    run, with --source and --target: at its translations of these, and whether another start, end or order of its tokens makes
    the references likelier.
    """
    from glassformer.corpus.read import read_pairs
    from glassformer.diagnosis.finding import ORDER
    from glassformer.diagnosis.learning_curve import learning_curve
    from glassformer.disk import check_replaceable, replace_file
    from glassformer.interop.known import is_foreign
    from glassformer.translator.shipped import shipped_models

    test = list(read_pairs(source, target or None, columns=columns_of(columns))) if source else []
    if not (run / "config.toml").is_file() or not (run / "data" / "prepared.json").is_file():
        known = run.is_file() or str(run) in shipped_models() or (run / "config.json").is_file() or is_foreign(run)
        if svg is not None or not known:
            raise CheckpointError(
                f"{run} is no run's folder: give the one that train wrote to, such as runs/en-de, or a model"
            )
        told_of(str(run), of_model(str(run), test), as_json=as_json)
        return
    picture = svg or run / "learning-curve.svg"
    check_replaceable(picture, b"learning curve", "learning curve")
    path = run / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []  # sentences may hold U+2028
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    findings = everything(run, rows, test)
    findings.sort(key=lambda finding: ORDER.index(finding.weight))
    replace_file(picture, learning_curve(rows, f"{run.name}: learning curve").encode())
    if as_json:
        told = {"run": str(run), "findings": [asdict(finding) for finding in findings], "picture": str(picture)}
        echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show(run, findings, rows, picture)


def everything(run: Path, rows: list[dict[str, Any]], test: list[Pair]) -> "list[Finding]":
    from glassformer.cli.train import read_settings
    from glassformer.config import DataConfig
    from glassformer.corpus.files import kept_validation, languages
    from glassformer.diagnosis.corpus import examine_corpus, seen_before
    from glassformer.diagnosis.course import examine_course, examine_translations, unknown_characters
    from glassformer.diagnosis.score import score_beside_loss
    from glassformer.text.tokenizer import Tokenizer

    data = DataConfig.from_dict(read_settings(run / "config.toml")["data"])
    name = tuple(languages(data).split("-"))
    validation = kept_validation(run / "data")
    pairs = training_pairs(run, data, validation)
    tokenizer = Tokenizer.load(run / "data" / "tokenizer.model")
    findings = examine_corpus(pairs, validation, (name[0], name[1]) if len(name) == 2 else None)
    if found := seen_before(pairs, test, "test"):
        findings.append(found)
    for side, what in enumerate(("source", "target")):
        own = tokenizer.target if side else tokenizer
        lines = [own.tokens(ids) for ids in own.encode_batch(pair[side] for pair in validation)]
        known = {character for pair in pairs for character in pair[side]}
        characters = [character for pair in validation for character in pair[side]]
        new = sum(character not in known for character in characters) / max(len(characters), 1)
        if found := unknown_characters(lines, f"validation {what}", new):
            findings.append(found)
    findings += examine_course(rows, len(tokenizer))
    if (run / "best.json").is_file():
        from glassformer.config import DecodingConfig
        from glassformer.translator import Translator

        translator = Translator.load(
            run, remark=lambda text: None
        )  # what it would say of texts is found below, and better
        some = (test or validation)[:TRANSLATED]
        sources, references = [a for a, _ in some], [b for _, b in some]
        found_ones = translator.translate(sources, config=DecodingConfig(method="greedy"))
        findings += examine_translations(
            sources, references, found_ones, gain=gain_of_source(translator, sources, references)
        )
        if found := score_beside_loss(rows, references, found_ones):
            findings.append(found)
    return findings


def of_model(name: str, test: list[Pair]) -> "list[Finding]":
    """What is wrong with a model that comes without its run."""
    from glassformer.config import DecodingConfig
    from glassformer.diagnosis.course import examine_translations
    from glassformer.diagnosis.model import examine_model
    from glassformer.translator import Translator

    translator = Translator.load(name, remark=lambda text: None)
    some = test[:TRANSLATED]
    findings = examine_model(translator, some)
    if some:
        sources, references = [a for a, _ in some], [b for _, b in some]
        made = translator.translate(sources, config=DecodingConfig(method="greedy"))
        findings += examine_translations(
            sources, references, made, gain=gain_of_source(translator, sources, references)
        )
    return findings


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


def training_pairs(run: Path, data: Any, validation: list[Pair]) -> list[Pair]:
    """The first pairs as they stand in the files, without those held out; where those are gone, as the run keeps them."""
    from itertools import groupby, islice

    from glassformer.corpus.encoded import EncodedPairs
    from glassformer.corpus.files import as_kept
    from glassformer.corpus.prepare import all_pairs
    from glassformer.corpus.units import folded
    from glassformer.errors import CorpusError
    from glassformer.text.tokenizer import Tokenizer

    held_out = set() if data.valid_source else {folded(source) for source, _ in validation}

    def trained_on(pair: Pair) -> bool:
        return not held_out or folded(pair[0]) not in held_out

    try:
        return list(islice(filter(trained_on, all_pairs(as_kept(run / "data", data))), MOST))
    except (CorpusError, OSError):
        tokenizer, kept = Tokenizer.load(run / "data" / "tokenizer.model"), EncodedPairs.open(run / "data" / "train")
        sides = (kept.pair(number) for number in range(min(len(kept), MOST)))
        decoded = ((tokenizer.decode(source), tokenizer.target.decode(target)) for source, target in sides)
        return [pair for pair, _ in groupby(decoded)] if data.weights else list(decoded)  # a weight repeats each pair


def gain_of_source(translator: "Translator", sources: list[str], references: list[str]) -> float | None:
    """Nats a token by which the references are likelier with their own source than with the next sentence's."""
    if len(set(sources)) < 4:
        return None
    own = translator.token_scores(sources, references)
    other = translator.token_scores([*sources[1:], sources[0]], references)
    totals = [sum(value for line in scores for _, value in line) for scores in (own, other)]
    return (totals[0] - totals[1]) / sum(map(len, own))


def show(run: Path, findings: "list[Finding]", rows: list[dict[str, Any]], picture: Path) -> None:
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
