"""The training loop, to be read from top to bottom."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from glassformer import __version__
from glassformer.brief import brief
from glassformer.card import Card
from glassformer.checkpoint import Saved
from glassformer.config import TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.batches import Batch, groups
from glassformer.corpus.prepare import Data
from glassformer.devices import find_device
from glassformer.errors import TrainingError
from glassformer.model.layers import set_dropout
from glassformer.training import schedule
from glassformer.training.allocator import keep_freed_memory
from glassformer.training.embeddings import begin_with_corpus
from glassformer.training.guide import (
    check_head,
    check_marked,
    guided_loss,
    head_of,
    queries_and_keys,
    taught,
    teaches,
)
from glassformer.training.limits import Stop, limit_reached, patience_lost
from glassformer.training.loss import loss_of
from glassformer.training.metrics import LOG_EVERY, Clock, Meter, MetricsFile
from glassformer.training.precision import products_in
from glassformer.training.processes import Processes
from glassformer.training.recovery import MOST_SETBACKS, Losses, LossNotFiniteError, Snapshot, halve, ran_out_of_memory
from glassformer.training.report import NullReporter, Outcome, Reporter, RunPlan
from glassformer.training.schedule import SLOWER, learning_rate
from glassformer.training.start import start_from, taught_before
from glassformer.training.state import (
    RunProgress,
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
    card: Card | None = None,
    reporter: Reporter | None = None,
    start: Saved | None = None,
    stop: Callable[[], str] = lambda: "",
    device: str = "",
    processes: Processes | None = None,
) -> Outcome:
    """Train in the folder ``run``, going on exactly where an interrupted run stopped.

    ``card``: what the model's card says besides what training finds. ``start``: the model whose weights a new run begins
    with. ``stop`` is called after each step: a text saves and stops, with that reason.
    ``processes``: those among which each batch is shared (``processes.joined``); the first one writes and reports.
    Raises ConfigError for a ``guided_attention`` that model or corpus lack, TrainingError when the loss is NaN or infinite
    again and again, memory runs out for a single pair or nothing can be written, CheckpointError when every checkpoint is
    damaged.
    """
    keep_freed_memory()
    processes = processes or Processes()
    where = find_device(device)
    session = Session(run, data, recipe, card or Card(), reporter or NullReporter(), stop, where, processes, start)
    try:
        session.begin()  # at the newest whole checkpoint, or with a new model
        while session.stopped is None:  # an epoch a turn; another one also from the checkpoint after a loss of NaN
            try:
                for group in session.rest_of_epoch():
                    session.learn(group)  # one step of the optimiser; in smaller parts where memory runs out
                    session.look_at_clock()  # all processes agree on the time, and on whether somebody asked for a stop
                    if session.due_to_log():
                        session.log()
                    if session.due_to_validate():
                        session.validate_and_save()
                    elif session.asked:
                        session.save_interrupted()
                    if session.stopped is not None:
                        break
                else:
                    session.end_epoch()
            except LossNotFiniteError as found:
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
    card: Card
    reporter: Reporter
    stop: Callable[[], str]
    where: torch.device
    processes: Processes
    start: Saved | None = None
    stopped: Stop | None = None
    """Set when the loop is to stop: nowhere else is that decided."""
    asked: str = ""
    """Why somebody asked for a stop after the last step; "" where nobody did."""

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
        self.meter, self.losses = Meter(self.clock), Losses()
        parameters, pairs = sum(p.numel() for p in self.state.model.parameters()), len(self.data.pairs)
        self.card = replace(self.card, glassformer=__version__, parameters=parameters, pairs=pairs)
        device = str(self.where) + (f", {self.processes.count} processes" if self.processes.count > 1 else "")
        messages, choices = self.data.messages, self.recipe.choices
        plan = RunPlan(str(self.run), messages, choices, parameters, pairs, self.in_epoch, device, progress.step)
        self.reporter.planned(plan)
        for note in [*self.data.notes, *damaged, *([unused] if unused else [])]:
            self.reporter.noted(note)
        if self.processes.first:
            self.state.name_best(self.run, self.config.keep_checkpoints)
        self.settle_end()
        if self.stopped and progress.validated_at < progress.step:  # interrupted, and the limit is lower now
            self.validate_and_save()

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
            state.progress.taught_before = taught_before(self.start, self.recipe.model)
        elif self.processes.first and self.config.first_embeddings == "corpus":
            begin_with_corpus(state, self.data.pairs, self.config.seed)
        self.processes.tensors_from_first(state.everything())
        state.progress = RunProgress(**json.loads(self.processes.text_from_first(json.dumps(asdict(state.progress)))))
        share_random_states(self.processes, random, [self.config.seed, state.progress.step])
        if self.processes.first:
            self.metrics = MetricsFile(self.run / "metrics.jsonl", state.progress.step)

    def rest_of_epoch(self) -> Iterator[list[Batch]]:
        """The batches of each step of this epoch, after those that the checkpoint has seen."""
        progress = self.state.progress
        set_dropout(self.state.model, schedule.dropout(progress.epoch, self.config, self.recipe.model.dropout))
        return groups(self.batches.epoch(progress.epoch, skip=progress.batch), self.config.accumulate)

    def learn(self, group: list[Batch]) -> None:
        """One step of the optimiser; where memory runs out, the same once more in smaller parts."""
        tokens = sum(batch.tokens for batch in group)
        while True:
            mine = [rows for batch in group for rows in self.processes.share(batch, self.state.progress.parts)]
            before = Snapshot.of(self.meter)
            try:
                step(self.state, mine, tokens, self.config, self.where, self.meter, self.processes)
                break
            except Exception as error:
                if not ran_out_of_memory(error):
                    raise
                self.processes.tell_peers_of_failure(self.state.model, error)
            before.restore(self.state, self.meter)
            self.reporter.noted(halve(self.state, group, self.processes.count))
        self.meter.steps += 1
        self.losses.add(self.state, self.meter, group)
        self.state.progress.batch += len(group)

    def look_at_clock(self) -> None:
        """The run's seconds, and why to stop if anybody asks for it: the same in all processes. Where a time limit decides
        it, the end is estimated anew now and then."""
        asked, seconds, progress = self.stop(), self.clock.seconds(), self.state.progress
        if self.processes.maximum(bool(asked))[0]:
            asked = asked or "another process was asked to end"
        self.asked, progress.seconds = asked, self.processes.from_first(seconds)
        if schedule.due(progress, self.config):
            schedule.plan(progress, self.config, self.in_epoch)

    def due_to_log(self) -> bool:
        return self.state.progress.step % LOG_EVERY == 0

    def due_to_validate(self) -> bool:
        """Every ``validate_every`` steps, and where a limit ends the run, unless somebody waits for it to stop."""
        due = self.state.progress.step % self.config.validate_every == 0
        return due or bool(self.limit() and not self.asked)

    def limit(self) -> str:
        return limit_reached(self.config, self.state.progress)

    def settle_end(self) -> None:
        """Decide whether the run is at its end: by a limit, or by lost patience. Where patience is lost while the rate is
        still constant, its decay starts instead, and the run goes on."""
        progress = self.state.progress
        progress.ended = self.limit()
        if not progress.ended and (lost := patience_lost(self.config, progress)):
            if schedule.start_decay(progress, self.config):
                self.reporter.noted(
                    f"{lost}: the learning rate falls from here on, to 0 at step {progress.early_end:,}"
                )
            else:
                progress.ended = lost
        self.stopped = Stop(progress.ended, complete=True) if progress.ended else None

    def check(self) -> None:
        """Raises LossNotFiniteError, in all processes, when a loss since the last check, or a weight, is not finite."""
        step, where = self.losses.first_bad(self.state)
        if latest := self.processes.maximum(step)[0]:
            raise LossNotFiniteError(where or f"step {latest:,}, in another process's rows")

    def go_back(self, where: str) -> None:
        """To the last checkpoint, and on with a lower learning rate."""
        setbacks = self.state.progress.setbacks + 1
        if setbacks >= MOST_SETBACKS:
            raise TrainingError(
                f"the loss is NaN or infinite at {where}, after {setbacks - 1} returns to a checkpoint: lower learning_rate "
                f"({self.config.learning_rate}) and begin another run; the checkpoints before it are whole"
            )
        damaged: list[str] = []
        self.restore(damaged)
        progress = self.state.progress
        progress.setbacks = setbacks
        schedule.begin(progress, self.config, self.in_epoch)
        self.settle_end()  # the checkpoint may be the end under limits that were raised
        self.meter.restart()
        for note in damaged:
            self.reporter.noted(note)
        self.reporter.noted(
            f"the loss is NaN or infinite at {where}: back at step {progress.step:,}, "
            f"with {SLOWER**setbacks:g} × the learning rate ({setbacks} of {MOST_SETBACKS - 1} times)"
        )

    def log(self) -> None:
        """Write the loss and the speed of the last steps to ``metrics.jsonl``, and report them."""
        self.check()
        meter = self.meter
        sums = float(meter.loss), float(meter.guide), meter.wanted, meter.tokens, meter.guided
        meter.loss, meter.guide, *counts = self.processes.sums(*sums)
        meter.wanted, meter.tokens, meter.guided = map(int, counts)
        row = meter.row(self.state, self.config, self.in_epoch)
        if self.processes.first:
            self.metrics.write("step", asdict(row))
        self.reporter.stepped(row)

    def validate_and_save(self, *, again: bool = True) -> None:
        """Validate, settle whether the run ends here, and save. Without ``again`` this step was validated already."""
        self.check()
        progress = self.state.progress
        if again and self.processes.first:
            validate(self.state, self.data, self.config, self.metrics, self.reporter, self.where)
        vars(progress).update(json.loads(self.processes.text_from_first(json.dumps(asdict(progress)))))
        self.settle_end()
        if self.stopped is None and self.asked:
            self.stopped = Stop(self.asked, complete=False)
        progress.seconds = self.processes.from_first(self.clock.seconds())
        self.save()
        self.meter.restart()

    def save_interrupted(self) -> None:
        """Save, without validating, since somebody asked for a stop."""
        self.check()
        self.save()
        self.stopped = Stop(self.asked, complete=False)

    def end_epoch(self) -> None:
        """Go on to the next epoch, unless a limit ends the run here."""
        progress = self.state.progress
        progress.epoch, progress.batch = progress.epoch + 1, 0
        if self.limit():
            self.validate_and_save(again=progress.validated_at < progress.step)

    def save(self) -> None:
        random = self.processes.gather(random_state())
        if not self.processes.first:
            return
        progress = self.state.progress
        trained: dict[str, Any] = {"step": progress.step, "epoch": progress.epoch, "seconds": round(progress.seconds)}
        if progress.best_step == progress.step:
            trained |= {"validation_bleu": progress.best_bleu, "validation_loss": progress.best_loss}
        told = taught(progress, self.config, self.data.pairs.facts)
        card = replace(self.card, training=trained, taught=told).to_dict()
        keep = self.config.keep_checkpoints
        self.state.save(self.run, self.data.tokenizer, card, keep=keep, random=random)

    def outcome(self) -> Outcome:
        assert self.stopped is not None
        progress = self.state.progress
        best = progress.best_step, progress.best_bleu, progress.best_loss
        when = progress.step, progress.epoch, progress.seconds
        outcome = Outcome(str(self.run), *when, self.stopped.why, self.stopped.complete, *best)
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
    processes.sum_gradients(state.model)
    if config.clip_norm:
        torch.nn.utils.clip_grad_norm_(state.model.parameters(), config.clip_norm)
    state.move(learning_rate(progress, config))
    state.average.update(state.model, progress.step)
