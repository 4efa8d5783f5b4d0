"""A run's measurements: the loss and the speed over the last steps, and the file they are written to."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glassformer.config import TrainingConfig
from glassformer.corpus.batches import Batch
from glassformer.disk import replace_file
from glassformer.training.report import Step
from glassformer.training.schedule import learning_rate
from glassformer.training.state import State

LOG_EVERY = 20
"""Steps over which the loss and the speed are averaged."""


class Clock:
    """Seconds of a run over all its sessions. It does not jump when somebody sets the computer's clock."""

    def __init__(self, before: float) -> None:
        self.start = time.monotonic() - before

    def seconds(self) -> float:
        return time.monotonic() - self.start


class Meter:
    """The loss and the speed over the last steps."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.restart()

    def restart(self) -> None:
        self.begun = self.clock.seconds()
        self.loss: torch.Tensor | float = 0.0
        self.wanted = self.tokens = 0
        self.guide: torch.Tensor | float = 0.0
        """−log of the weight where a head was to look, summed over ``guided`` sentences."""
        self.guided = 0
        self.steps = 0
        """Steps of the optimiser, counted by the loop."""

    def add(self, loss: torch.Tensor, batch: Batch) -> None:
        self.loss = self.loss + loss.double()  # a tensor: asking for its value would make a GPU wait
        self.wanted += batch.tokens
        self.tokens += batch.tokens + batch.source_tokens

    def add_guide(self, loss: torch.Tensor, sentences: int) -> None:
        self.guide = self.guide + loss.double()
        self.guided += sentences

    def row(self, state: State, config: TrainingConfig, in_epoch: int) -> Step:
        progress = state.progress
        now = self.clock.seconds()
        seconds_a_step = (now - self.begun) / max(self.steps, 1)
        left = [config.time_limit - now] if config.time_limit else []
        ends = [end for end in (config.max_steps, progress.early_end) if end]
        left += [(end - progress.step) * seconds_a_step for end in ends]
        share = progress.batch / config.accumulate / max(in_epoch, 1)
        if config.max_epochs:
            left.append((config.max_epochs - progress.epoch - share) * in_epoch * seconds_a_step)
        made = Step(
            step=progress.step,
            epoch=progress.epoch,
            share_of_epoch=min(share, 1.0),
            loss=float(self.loss) / max(self.wanted, 1),
            learning_rate=learning_rate(progress, config),
            tokens_per_second=self.tokens / max(now - self.begun, 1e-9),
            seconds=now,
            seconds_left=max(min(left), 0.0) if left else None,
            guide=float(self.guide) / self.guided if self.guided else None,
        )
        self.restart()
        return made


@dataclass
class MetricsFile:
    """``metrics.jsonl``: a row for every LOG_EVERY steps and for each validation. It can be read while it grows."""

    path: Path
    resumed_at: int

    def __post_init__(self) -> None:
        """Forget the rows after the checkpoint at which the run goes on: those steps are made again."""
        if self.path.is_file():
            rows = [line for line in self.path.read_bytes().split(b"\n") if line]
            kept = [line for line in rows if whole(line) and json.loads(line)["step"] <= self.resumed_at]
            replace_file(self.path, b"".join(line + b"\n" for line in kept))

    def write(self, kind: str, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **row}, ensure_ascii=False) + "\n")


def whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:  # the machine stopped in the middle of the line
        return False
    return True
