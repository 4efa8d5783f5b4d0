"""``glassformer train``: a translator from sentence pairs."""

import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.config import DataConfig, RunConfig, TrainingConfig
from glassformer.config.settings import check_threads
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.checkpoint import Saved
    from glassformer.config.recipe import Recipe
    from glassformer.text.tokenizer import Tokenizer
    from glassformer.training.report import Outcome

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
    valid_target: Annotated[str, typer.Option(help="Their target side.")] = "",
    columns: Columns = "",
    weight: Annotated[list[float] | None, typer.Option(help="How often the pairs of a --source are trained on: 3 times, or 0.5 for a half of them. One for each --source.", show_default="1")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder. An interrupted run that is there goes on.", show_default="runs/LANGUAGES")] = None,
    preset: Annotated[str, typer.Option(help="tiny, small, fast, base or big.", show_default="by the corpus's size")] = "",
    vocabulary_size: Annotated[int, typer.Option(help="Pieces of words.", show_default="by the corpus's size")] = 0,
    start_from: Annotated[str, typer.Option(help="Begin with this model's weights and vocabulary: a shipped model's name, or the folder of a model or a run.", show_default="random weights")] = "",
    new_vocabulary: Annotated[bool, typer.Option("--new-vocabulary", help="With --start-from: make a vocabulary for these pairs instead of keeping that model's.")] = False,
    time_limit: Annotated[str, typer.Option(help="Such as 45m, 2h or 1h30m; 0 for none.", show_default="45m")] = "",
    config: Annotated[Path | None, typer.Option(help="Settings from a TOML file, such as a run's config.toml.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any setting, such as training.learning_rate=0.002 or model.heads=4. Can be repeated.")] = None,
    skip_bad_lines: Annotated[bool, typer.Option("--skip-bad-lines", help="Leave out, and count, lines that are not UTF-8.")] = False,
    seed: Annotated[int | None, typer.Option(help="Another seed is another run.", show_default="1")] = None,
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
    if demo:
        if any(given.values()) or config:
            raise ConfigError("--demo makes its own sentences: leave the files, and --config, out")
        from glassformer.demo.run import SETTINGS, demo_files

        out = out or Path("runs/demo")
        settings |= {room: dict(table) for room, table in SETTINGS.items()} | {"data": demo_files(out / "sentences")}
    settings["data"] |= {name: value for name, value in given.items() if value}
    chosen = {"preset": preset, "vocabulary_size": vocabulary_size, "start_from": start_from}
    set_flags(settings, set_, time_limit, seed, **chosen, new_vocabulary=new_vocabulary)
    set_by = "for the demo" if demo else "as you set it"
    outcome = run_training(
        settings, out, threads=threads, device=device, tensorboard=tensorboard, set_by=set_by, demo=demo
    )
    if demo and out is not None and outcome.complete:
        from glassformer.cli.demo import show_demo

        show_demo(out)


def run_training(
    settings: dict[str, dict[str, Any]],
    out: Path | None,
    *,
    threads: int,
    device: str,
    tensorboard: bool,
    about: dict[str, Any] | None = None,
    set_by: str = "as you set it",
    demo: bool = False,
) -> "Outcome":
    """``about``: what the model's card is told besides, or instead. ``demo``: its sentences are written first. A training
    that is refused leaves nothing behind."""
    from glassformer.cli.progress import reporter_for
    from glassformer.corpus.files import languages
    from glassformer.corpus.prepare import prepare
    from glassformer.demo.run import write_demo
    from glassformer.devices import find_device
    from glassformer.runs.folder import keep, only_run, settle, told_anew, undone_if_refused
    from glassformer.training.processes import joined, local_device, prepared_by_first
    from glassformer.training.report import Reporter, Silence
    from glassformer.training.train import train as train_in

    use_threads(threads)
    if not settings["data"] and out is not None and (out / "config.toml").is_file():
        # `train --out RUN` goes on with the run's own data
        settings["data"] = read_settings(out / "config.toml")["data"]
    data_config = DataConfig.from_dict(settings["data"])
    folder = out or Path("runs") / languages(data_config)
    anew, settings = told_anew(folder, settings), settle(folder, settings)
    run, training = RunConfig.from_dict(settings["run"]), TrainingConfig.from_dict(settings["training"])
    start, choose = chooser(settings, folder, set_by)
    where = find_device(local_device(device))
    with joined(where) as processes, ExitStack() as stack:
        reporter: Reporter = Silence()
        if processes.first:
            stack.enter_context(undone_if_refused(folder))
            stack.enter_context(only_run(folder))
            if demo:
                write_demo(folder / "sentences")
            reporter = stack.enter_context(reporter_for(folder, tensorboard=tensorboard))
        read = partial(
            prepare,
            folder / "data",
            data_config,
            training,
            vocabulary_size=run.vocabulary_size,
            tokenizer=None if run.new_vocabulary or not run.start_from else kept_tokenizer(start, folder),
        )
        data = prepared_by_first(processes, read, reporter.doing)
        data.notes[:0] = anew
        if processes.first:
            keep(folder, settings)
        chosen = choose(len(data.pairs), len(data.tokenizer), device=where.type)
        facts = {**data.facts, "command": " ".join(["glassformer", *sys.argv[1:]]), **(about or {})}
        if training.bleu_tokenizer:
            facts["bleu_tokenizer"] = training.bleu_tokenizer  # what is asked for once counts ever after
        more: dict[str, Any] = {"reporter": reporter, "device": str(where), "processes": processes, "start": start}
        with asked_to_stop() as stop:
            return train_in(folder, data, chosen, about=facts, stop=stop, **more)


def use_threads(threads: int) -> None:
    """Raises ConfigError for a number that cannot be; 0 leaves all of them."""
    import torch

    check_threads(threads)
    if threads:
        torch.set_num_threads(threads)


def chooser(
    settings: dict[str, dict[str, Any]], folder: Path, set_by: str = "as you set it"
) -> "tuple[Saved | None, Callable[..., Recipe]]":
    """The model that the run in ``folder`` starts from, and the recipe for so many pairs and pieces. Raises ConfigError
    for a mistake in the settings."""
    from glassformer.runs.recipe import recipe
    from glassformer.training.guide import check_guide

    run, model, training = RunConfig.from_dict(settings["run"]), settings["model"], settings["training"]
    start, started, pieces = start_of(run.start_from, folder, model, keep=not run.new_vocabulary)
    choose = partial(recipe, preset=run.preset, model=model, training=training, started=started, set_by=set_by)
    sizes = (1, 100_000, 500_000, 2_000_000)  # a mistake shows now, and not after the corpus is read
    check_guide([choose(size, pieces) for size in sizes], settings["data"].get("marks", []))
    return start, choose


def start_of(
    name: str, folder: Path, model: dict[str, Any], *, keep: bool
) -> "tuple[Saved | None, dict[str, Any], int]":
    """The model to start from, None for none, its sizes of which the settings ``model`` say nothing, and about how many
    pieces there will be. ``keep``: its vocabulary is kept. A run that has saved has them itself: what it started from may be
    gone."""
    if not name:
        return None, {}, 8000
    from glassformer.checkpoint import load_model
    from glassformer.model_folder import read_config
    from glassformer.training.start import OF_TABLES, SIZES
    from glassformer.training.state import newest_checkpoint
    from glassformer.translator import find_model

    saved = None
    if checkpoint := newest_checkpoint(folder):
        config = read_config(checkpoint)
    else:
        saved = load_model(find_model(name))
        config = saved.model.config
    names = (*SIZES, *OF_TABLES) if keep else SIZES
    sizes = {size: getattr(config, size) for size in names if size not in model}
    return saved, sizes, config.vocabulary_size if keep else 8000


def kept_tokenizer(start: "Saved | None", folder: Path) -> "Tokenizer":
    """The vocabulary of the model that a run starts from; the run's own where it has saved already."""
    from glassformer.text.tokenizer import Tokenizer
    from glassformer.training.state import newest_checkpoint

    if start is not None:
        return start.tokenizer
    checkpoint = newest_checkpoint(folder)
    assert checkpoint is not None, "a run without a checkpoint has just read the model that it starts from"
    return Tokenizer.load(checkpoint / "tokenizer.model")


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


def read_settings(path: Path | None) -> dict[str, dict[str, Any]]:
    """The four tables of a run's settings: run, data, model, training. Raises ConfigError for anything else."""
    import tomllib

    rooms: dict[str, dict[str, Any]] = {"run": {}, "data": {}, "model": {}, "training": {}}
    if path is None:
        return rooms
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for room, table in read.items():
        if room not in rooms or not isinstance(table, dict):
            raise ConfigError(f"{path}: unknown table [{room}]: wanted {', '.join(f'[{name}]' for name in rooms)}")
        rooms[room] = table
    return rooms


def set_flags(
    settings: dict[str, dict[str, Any]], set_: list[str] | None, time_limit: str, seed: int | None, **run: Any
) -> None:
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
