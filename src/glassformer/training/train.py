"""The training loop, to be read from top to bottom."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from glassformer import __version__
from glassformer.brief import brief
from glassformer.checkpoint import Saved
from glassformer.config import TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.batches import Batch, groups
from glassformer.corpus.prepare import Data
from glassformer.devices import find_device
from glassformer.errors import TrainingError
from glassformer.training import schedule
from glassformer.training.allocator import keep_freed_memory
from glassformer.training.guide import (
    check_head,
    check_marked,
    guided_loss,
    head_of,
    queries_and_keys,
    taught,
    teaches,
)
from glassformer.training.limits import limit_reached, patience_lost
from glassformer.training.loss import loss_of
from glassformer.training.metrics import LOG_EVERY, Clock, Meter, Metrics
from glassformer.training.precision import products_in
from glassformer.training.processes import Processes
from glassformer.training.recovery import MOST_SETBACKS, Moment, NoNumberError, Watch, halve, ran_out_of_memory
from glassformer.training.report import NullReporter, Outcome, Plan, Reporter
from glassformer.training.schedule import SLOWER, learning_rate
from glassformer.training.start import start_from
from glassformer.training.state import (
    Progress,
    State,
    newest_checkpoint,
    random_state,
    remove_unfinished,
    share_random_states,
)
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
    processes: Processes | None = None,
) -> Outcome:
    """Train in the folder ``run``, going on exactly where an interrupted run stopped.

    ``about`` goes into the model's card. ``start``: the model whose weights a new run begins with. ``stop`` is asked after
    each step: a text means save and stop, for that reason.
    ``processes``: those among which each batch is shared (``processes.joined``); the first one writes and reports.
    Raises ConfigError for a ``guided_attention`` that model or corpus lack, TrainingError when the loss is no number again
    and again, memory runs out for a single pair or nothing can be written, CheckpointError when every checkpoint is damaged.
    """
    keep_freed_memory()
    processes = processes or Processes()
    where = find_device(device)
    session = Session(run, data, recipe, about or {}, reporter or NullReporter(), stop, where, processes, start)
    try:
        session.begin()
        while not session.ended():
            try:
                session.epoch()
            except NoNumberError as found:
                session.go_back(str(found))
    except OSError as error:
        raise TrainingError(
            f"{error.filename or run}: {error.strerror or error}: a run needs its folder, and room in it; "
            "the same command goes on from the last checkpoint"
        ) from None
    return session.outcome()


@brief
@dataclass
class Session:
    """One process's part of a run, from its start to its end."""

    run: Path
    data: Data
    recipe: Recipe
    about: dict[str, Any]
    reporter: Reporter
    stop: Callable[[], str]
    where: torch.device
    processes: Processes
    start: Saved | None = None
    interrupted: str = ""

    def begin(self) -> None:
        """Be where the last checkpoint was, or at the beginning."""
        config = self.config = self.recipe.training
        check_head(config, self.recipe.model)
        unused = check_marked(config, self.data.pairs.facts)
        if self.processes.first:
            self.run.mkdir(parents=True, exist_ok=True)
            remove_unfinished(self.run)
        self.batches = self.data.batches(config, self.recipe.model)
        damaged: list[str] = []
        self.restore(damaged)
        progress = self.state.progress
        self.in_epoch = math.ceil(self.batches.batches_in_epoch(progress.epoch) / config.accumulate)
        schedule.begin(progress, config, self.in_epoch)
        self.clock = Clock(progress.seconds)
        self.meter, self.watch = Meter(self.clock), Watch()
        parameters, pairs = sum(p.numel() for p in self.state.model.parameters()), len(self.data.pairs)
        self.card = {**self.about, "glassformer": __version__, "parameters": parameters, "pairs": pairs}
        device = str(self.where) + (f", {self.processes.count} processes" if self.processes.count > 1 else "")
        messages, choices = self.data.messages, self.recipe.choices
        plan = Plan(str(self.run), messages, choices, parameters, pairs, self.in_epoch, device, progress.step)
        self.reporter.planned(plan)
        for note in [*self.data.notes, *damaged, *([unused] if unused else [])]:
            self.reporter.noted(note)
        progress.ended = self.at_its_end()
        if progress.ended and progress.validated_at < progress.step:  # interrupted, and the limit is lower now
            self.validate_and_save(progress.ended)

    def restore(self, damaged: list[str]) -> None:
        """The newest whole checkpoint's state, or a new one, in every process as in the first."""
        state = self.state = State.new(self.recipe.model, self.config, self.where)
        fingerprint, random = self.data.pairs.fingerprint, [random_state()]
        state.progress.corpus = fingerprint
        if self.processes.first and (checkpoint := newest_checkpoint(self.run, damaged)) is not None:
            random = state.restore(checkpoint)
            if state.progress.corpus != fingerprint:
                raise TrainingError(
                    f"the sentence pairs in {self.run} are not those that {checkpoint.name} was trained on: "
                    "give the run its own corpus again, or begin another with --out"
                )
        elif self.processes.first and self.start is not None:
            start_from(state, self.data.tokenizer, self.start)
            state.progress.taught_before = dict(self.start.card.get("taught") or {})
        self.processes.tensors_from_first(state.everything())
        state.progress = Progress(**json.loads(self.processes.text_from_first(json.dumps(asdict(state.progress)))))
        share_random_states(self.processes, random, [self.config.seed, state.progress.step])
        if self.processes.first:
            self.metrics = Metrics(self.run / "metrics.jsonl", state.progress.step)

    def ended(self) -> bool:
        return bool(self.state.progress.ended or self.interrupted)

    def epoch(self) -> None:
        """The rest of an epoch, or less when the run ends or is interrupted. Raises NoNumberError when the loss is none."""
        config, progress = self.config, self.state.progress
        for group in groups(self.batches.epoch(progress.epoch, skip=progress.batch), config.accumulate):
            self.step(group)
            progress.batch += len(group)
            asked, progress.seconds = self.agreed()
            if schedule.due(progress, config):
                schedule.plan(progress, config, self.in_epoch)
            if progress.step % LOG_EVERY == 0:
                self.check()
                self.tell()
            limit = self.limit()
            if progress.step % config.validate_every == 0 or (limit and not asked):
                self.validate_and_save(limit)
                self.interrupted = "" if progress.ended else asked
            elif asked:
                self.check()
                self.save(best=False)
                self.interrupted = asked
            if self.ended():
                return
        progress.epoch, progress.batch = progress.epoch + 1, 0
        if limit := self.limit():
            self.validate_and_save(limit, again=progress.validated_at < progress.step)

    def step(self, group: list[Batch]) -> None:
        """One step; where memory runs out, the same once more in smaller parts."""
        tokens = sum(batch.tokens for batch in group)
        while True:
            mine = [rows for batch in group for rows in self.processes.share(batch, self.state.progress.parts)]
            before = Moment.of(self.meter)
            try:
                step(self.state, mine, tokens, self.config, self.where, self.meter, self.processes)
                break
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                self.processes.also_failed(self.state.model, error)
            before.put_back(self.state, self.meter)
            self.reporter.noted(halve(self.state, group, self.processes.count))
        self.meter.steps += 1
        self.watch.see(self.state, self.meter, group)

    def agreed(self) -> tuple[str, float]:
        """Why to stop, if anybody asks for it, and the seconds of the run: the same in all processes."""
        asked, seconds = self.stop(), self.clock.seconds()
        if self.processes.most(bool(asked))[0]:
            asked = asked or "another process was asked to end"
        return asked, self.processes.from_first(seconds)

    def limit(self) -> str:
        return limit_reached(self.config, self.state.progress)

    def at_its_end(self) -> str:
        return self.limit() or patience_lost(self.config, self.state.progress, self.reporter.noted)

    def check(self) -> None:
        """Raises NoNumberError when the loss of a step since the last check, or a weight, is no number."""
        step, where = self.watch.first_bad(self.state)
        if latest := self.processes.most(step)[0]:
            raise NoNumberError(where or f"step {latest:,}, in another process's rows")

    def go_back(self, where: str) -> None:
        """To the last checkpoint, and on with a lower learning rate."""
        setbacks = self.state.progress.setbacks + 1
        if setbacks >= MOST_SETBACKS:
            raise TrainingError(
                f"the loss is no number at {where}, for the {MOST_SETBACKS}rd time: lower learning_rate "
                f"({self.config.learning_rate}) and begin another run; the checkpoints before it are whole"
            )
        damaged: list[str] = []
        self.restore(damaged)
        progress = self.state.progress
        progress.setbacks = setbacks
        schedule.begin(progress, self.config, self.in_epoch)
        progress.ended = self.at_its_end()  # the checkpoint may be the end under limits that were raised
        self.meter.restart()
        for note in damaged:
            self.reporter.noted(note)
        self.reporter.noted(
            f"the loss is no number at {where}: back at step {progress.step:,}, "
            f"with {SLOWER**setbacks:g} × the learning rate ({setbacks} of {MOST_SETBACKS - 1} times)"
        )

    def tell(self) -> None:
        """The loss and the speed of the last steps, to the file and to whoever listens."""
        meter = self.meter
        sums = float(meter.loss), float(meter.guide), meter.wanted, meter.tokens, meter.guided
        meter.loss, meter.guide, *counts = self.processes.sums(*sums)
        meter.wanted, meter.tokens, meter.guided = map(int, counts)
        row = meter.row(self.state, self.config, self.in_epoch)
        if self.processes.first:
            self.metrics.write("step", asdict(row))
        self.reporter.stepped(row)

    def validate_and_save(self, limit: str, *, again: bool = True) -> None:
        """``limit`` ends the run; so does patience. Nothing is validated where it was, at this step, before."""
        self.check()
        progress, better = self.state.progress, False
        if again and self.processes.first:
            better = validate(self.state, self.data, self.config, self.metrics, self.reporter, self.where)
        vars(progress).update(json.loads(self.processes.text_from_first(json.dumps(asdict(progress)))))
        progress.ended = limit or self.at_its_end()
        progress.seconds = self.processes.from_first(self.clock.seconds())
        self.save(best=better)
        self.meter.restart()

    def save(self, *, best: bool) -> None:
        random = self.processes.gather(random_state())
        if not self.processes.first:
            return
        progress = self.state.progress
        trained: dict[str, Any] = {"step": progress.step, "epoch": progress.epoch, "seconds": round(progress.seconds)}
        if best:
            trained |= {"validation_bleu": progress.best_bleu, "validation_loss": progress.best_loss}
        card = {**self.card, "training": trained, **taught(progress, self.config, self.data.pairs.facts)}
        keep = self.config.keep_checkpoints
        self.state.save(self.run, self.data.tokenizer, card, keep=keep, random=random)

    def outcome(self) -> Outcome:
        progress = self.state.progress
        why, best = progress.ended or self.interrupted, (progress.best_step, progress.best_bleu, progress.best_loss)
        when = (progress.step, progress.epoch, progress.seconds)
        outcome = Outcome(str(self.run), *when, why, bool(progress.ended), *best)
        self.reporter.ended(outcome)
        return outcome


def step(
    state: State,
    group: list[Batch],
    tokens: int,
    config: TrainingConfig,
    where: torch.device,
    meter: Meter,
    processes: Processes,
) -> None:
    """One step of the optimiser, on one batch or on several whose gradients are added up: of ``tokens`` in all
    processes together."""
    progress = state.progress
    progress.step += 1
    state.model.train()
    teaching = teaches(progress, config)
    for batch in group:
        looks = batch.looks if teaching else None
        with products_in(config, where), queries_and_keys(state.model, config, looks is not None) as seen:
            ids = batch.source_ids.to(where), batch.target_ids.to(where)
            loss = loss_of(state.model, *ids, config.label_smoothing, config.r_drop)
        learnt = loss.smoothed
        if looks is not None:
            real = ids[0] != state.model.config.pad_id
            guide = guided_loss(seen[0], seen[1], head_of(config)[1], real, looks.to(where))
            learnt = learnt + config.guided_weight * guide
            meter.add_guide(guide.detach(), len(set(looks[:, 0].tolist())))
        torch.autograd.backward(learnt / tokens)
        meter.add(loss.smoothed.detach(), batch)
    processes.add_up(state.model)
    if config.clip_norm:
        torch.nn.utils.clip_grad_norm_(state.model.parameters(), config.clip_norm)
    state.move(learning_rate(progress, config))
    state.average.update(state.model, progress.step)
