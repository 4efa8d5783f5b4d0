"""A run's folder: its settings, kept when it has begun and the same when it goes on; and one run in it at a time."""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import tomli_w
from filelock import lock_descriptor

from glassformer.config import DataConfig, ModelConfig, TrainingConfig
from glassformer.disk import UNFINISHED, remove, remove_left, replace_file
from glassformer.errors import GlassformerError, TrainingError
from glassformer.runs.recipe import TRAINING

MAY_CHANGE = {
    "training.time_limit": "the run plans its end anew; a rate that this would more than double warms up again",
    "training.max_steps": "as time_limit",
    "training.max_epochs": "as time_limit",
    "training.patience": "from the next validation on",
    "training.keep_checkpoints": "from the next checkpoint on",
    "training.learning_rate": "from the next step on; a rate that more than doubles warms up again",
    "training.warmup_steps": "from the next step on, for a warm-up that is not over",
    "training.schedule": "from the next step on",
    "training.decay_share": "from the next step on",
    "training.batch_tokens": "from the next step on; some pairs come twice in this epoch or not at all",
    "training.accumulate": "from the next step on",
    "training.clip_norm": "from the next step on",
    "training.first_dropout": "from the next step on",
    "training.dropout_epochs": "from the next step on",
    "training.label_smoothing": "from the next step on",
    "training.r_drop": "from the next step on",
    "training.average_decay": "from the next step on",
    "training.beta_1": "from the next step on",
    "training.beta_2": "from the next step on",
    "training.epsilon": "from the next step on",
    "training.precision": "from the next step on",
    "training.validate_every": "from the next validation on",
    "training.stop_on": "from the next validation on; the best checkpoint stays the best until a better one comes",
    "model.dropout": "from the next step on",
}
"""The settings that a run may change when it goes on, and from when it holds."""
LIMITS = {"time_limit", "max_steps", "max_epochs"}
"""Settings that the plan of each session reports anyway."""
AS_CHOSEN = " as the recipe chose it"
DEFAULTS = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
CHOSEN = {name for table in TRAINING.values() for name in table} | {"d_model", "heads", "d_ff", "norm", "dropout"}
CHOSEN |= {"encoder_layers", "decoder_layers", "vocabulary_size"}
"""The settings that differ from one recipe to another."""
SAME_WEIGHTS = {"data", "training"}
"""The tables of settings that a run which begins with this one's weights is free to choose."""


def default_of(room: str, name: str) -> Any:
    """The value of a setting that nobody set, as no recipe chooses it; None for those that a recipe chooses."""
    if room not in DEFAULTS or name in CHOSEN:
        return None
    for one in fields(DEFAULTS[room]):
        if one.name == name:
            return one.default_factory() if one.default_factory is not MISSING else one.default
    return None


def way(room: str, name: str, folder: Path) -> str:
    """How to train with another value of a setting that a run keeps."""
    if room in SAME_WEIGHTS:
        return (
            "leave the setting out to go on, or begin another run that goes on from its weights: "
            f"--start-from {folder} --out OTHER"
        )
    if (room, name) == ("run", "vocabulary_size"):
        return (
            "leave the setting out to go on, or begin another run with --out: its pieces are not those of the weights"
        )
    return "leave the setting out to go on, or begin another run with --out: these weights fit no other"


def told_anew(folder: Path, settings: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each setting that the run in ``folder`` takes on, other than it had it until now."""
    path = folder / "config.toml"
    if not path.is_file():
        return []
    now = settle(folder, settings)  # which says what is wrong with the file
    begun = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        f"{room}.{name}: {value!r} from here on, and {begun.get(room, {}).get(name, 'as the recipe chose it')!s} before; "
        f"it holds {MAY_CHANGE[f'{room}.{name}']}"
        for room, table in now.items()
        for name, value in table.items()
        if begun.get(room, {}).get(name) != value and name not in LIMITS
    ]


OWN = {".lock", "config.toml", "data", "checkpoints", "metrics.jsonl", "best.json", "sentences", "distilled", "tensorboard",
       "learning-curve.svg"}  # fmt: skip
"""The files that a run writes into its folder."""
DATA = {"tokenizer.model", "validation.json", "train", "train.unfinished", "prepared.json", "standard-input.tsv"}
"""And into its ``data``."""
TABLES = {"run", "data", "model", "training"}
MARK = "glassformer"
"""The second line of a run's ``.lock``, which is written before anything else."""

CLOSED_FOR_OTHERS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOINHERIT", 0)
"""No program that is started gets the lock, and no link is followed; each system has its own words for it."""


def check_folder(folder: Path) -> None:
    """Writes nothing. Raises TrainingError unless ``folder`` is not there, empty, or a run's from which no link leads out:
    what other people put there would be written over, or removed as an old checkpoint."""
    if folder.exists() and not folder.is_dir():
        raise TrainingError(f"{folder} is a file: name a folder for the run with --out")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not is_run(folder):
        some = ", ".join(sorted(path.name for path in folder.iterdir())[:3])
        raise TrainingError(
            f"{folder} is no run's folder and not empty (it has {some}): name another one with --out, nothing was written"
        )
    places = [folder / name for name in sorted(OWN)]
    for path in [*places, *folder.glob("checkpoints/*"), *folder.glob("data/*"), *folder.glob("distilled/*")]:
        if path.is_symlink():
            raise TrainingError(
                f"{path} is a link: a run writes into its own folder only; put the folder itself elsewhere"
            )


def is_run(folder: Path) -> bool:
    """Whether a run has begun here: the mark of its first moment, settings beside what it made with them, or, on a machine
    that only reads the corpus for it, nothing but that."""
    lock, settings = folder / ".lock", folder / "config.toml"
    try:
        if lock.is_file() and lock.read_bytes()[:100].split(b"\n")[1:2] == [MARK.encode()]:
            return True
    except PermissionError:
        return (
            True  # a run works here: Windows lets nobody read what is locked; elsewhere ``only_run`` refuses the file
        )
    except OSError:
        pass
    if settings.is_file():
        try:
            tables = set(tomllib.loads(settings.read_text(encoding="utf-8")))
        except ValueError:
            tables = TABLES  # damaged: that is said when it is read
        made = [".lock", "data/prepared.json", "metrics.jsonl", "best.json"]
        return bool(tables) and tables <= TABLES and any((folder / name).is_file() for name in made)
    data = {path.name for path in folder.glob("data/*") if not path.name.startswith(UNFINISHED)}
    own = {path.name for path in folder.iterdir()} <= OWN
    return own and ((bool(data) and data <= DATA) or any(folder.glob("distilled/*/distilled.json")))


@contextmanager
def undone_if_refused(folder: Path) -> Iterator[None]:
    """A ``with`` block after whose error nothing is left of a run that had not begun before: neither its folder nor what was
    put into it. A trained checkpoint, or a teacher's translations, stay."""
    new = not folder.is_dir() or not any(folder.iterdir())
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except (GlassformerError, OSError):
        worth = ("metrics.jsonl", "checkpoints/step-*", "distilled/*/part-*.json")
        if new and not any(any(folder.glob(pattern)) for pattern in worth):
            for name in OWN:
                remove(folder / name)
            remove_left(folder)
            for path in made:
                with suppress(OSError):  # somebody else's files came in the meantime
                    path.rmdir()
        raise


def settle(folder: Path, settings: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings with which the run in ``folder`` goes on, or, if there is none, these. Writes nothing.

    The settings in ``MAY_CHANGE`` may be given anew. Raises TrainingError when other settings are given than the run began
    with, and as ``check_folder``.
    """
    check_folder(folder)
    path = folder / "config.toml"
    if path.is_file():
        try:
            begun: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TrainingError(f"{path} is not TOML ({error}): mend it, or begin another run with --out") from None
        if not all(isinstance(table, dict) for table in begun.values()):
            raise TrainingError(f"{path} has settings outside its tables: mend it, or begin another run with --out")
        for room, table in settings.items():
            for name, value in table.items():
                if f"{room}.{name}" in MAY_CHANGE:
                    begun.setdefault(room, {})[name] = value
                    continue
                had = begun.get(room, {}).get(name, default_of(room, name))
                if had != value:
                    was = AS_CHOSEN if had is None else f"={had!r}"
                    raise TrainingError(
                        f"{folder} holds a run with {room}.{name}{was}, and now it is {value!r}: {way(room, name, folder)}"
                    )
        settings = {room: begun.get(room, {}) for room in settings}
    return settings


def keep(folder: Path, settings: dict[str, dict[str, Any]]) -> None:
    """Write ``config.toml``: from now on the folder holds a run with these settings."""
    replace_file(folder / "config.toml", tomli_w.dumps(settings).encode())


def marked(folder: Path) -> None:
    """Make ``folder`` a run's, without working in it yet."""
    with only_run(folder):
        pass


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """A ``with`` block in which no other run works in ``folder``. The lock ends with the process, however it ends.

    Raises TrainingError when another one does, or when nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | CLOSED_FOR_OTHERS, 0o644)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}): name another folder with --out") from None
    try:
        try:
            free = lock_descriptor(handle, blocking=False)
        except OSError as error:
            raise TrainingError(
                f"{folder} cannot be locked ({error.strerror}): name a folder on another disk with --out"
            ) from None
        if not free:
            raise TrainingError(
                f"another run works in {folder} (process {holder(handle)}): wait for its end, or name another folder "
                "with --out"
            )
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n{MARK}\n".encode())
        yield
    finally:
        os.close(handle)


def holder(handle: int) -> str:
    """The number of the process that has locked a run's ``.lock``; "unknown" on Windows, where nobody else may read it."""
    try:
        return os.read(handle, 20).decode("ascii", "replace").partition("\n")[0].strip() or "unknown"
    except OSError:
        return "unknown"
