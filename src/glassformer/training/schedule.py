"""The learning rate: it rises, stays, and falls to 0 at the end that the run's limits plan; or the paper's (§5.3). And the
dropout, which may grow from epoch to epoch."""

from glassformer.config import TrainingConfig
from glassformer.training.state import RunProgress

PLAN_EVERY = 100
"""Steps from one estimate of the run's end, where a time limit decides it, to the next."""
FIRST_PLAN = 20
"""The step of the first one: before it nothing is known of the speed."""
LONGEST_WARMUP = 0.1
"""The share of a planned run that the warm-up takes at most."""
SLOWER = 0.5
"""By which the rate is multiplied each time that the loss was NaN or infinite."""


def learning_rate(progress: RunProgress, config: TrainingConfig) -> float:
    """The rate of ``progress.step`` (from 1): it follows from the settings and from what a checkpoint keeps.

    ``linear``: up to ``learning_rate`` in the warm-up, which takes at most a tenth of the planned steps, then, in the last
    ``decay_share`` of them, along a straight line to 0 behind the last one. ``paper``, and where no limit is set:
    equation 3, with learning_rate = (d_model · warmup_steps)^−0.5 the paper's
    d_model^−0.5 · min(step^−0.5, step · warmup_steps^−1.5).
    """
    step, planned = progress.step, progress.planned_steps
    highest = config.learning_rate * SLOWER**progress.setbacks
    if config.schedule == "paper" or not limited(config):
        return highest * min(step / config.warmup_steps, (config.warmup_steps / step) ** 0.5)
    warmup = config.warmup_steps
    if planned:
        warmup = max(min(warmup, round(LONGEST_WARMUP * (planned - progress.warm_from))), 1)
    rising = min((step - progress.warm_from) / warmup, 1.0)
    left = max(1 - (step - 1) / planned, 1 / planned) if planned else 1.0
    return highest * rising * min(left / config.decay_share, 1.0)


def dropout(epoch: int, config: TrainingConfig, last: float) -> float:
    """The dropout of that epoch (from 0): ``last``, the model's, once ``dropout_epochs`` are over. A pair that was
    seen seldom is not yet learnt by heart."""
    if epoch >= config.dropout_epochs:
        return last
    return config.first_dropout + (last - config.first_dropout) * epoch / config.dropout_epochs


def begin(progress: RunProgress, config: TrainingConfig, steps_in_epoch: int) -> None:
    """To be called when a session of the run begins: where the limits, the rate or the batches are others than before,
    the end is planned anew. Where the rate would more than double by that, it warms up again, from 0 to what a run of the
    new length has. ``progress.batch`` is moved to where as large a share of the epoch is over."""
    limits = [float(config.max_steps), float(config.max_epochs), config.time_limit]
    had = progress.highest_rate or config.learning_rate
    batch_tokens = progress.batch_tokens or config.batch_tokens
    accumulate = progress.accumulate or config.accumulate
    progress.highest_rate, progress.batch_tokens = config.learning_rate, config.batch_tokens
    progress.accumulate = config.accumulate
    same_batches = batch_tokens == config.batch_tokens and accumulate == config.accumulate
    if progress.limits == limits and had == config.learning_rate and same_batches:
        return
    before = learning_rate(progress, config) * had / config.learning_rate if progress.step else 0.0
    if progress.limits != limits:
        progress.limits, progress.early_end = limits, 0
    progress.batch = round(progress.batch * batch_tokens / config.batch_tokens)
    plan(progress, config, steps_in_epoch)
    if progress.step and learning_rate(progress, config) > 2 * before:
        progress.warm_from = progress.step


def plan(progress: RunProgress, config: TrainingConfig, steps_in_epoch: int) -> None:
    """Set ``progress.planned_steps``, the step at which the first of the limits will end the run; 0 while unknown."""
    ends = [config.max_steps] if config.max_steps else []
    if config.max_epochs:
        # Not max_epochs times the steps of one: those made until now may have had other batches.
        over = progress.epoch + min(progress.batch / (steps_in_epoch * config.accumulate), 1)
        ends.append(progress.step + round((config.max_epochs - over) * steps_in_epoch))
    if config.time_limit and progress.step >= FIRST_PLAN:
        left = config.time_limit - progress.seconds
        ends.append(progress.step + round(left * progress.step / max(progress.seconds, 1e-9)))
    if progress.early_end:
        ends.append(progress.early_end)
    progress.planned_steps = max(min(ends), progress.step, 1) if ends else 0


def start_decay(progress: RunProgress, config: TrainingConfig) -> bool:
    """Start the decay now, with the length that a run of this size would use. Returns whether it started: it does not where
    the rate falls already, or never is constant.

    While the rate is at its peak, validations that get no better say little: the decay is what gains most.
    """
    if config.schedule == "paper" or not progress.planned_steps or config.decay_share == 1:
        return False
    end = round(progress.step / (1 - config.decay_share))
    if end >= progress.planned_steps:
        return False
    progress.planned_steps = progress.early_end = end
    progress.without_better = 0
    return True


def due(progress: RunProgress, config: TrainingConfig) -> bool:
    """Whether the end is to be estimated again: every PLAN_EVERY steps, where time decides it."""
    return config.time_limit > 0 and (progress.step == FIRST_PLAN or progress.step % PLAN_EVERY == 0)


def limited(config: TrainingConfig) -> bool:
    """Whether steps, epochs or time end the run."""
    return bool(config.max_steps or config.max_epochs or config.time_limit)
