"""The training loop, to be read from top to bottom."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from glassformer import __version__
from glassformer.checkpoint import Saved
from glassformer.config import TrainingConfig
from glassformer.devices import find_device
from glassformer.errors import TrainingError
from glassformer.text.batches import Batch, Batches
from glassformer.text.subword_sampling import SubwordSampler
from glassformer.training import schedule
from glassformer.training.allocator import keep_freed_memory
from glassformer.training.data import Data
from glassformer.training.loss import loss_of
from glassformer.training.metrics import LOG_EVERY, Clock, Meter, Metrics
from glassformer.training.precision import products_in
from glassformer.training.recipe import Recipe
from glassformer.training.report import Outcome, Plan, Reporter, Silence
from glassformer.training.schedule import learning_rate
from glassformer.training.start import start_from
from glassformer.training.state import State, newest_checkpoint, remove_unfinished
from glassformer.training.validation import validate


def train(
    run: Path,
    data: Data,
    recipe: Recipe,
    *,
    about: dict[str, Any] | None = None,
    reporter: Reporter | None = None,
    start: Saved | None = None,
    stop: Callable[[], str] = lambda: "",
    device: str = "",
) -> Outcome:
    """Train in the folder ``run``, going on exactly where an interrupted run stopped.

    ``about`` goes into the model's card. ``start``: the model whose weights a new run begins with.
    ``stop`` is asked after each step: a text means save and stop, for that reason.
    Raises TrainingError when the loss is no number any more, CheckpointError when every checkpoint is damaged.
    """
    keep_freed_memory()
    reporter = reporter or Silence()
    config = recipe.training
    where = find_device(device)
    run.mkdir(parents=True, exist_ok=True)
    remove_unfinished(run)
    state = State.new(recipe.model, config, where)
    if (checkpoint := newest_checkpoint(run)) is not None:
        state.restore(checkpoint)
    elif start is not None:
        start_from(state, data.tokenizer, start)
    progress = state.progress
    metrics = Metrics(run / "metrics.jsonl", progress.step)
    batches = batches_of(data, config)
    in_epoch = math.ceil(batches.batches_in_epoch(progress.epoch) / config.accumulate)
    schedule.begin(progress, config, in_epoch)
    parameters = sum(p.numel() for p in state.model.parameters())
    reporter.planned(
        Plan(str(run), data.messages, recipe.choices, parameters, len(data.pairs), in_epoch, str(where), progress.step)
    )
    clock = Clock(progress.seconds)
    meter = Meter(clock)
    card = {**(about or {}), "glassformer": __version__, "parameters": parameters, "pairs": len(data.pairs)}
    progress.ended = limit_reached(config, progress.step, progress.epoch, clock.seconds()) or patience_lost(
        config, state
    )

    while not progress.ended:
        for group in groups(batches.epoch(progress.epoch, skip=progress.batch), config.accumulate):
            step(state, group, config, where, meter)
            progress.batch += len(group)
            progress.seconds = clock.seconds()
            if schedule.due(progress, config):
                schedule.plan(progress, config, in_epoch)
            if progress.step % LOG_EVERY == 0:
                row = meter.row(state, config, in_epoch)
                if not math.isfinite(row.loss):
                    raise TrainingError(
                        f"the loss is {row.loss} at step {progress.step}: lower learning_rate ({config.learning_rate}); "
                        "the checkpoints before it are whole"
                    )
                metrics.write("step", asdict(row))
                reporter.stepped(row)
            interrupted = stop()
            due = progress.step % config.validate_every == 0
            limit = limit_reached(config, progress.step, progress.epoch, progress.seconds)
            if due or (limit and not interrupted):
                better = validate(state, data, config, metrics, reporter, where)
                limit = limit or patience_lost(config, state)
                progress.ended = limit
                progress.seconds = clock.seconds()
                save(run, state, data, card, config, best=better)
                meter.restart()
            elif interrupted:
                save(run, state, data, card, config, best=False)
            if interrupted or limit:
                return end(run, state, reporter, interrupted or limit, complete=not interrupted or bool(limit))
        progress.epoch, progress.batch = progress.epoch + 1, 0
        if limit := limit_reached(config, progress.step, progress.epoch, clock.seconds()):
            better = progress.validated_at < progress.step and validate(state, data, config, metrics, reporter, where)
            progress.ended = limit
            save(run, state, data, card, config, best=better)
    return end(run, state, reporter, progress.ended, complete=True)


def batches_of(data: Data, config: TrainingConfig) -> Batches:
    share = config.subword_sampling
    sampler = SubwordSampler(data.tokenizer, share, config.seed) if share else None
    return Batches(data.pairs, batch_tokens=config.batch_tokens, seed=config.seed, sampler=sampler)


def step(state: State, group: list[Batch], config: TrainingConfig, where: torch.device, meter: Meter) -> None:
    """One step of the optimiser, on one batch or on several whose gradients are added up."""
    progress = state.progress
    progress.step += 1
    tokens = sum(batch.tokens for batch in group)
    state.model.train()
    for batch in group:
        with products_in(config, where):
            loss = loss_of(state.model, batch.source_ids.to(where), batch.target_ids.to(where), config.label_smoothing)
        torch.autograd.backward(loss.smoothed / tokens)
        meter.add(loss.smoothed.detach(), batch)
    if config.clip_norm:
        torch.nn.utils.clip_grad_norm_(state.model.parameters(), config.clip_norm)
    for parameters in state.optimizer.param_groups:
        parameters["lr"] = learning_rate(progress, config)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    state.average.update(state.model, progress.step)


def save(run: Path, state: State, data: Data, card: dict[str, Any], config: TrainingConfig, *, best: bool) -> None:
    progress = state.progress
    trained: dict[str, Any] = {"step": progress.step, "epoch": progress.epoch, "seconds": round(progress.seconds)}
    if best:
        trained |= {"validation_bleu": progress.best_bleu, "validation_loss": progress.best_loss}
    state.save(run, data.tokenizer, {**card, "training": trained}, best=best, keep=config.keep_checkpoints)


def end(run: Path, state: State, reporter: Reporter, why: str, *, complete: bool) -> Outcome:
    progress = state.progress
    outcome = Outcome(
        str(run),
        progress.step,
        progress.epoch,
        progress.seconds,
        why,
        complete,
        progress.best_step,
        progress.best_bleu,
        progress.best_loss,
    )
    reporter.ended(outcome)
    return outcome


def limit_reached(config: TrainingConfig, steps: int, epochs: int, seconds: float) -> str:
    """Which limit is reached, in words; empty while none is."""
    if config.max_steps and steps >= config.max_steps:
        return f"{config.max_steps:,} steps, as set by max_steps"
    if config.max_epochs and epochs >= config.max_epochs:
        return f"{config.max_epochs} epochs, as set by max_epochs"
    if config.time_limit and seconds >= config.time_limit:
        return f"{config.time_limit / 60:g} minutes, as set by time_limit"
    return ""


def patience_lost(config: TrainingConfig, state: State) -> str:
    if config.patience and state.progress.without_better >= config.patience:
        return f"no better validation {config.stop_on} in {config.patience} validations, as set by patience"
    return ""


def groups(batches: Iterator[Batch], size: int) -> Iterator[list[Batch]]:
    while group := list(islice(batches, size)):
        yield group
