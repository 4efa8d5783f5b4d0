"""Everything that a run is at one moment, and its way to disk and back, bit for bit."""

import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from glassformer.brief import brief
from glassformer.checkpoint import Saved, check_shapes, load_weights, model_files, shapes_of, tensors_in
from glassformer.config import ModelConfig, TrainingConfig
from glassformer.disk import (
    UNFINISHED,
    inside,
    json_bytes,
    put_back,
    read_folder,
    read_json,
    remove_left,
    replace_file,
    write_folder,
)
from glassformer.errors import CheckpointError
from glassformer.model import Transformer
from glassformer.model_folder import checkpoints
from glassformer.text.tokenizer import Tokenizer
from glassformer.training.averaging import Average
from glassformer.training.optimizers import optimizers_for
from glassformer.training.processes import Processes


@dataclass
class RunProgress:
    """Where a run is."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that have been used."""
    seconds: float = 0.0
    best_step: int = 0
    best_bleu: float = 0.0
    best_loss: float = 0.0
    highest_bleu: float = 0.0
    """Of all validations: the best checkpoint may have less, with a lower loss."""
    validated_at: int = 0
    """The step of the last validation."""
    without_better: int = 0
    """Validations since the best one."""
    ended: str = ""
    """Why the run ended; empty while it can go on."""
    planned_steps: int = 0
    """The step at which the limits will end the run, as far as is known; 0: not known."""
    early_end: int = 0
    """The step at which the run ends before its limits, since its validations got no better; 0: they do."""
    warm_from: int = 0
    """The step from which the learning rate warms up: 0, or the one at which the limits were changed."""
    limits: list[float] = field(default_factory=list)
    """max_steps, max_epochs and time_limit that planned_steps follows from."""
    batch_tokens: int = 0
    """That ``batch`` counts in; 0: not known."""
    accumulate: int = 0
    """Batches a step until now; 0: not known."""
    highest_rate: float = 0.0
    """The setting ``learning_rate`` until now; 0: not known."""
    corpus: str = ""
    """The fingerprint of the encoded pairs."""
    setbacks: int = 0
    """How often the loss was NaN or infinite and the run went back to a checkpoint."""
    parts: int = 1
    """Parts in which each batch is computed, since the memory did not suffice for the whole."""
    guided_to: int = 0
    """The last step in which a head was taught where to look; 0: none was."""
    guide_ended: bool = False
    """Whether the share of the run in which it is taught is over."""
    taught_before: dict[str, Any] = field(default_factory=dict)
    """The entry ``taught`` of the card of the model that the run began with."""


@brief
@dataclass
class State:
    """The weights, their average, the optimisers and the progress of a run. The random state is torch's own, of each
    process."""

    model: Transformer
    average: Average
    averaged: Transformer
    """The model with the averaged weights: they share their memory with ``average``."""
    optimizers: list[torch.optim.Optimizer]
    progress: RunProgress = field(default_factory=RunProgress)

    @classmethod
    def new(cls, model: ModelConfig, training: TrainingConfig, device: torch.device) -> "State":
        """The first moment of a run: it depends on the settings and the seed only."""
        torch.manual_seed(training.seed)
        transformer = Transformer(model).to(device)
        average = Average(transformer, training.average_decay)
        averaged = Transformer(model).to(device).eval()
        for parameter, weight in zip(averaged.parameters(), average.weights, strict=True):
            parameter.data = weight
            parameter.requires_grad_(False)
        return cls(transformer, average, averaged, optimizers_for(transformer, training))

    def move(self, rate: float) -> None:
        """Let the gradients move the weights, by a step of this learning rate, and forget them."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        self.forget_gradients()

    def forget_gradients(self) -> None:
        self.model.zero_grad(set_to_none=True)

    def save(
        self,
        run: Path,
        tokenizer: Tokenizer,
        card: dict[str, Any],
        *,
        keep: int,
        random: list[Tensor] | None = None,
    ) -> None:
        """Write ``checkpoints/step-N``; let ``best.json`` name the best one; remove what is neither that nor among the
        newest ``keep``. ``random``: each process's ``random_state``, where there are several."""
        folder = run / "checkpoints" / f"step-{self.progress.step:08d}"
        files = model_files(Saved(self.averaged, tokenizer, card))
        states = {f"random.{rank}": state for rank, state in enumerate(random or [random_state()])}
        files["training.safetensors"] = save(self.tensors() | states)
        files["training.json"] = json_bytes(asdict(self.progress))
        write_folder(folder, files, replace=True)  # the same step once more: its epoch has ended, or a limit was raised
        self.name_best(run, keep)

    def name_best(self, run: Path, keep: int) -> None:
        """Let ``best.json`` name the best checkpoint; remove what is neither that nor among the newest ``keep``. To be
        called again where a run goes on: it may have been killed right before this."""
        folder = run / "checkpoints" / f"step-{self.progress.step:08d}"
        best = folder.with_name(f"step-{self.progress.best_step:08d}")
        facts = {"checkpoint": best.name, "bleu": self.progress.best_bleu, "loss": self.progress.best_loss}
        about = json_bytes(facts)
        if best.is_dir() and not holds(run / "best.json", about):
            replace_file(run / "best.json", about)
        remove_old(run, keep, {folder.name, best.name})

    def restore(self, checkpoint: Path) -> list[Tensor]:
        """Be again what ``save`` wrote, but for torch's random state: each process's is returned. Raises CheckpointError
        when the checkpoint is damaged or of another model."""
        files = read_folder(checkpoint, TRAINING_FILES)
        where = checkpoint / "training.safetensors"
        tensors = tensors_in(files["training.safetensors"], where)
        average = tensors_in(files["model.safetensors"], checkpoint / "model.safetensors")
        progress = progress_from(read_json(files["training.json"], checkpoint / "training.json"), checkpoint)
        random = [tensors.pop(name) for name in sorted(tensors, key=number_of) if name.startswith("random.")]
        weights = {name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")}
        check_shapes(shapes_of(tensors), shapes_of(self.tensors()), where)
        load_weights(self.averaged, average, checkpoint / "model.safetensors")
        load_weights(self.model, weights, where)
        for name, moment in self.moments().items():
            moment.copy_(tensors[name])
        self.progress = progress
        return random

    def tensors(self) -> dict[str, Tensor]:
        """Everything but the average and the random state, by name."""
        weights = {f"weights.{name}": tensor for name, tensor in self.model.state_dict().items()}
        return {name: tensor.detach().cpu() for name, tensor in (weights | self.moments()).items()}

    def moments(self) -> dict[str, Tensor]:
        """The optimisers' state for each weight, as ``adam.exp_avg.embedding.weight``."""
        return {
            f"{type(optimizer).__name__.lower()}.{moment}.{name}": tensor
            for optimizer in self.optimizers
            for name, parameter in self.model.named_parameters()
            for moment, tensor in optimizer.state.get(parameter, {}).items()
        }

    def everything(self) -> list[Tensor]:
        """The tensors themselves, in an order that is the same in each process: weights, average, moments."""
        return [*self.model.state_dict().values(), *self.average.weights, *self.moments().values()]

    def all_finite(self) -> bool:
        """Whether every weight is finite."""
        sums = torch.stack([parameter.detach().sum() for parameter in self.model.parameters()])
        return bool(sums.isfinite().all())


def random_state() -> Tensor:
    """torch's random state in this process, as bytes: the processor's, and its GPU's behind it."""
    parts = [torch.get_rng_state()]
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_rng_state())
    return torch.cat(parts)


def set_random_state(state: Tensor) -> None:
    """Set what ``random_state`` gave. A state from a machine without, or with, a GPU serves the processor alone."""
    size = torch.get_rng_state().numel()
    torch.set_rng_state(state[:size])
    if torch.cuda.is_available() and state.numel() > size:
        torch.cuda.set_rng_state(state[size:])


def share_random_states(processes: Processes, saved: list[Tensor], seeds: list[int]) -> None:
    """Set each process's random state: what the first has of it, or one that follows from ``seeds`` where it is new."""
    states = [torch.empty_like(random_state()) for _ in range(int(processes.from_first(len(saved))))]
    for state, found in zip(states, saved, strict=False):
        state[: len(found)] = found[: len(state)]
    processes.tensors_from_first(states)
    if processes.rank < len(states):
        set_random_state(states[processes.rank])
    else:
        torch.manual_seed(int(np.random.SeedSequence([*seeds, processes.rank]).generate_state(1)[0]))


def progress_from(values: dict[str, Any], checkpoint: Path) -> RunProgress:
    """Raises CheckpointError for what another version wrote."""
    fields = {name: type(value) for name, value in asdict(RunProgress()).items()}
    for name, value in values.items():
        kinds = (int, float) if fields.get(name) is float else (fields.get(name),)
        if name not in fields or type(value) not in kinds:
            raise CheckpointError(f"{checkpoint / 'training.json'}: unexpected {name} = {str(value)[:40]}: begin again")
    return RunProgress(**values)


def number_of(name: str) -> int:
    """``random.12`` → 12, so that the tenth does not stand before the second."""
    last = name.rpartition(".")[2]
    return int(last) if last.isdecimal() else 0


TRAINING_FILES = ("model.safetensors", "training.safetensors", "training.json")


def newest_checkpoint(run: Path, damaged: list[str] | None = None) -> Path | None:
    """The newest checkpoint that is whole. ``damaged`` gets a sentence for each that is passed over.

    Raises CheckpointError when there are some, and all are damaged.
    """
    found = checkpoints(run)
    for checkpoint in reversed(found):
        try:
            if not set(TRAINING_FILES) <= read_folder(inside(run, checkpoint)).keys():
                raise CheckpointError(f"{checkpoint} is incomplete")
        except CheckpointError as error:
            if damaged is not None:
                damaged.append(f"passed over {checkpoint.name}: {error}")
            continue
        return checkpoint
    if found:
        raise CheckpointError(f"every checkpoint in {run / 'checkpoints'} is damaged: begin again in another folder")
    return None


def holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def remove_old(run: Path, keep: int, wanted: set[str]) -> None:
    """Remove all checkpoints but the newest ``keep`` and the ``wanted`` ones; damaged ones may be newer than those."""
    for old in checkpoints(run)[: -max(keep, 1)]:
        if old.name not in wanted:
            remove(old)


def remove(checkpoint: Path) -> None:
    """Remove a checkpoint's folder, which at no moment is there in part."""
    # a half-removed folder must not look like a checkpoint
    gone = checkpoint.with_name(f"{UNFINISHED}{checkpoint.name}")
    checkpoint.rename(gone)
    shutil.rmtree(gone)


def remove_unfinished(run: Path) -> None:
    """Remove what a run left that was killed while it wrote; a checkpoint that it was about to replace is there again."""
    put_back(run / "checkpoints")
    remove_left(run / "checkpoints")
    remove_left(run)
