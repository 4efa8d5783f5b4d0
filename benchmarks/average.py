"""What do averaged weights pay? A checkpoint has both: the average, which is the model, and the weights as the last step left them.

    python benchmarks/average.py --data ../shared/data/multi30k --runs runs/en-de-1 runs/en-de-2

Each run's newest checkpoint (or a checkpoint that is named itself) translates the test set with the one and with the
other; how high the rate was there stands in the row.
"""

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any

import rows
import torch

from glassformer.checkpoint import load_weights, tensors_in
from glassformer.config import DecodingConfig, TrainingConfig
from glassformer.scores import bleu, chrf, papers_bleu
from glassformer.text.lines import read_lines
from glassformer.translator import Translator


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with test in both languages")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="runs, or checkpoints of runs")
    parser.add_argument("--target", default="de")
    parser.add_argument("--threads", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    sources, references = (list(read_lines(wanted.data / f"test.{side}")) for side in ("en", wanted.target))
    for run in wanted.runs:
        checkpoint = max((run / "checkpoints").iterdir()) if (run / "checkpoints").is_dir() else run
        for weights in ("averaged", "as the last step left them"):
            row = measure(checkpoint, weights == "averaged", sources, references, wanted.target)
            rows.write("average", [{"weights": weights, "target": wanted.target, **row}])


def measure(checkpoint: Path, averaged: bool, sources: list[str], references: list[str], target: str) -> dict[str, Any]:
    translator = Translator.load(checkpoint)
    if not averaged:
        path = checkpoint / "training.safetensors"
        tensors = tensors_in(path.read_bytes(), path)
        last = {name.removeprefix("weights."): t for name, t in tensors.items() if name.startswith("weights.")}
        load_weights(translator.model, last, path)
    found = translator.translate(sources, config=DecodingConfig(beam_size=5))
    scores = [bleu(found, references), chrf(found, references), papers_bleu(found, references, target)]
    return {
        "run": checkpoint.parent.parent.name,
        **last_step(checkpoint),
        **{key: round(score.value, 2) for key, score in zip(("BLEU", "chrF2", "papers_BLEU"), scores, strict=True)},
        "beam": 5,
        "BLEU_signature": scores[0].signature,
        "papers_signature": scores[2].signature,
    }


def last_step(checkpoint: Path) -> dict[str, Any]:
    """The step, the seed and the rate that the run had there."""
    run = checkpoint.parent.parent
    with (run / "metrics.jsonl").open(
        encoding="utf-8"
    ) as file:  # its sentences may hold U+2028, where splitlines would cut
        lines = [json.loads(line) for line in file]
    seed = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))["training"].get("seed", TrainingConfig.seed)
    step = int(checkpoint.name.removeprefix("step-"))
    rate = [line["learning_rate"] for line in lines if line["kind"] == "step" and line["step"] <= step][-1]
    return {"seed": seed, "step": step, "rate": rate}


if __name__ == "__main__":
    main()
