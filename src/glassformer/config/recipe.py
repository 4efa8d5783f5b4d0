"""The settings of a run, and the account of how they were chosen."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from glassformer.config.model import ModelConfig
from glassformer.config.training import TrainingConfig

OF_THE_START = "as in the model it starts from"
"""The reason of settings that a run has from another model."""


class Choice(NamedTuple):
    """One setting, what it was set to, and why."""

    setting: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Recipe:
    """The settings of a run, and the account of how they were chosen."""

    model: ModelConfig
    training: TrainingConfig
    choices: list[Choice]
