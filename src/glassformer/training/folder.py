"""A run's folder: its settings, kept when it has begun and the same when it goes on; and one run in it at a time."""

import fcntl
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from glassformer.errors import TrainingError
from glassformer.folders import replace_file

MAY_CHANGE = {"time_limit", "max_steps", "max_epochs", "patience", "keep_checkpoints"}
"""What says when a run ends, and not what it computes."""


def settle(folder: Path, settings: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings with which the run in ``folder`` goes on, or, if there is none, these. Writes nothing.

    Limits may be given anew. Raises TrainingError when other settings are given than the run began with.
    """
    if folder.exists() and not folder.is_dir():
        raise TrainingError(f"{folder} is a file: name a folder for the run with --out")
    path = folder / "config.toml"
    if path.is_file():
        try:
            begun: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TrainingError(f"{path} is not TOML ({error}): mend it, or begin another run with --out") from None
        for room, table in settings.items():
            for name, value in table.items():
                had = begun.get(room, {}).get(name)
                if room == "training" and name in MAY_CHANGE:
                    begun[room][name] = value
                elif had != value:
                    raise TrainingError(
                        f"{folder} holds a run with {room}.{name}={had!r}, and now it is {value!r}: "
                        "leave the setting out to go on, or begin another run with --out"
                    )
        settings = {room: begun.get(room, {}) for room in settings}
    return settings


def keep(folder: Path, settings: dict[str, dict[str, Any]]) -> None:
    """Write ``config.toml``: from now on the folder holds a run with these settings."""
    replace_file(folder / "config.toml", tomli_w.dumps(settings).encode())


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """A ``with`` block in which no other run works in ``folder``. The lock ends with the process, however it ends.

    Raises TrainingError when another one does, or when nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be written ({error.strerror}): name another folder with --out") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            raise TrainingError(
                f"another run works in {folder} (process {who}): wait for its end, or name another folder with --out"
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
