"""``glassformer score``: how likely a model finds given translations."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.translate import bar, stdin_is_terminal, tell, writer
from glassformer.errors import ConfigError

PAIRS_AT_ONCE = 1000
"""Enough to put sentences of similar length together, and little to hold."""

EPILOG = """[bold]Examples[/]

glassformer score --source test.en --target test.de

glassformer score --model runs/mine --source pairs.tsv.gz --per-token --output scores.tsv

paste news.en news.de | glassformer score > scores.tsv
"""


def score(
    model: Annotated[str, typer.Option(help="A shipped model's name, or the folder of a model or a run.")] = "en-de",
    source: Annotated[str, typer.Option(help="The sources, one a line, also .gz, .xz and .zst; without --target, a TSV of pairs. - is standard input.", show_default="standard input")] = "",
    target: Annotated[str, typer.Option(help="The translations; line n is scored as a translation of line n of --source.")] = "",
    output: Annotated[Path | None, typer.Option(help="Write here instead of to standard output; the file appears when it is complete.")] = None,
    per_token: Annotated[bool, typer.Option("--per-token", help="A third column: each token and its log P, as TOKEN=LOGP, with blanks between.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
    threads: Annotated[int, typer.Option(help="Cores to use.", show_default="all")] = 0,
) -> None:  # fmt: skip
    """Say how likely a model finds given translations: a line for each pair, in their order.

    A line is log P(translation | source) in nats, a tab, and the number of tokens that make it up, </s> counted: their
    quotient is the log P a token, with which lines of different length compare. Lines are not split. Empty ones count.
    """
    if not source and stdin_is_terminal():
        raise ConfigError("no pairs: give --source and --target, or pairs as a TSV on standard input")
    from glassformer.corpus.read import read_pairs
    from glassformer.translator import Translator

    translator = Translator.load(model, device=device, threads=threads, tell=tell, remark=tell)

    def rows(some: list[tuple[str, str]]) -> str:
        found = translator.token_scores([left for left, _ in some], [right for _, right in some])
        return "".join(f"{row_of(tokens, per_token)}\n" for tokens in found)

    waiting: list[tuple[str, str]] = []
    show_bar = sys.stderr.isatty() and (output is not None or not sys.stdout.isatty())
    with writer(output) as write, bar("scoring", None) if show_bar else nullcontext(quietly) as advance:

        def flush() -> None:
            some, waiting[:] = list(waiting), []
            if some:
                write(rows(some))
                advance(len(some))

        for pair in read_pairs(source or "-", target or None, keep_empty=True, before_waiting=flush):
            waiting.append(pair)
            if len(waiting) >= PAIRS_AT_ONCE:
                flush()
        flush()


def quietly(count: int) -> None:
    """Progress where there is no terminal: none."""


def row_of(tokens: list[tuple[str, float]], per_token: bool) -> str:
    """The line of one pair."""
    cells = [f"{sum(value for _, value in tokens):.4f}", str(len(tokens))]
    if per_token:
        cells.append(" ".join(f"{token}={value:.4f}" for token, value in tokens))
    return "\t".join(cells)
