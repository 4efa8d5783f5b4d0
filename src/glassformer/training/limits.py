"""When a run ends: its limits, and validations that get no better."""

from collections.abc import Callable

from glassformer.config import TrainingConfig
from glassformer.training.schedule import fall_now
from glassformer.training.state import Progress


def limit_reached(config: TrainingConfig, progress: Progress) -> str:
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


def patience_lost(config: TrainingConfig, progress: Progress, note: Callable[[str], None]) -> str:
    """Why the run ends, in words, when too many validations were no better; empty while it goes on. A rate that would
    stay falls first, which ``note`` is told.
    """
    if not config.patience or progress.without_better < config.patience:
        return ""
    figure = "BLEU" if config.stop_on == "bleu" else config.stop_on
    lost = f"no better validation {figure} in {config.patience} validations, as set by patience"
    if not fall_now(progress, config):
        return lost
    note(f"{lost}: the learning rate falls from here on, to 0 at step {progress.early_end:,}")
    return ""
