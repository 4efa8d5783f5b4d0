"""Everything that a run is at one moment, and its way to disk and back, bit for bit."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from glassformer.checkpoint import Saved, load_weights, model_files, tensors_in
from glassformer.config import ModelConfig, TrainingConfig
from glassformer.errors import CheckpointError
from glassformer.folders import UNFINISHED, json_bytes, model_folder, read_folder, read_json, replace_file, write_folder
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer
from glassformer.training.averaging import Average


@dataclass
class Progress:
    """Where a run is."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that have been used."""
    seconds: float = 0.0
    best_step: int = 0
    best_bleu: float = 0.0
    best_loss: float = 0.0
    validated_at: int = 0
    """The step of the last validation."""
    without_better: int = 0
    """Validations since the best one."""
    ended: str = ""
    """Why the run ended; empty while it can go on."""


@dataclass
class State:
    """The weights, their average, the optimiser and the progress of a run. The random state is torch's own."""

    model: Transformer
    average: Average
    averaged: Transformer
    """The model with the averaged weights: they share their memory with ``average``."""
    optimizer: torch.optim.Adam
    progress: Progress = field(default_factory=Progress)

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
        optimizer = torch.optim.Adam(
            transformer.parameters(),
            lr=training.learning_rate,
            betas=(training.beta_1, training.beta_2),
            eps=training.epsilon,
            fused=True,
        )
        return cls(transformer, average, averaged, optimizer)

    def save(self, run: Path, tokenizer: Tokenizer, card: dict[str, Any], *, best: bool, keep: int) -> None:
        """Write ``checkpoints/step-N``; point ``best.json`` to it; remove what is neither the best nor among the newest
        ``keep``."""
        folder = run / "checkpoints" / f"step-{self.progress.step:08d}"
        files = model_files(Saved(self.averaged, tokenizer, card))
        files["training.safetensors"] = save(self.tensors())
        files["training.json"] = json_bytes(asdict(self.progress))
        if folder.exists():  # the same step once more: a limit was raised after the run had ended there
            remove(folder)
        write_folder(folder, files)
        if best:
            about = {"checkpoint": folder.name, "bleu": self.progress.best_bleu, "loss": self.progress.best_loss}
            replace_file(run / "best.json", json_bytes(about))
        remove_old(run, keep)

    def restore(self, checkpoint: Path) -> None:
        """Be again what ``save`` wrote. Raises CheckpointError when the checkpoint is damaged or of another model."""
        files = read_folder(checkpoint, ["model.safetensors", "training.safetensors", "training.json"])
        where = checkpoint / "training.safetensors"
        tensors = tensors_in(files["training.safetensors"], where)
        average = tensors_in(files["model.safetensors"], checkpoint / "model.safetensors")
        load_weights(self.averaged, average, checkpoint / "model.safetensors")
        weights = {name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")}
        load_weights(self.model, weights, where)
        for name, parameter in self.model.named_parameters():
            self.optimizer.state[parameter] = {
                moment: tensors[f"adam.{moment}.{name}"].to(parameter.device) for moment in MOMENTS
            }
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
        self.progress = Progress(**read_json(files["training.json"], checkpoint / "training.json"))

    def tensors(self) -> dict[str, Tensor]:
        held = {f"weights.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for moment, tensor in self.optimizer.state.get(parameter, {}).items():
                held[f"adam.{moment}.{name}"] = tensor
        held["random.cpu"] = torch.get_rng_state()
        if torch.cuda.is_available():
            held["random.cuda"] = torch.cuda.get_rng_state()
        return {name: tensor.cpu() for name, tensor in held.items()}


MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def checkpoints(run: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first: an incomplete one never has this name."""
    return sorted((run / "checkpoints").glob("step-*"))


def newest_checkpoint(run: Path) -> Path | None:
    """The newest checkpoint that is whole. Raises CheckpointError when there are some, and all are damaged."""
    found = checkpoints(run)
    for checkpoint in reversed(found):
        try:
            read_folder(checkpoint, ["model.safetensors", "training.safetensors", "training.json"])
        except CheckpointError:
            continue
        return checkpoint
    if found:
        raise CheckpointError(f"every checkpoint in {run / 'checkpoints'} is damaged: begin again in another folder")
    return None


def shown_checkpoint(run: Path) -> Path | None:
    """What there is to look at in a run's folder: its newest checkpoint while it goes on, its best when it has ended.
    None where nothing is saved yet, or ``run`` is no run's folder."""
    found = checkpoints(run)
    if not found:
        return None
    try:
        ended = read_json((found[-1] / "training.json").read_bytes(), found[-1]).get("ended")
    except OSError:
        ended = "removed just now"
    best = run / "best.json"
    return model_folder(run) if ended and best.is_file() else found[-1]


def remove_old(run: Path, keep: int) -> None:
    best = json.loads((run / "best.json").read_bytes())["checkpoint"] if (run / "best.json").is_file() else ""
    for old in checkpoints(run)[: -max(keep, 1)]:
        if old.name != best:
            remove(old)


def remove(checkpoint: Path) -> None:
    # a half-removed folder must not look like a checkpoint
    gone = checkpoint.with_name(f"{UNFINISHED}{checkpoint.name}")
    checkpoint.rename(gone)
    shutil.rmtree(gone)


def remove_unfinished(run: Path) -> None:
    """Remove what a run left that was killed while it wrote."""
    for folder in (run / "checkpoints").glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder)
