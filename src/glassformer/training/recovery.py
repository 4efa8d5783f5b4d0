"""Recovery when a step goes wrong: a loss that is NaN or infinite, and memory that runs out."""

import math
from collections import deque
from dataclasses import dataclass, field

import torch

from glassformer.brief import brief
from glassformer.corpus.batches import Batch
from glassformer.errors import TrainingError
from glassformer.training.metrics import Meter
from glassformer.training.processes import PeerOutOfMemoryError
from glassformer.training.state import State, random_state, set_random_state

MOST_SETBACKS = 3
"""A run ends when the loss is NaN or infinite for the third time."""
SHOWN = 8
"""Pairs of a bad batch that are named."""


class LossNotFiniteError(Exception):
    """The loss of a step is NaN or infinite. Its text says where."""


@brief
@dataclass
class Losses:
    """The losses of the steps since they were last checked. On a GPU a check makes the step wait, so that there are few."""

    seen: deque[tuple[int, int, int, torch.Tensor | float, list[Batch]]] = field(default_factory=deque)

    def add(self, state: State, meter: Meter, group: list[Batch]) -> None:
        progress = state.progress
        self.seen.append((progress.step, progress.epoch, progress.batch, meter.loss, group))

    def first_bad(self, state: State) -> tuple[int, str]:
        """The first step, and in words its batch, after which the sum of the losses was not finite; 0 when all losses and
        all weights are finite. Forgets the losses."""
        seen, self.seen = list(self.seen), deque()
        for step, epoch, batch, loss, group in seen:
            if not math.isfinite(float(loss)):
                pairs = [int(number) for one in group for number in one.numbers[:SHOWN]]
                named = ", ".join(f"{number + 1:,}" for number in pairs[:SHOWN])
                rest = " …" if sum(len(one.numbers) for one in group) > SHOWN else ""
                return step, f"step {step:,} (epoch {epoch + 1}, batch {batch + 1:,}: pairs {named}{rest} as encoded)"
        if not state.all_finite():
            return state.progress.step, f"step {state.progress.step:,}: some weights are NaN or infinite"
        return 0, ""


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether this is what PyTorch raises when there is no memory: on a processor it has no class of its own."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError, PeerOutOfMemoryError)) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


@brief
@dataclass
class Snapshot:
    """The state that a step changes before the weights, to be restored when memory runs out in it."""

    random: torch.Tensor
    meter: dict[str, object]

    @classmethod
    def of(cls, meter: Meter) -> "Snapshot":
        return cls(random_state(), dict(vars(meter)))

    def restore(self, state: State, meter: Meter) -> None:
        state.forget_gradients()
        state.progress.step -= 1
        vars(meter).update(self.meter)
        set_random_state(self.random)


def halve(state: State, group: list[Batch], processes: int) -> str:
    """Compute batches in twice as many parts from now on, and return a sentence that says so. Raises TrainingError when the
    parts are single pairs already."""
    progress = state.progress
    if progress.parts * processes >= max(len(batch.numbers) for batch in group):
        longest = max(max(batch.source_ids.size(1), batch.target_ids.size(1)) for batch in group)
        raise TrainingError(
            f"memory ran out at step {progress.step + 1:,} with one pair of {longest} tokens at a time: lower max_tokens, "
            "or choose a smaller preset"
        )
    progress.parts *= 2
    return (
        f"memory ran out at step {progress.step + 1:,}: from now on each batch is computed in {progress.parts} parts, "
        f"which learns the same and takes longer"
    )
