"""The settings of a run's folder: written when it begins, and the same when it goes on."""

import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from glassformer.checkpoint import replace_file
from glassformer.errors import TrainingError

MAY_CHANGE = {"time_limit", "max_steps", "max_epochs", "patience", "keep_checkpoints"}
"""What says when a run ends, and not what it computes."""


def settle(folder: Path, settings: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The settings with which the run in ``folder`` goes on, or, if there is none, begins; ``config.toml`` holds them.

    Limits may be given anew. Raises TrainingError when other settings are given than the run began with.
    """
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
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(path, tomli_w.dumps(settings).encode())
    return settings
