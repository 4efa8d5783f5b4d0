"""The report of ``glassformer train --demo`` when the training is over: how good it is, and which head does what."""

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from glassformer.card import Card
from glassformer.cli.terminal import Terminal

LOOKED_AT = 200
"""Test sentences in which heads are watched."""
TRY = "The animal didn't cross the street because it was too tired."


def show_demo(run: Path) -> None:
    """Print it for the run in this folder."""
    from glassformer.demo.head_jobs import best_heads, demo_jobs
    from glassformer.demo.run import demo_sentences
    from glassformer.translator import Translator

    console = Terminal(highlight=False, soft_wrap=True)
    translator = Translator.load(run)
    test = demo_sentences("test")
    found = translator.translate([sentence.pair[0] for sentence in test])
    right = sum(text == sentence.pair[1] for text, sentence in zip(found, test, strict=True))
    console.print(
        f"\n[bold]{right} of {len(test)}[/] test sentences, none of which it was trained on, come out exactly right."
    )
    for text in (TRY, TRY.replace("tired", "wide")):
        console.print(f"  {escape(text)} → [bold]{escape(translator.translate(text))}[/]")
    jobs = best_heads(translator, ((*sentence.pair, demo_jobs(sentence)) for sentence in test[:LOOKED_AT]))
    table = Table(
        box=None, pad_edge=False, title="Its heads, and where they look", title_justify="left", title_style="bold"
    )
    table.add_column("from … to …", header_style="dim")
    table.add_column("head that does it best", header_style="dim", no_wrap=True)
    for column in ("attention", "if even"):
        table.add_column(column, justify="right", header_style="dim")
    for job in jobs:
        table.add_row(job.job, f"{job.attention}:{job.head}", f"{job.share:.0%}", f"{job.even:.0%}")
    console.print(table)
    if taught := Card.of(translator.card).taught:
        console.print(
            f"\n[bold]{escape(taught['head'])}[/] was taught to look from it to its noun, in the first half of the training; "
            "the other heads found their jobs by themselves."
        )
    clearest = jobs[0]
    console.print(
        f'\nSee them: [bold]glassformer look --model {run} "{escape(TRY)}"[/]\n'
        f"One off: add [bold]--heads-off {clearest.attention}:{clearest.head}[/]; the sentences lie in {run}/sentences"
    )
