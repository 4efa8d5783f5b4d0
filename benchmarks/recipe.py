"""What does each part of the recipe pay? Multi30k's 29,000 pairs, one change at a time, with equal budgets and seeds.

    python benchmarks/recipe.py --data ../shared/data/multi30k --variants recipe adam --seeds 1 2 --steps 1500

The budget is in padded tokens a side, --steps times 4,096, so that a variant with larger batches makes fewer steps; the
seconds stand in the row for those that make a step dearer. A run that was interrupted goes on; a row that is there is not
made again. Multi30k measures here, and trains nothing that ships.
"""

import argparse
import time
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any

import rows
import torch
from candidates import CANDIDATES

from glassformer.card import Card
from glassformer.config import DataConfig, DecodingConfig, TrainingConfig
from glassformer.corpus.prepare import Data, prepare
from glassformer.runs.recipe import TRAINING, recipe
from glassformer.scores import bleu, chrf, papers_bleu
from glassformer.text.lines import read_lines
from glassformer.training.train import train
from glassformer.translator import Translator

TOKENS = 4096
"""What --steps is counted in, a side."""

VARIANTS: dict[str, dict[str, Any]] = {
    # name: changes to the recipe, as "model.x", "training.x", "data.augmentation", "vocabulary", "lower_case": all text, or
    # "outside": a candidate that the house does not have
    "recipe": {},
    "adam": {"training.optimizer": "adam"},
    "falls-from-the-start": {"training.decay_share": 1.0},
    "falls-in-the-last-half": {"training.decay_share": 0.5},
    "adam-falls-from-the-start": {"training.optimizer": "adam", "training.decay_share": 1.0},
    "paper-schedule": {"training.schedule": "paper"},
    "no-sampling": {"training.subword_sampling": 0.0},
    "sampling-from-the-start": {"training.subword_sampling_after": 0},
    "sampling-0.3-from-the-start": {"training.subword_sampling": 0.3, "training.subword_sampling_after": 0},
    "random-embeddings": {"training.first_embeddings": "random"},
    "rate-2e-3": {"training.learning_rate": 2e-3},
    "rate-7e-3": {"training.learning_rate": 7e-3},
    "batch-4096": {"training.batch_tokens": 4096, "training.learning_rate": 5e-3},
    "vocabulary-1000": {"vocabulary": 1000},
    "vocabulary-2000": {"vocabulary": 2000},
    "vocabulary-4000": {"vocabulary": 4000},
    "vocabulary-10000": {"vocabulary": 10000},
    "norm-post": {"model.norm": "post"},
    "dropout-0.2": {"model.dropout": 0.2},
    "dropout-0.4": {"model.dropout": 0.4},
    "growing-dropout": {"model.dropout": 0.3, "training.first_dropout": 0.1, "training.dropout_epochs": 40},
    "growing-dropout-from-0": {"model.dropout": 0.3, "training.first_dropout": 0.0, "training.dropout_epochs": 40},
    "no-average": {"training.average_decay": 0.0},
    "no-smoothing": {"training.label_smoothing": 0.0},
    "smoothing-0.2": {"training.label_smoothing": 0.2},
    "encoder-6-decoder-1": {"model.encoder_layers": 6, "model.decoder_layers": 1},
    "encoder-12-decoder-1": {"model.encoder_layers": 12, "model.decoder_layers": 1},
    "r-drop-1": {"training.r_drop": 1.0},
    "r-drop-5": {"training.r_drop": 5.0},
    "small-model": {
        "model.d_model": 256,
        "model.heads": 8,
        "model.d_ff": 1024,
        "model.encoder_layers": 3,
        "model.decoder_layers": 3,
        "training.learning_rate": 2e-3,
    },
    "augmentation-0.25": {"data.augmentation": 0.25},
    "lower-case": {"lower_case": True},
    "qk-norm": {"outside": "qk-norm"},
    "qk-norm-no-sampling": {"outside": "qk-norm", "training.subword_sampling": 0.0},
    "untied": {"outside": "untied"},
    "cutoff": {"outside": "cutoff", "training.r_drop": 1.0},
    "schedule-free": {"outside": "schedule-free", "training.decay_share": 0.001},
}
"""Rows of other names are of the recipe as it was at their commit."""

TIMES = {"r-drop-1": 2, "r-drop-5": 2, "cutoff": 2, "small-model": 3}
"""So many times as long as one of the recipe does a step take: with that part of its --steps a variant has equal time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="a folder with train, valid and test of both languages"
    )
    parser.add_argument("--target", default="de")
    parser.add_argument("--variants", nargs="+", default=["recipe"], choices=VARIANTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--runs", type=Path, default=Path("runs/recipe"))
    parser.add_argument("--threads", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    for seed in wanted.seeds:
        for name in wanted.variants:
            if not measured(name, seed, wanted.steps, wanted.target):
                outside = CANDIDATES.get(VARIANTS[name].get("outside", ""), nullcontext)
                with outside():
                    row = measure(name, seed, wanted)
                rows.write("recipe", [row])


def measured(name: str, seed: int, steps: int, target: str) -> bool:
    key = (name, seed, steps, target)
    return any((row["variant"], row["seed"], row["steps_budget"], row["target"]) == key for row in rows.read("recipe"))


def measure(name: str, seed: int, wanted: argparse.Namespace) -> dict[str, Any]:
    changes = {key: value for key, value in VARIANTS[name].items() if key != "outside"}
    vocabulary, augmentation = changes.pop("vocabulary", 0), changes.pop("data.augmentation", 0.0)
    folder = lower_cased(wanted.data, wanted.target, wanted.runs) if changes.pop("lower_case", False) else wanted.data
    model = {key.removeprefix("model."): value for key, value in changes.items() if key.startswith("model.")}
    training = {key.removeprefix("training."): value for key, value in changes.items() if key.startswith("training.")}
    batch = training.get("batch_tokens", TRAINING["tiny"]["batch_tokens"])
    steps = wanted.steps * TOKENS // batch
    training |= {"max_steps": steps, "time_limit": 0.0, "seed": seed, "patience": 0, "keep_checkpoints": 1}
    training |= {"validate_every": max(steps // 5, 1)}
    data = corpus(folder, wanted.target, vocabulary, augmentation, wanted.runs, training)
    run = wanted.runs / f"{wanted.target}-{name}-{wanted.steps}-{seed}"
    chosen = recipe(len(data.pairs), len(data.tokenizer), model=model, training=training)
    outcome = train(run, data, chosen, card=Card(languages=f"en-{wanted.target}"))
    translator = Translator.load(run)
    sources, references = (list(read_lines(folder / f"test.{side}")) for side in ("en", wanted.target))
    begun = time.monotonic()
    found = translator.translate(sources, config=DecodingConfig(beam_size=5))
    scores = [bleu(found, references), chrf(found, references), papers_bleu(found, references, wanted.target)]
    keys = ("BLEU", "chrF2", "papers_BLEU")
    return {
        "variant": name,
        "seed": seed,
        "target": wanted.target,
        "steps_budget": wanted.steps,
        "changes": VARIANTS[name],
        "steps": outcome.step,
        "epochs": outcome.epoch,
        "seconds": round(outcome.seconds),
        "weights": sum(parameter.numel() for parameter in translator.model.parameters()),
        "best_step": outcome.best_step,
        "valid_BLEU_greedy": round(outcome.best_bleu, 2),
        "valid_loss": round(outcome.best_loss, 4),
        **{key: round(score.value, 2) for key, score in zip(keys, scores, strict=True)},
        "beam": 5,
        "translating_seconds": round(time.monotonic() - begun, 1),
        "BLEU_signature": scores[0].signature,
        "papers_signature": scores[2].signature,
    }


def lower_cased(data: Path, target: str, runs: Path) -> Path:
    """The corpus in small letters, as the papers' usual preparation has it; its BLEU is then one of small letters as well."""
    folder = runs / f"{data.name}-lower-case"
    folder.mkdir(parents=True, exist_ok=True)
    for part, side in product(("train", "valid", "test"), ("en", target)):
        lines = [line.lower() for line in read_lines(data / f"{part}.{side}")]
        (folder / f"{part}.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def corpus(
    folder: Path, target: str, vocabulary: int, augmentation: float, runs: Path, training: dict[str, Any]
) -> Data:
    """Encoded once for each vocabulary and augmentation, and shared by all variants that have them."""
    config = DataConfig(
        source=[str(folder / "train.en")],
        target=[str(folder / f"train.{target}")],
        valid_source=str(folder / "valid.en"),
        valid_target=str(folder / f"valid.{target}"),
        augmentation=augmentation,
    )
    settings = TrainingConfig.from_dict(training)
    return prepare(
        runs / f"data-{folder.name}-{target}-{vocabulary}-{augmentation}", config, settings, vocabulary_size=vocabulary
    )


if __name__ == "__main__":
    main()
