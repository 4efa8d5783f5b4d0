"""The reports of a training run: plain records. The library prints nothing."""

from dataclasses import dataclass, field
from typing import Protocol

from glassformer.config.recipe import Choice
from glassformer.scores import Score


@dataclass(frozen=True)
class RunPlan:
    """Reported once, before the first step."""

    folder: str
    messages: list[str]
    """Counts of the pairs that were read and left out."""
    choices: list[Choice]
    parameters: int
    pairs: int
    batches_in_epoch: int
    device: str
    resumed_at: int
    """The step at which an interrupted run goes on; 0 for a new one."""


@dataclass(frozen=True)
class Step:
    """Reported every LOG_EVERY steps."""

    step: int
    epoch: int
    share_of_epoch: float
    loss: float
    """Smoothed cross entropy per target token, in nats, averaged over the last steps."""
    learning_rate: float
    tokens_per_second: float
    """Source and target tokens that are not padding, over the last steps."""
    seconds: float
    """Since the run began, all sessions together."""
    seconds_left: float | None
    """Until the first limit (time, steps, epochs) at this speed; None without a limit."""
    guide: float | None = None
    """The mean of −log of the weight where a head was taught to look, over the marked sentences of the last steps, in
    nats: 0 is all of its attention there; None where none was taught."""


@dataclass(frozen=True)
class Validation:
    """Reported after each validation, which uses the averaged weights."""

    step: int
    epoch: int
    seconds: float
    loss: float
    """Cross entropy per target token, in nats, without smoothing."""
    bleu: Score
    best: bool
    sample: tuple[str, str, str] = field(default=("", "", ""))
    """A source sentence, its reference, and what the model makes of it."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, or where it stopped."""

    folder: str
    step: int
    epoch: int
    seconds: float
    why: str
    complete: bool
    """False when it was interrupted: the same command goes on from here."""
    best_step: int
    best_bleu: float
    best_loss: float


class Reporter(Protocol):
    """The object that a run calls with its records."""

    def doing(self, what: str, done: int, total: int) -> None: ...
    def planned(self, plan: RunPlan) -> None: ...
    def noted(self, what: str) -> None:
        """Called with a sentence when something went wrong and the run recovered."""

    def stepped(self, step: Step) -> None: ...
    def validated(self, validation: Validation) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...


class NullReporter:
    """Reports nothing."""

    def doing(self, what: str, done: int, total: int) -> None: ...
    def planned(self, plan: RunPlan) -> None: ...
    def noted(self, what: str) -> None:
        """Called with a sentence when something went wrong and the run recovered."""

    def stepped(self, step: Step) -> None: ...
    def validated(self, validation: Validation) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...
