"""``glassformer distill``: a small, fast student from a teacher's own translations."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.cli.train import asked_to_stop, set_flags, typed
from glassformer.cli.translate import bar, tell
from glassformer.config.tables import read_settings

EPILOG = """[bold]Examples[/]

glassformer distill --model runs/en-de

glassformer distill --model runs/en-de --itself --time-limit 15m

glassformer distill --model en-de --source many.en --preset tiny --out runs/small

glassformer distill --model runs/one --model runs/two --with-pairs --preset tiny --start-from runs/one

glassformer distill --model en-de --source many.en --valid-source v.en --valid-target v.de --start-from en-de --set model.decoder_layers=1
"""


def distill(
    model: Annotated[list[str], typer.Option(help="The teacher: a run's folder, a model's folder or a shipped model's name. Can be repeated: each translates everything.")],
    source: Annotated[list[str] | None, typer.Option(help="Text to translate for the student, one sentence a line; no translations are needed. Can be repeated.", show_default="what the first teacher's run was trained on")] = None,
    with_pairs: Annotated[bool, typer.Option("--with-pairs", help="Learn from people's translations too: those that the first teacher's run was trained on.")] = False,
    itself: Annotated[bool, typer.Option("--itself", help="The student is the teacher: it goes on from its weights, on its own translations and its run's pairs (self-distillation).")] = False,
    valid_source: Annotated[str, typer.Option(help="Validation pairs.", show_default="the first teacher's run's")] = "",
    valid_target: Annotated[str, typer.Option(help="The target side of --valid-source.")] = "",
    columns: Columns = "",
    out: Annotated[Path | None, typer.Option(help="The student's folder. An interrupted run there goes on.", show_default="TEACHER-student")] = None,
    preset: Annotated[str, typer.Option(help="The student's size: tiny, small, fast, base or big.", show_default="fast")] = "",
    start_from: Annotated[str, typer.Option(help="Begin with this model's weights, such as a teacher's own; fewer layers (--set model.decoder_layers=1) take some of them.", show_default="random weights")] = "",
    beam: Annotated[int, typer.Option(help="Hypotheses that the teacher follows.")] = 4,
    engine: Annotated[str, typer.Option(help="The teacher's engine: native (PyTorch), ctranslate2 (several times faster on a CPU), or auto.")] = "auto",
    time_limit: Annotated[str, typer.Option(help="Stop the student's training after this time, such as 45m or 2h; 0: no limit.", show_default="45m")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any setting of the student, such as model.heads=4. Can be repeated.")] = None,
    seed: Annotated[int | None, typer.Option(help="As for train.", show_default="1")] = None,
    threads: Annotated[int, typer.Option(help="Processor threads.", show_default="all")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
) -> None:  # fmt: skip
    """Train a small, fast student on a teacher's own translations (Kim & Rush 2016).

    The teacher translates the sentences, then the student is trained on them.
    Several teachers and the pairs teach a student of their own size
    (data diversification, Nguyen et al. 2020). With --itself the teacher
    goes on and learns from itself.
    Ctrl-C saves and stops; the same command goes on from there.
    """
    from glassformer.cli.progress import reporter_for
    from glassformer.runs.distill import Lesson
    from glassformer.runs.distill import distill as distill_in

    settings = read_settings(None)
    size = preset if preset or itself else "fast"
    set_flags(settings, set_, time_limit, seed, preset=size, start_from=start_from)
    lesson = Lesson(
        models=model,
        source=source or [],
        with_pairs=with_pairs,
        itself=itself,
        valid_source=valid_source,
        valid_target=valid_target,
        columns=columns_of(columns),
        beam=beam,
    )
    distill_in(
        lesson,
        settings,
        out,
        command=typed(),
        engine=engine,
        threads=threads,
        device=device,
        note=tell,
        progress=bar if sys.stderr.isatty() else lambda what, total: nullcontext(None),
        reporting=reporter_for,
        stop=asked_to_stop(),
    )
