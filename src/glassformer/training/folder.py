"""The settings of a run's folder: kept when it has begun, and the same when it goes on."""

import tomllib
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
        begun: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
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
