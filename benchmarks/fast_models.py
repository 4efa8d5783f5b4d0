"""Does a deep encoder with a shallow decoder pay? ``small`` (3 + 3 layers) beside ``fast`` (6 + 1) and 12 + 1.

    python benchmarks/fast_models.py --data ../shared/data/multi30k --runs runs/fast --max-steps 2500

The same data, vocabulary, settings and steps for each; then each one's test set, text to text in CTranslate2's int8, taking
turns. Interrupted, the same command goes on: training continues, and finished runs are not trained again.

Wanted: at equal BLEU, ``fast`` translates 2 × the sentences a second of ``small``.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import rows

from glassformer.config import DecodingConfig
from glassformer.text.corpus import read_lines
from glassformer.training.evaluation import bleu
from glassformer.translator import Translator

MODELS = {"small": (3, 3), "fast": (6, 1), "fast 12-1": (12, 1)}
SETTINGS = {
    "model.norm": "pre",
    "model.dropout": 0.3,
    "training.learning_rate": 0.002,
    "training.warmup_steps": 1000,
    "training.batch_tokens": 2048,
    "training.patience": 0,
}
METHODS = {"greedy": DecodingConfig(method="greedy"), "beam 4": DecodingConfig()}


def train(name: str, folder: Path, data: Path, languages: tuple[str, str], max_steps: int) -> float:
    """Train, or go on; gives the seconds that it took in all."""
    source, target = languages
    encoder, decoder = MODELS[name]
    changes = {**SETTINGS, "model.encoder_layers": encoder, "model.decoder_layers": decoder}
    words = [sys.executable, "-m", "glassformer", "train", "--out", str(folder), "--preset", "small", "--threads", "1"]
    words += ["--source", str(data / f"train.{source}"), "--target", str(data / f"train.{target}")]
    words += ["--valid-source", str(data / f"valid.{source}"), "--valid-target", str(data / f"valid.{target}")]
    words += ["--time-limit", "0", "--set", f"training.max_steps={max_steps}"]
    words += [word for key, value in changes.items() for word in ("--set", f"{key}={value}")]
    subprocess.run(words, check=True)
    return float(Translator.load(folder).card["training"]["seconds"])


def measure(folders: dict[str, Path], sources: list[str], references: list[str], repeats: int) -> list[dict[str, Any]]:
    """Sentences a second of each model and method, taking turns, and BLEU."""
    translators = {name: Translator.load(folder, engine="ctranslate2") for name, folder in folders.items()}
    speeds: dict[tuple[str, str], list[float]] = {}
    scores: dict[tuple[str, str], float] = {}
    for repeat in range(-1, repeats):
        for name, translator in translators.items():
            for method, config in METHODS.items():
                begun = time.perf_counter()
                translations = translator.translate(sources, config=config)
                if repeat >= 0:
                    speeds.setdefault((name, method), []).append(len(sources) / (time.perf_counter() - begun))
                scores[name, method] = bleu(translations, references).value
    return [
        {
            "model": name,
            "method": method,
            "BLEU": round(scores[name, method], 2),
            "sentences_per_s": statistics.median(values),
            "slowest": min(values),
            "fastest": max(values),
            "over_small": statistics.median(values) / statistics.median(speeds["small", method]),
        }
        for (name, method), values in speeds.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with train, valid and test in two languages")
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--languages", nargs=2, default=["en", "de"])
    parser.add_argument("--max-steps", type=int, default=2500)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--train-only", action="store_true")
    wanted = parser.parse_args()
    source, target = wanted.languages
    folders = {name: wanted.runs / name.replace(" ", "-") for name in wanted.models}
    seconds = {
        name: train(name, folder, wanted.data, (source, target), wanted.max_steps) for name, folder in folders.items()
    }
    if wanted.train_only:
        return
    sources, references = (list(read_lines(wanted.data / f"test.{side}")) for side in (source, target))
    found = measure(folders, sources, references, wanted.repeats)
    setting = {"data": wanted.data.name, "steps": wanted.max_steps, "engine": "ctranslate2 int8"}
    rows.write("fast_models", [{**setting, **row, "training_s": round(seconds[row["model"]])} for row in found])
    for row in found:
        print(
            f"{row['model']} / small, {row['method']} = {row['over_small']:.2f} (wanted 2 at equal BLEU: {row['BLEU']})"
        )


if __name__ == "__main__":
    main()
