"""The four tables of a run's settings: run, data, model, training, as its ``config.toml`` has them."""

import dataclasses
import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassformer.config.data import DataConfig
from glassformer.config.model import ModelConfig
from glassformer.config.run import RunConfig
from glassformer.config.training import TrainingConfig
from glassformer.errors import ConfigError

Tables = dict[str, dict[str, Any]]
ROOMS = {"run": RunConfig, "data": DataConfig, "training": TrainingConfig, "model": ModelConfig}
"""In the order in which a setting's name is looked up: ``vocabulary_size`` is the run's, the model's follows from it."""


def tables_of(settings: Mapping[str, Any]) -> Tables:
    """``learning_rate=0.002, heads=4`` → the tables that these settings belong to. Raises ConfigError for a name that is no
    setting, naming the nearest."""
    homes = {field.name: room for room, kind in reversed(ROOMS.items()) for field in dataclasses.fields(kind)}
    tables: Tables = {"run": {}, "data": {}, "model": {}, "training": {}}
    for name, value in settings.items():
        if name not in homes:
            near = difflib.get_close_matches(name, homes, n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else "docs/settings.md has all of them"
            raise ConfigError(f"unknown setting {name[:40]!r}: {hint}")
        tables[homes[name]][name] = str(value) if isinstance(value, Path) else value
    return tables


def read_settings(path: Path | None) -> Tables:
    """The tables of a TOML file, empty without one. Raises ConfigError for a file that has others or cannot be read."""
    tables: Tables = {"run": {}, "data": {}, "model": {}, "training": {}}
    if path is None:
        return tables
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for room, table in read.items():
        if room not in tables or not isinstance(table, dict):
            raise ConfigError(f"{path}: unknown table [{room}]: wanted {', '.join(f'[{name}]' for name in tables)}")
        tables[room] = table
    return tables
