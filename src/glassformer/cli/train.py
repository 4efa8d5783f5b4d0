"""``glassformer train``: a translator from sentence pairs."""

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.config.tables import Tables, read_settings
from glassformer.errors import ConfigError

EPILOG = """[bold]Examples[/]

glassformer train --source train.en --target train.de

glassformer train --source pairs.tsv.gz --valid-source valid.tsv --time-limit 2h --out runs/mine

glassformer train --source news.tsv --source own.tsv --weight 0.5 --weight 3 --columns 1,2

glassformer train --config runs/mine/config.toml --out runs/again

glassformer train --demo
"""


def train(
    source: Annotated[list[str] | None, typer.Option(help="Source sentences, one a line; without --target, a TSV of pairs. Can be repeated.")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Target sentences; line n translates line n of --source.")] = None,
    marks: Annotated[list[str] | None, typer.Option(help="Which words of --source are to look at which (training.guided_attention); one file for each --source, - for none.")] = None,
    valid_source: Annotated[str, typer.Option(help="Validation pairs; without them some training pairs are held out.")] = "",
    valid_target: Annotated[str, typer.Option(help="The target side of --valid-source.")] = "",
    columns: Columns = "",
    weight: Annotated[list[float] | None, typer.Option(help="How often the pairs of a --source are trained on: 3 times, or 0.5 for a half of them. One for each --source.", show_default="1")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder. An interrupted run that is there goes on.", show_default="runs/LANGUAGES")] = None,
    preset: Annotated[str, typer.Option(help="The model's size: tiny, small, fast, base or big.", show_default="by the corpus's size")] = "",
    vocabulary_size: Annotated[int, typer.Option(help="How many pieces of words the vocabulary has.", show_default="by the corpus's size")] = 0,
    start_from: Annotated[str, typer.Option(help="Begin with this model's weights and vocabulary: a shipped model's name, or the folder of a model or a run. With fewer layers (--set model.decoder_layers=1) it takes some of that model's.", show_default="random weights")] = "",
    new_vocabulary: Annotated[bool, typer.Option("--new-vocabulary", help="With --start-from: make a vocabulary for these pairs instead of keeping that model's.")] = False,
    time_limit: Annotated[str, typer.Option(help="Stop after this time, such as 45m, 2h or 1h30m; 0: no limit.", show_default="45m")] = "",
    config: Annotated[Path | None, typer.Option(help="Settings from a TOML file, such as a run's config.toml.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any setting, such as training.learning_rate=0.002 or model.heads=4. Can be repeated.")] = None,
    skip_bad_lines: Annotated[bool, typer.Option("--skip-bad-lines", help="Leave out, and count, lines that are not UTF-8, and lines of a TSV that do not have the columns.")] = False,
    seed: Annotated[int | None, typer.Option(help="The seed of the first weights, the dropout and the order of the pairs.", show_default="1")] = None,
    threads: Annotated[int, typer.Option(help="Processor threads.", show_default="all")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
    demo: Annotated[bool, typer.Option("--demo", help="A first training of a few minutes, on sentences that the package makes itself.")] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Also write TensorBoard's files into the run's folder.")] = False,
) -> None:  # fmt: skip
    """Train a translator on sentence pairs.

    Model, vocabulary, dropout and batch follow from the corpus's size, and are printed with the reasons.
    Ctrl-C saves and stops; the same command goes on from there.
    """
    given = {
        "source": source,
        "target": target,
        "marks": marks,
        "valid_source": valid_source,
        "valid_target": valid_target,
        "columns": columns_of(columns),
        "weights": weight,
        "skip_bad_lines": skip_bad_lines,
    }
    settings = read_settings(config)
    corpus: Callable[[Path], None] | None = None
    if demo:
        if any(given.values()) or config:
            raise ConfigError("--demo makes its own sentences: leave the files, and --config, out")
        from glassformer.demo.run import SETTINGS, demo_files, write_demo

        out = out or Path("runs/demo")
        settings |= {room: dict(table) for room, table in SETTINGS.items()} | {"data": demo_files(out / "sentences")}

        def corpus(folder: Path) -> None:
            write_demo(folder / "sentences")

    settings["data"] |= {name: value for name, value in given.items() if value}
    chosen = {"preset": preset, "vocabulary_size": vocabulary_size, "start_from": start_from}
    set_flags(settings, set_, time_limit, seed, **chosen, new_vocabulary=new_vocabulary)
    from glassformer.cli.progress import reporter_for
    from glassformer.runs.run import carry_out

    outcome = carry_out(
        settings,
        out,
        command=typed(),
        threads=threads,
        device=device,
        reporting=partial(reporter_for, tensorboard=tensorboard),
        stop=asked_to_stop(),
        set_by="for the demo" if demo else "as you set it",
        corpus=corpus,
    )
    if demo and out is not None and outcome.complete:
        from glassformer.cli.demo import show_demo

        show_demo(out)


def typed() -> str:
    """The command as it was typed, for the model's card."""
    return " ".join(["glassformer", *sys.argv[1:]])


class asked_to_stop:  # noqa: N801  used as a function
    """Ctrl-C and SIGTERM ask the run to save and stop; a Ctrl-C after that stops at once: the last steps are made again.

    A SIGTERM after that changes nothing: ``torchrun`` sends one when it is interrupted itself.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "asked_to_stop":
        for number in (signal.SIGINT, signal.SIGTERM):
            self.before[number] = signal.signal(number, self.note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def note(self, number: int, _: Any) -> None:
        if self.reason and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.reason = "interrupted (Ctrl-C)" if number == signal.SIGINT else "asked to end (SIGTERM)"

    def __call__(self) -> str:
        return self.reason


def set_flags(settings: Tables, set_: list[str] | None, time_limit: str, seed: int | None, **run: Any) -> None:
    """Put what the command line says, ``--set`` first, into the settings; ``run``: settings of that table, empty for unsaid."""
    for text in set_ or []:
        room, name, value = parse_setting(text)
        settings[room][name] = value
    if time_limit:
        settings["training"]["time_limit"] = seconds(time_limit)
    if seed is not None:
        settings["training"]["seed"] = seed
    settings["run"] |= {name: value for name, value in run.items() if value}


def parse_setting(text: str) -> tuple[str, str, Any]:
    """``training.learning_rate=0.002`` → its table, name and value. Raises ConfigError for anything else."""
    import tomllib

    left, equals, value = text.partition("=")
    room, dot, name = left.strip().partition(".")
    if not equals or not dot or room not in ("data", "model", "training"):
        raise ConfigError(f"--set {text}: wanted ROOM.NAME=VALUE, where ROOM is data, model or training")
    try:
        return room, name, tomllib.loads(f"value = {value}")["value"]
    except ValueError:
        return room, name, value.strip()


def seconds(text: str) -> float:
    """Seconds in ``45m``, ``2h``, ``1h30m``, ``90s`` or ``90``. Raises ConfigError for anything else."""
    import re

    found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip())
    if not found or not text.strip():
        raise ConfigError(f"--time-limit {text}: wanted a time such as 45m, 2h, 1h30m or 90s")
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest
