"""When a run ends: its limits, and validations that get no better."""

from glassformer.config import TrainingConfig
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
    return ""


def patience_lost(config: TrainingConfig, progress: Progress) -> str:
    """Whether too many validations were no better, in words; empty while not."""
    if config.patience and progress.without_better >= config.patience:
        return f"no better validation {config.stop_on} in {config.patience} validations, as set by patience"
    return ""
