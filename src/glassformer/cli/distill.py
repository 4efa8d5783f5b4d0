"""``glassformer distill``: a small, fast student from a teacher's own translations."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassformer.cli.columns import Columns, columns_of
from glassformer.cli.terminal import echo
from glassformer.cli.train import chooser, read_settings, run_training, set_flags, use_threads
from glassformer.cli.translate import bar, tell
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from glassformer.corpus.prepare import Pair
    from glassformer.translator import Translator

EPILOG = """[bold]Examples[/]

glassformer distill --model runs/en-de

glassformer distill --model en-de --source many.en --preset tiny --out runs/small

glassformer distill --model runs/one --model runs/two --with-pairs --preset tiny --start-from runs/one
"""


def distill(
    model: Annotated[list[str], typer.Option(help="The teacher: a run's folder, a model's folder or a shipped model's name. Can be repeated: each translates everything.")],
    source: Annotated[list[str] | None, typer.Option(help="What it translates for the student, one sentence a line; no translations are needed. Can be repeated.", show_default="what the first teacher's run was trained on")] = None,
    with_pairs: Annotated[bool, typer.Option("--with-pairs", help="Learn from people's translations too: those that the first teacher's run was trained on.")] = False,
    valid_source: Annotated[str, typer.Option(help="Validation pairs.", show_default="the first teacher's run's")] = "",
    valid_target: Annotated[str, typer.Option(help="Their target side.")] = "",
    columns: Columns = "",
    out: Annotated[Path | None, typer.Option(help="The student's folder. What was interrupted there goes on.", show_default="TEACHER-student")] = None,
    preset: Annotated[str, typer.Option(help="The student: tiny, small, fast, base or big.")] = "fast",
    start_from: Annotated[str, typer.Option(help="Begin with this model's weights, such as a teacher's own.", show_default="random weights")] = "",
    beam: Annotated[int, typer.Option(help="Hypotheses that the teacher follows.")] = 4,
    engine: Annotated[str, typer.Option(help="Who computes the teacher: native (PyTorch), ctranslate2 (several times faster on a CPU), or auto.")] = "auto",
    time_limit: Annotated[str, typer.Option(help="Of the student's training, such as 45m or 2h; 0 for none.", show_default="45m")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="Any setting of the student, such as model.heads=4. Can be repeated.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another student.", show_default="1")] = None,
    threads: Annotated[int, typer.Option(help="Processor threads.", show_default="all")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda.", show_default="cuda where there is one")] = "",
) -> None:  # fmt: skip
    """Train a small, fast student on a teacher's own translations (Kim & Rush 2016).

    The teacher translates the sentences, then the student is trained on them.
    Several teachers and the pairs teach a student of their own size
    (data diversification, Nguyen et al. 2020).
    Ctrl-C saves and stops; the same command goes on from there.
    """
    from glassformer.runs.distill import write_pairs
    from glassformer.runs.folder import check_folder, marked, undone_if_refused
    from glassformer.training.processes import several

    if several():
        raise ConfigError("a teacher translates in one process, and its student is trained there: leave torchrun out")
    use_threads(threads)
    settings = read_settings(None)
    set_flags(settings, set_, time_limit, seed, preset=preset, start_from=start_from)
    folder = out or Path("runs") / f"{Path(model[0]).name}-student"
    check_folder(folder)
    chooser(settings, folder)  # a mistake shows now, and not after everything is translated
    own = pairs_of(Path(model[0])) if with_pairs else None
    teachers = load_teachers(model, device=device, engine=engine, threads=threads)
    taught = folder / "distilled"
    with undone_if_refused(folder):
        marked(folder)
        given = {"source": valid_source, "target": valid_target, "columns": columns_of(columns)}
        settings["data"] |= validation(given, Path(model[0]), taught, several=len(model) > 1)
        unseen = {pair[0] for pair in read_validation(settings["data"])}
        read = sentences(source, Path(model[0]), unseen)
        folders = [
            translated(name, teacher, read, taught / str(number), beam)
            for number, (name, teacher) in enumerate(teachers.items(), start=1)
        ]
        if own:
            folders.append(taught / "pairs")
            kept = write_pairs((pair for pair in own() if pair[0] not in unseen), folders[-1], "train")
            echo(f"{kept:,} pairs of {model[0]} beside them", err=True)
        for side in ("source", "target"):
            settings["data"][side] = [str(each / f"train.{side}") for each in folders]
        first = teachers[model[0]].card
        about = {"languages": first.get("languages", ""), "teachers": [*teachers], "data": first.get("data", [])}
        run_training(settings, folder, threads=threads, device=device, tensorboard=False, about=about)


def load_teachers(model: list[str], **how: Any) -> "dict[str, Translator]":
    """The teachers by their names. Raises ConfigError where they translate different languages."""
    from glassformer.translator import Translator

    teachers = {name: Translator.load(name, tell=tell, remark=tell, **how) for name in model}
    known = {name: teacher.card.get("languages", "") for name, teacher in teachers.items()}
    if len(set(known.values())) > 1:
        each = ", ".join(f"{name} {languages or 'unknown ones'}" for name, languages in known.items())
        raise ConfigError(f"the teachers of one student translate the same languages, and here: {each}")
    return teachers


def translated(name: str, teacher: "Translator", read: Callable[[], Iterator[str]], folder: Path, beam: int) -> Path:
    """Let one teacher translate everything into ``folder``, with a bar and an account."""
    from glassformer.config import DecodingConfig
    from glassformer.runs.distill import teach

    total = sum(1 for _ in read())
    shown = bar(f"{name} translates", total) if sys.stderr.isatty() else nullcontext(None)
    with shown as advance:
        kept = teach(teacher, read(), folder, config=DecodingConfig(beam_size=beam), progress=advance)
    echo(f"{kept:,} sentences translated by {name}: {total - kept:,} left out, which it did not finish", err=True)
    return folder


def sentences(source: list[str] | None, run: Path, unseen: set[str]) -> Callable[[], Iterator[str]]:
    """What is to be translated, as often as it is asked for: the given files' lines or, of a run, its own training
    sources; without the ``unseen`` ones, of the validation pairs, which is told.
    """
    from glassformer.corpus.files import check_readable_again
    from glassformer.text.lines import read_lines

    check_readable_again(source or [])
    pairs = None if source else pairs_of(run)

    def read() -> Iterator[str]:
        if pairs:
            return (line for line, _ in pairs())
        return (line for path in source or [] for line in read_lines(path) if line.strip())

    if left_out := sum(line in unseen for line in read()):
        echo(f"{left_out:,} sentences left out: they stand in the validation pairs", err=True)
    return lambda: (line for line in read() if line not in unseen)


def pairs_of(run: Path) -> "Callable[[], Iterator[Pair]]":
    """The pairs of a run's files, as often as they are asked for. Raises ConfigError when it is no run."""
    from glassformer.config import DataConfig
    from glassformer.corpus.files import as_kept
    from glassformer.corpus.prepare import all_pairs

    if not (run / "config.toml").is_file():
        raise ConfigError(f"{run} is no run's folder, its pairs are not known: give --source, without --with-pairs")
    data = as_kept(run / "data", DataConfig.from_dict(read_settings(run / "config.toml")["data"]))
    return lambda: all_pairs(data)


def read_validation(files: dict[str, Any]) -> "Iterable[Pair]":
    from glassformer.corpus.read import read_pairs

    if "valid_source" not in files:
        return []
    return read_pairs(files["valid_source"], files.get("valid_target"), columns=files.get("columns", ()))


def validation(given: dict[str, Any], run: Path, folder: Path, *, several: bool = False) -> dict[str, Any]:
    """The validation pairs' files: ``given`` (source, target, columns), or the teacher's run's, written into ``folder``; none where there are none,
    which raises ConfigError where there are several teachers."""
    from glassformer.corpus.files import kept_validation
    from glassformer.runs.distill import write_pairs

    if given["columns"] and (given["target"] or not given["source"]):
        raise ConfigError("--columns without a TSV: it is for a --valid-source that holds both sides; leave it out")
    if given["source"]:
        named = {"valid_source": given["source"], "valid_target": given["target"], "columns": given["columns"]}
        return {name: value for name, value in named.items() if value}
    kept = run / "data" / "validation.json"
    if not kept.is_file() and several:
        raise ConfigError(
            "several teachers translate the same sentences, so that none of them can be held out to validate with: "
            "give --valid-source, and --valid-target unless it is a TSV"
        )
    if not kept.is_file():
        return {}
    write_pairs(kept_validation(run / "data"), folder, "valid")
    return {f"valid_{side}": str(folder / f"valid.{side}") for side in ("source", "target")}
