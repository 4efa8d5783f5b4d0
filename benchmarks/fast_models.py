"""Does a deep encoder with a shallow decoder pay? Runs with the same data, vocabulary, settings and steps, the first of which is
what the others are measured against:

    python benchmarks/recipe.py --data ../shared/data/multi30k --variants recipe encoder-6-decoder-1 --steps 4600
    python benchmarks/fast_models.py --data ../shared/data/multi30k \\
        --runs runs/recipe/de-recipe-4600-1 runs/recipe/de-encoder-6-decoder-1-4600-1

And the model that ships beside a student of it (docs/recipe.md has the student's commands):

    python benchmarks/fast_models.py --data ../shared/data/tatoeba-en-de --runs src/glassformer/models/en-de runs/fast

Each one's test set is translated, text to text in CTranslate2's int8, taking turns.

Wanted: at equal BLEU, 2 × the sentences a second of the first; of the student greedily, 2 × the teacher's with beam 4, at
half a point less.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import rows

from glassformer.config import DecodingConfig
from glassformer.scores import bleu
from glassformer.text.lines import read_lines
from glassformer.translator import Translator

METHODS = {"greedy": DecodingConfig(method="greedy"), "beam 4": DecodingConfig()}


def measure(runs: list[Path], sources: list[str], references: list[str], repeats: int) -> list[dict[str, Any]]:
    """Sentences a second of each run's model and method, taking turns, and BLEU."""
    translators = {run.name: Translator.load(run, engine="ctranslate2") for run in runs}
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
            **about(name, translators[name]),
            "method": method,
            "BLEU": round(scores[name, method], 2),
            "sentences_per_s": statistics.median(values),
            "slowest": min(values),
            "fastest": max(values),
            "over_first": statistics.median(values) / statistics.median(speeds[runs[0].name, method]),
            "over_first_with_beam": statistics.median(values) / statistics.median(speeds[runs[0].name, "beam 4"]),
        }
        for (name, method), values in speeds.items()
    ]


def about(name: str, translator: Translator) -> dict[str, Any]:
    config = translator.model.config
    return {
        "run": name,
        "layers": [config.encoder_layers, config.decoder_layers],
        "d_model": config.d_model,
        "pieces": config.vocabulary_size,
        **{f"training_{key}": translator.card["training"][key] for key in ("step", "seconds")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with test in both languages")
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--languages", nargs=2, default=["en", "de"])
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    sources, references = (list(read_lines(wanted.data / f"test.{side}")) for side in wanted.languages)
    found = measure(wanted.runs, sources, references, wanted.repeats)
    rows.write("fast_models", [{"data": wanted.data.name, "engine": "ctranslate2 int8", **row} for row in found])
    for row in found:
        print(
            f"{row['run']}, {row['method']}: {row['BLEU']} BLEU, {row['over_first']:.2f} × {wanted.runs[0].name}, "
            f"{row['over_first_with_beam']:.2f} × its beam 4"
        )


if __name__ == "__main__":
    main()
