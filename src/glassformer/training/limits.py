"""When a run ends: its limits, and validations that get no better. Questions only: nothing here changes a run."""

from dataclasses import dataclass

from glassformer.config import TrainingConfig
from glassformer.training.state import RunProgress


@dataclass(frozen=True)
class Stop:
    """Why the loop stops."""

    why: str
    complete: bool
    """False where it was interrupted: the same command goes on from here."""


def limit_reached(config: TrainingConfig, progress: RunProgress) -> str:
    """Which limit is reached, in words; empty while none is."""
    steps, epochs, seconds = progress.step, progress.epoch, progress.seconds
    if config.max_steps and steps >= config.max_steps:
        return f"{config.max_steps:,} steps, as set by max_steps"
    if config.max_epochs and epochs >= config.max_epochs:
        return f"{config.max_epochs} epochs, as set by max_epochs"
    if config.time_limit and seconds >= config.time_limit:
        return f"{config.time_limit / 60:g} minutes, as set by time_limit"
    if progress.early_end and steps >= progress.early_end:
        return f"the learning rate has fallen to 0, from where validations got no better (patience={config.patience})"
    return ""


def patience_lost(config: TrainingConfig, progress: RunProgress) -> str:
    """In words, that too many validations in a row were no better; empty while there were fewer."""
    if not config.patience or progress.without_better < config.patience:
        return ""
    figure = "loss" if config.stop_on == "loss" else "BLEU"
    return f"no better validation {figure} in {config.patience} validations, as set by patience"
