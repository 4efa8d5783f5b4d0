"""The display of a training run: a live bar in a terminal, plain lines in a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from glassformer.cli.terminal import Terminal
from glassformer.config.recipe import OF_THE_START
from glassformer.training.report import Outcome, Reporter, RunPlan, Step, Validation


@contextmanager
def reporter_for(folder: Path, *, tensorboard: bool = False) -> Iterator[Reporter]:
    """A bar where there is a terminal, lines where there is none, and TensorBoard's files besides when asked for."""
    console = Terminal(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())
    with Bar(console) if console.is_terminal else Lines(console) as reporter:
        if tensorboard:
            from glassformer.cli.tensorboard import TensorBoard

            with TensorBoard(folder, reporter) as both:
                yield both
        else:
            yield reporter


class Lines:
    """A line for each thing that happens: for logs, pipes and files."""

    steps_between = 100

    def __init__(self, console: Terminal) -> None:
        self.console = console
        self.last = ""

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def doing(self, what: str, done: int, total: int) -> None:
        if what != self.last:
            self.console.print(f"{what} …")
        self.last = what

    def planned(self, plan: RunPlan) -> None:
        for message in plan.messages:
            self.console.print(escape(message))
        self.console.print(choices_table(plan))
        for line in of_the_start(plan):
            self.console.print(escape(line))
        self.console.print(
            f"{plan.parameters:,} weights, {plan.pairs:,} pairs, {plan.batches_in_epoch:,} steps an epoch, "
            f"on {plan.device}; everything lies in {plan.folder}"
        )
        if plan.resumed_at:
            self.console.print(f"going on at step {plan.resumed_at:,}")

    def noted(self, what: str) -> None:
        self.console.print(f"[bold yellow]note:[/] {escape(what)}")

    def stepped(self, step: Step) -> None:
        if step.step % self.steps_between == 0:
            self.console.print(step_line(step))

    def validated(self, validation: Validation) -> None:
        for line in validation_lines(validation):
            self.console.print(line)

    def ended(self, outcome: Outcome) -> None:
        self.console.print(end_line(outcome))


class Bar(Lines):
    """The same with a live bar at the bottom; steps show in it instead of as lines."""

    def __init__(self, console: Terminal) -> None:
        super().__init__(console)
        self.progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=None), TextColumn("{task.fields[right]}"),
            console=console, transient=True, expand=True,
        )  # fmt: skip
        self.task = self.progress.add_task("", total=None, right="")

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def doing(self, what: str, done: int, total: int) -> None:
        count = f"{done:,}" + (f" of {total:,}" if total else "") if done else ""
        self.progress.update(self.task, description=what, completed=done, total=total or None, right=count)

    def stepped(self, step: Step) -> None:
        left = "" if step.seconds_left is None else f" · {duration(step.seconds_left)} left"
        spent = step.seconds + (step.seconds_left or 0)
        self.progress.update(
            self.task,
            description=f"step {step.step:,} · epoch {step.epoch + step.share_of_epoch:.1f}",
            completed=step.seconds if step.seconds_left is not None else step.share_of_epoch,
            total=spent if step.seconds_left is not None else 1.0,
            right=f"loss {step.loss:.3f}{guide_text(step, ' · ')} · {step.tokens_per_second:,.0f} tokens/s{left}",
        )

    def planned(self, plan: RunPlan) -> None:
        super().planned(plan)
        self.progress.update(self.task, description="first step …", completed=0, total=None, right="")


def choices_table(plan: RunPlan) -> Table:
    table = Table(show_edge=False, box=None, pad_edge=False)
    for name in ("setting", "value", "because"):
        table.add_column(
            name, style="dim" if name == "because" else "", overflow="fold"
        )  # not cut: a head's number ends it
    for choice in plan.choices:
        if choice.reason != OF_THE_START:
            table.add_row(choice.setting, str(choice.value), choice.reason)
    return table


def of_the_start(plan: RunPlan) -> list[str]:
    """A line with the sizes of the model that the run starts from: as rows they would fill the table."""
    kept = [f"{choice.setting}={choice.value}" for choice in plan.choices if choice.reason == OF_THE_START]
    return [f"{OF_THE_START}: {', '.join(kept)}"] if kept else []


def step_line(step: Step) -> str:
    left = "" if step.seconds_left is None else f", {duration(step.seconds_left)} left"
    return (
        f"step {step.step:,}, epoch {step.epoch + step.share_of_epoch:.2f}: loss {step.loss:.3f}{guide_text(step, ', ')}, "
        f"rate {step.learning_rate:.2e}, {step.tokens_per_second:,.0f} tokens/s{left}"
    )


def guide_text(step: Step, before: str) -> str:
    """How far the head that is taught is from looking where it should: nothing where none is."""
    return "" if step.guide is None else f"{before}guide {step.guide:.3f}"


def validation_lines(validation: Validation) -> list[str]:
    mark = " [bold green]best so far[/]" if validation.best else ""
    source, reference, translation = (escape(text) for text in validation.sample)
    return [
        f"[bold]step {validation.step:,}[/] after {duration(validation.seconds)}: validation BLEU "
        f"[bold]{validation.bleu.value:.2f}[/], loss {validation.loss:.3f}{mark}",
        f"  [dim]source[/]    {source}",
        f"  [dim]reference[/] {reference}",
        f"  [dim]model[/]     {translation}",
    ]


def end_line(outcome: Outcome) -> str:
    best = (
        f"best: step {outcome.best_step:,}, BLEU {outcome.best_bleu:.2f}" if outcome.best_step else "not validated yet"
    )
    on = "" if outcome.complete else " The same command goes on from here."
    try_it = f'\nTry it: glassformer translate --model {outcome.folder} "…"' if outcome.best_step else ""
    when = f"at step {outcome.step:,} after {duration(outcome.seconds)}"
    return f"[bold]stopped[/] {when}: {escape(outcome.why)}; {best}.{on}{try_it}"


def duration(seconds: float) -> str:
    """``1 h 02 min``, ``4 min``, ``12 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes >= 10 else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
