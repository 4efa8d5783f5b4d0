"""TensorBoard's files beside the run's own metrics (extra ``tensorboard``)."""

from pathlib import Path

from glassformer.errors import ConfigError
from glassformer.training.report import Outcome, Reporter, RunPlan, Step, Validation


class TensorBoard:
    """Passes everything on to another reporter, and writes the curves. Raises ConfigError when it is not installed."""

    def __init__(self, folder: Path, other: Reporter) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ConfigError("TensorBoard is not installed: pip install 'glassformer[tensorboard]'") from None
        self.writer = SummaryWriter(str(folder / "tensorboard"))
        self.other = other

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()

    def doing(self, what: str, done: int, total: int) -> None:
        self.other.doing(what, done, total)

    def planned(self, plan: RunPlan) -> None:
        self.other.planned(plan)

    def noted(self, what: str) -> None:
        self.other.noted(what)

    def stepped(self, step: Step) -> None:
        self.write(
            step.step, loss=step.loss, learning_rate=step.learning_rate, tokens_per_second=step.tokens_per_second
        )
        if step.guide is not None:
            self.write(step.step, guide=step.guide)
        self.other.stepped(step)

    def validated(self, validation: Validation) -> None:
        self.write(validation.step, validation_loss=validation.loss, validation_bleu=validation.bleu.value)
        self.other.validated(validation)

    def ended(self, outcome: Outcome) -> None:
        self.other.ended(outcome)

    def write(self, step: int, **values: float) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)
