"""``glassformer evaluate``: how good translations are, each figure with its recipe and its interval."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.card import Card
from glassformer.cli.columns import Columns, columns_of
from glassformer.cli.translate import bar, decoding_config, tell, writer
from glassformer.config.settings import check_threads
from glassformer.disk import check_folder_of
from glassformer.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from glassformer.cli.score_tables import SystemScores
    from glassformer.scores import Measure
    from glassformer.translator import Translator

RESAMPLES = 1000
TOKENISED = 100
"""From this number of lines on that end as tokenised ones the user is warned: sacreBLEU's number."""
USUAL = ["bleu", "chrf"]
ALSO_CALLED = {"chrf2": "chrf", "chrf2++": "chrf++"}

EPILOG = """[bold]Examples[/]

glassformer evaluate --model en-de --source test.en --target test.de

glassformer evaluate --model runs/mine --source test.tsv --papers de --json

glassformer evaluate --hypotheses translated.de --target test.de

glassformer evaluate --hypotheses old.de --hypotheses new.de --target reference-a.de --target reference-b.de
"""


def evaluate(
    model: Annotated[str, typer.Option(help="A shipped model's name, or the folder of a model or a run.", show_default="en-de")] = "",
    source: Annotated[str, typer.Option(help="The sources, one sentence a line; without --target, a TSV of pairs.")] = "",
    target: Annotated[list[str] | None, typer.Option(help="The references; line n translates line n of --source. Repeated: another reference for each line.")] = None,
    columns: Columns = "",
    hypotheses: Annotated[list[str] | None, typer.Option(help="Translations that are there already, in place of --model and --source. Repeated: another system, compared with the first.")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="bleu, chrf, chrf++, ter, or comet, which needs --source and the package unbabel-comet. Can be repeated.", show_default="bleu and chrf")] = None,
    tokenize: Annotated[str, typer.Option(metavar="NAME", help="sacreBLEU's tokenizer for BLEU: 13a, intl, zh, ja-mecab, ko-mecab, char, flores200, spm, none …", show_default="by the target's language and script")] = "",
    languages: Annotated[str, typer.Option(metavar="LANG", help="The target's language, or both, such as ja or en-ja.", show_default="by the file's name, the model's card, the script")] = "",
    papers: Annotated[str, typer.Option(metavar="LANG", help="Add the papers' lower-cased, tokenised BLEU for this target language, such as de.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write the translations here; an older file is replaced when they are complete.")] = None,
    per_line: Annotated[bool, typer.Option("--per-line", help="Print each line's figures, as a TSV; the table goes to standard error.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    beam: Annotated[int, typer.Option(help="Hypotheses followed at a time.")] = 4,
    length_penalty: Annotated[float, typer.Option(help="α of ((5 + n) / 6)^α: higher makes longer translations.")] = 0.6,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
    engine: Annotated[str, typer.Option(help="The engine: native (PyTorch) or ctranslate2, whose int8 translations may score a little differently.")] = "native",
    quantization: Annotated[str, typer.Option(help="The numbers that ctranslate2 computes with: int8 or float32.")] = "int8",
    threads: Annotated[int, typer.Option(help="Cores to use.", show_default="all")] = 0,
    protect: Annotated[bool, typer.Option("--protect/--no-protect", help="As for translate: links, emoji and their like come out as they went in.")] = True,
) -> None:  # fmt: skip
    """Score translations with BLEU and chrF: cased and detokenised, with signatures and 95 % bootstrap intervals.

    Every line counts, empty ones too. Only figures with equal signatures compare.
    """
    check_threads(threads)
    names = metric_names(metric or USUAL)
    texts = read_texts(source, target or [], hypotheses or [], model, output, columns_of(columns), "comet" in names)
    translator = None
    if not texts.systems:
        from glassformer.translator import Translator

        translator = Translator.load(
            model or "en-de",
            device=device,
            engine=engine,
            quantization=quantization,
            threads=threads,
            protect=protect,
            tell=tell,
            remark=tell,
        )
    files = [*(target or []), source, *(hypotheses or [])]
    tokenizer = chosen_tokenizer(texts, tokenize, languages, files, translator.card if translator else {})
    measures = [measure_of(name, tokenizer, texts.sources, device) for name in names]
    if papers:
        from glassformer.scores import papers_measure

        measures.append(papers_measure(papers))
    if translator is not None:
        texts.systems = [(model or "en-de", translated(translator, texts.sources, beam, length_penalty))]
    if output is not None:
        with writer(output) as write:
            write("".join(f"{line}\n" for line in texts.systems[0][1]))
    found = measured(texts, measures, per_line)
    say(found, texts, "" if translator is None else said_engine(engine, quantization), as_json, per_line)


@dataclass
class Texts:
    """A test set, and what systems made of it."""

    sources: list[str]
    references: list[list[str]]
    """One or several for each line."""
    systems: list[tuple[str, list[str]]]
    """Names and translations; none before a model has translated."""


def metric_names(asked: Sequence[str]) -> list[str]:
    """Each once, in the order asked for. Raises ConfigError for one that is not there."""
    from glassformer.scores import MEASURES

    names = [ALSO_CALLED.get(name.lower(), name.lower()) for name in asked]
    for name, said in zip(names, asked, strict=True):
        if name not in (*MEASURES, "comet"):
            raise ConfigError(f"--metric {said}: choose {', '.join(MEASURES)} or comet")
    return list(dict.fromkeys(names))


def read_texts(
    source: str,
    target: Sequence[str],
    hypotheses: Sequence[str],
    model: str,
    output: Path | None,
    columns: Sequence[int],
    with_sources: bool,
) -> Texts:
    """The sources, their translations if there are any, and the references. Raises ConfigError for options that do not go together,
    CorpusError for sides that are not as long as each other, or empty."""
    check_options(source, target, hypotheses, model, output, with_sources)
    if output is not None:
        check_folder_of(output)
    from glassformer.corpus.read import read_pairs
    from glassformer.scores import check_sides
    from glassformer.text.lines import read_lines

    if columns and target:
        raise ConfigError("--columns with --target: the sides are files of their own, and no TSV; leave it out")
    if not target:
        pairs = list(read_pairs(source, columns=columns, keep_empty=True))
        texts = Texts([left for left, _ in pairs], [[right for _, right in pairs]], [])
    else:
        names = [*([source] if source else []), *target, *hypotheses]
        if names.count("-") > 1:
            raise CorpusError("standard input is one stream and a test set two files: name one of them")
        sides = [list(read_lines(name)) for name in names]
        for name, side in zip(names, sides, strict=True):
            if len(side) != len(sides[0]):
                raise CorpusError(
                    f"{names[0]} has {len(sides[0]):,} lines and {name} has {len(side):,}: wanted as many in both, "
                    "as line n of one belongs to line n of the other"
                )
        if not sides[0]:
            raise CorpusError(f"{names[0]} and {names[1]} have no lines: there is nothing to score")
        sources = sides.pop(0) if source else []
        texts = Texts(sources, sides[: len(target)], list(zip(hypotheses, sides[len(target) :], strict=True)))
    check_sides([""] * len(texts.references[0]), *texts.references)  # before minutes of translating
    return texts


def check_options(
    source: str, target: Sequence[str], hypotheses: Sequence[str], model: str, output: Path | None, with_sources: bool
) -> None:
    """Raises ConfigError for options that do not go together."""
    if with_sources and not source:
        raise ConfigError("--metric comet reads the source, too: give it with --source")
    if bool(source) == bool(hypotheses) and not (with_sources and hypotheses):
        raise ConfigError(
            "give --source, to translate it with a model, or --hypotheses, which are translations already"
        )
    if hypotheses and model:
        raise ConfigError("--model with --hypotheses: translations that are there need no model")
    if hypotheses and not target:
        raise ConfigError("--hypotheses without --target: there is nothing to compare them with")
    if output is not None and len(hypotheses) > 1:
        raise ConfigError(f"--output with {len(hypotheses)} --hypotheses: these are written already; leave it out")


def chosen_tokenizer(texts: Texts, tokenize: str, languages: str, files: Iterable[str], card: dict[str, Any]) -> str:
    """The tokenizer of BLEU, chosen once for all systems; with a message where it is not the usual."""
    from glassformer.score_tokenizers import choose, code_in_name

    names = [code_in_name(name) for name in files]
    known = Card.of(card)
    guess = next(filter(None, names), known.languages)
    asked = tokenize or ("" if languages else known.bleu_tokenizer)
    lines = [line for side in texts.references for line in side]
    choice = choose(lines, language=languages, guess=guess, tokenize=asked)
    if choice.said:
        tell(choice.said)
    return choice.tokenizer


def measure_of(name: str, tokenizer: str, sources: list[str], device: str) -> "Measure":
    if name == "comet":
        from glassformer.score_comet import Comet

        return Comet(sources, device)
    from glassformer.scores import MEASURES

    return MEASURES[name](tokenizer)


def translated(translator: "Translator", sources: list[str], beam: int, length_penalty: float) -> list[str]:
    config = decoding_config("beam", beam, 1, length_penalty, 0, {})
    if not sys.stderr.isatty():
        return translator.translate(sources, config=config)
    with bar("translating", len(sources)) as advance:
        return translator.translate(sources, config=config, progress=advance)


def measured(texts: Texts, measures: "Sequence[Measure]", per_line: bool) -> "list[SystemScores]":
    """Every measure of every system, and how it compares with the first's."""
    from glassformer.cli.score_tables import SystemScores
    from glassformer.scores import compared, counted, in_tokens, score_of

    for name, translations in texts.systems:
        if (spaced := in_tokens(translations)) >= TOKENISED:
            tell(f"{name}: {spaced:,} lines end in “ .”, as tokenised text does; BLEU is of text as people write it")
    systems = [SystemScores(name, []) for name, _ in texts.systems]
    for measure in measures:
        first = None
        for found, (_, translations) in zip(systems, texts.systems, strict=True):
            counts = counted(measure, translations, texts.references)
            if measure.name == "BLEU" and not counts[:, -1].any():  # sacreBLEU's last count: runs of four tokens
                tell(
                    f"{name}: no line has four tokens, and BLEU counts runs of four: its 0 says nothing; look at chrF2"
                )
            found.scores.append(score_of(measure, counts, RESAMPLES))
            if first is None:
                first = counts
            else:
                found.comparisons.append(compared(measure, first, counts, RESAMPLES))
            if per_line:
                found.sentences.append([measure.sentence(row) for row in counts.tolist()])
    return systems


def say(systems: "list[SystemScores]", texts: Texts, by: str, as_json: bool, per_line: bool) -> None:
    """Print what was found; ``by``: the engine that translated."""
    from glassformer.cli.score_tables import print_scores, sentence_rows
    from glassformer.cli.terminal import Terminal, echo

    count, references = len(texts.references[0]), len(texts.references)
    if as_json:
        about: dict[str, Any] = {"sentences": count, "references": references}
        found = [system.to_json() for system in systems]
        content = {**about, **found[0]} if len(found) == 1 else {**about, "systems": found}
        echo(json.dumps({**content, **({"engine": by} if by else {})}, indent=2, ensure_ascii=False))
        return
    what = systems[0].name if len(systems) == 1 else f"{len(systems)} systems"
    parts = [what, f"{count:,} sentence{'' if count == 1 else 's'}"]
    parts += [f"{references} references"] if references > 1 else []
    parts += [by] if by else []
    if per_line:
        echo("\n".join(sentence_rows(systems)))
    print_scores(Terminal(highlight=False, stderr=per_line), systems, ", ".join(parts), count)


def said_engine(engine: str, quantization: str) -> str:
    return engine if engine == "native" else f"{engine} {quantization}"
