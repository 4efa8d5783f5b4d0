"""A student: a run that learns from the translations of one or several teachers (Kim & Rush 2016; Nguyen et al. 2020)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassformer.card import Card
from glassformer.config import DataConfig, DecodingConfig, TrainingConfig
from glassformer.config.settings import use_threads
from glassformer.config.tables import Tables, read_settings
from glassformer.corpus.files import as_kept, check_readable_again, kept_validation
from glassformer.corpus.prepare import all_pairs
from glassformer.corpus.read import Pair, read_pairs
from glassformer.errors import ConfigError
from glassformer.runs.folder import check_folder, marked, undone_if_refused
from glassformer.runs.recipe import preset_of
from glassformer.runs.run import carry_out
from glassformer.runs.start import recipe_for
from glassformer.runs.teacher import teach, write_pairs
from glassformer.text.lines import read_lines
from glassformer.training import processes
from glassformer.training.report import Outcome
from glassformer.training.schedule import limited
from glassformer.translator import Translator

Advance = Callable[[int], None]
Note = Callable[[str], None]
Progress = Callable[[str, int], AbstractContextManager[Advance | None]]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The material that a student learns from."""

    models: Sequence[str]
    """The teachers: names of shipped models, folders of models or runs. Of the first one's run come the sentences, the pairs
    and the validation pairs where none are given."""
    source: Sequence[str] = ()
    """Files of sentences to translate; none: the training sources of the first teacher's run."""
    with_pairs: bool = False
    """Learn from the pairs of the first teacher's run as well."""
    itself: bool = False
    """The student is the first teacher: it goes on from its weights, on its translations and its run's pairs."""
    valid_source: str = ""
    valid_target: str = ""
    columns: Sequence[int] = ()
    beam: int = 4
    """Hypotheses that a teacher follows."""


def distill(
    lesson: Lesson,
    settings: Tables,
    out: Path | None = None,
    *,
    command: str,
    engine: str = "auto",
    threads: int = 0,
    device: str = "",
    note: Note = lambda text: None,
    progress: Progress = lambda what, total: nullcontext(None),
    **how: Any,
) -> Outcome:
    """Let the teachers translate, and train the student in ``out`` (default: runs/TEACHER-student) with ``settings``.

    ``note`` is called with what was left out and why; ``progress`` is entered for each teacher and gives a function of
    the number of lines done. ``how``: options of ``carry_out``.

    Raises ConfigError for teachers of different languages, for a teacher whose own sentences are not known and none are
    given, for a preset or a model to start from where the student is its teacher, and under ``torchrun``.
    """
    if processes.several():
        raise ConfigError("a teacher translates in one process, and its student is trained there: leave torchrun out")
    use_threads(threads)
    first = Path(lesson.models[0])
    folder = out or Path("runs") / f"{first.name}-student"
    check_folder(folder)
    if lesson.itself:
        go_on(first, settings)
    if lesson.itself or not lesson.with_pairs:
        settings["training"] = {"stop_on": "bleu_alone", **settings["training"]}
    recipe_for(settings, folder)  # a mistake shows now, and not after everything is translated
    own = pairs_of(first) if lesson.with_pairs or lesson.itself else None
    teachers = load_teachers(lesson.models, note, device=device, engine=engine, threads=threads)
    taught = folder / "distilled"
    with undone_if_refused(folder):
        marked(folder)
        settings["data"] |= validation_files(lesson, taught)
        unseen = {pair[0] for pair in read_validation(settings["data"])}
        read = sentences(lesson.source, first, unseen, note)
        folders = translated(teachers, read, taught, lesson.beam, note, progress)
        if own:
            folders.append(taught / "pairs")
            kept = write_pairs((pair for pair in own() if pair[0] not in unseen), folders[-1], "train")
            note(f"{kept:,} pairs of {lesson.models[0]} beside them")
        for side in ("source", "target"):
            settings["data"][side] = [str(each / f"train.{side}") for each in folders]
        card = Card.of(teachers[lesson.models[0]].card)
        about = {"languages": card.languages, "teachers": (*teachers,), "data": card.data}
        how |= {"threads": threads, "device": device, "set_by": "as you set it, or for a student"}
        return carry_out(settings, folder, command=command, about=about, **how)


def go_on(run: Path, settings: Tables) -> None:
    """Let ``settings`` be those with which the model of ``run`` goes on: its weights, the preset that it was trained with,
    and no patience. Raises ConfigError where they name others, and where ``run`` is no run's folder."""
    given, training = settings["run"], settings["training"]
    flags = {"preset": "--preset", "start_from": "--start-from"}
    if refused := [flag for name, flag in flags.items() if given.get(name)]:
        raise ConfigError(f"--itself begins with the weights and the sizes of {run}: leave {' and '.join(refused)} out")
    own = pairs_of(run)
    preset = read_settings(run / "config.toml")["run"].get("preset") or preset_of(sum(1 for _ in own()), None)
    settings["run"] = {**given, "preset": preset, "start_from": str(run)}
    if limited(TrainingConfig.from_dict(training)):  # it gains most while its rate falls to the end
        settings["training"] = {"patience": 0, **training}


def load_teachers(models: Sequence[str], note: Note, **how: Any) -> dict[str, Translator]:
    """The teachers by their names. Raises ConfigError where they translate different languages."""
    teachers = {name: Translator.load(name, tell=note, remark=note, **how) for name in models}
    known = {name: Card.of(teacher.card).languages for name, teacher in teachers.items()}
    if len(set(known.values())) > 1:
        each = ", ".join(f"{name} {languages or 'unknown ones'}" for name, languages in known.items())
        raise ConfigError(f"the teachers of one student translate the same languages, and here: {each}")
    return teachers


def translated(
    teachers: Mapping[str, Translator],
    read: Callable[[], Iterator[str]],
    taught: Path,
    beam: int,
    note: Note,
    progress: Progress,
) -> list[Path]:
    """The folders in ``taught`` with the pairs that each teacher made of the sentences that ``read`` reads."""
    folders = []
    for number, (name, teacher) in enumerate(teachers.items(), start=1):
        folders.append(taught / str(number))
        total = sum(1 for _ in read())
        with progress(f"{name} translates", total) as advance:
            kept = teach(teacher, read(), folders[-1], config=DecodingConfig(beam_size=beam), progress=advance)
        note(f"{kept:,} sentences translated by {name}: {total - kept:,} left out, which it did not finish")
    return folders


def sentences(source: Sequence[str], run: Path, unseen: set[str], note: Note) -> Callable[[], Iterator[str]]:
    """A function that reads what is to be translated, each time anew: the lines of the given files or, without files, the
    training sources of ``run``; without the ``unseen`` ones, of the validation pairs, whose number ``note`` reports."""
    check_readable_again([*source])
    pairs = None if source else pairs_of(run)

    def read() -> Iterator[str]:
        if pairs:
            return (line for line, _ in pairs())
        return (line for path in source for line in read_lines(path) if line.strip())

    if left_out := sum(line in unseen for line in read()):
        note(f"{left_out:,} sentences left out: they stand in the validation pairs")
    return lambda: (line for line in read() if line not in unseen)


def pairs_of(run: Path) -> Callable[[], Iterator[Pair]]:
    """A function that reads the pairs of a run's files, each time anew. Raises ConfigError when ``run`` is no run."""
    if not (run / "config.toml").is_file():
        raise ConfigError(
            f"{run} is no run's folder, its pairs are not known: give --source, without --with-pairs or --itself"
        )
    data = as_kept(run / "data", DataConfig.from_dict(read_settings(run / "config.toml")["data"]))
    return lambda: all_pairs(data)


def read_validation(files: dict[str, Any]) -> Iterable[Pair]:
    """The validation pairs that a table of settings names; none where it names none."""
    if "valid_source" not in files:
        return []
    return read_pairs(files["valid_source"], files.get("valid_target"), columns=files.get("columns", ()))


def validation_files(lesson: Lesson, folder: Path) -> dict[str, Any]:
    """The settings that name the validation pairs' files: the lesson's, or those of the first teacher's run, written into
    ``folder``; none where there are none, which raises ConfigError where there are several teachers."""
    if lesson.columns and (lesson.valid_target or not lesson.valid_source):
        raise ConfigError("--columns without a TSV: it is for a --valid-source that holds both sides; leave it out")
    if lesson.valid_source:
        named = {"valid_source": lesson.valid_source, "valid_target": lesson.valid_target, "columns": [*lesson.columns]}
        return {name: value for name, value in named.items() if value}
    kept = Path(lesson.models[0]) / "data"
    if not (kept / "validation.json").is_file():
        if len(lesson.models) == 1:
            return {}
        raise ConfigError(
            "several teachers translate the same sentences, so that none of them can be held out to validate with: "
            "give --valid-source, and --valid-target unless it is a TSV"
        )
    write_pairs(kept_validation(kept), folder, "valid")
    return {f"valid_{side}": str(folder / f"valid.{side}") for side in ("source", "target")}
