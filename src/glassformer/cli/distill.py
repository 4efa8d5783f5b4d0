"""``glassformer distill``: a small, fast student from a teacher's own translations."""

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.cli.train import parse_setting, read_settings, run_training, seconds
from glassformer.cli.translate import bar, tell
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.translator import Translator

EPILOG = """[bold]Examples[/]

glassformer distill --model runs/en-de

glassformer distill --model en-de --source many.en --preset tiny --out runs/small
"""


def distill(
    model: Annotated[str, typer.Option(help="The teacher: a run's folder, a model's folder or a shipped model's name.")],
    source: Annotated[list[str] | None, typer.Option(help="What it translates for the student, one sentence a line; no translations are needed. Can be repeated.", show_default="what the teacher's run was trained on")] = None,
    valid_source: Annotated[str, typer.Option(help="Validation pairs.", show_default="the teacher's run's")] = "",
    valid_target: Annotated[str, typer.Option(help="Their target side.")] = "",
    out: Annotated[Path | None, typer.Option(help="The student's folder. What was interrupted there goes on.", show_default="TEACHER-student")] = None,
    preset: Annotated[str, typer.Option(help="The student: tiny, small, fast, base or big.")] = "fast",
    beam: Annotated[int, typer.Option(help="Hypotheses that the teacher follows.")] = 4,
    engine: Annotated[str, typer.Option(help="Who computes the teacher: native (PyTorch), ctranslate2 (several times faster on a CPU), or auto.")] = "auto",
    time_limit: Annotated[str, typer.Option(help="Of the student's training, such as 45m or 2h; 0 for none.", show_default="45m")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any setting of the student, such as model.heads=4. Can be repeated.")] = None,
    threads: Annotated[int, typer.Option(help="Processor threads.", show_default="all")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
) -> None:  # fmt: skip
    """Train a small, fast student on a teacher's own translations (Kim & Rush 2016).

    The teacher translates the sentences, then the student is trained on them. Ctrl-C saves and stops either;
    the same command goes on from there.
    """
    import torch

    from glassformer.config import DecodingConfig
    from glassformer.translator import Translator
    from glassformer.translator.distill import teach

    if threads:
        torch.set_num_threads(threads)
    settings = read_settings(None)
    for text in set_ or []:
        room, name, value = parse_setting(text)
        settings[room][name] = value
    settings["run"]["preset"] = preset
    if time_limit:
        settings["training"]["time_limit"] = seconds(time_limit)
    folder = out or Path("runs") / f"{Path(model).name}-student"
    run = Path(model)
    lines, total = sentences(source, run)
    teacher = Translator.load(model, device=device, engine=engine, threads=threads, tell=tell)
    shown = bar("the teacher translates", total) if sys.stderr.isatty() else nullcontext(None)
    with shown as advance:
        kept = teach(teacher, lines, folder / "distilled", config=DecodingConfig(beam_size=beam), progress=advance)
    typer.echo(
        f"{kept:,} sentences translated by {model}: {total - kept:,} left out, which it did not finish", err=True
    )
    settings["data"] |= {
        "source": [str(folder / "distilled" / "train.source")],
        "target": [str(folder / "distilled" / "train.target")],
        **validation(valid_source, valid_target, run, folder / "distilled"),
    }
    run_training(settings, folder, threads=threads, device=device, tensorboard=False, about=about(teacher, model))


def sentences(source: list[str] | None, run: Path) -> tuple[Iterable[str], int]:
    """What is to be translated, and how many lines: the given files' or, of a run, its own training sources."""
    from glassformer.config import DataConfig
    from glassformer.text.corpus import read_lines
    from glassformer.training.data import all_pairs

    read: Callable[[], Iterable[str]]
    if source:
        files = list(source)
        if "-" in files:
            raise ConfigError("--source -: the sentences are read more than once: write them into a file")
        read = lambda: (line for path in files for line in read_lines(path) if line.strip())  # noqa: E731
    elif (run / "config.toml").is_file():
        data = DataConfig.from_dict(read_settings(run / "config.toml")["data"])
        read = lambda: (pair[0] for pair in all_pairs(data))  # noqa: E731
    else:
        raise ConfigError(f"{run} is no run's folder, whose sentences could be taken: say which with --source")
    return read(), sum(1 for _ in read())


def validation(source: str, target: str, run: Path, folder: Path) -> dict[str, str]:
    """The validation pairs' files: given, or the teacher's run's, written into ``folder``; none where there are none."""
    from glassformer.folders import replace_file

    if source:
        return {"valid_source": source, **({"valid_target": target} if target else {})}
    kept = run / "data" / "validation.json"
    if not kept.is_file():
        return {}
    pairs = json.loads(kept.read_bytes())
    for side, name in enumerate(("valid.source", "valid.target")):
        replace_file(folder / name, "".join(f"{pair[side]}\n" for pair in pairs).encode())
    return {"valid_source": str(folder / "valid.source"), "valid_target": str(folder / "valid.target")}


def about(teacher: "Translator", model: str) -> dict[str, Any]:
    """What the student's card says of its teacher."""
    card = teacher.card
    return {"languages": card.get("languages", ""), "teacher": model, "data": card.get("data", [])}
