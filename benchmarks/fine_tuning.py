"""A small corpus on a trained model: what is gained in its domain, and what is lost outside?

    python benchmarks/fine_tuning.py --model en-de --domain ../shared/data/multi30k --general ../shared/data/tatoeba-en-de
    python benchmarks/fine_tuning.py --model translate-en_de-1_0.argosmodel …    # an imported one

The first pairs of the domain's training set go on from the model, each way in a run of its own; then both test sets are
translated. ``mixed`` adds general pairs, of which the model has seen all before.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import rows
import torch

from glassformer.config import DecodingConfig
from glassformer.scores import bleu
from glassformer.text.lines import read_lines
from glassformer.translator import Translator

WAYS: dict[str, list[str]] = {
    "rate 1e-4": ["--set", "training.learning_rate=1e-4"],
    "rate 3e-4": ["--set", "training.learning_rate=3e-4"],
    "rate 1e-3": ["--set", "training.learning_rate=1e-3"],
    "rate 1e-4, mixed": ["--set", "training.learning_rate=1e-4"],
    "rate 3e-4, mixed": ["--set", "training.learning_rate=3e-4"],
    "rate 3e-4, new vocabulary": ["--set", "training.learning_rate=3e-4", "--new-vocabulary"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-de")
    parser.add_argument(
        "--domain", type=Path, required=True, help="a folder with train, valid and test in both languages"
    )
    parser.add_argument(
        "--general", type=Path, required=True, help="the same, of the text that the model was trained on"
    )
    parser.add_argument("--target", default="de")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--sentences", type=int, default=500, help="of each test set")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ways", nargs="*", default=["as it was", *WAYS])
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, source, count in (("domain", wanted.domain, wanted.pairs), ("general", wanted.general, wanted.pairs)):
            for side in ("en", wanted.target):
                lines = islice(read_lines(source / f"train.{side}"), count)
                (folder / f"{name}.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for way in wanted.ways:
            began = time.perf_counter()
            model = wanted.model if way == "as it was" else tuned(folder, way, wanted)
            seconds = round(time.perf_counter() - began)
            found = {f"{name}_BLEU": score(model, data, wanted) for name, data in tests(wanted).items()}
            about = {"model": Path(wanted.model).name, "domain": wanted.domain.name, "general": wanted.general.name}
            sizes = {"pairs": wanted.pairs, "steps": wanted.steps, "test_sentences": wanted.sentences}
            rows.write("fine_tuning", [{**about, **sizes, "way": way, "seconds": seconds, **found}])


def tests(wanted: argparse.Namespace) -> dict[str, Path]:
    return {"domain": wanted.domain, "general": wanted.general}


def tuned(folder: Path, way: str, wanted: argparse.Namespace) -> str:
    """The folder of a run that went on from the model on the domain's pairs."""
    run = folder / way.replace(" ", "-").replace(",", "")
    sources = ["domain", *(["general"] if "mixed" in way else [])]
    sides = [
        word
        for name in sources
        for word in ("--source", str(folder / f"{name}.en"), "--target", str(folder / f"{name}.{wanted.target}"))
    ]
    settings = {
        "max_steps": wanted.steps,
        "validate_every": max(wanted.steps // 4, 1),
        "warmup_steps": wanted.steps // 10,
    }
    settings |= {"batch_tokens": 1024, "stop_on": "loss", "validation_sentences": 20}
    words = [word for name, value in settings.items() for word in ("--set", f"training.{name}={value}")]
    valid = [
        "--valid-source",
        str(wanted.domain / "valid.en"),
        "--valid-target",
        str(wanted.domain / f"valid.{wanted.target}"),
    ]
    command = [sys.executable, "-m", "glassformer", "train", *sides, *valid, "--start-from", wanted.model]
    command += ["--out", str(run), "--threads", str(wanted.threads), "--time-limit", "0", *words, *WAYS[way]]
    subprocess.run(command, check=True, capture_output=True)
    return str(run)


def score(model: str, data: Path, wanted: argparse.Namespace) -> float:
    """BLEU of greedy translations of the test set's first sentences."""
    sources, references = (
        list(islice(read_lines(data / f"test.{side}"), wanted.sentences)) for side in ("en", wanted.target)
    )
    translator = Translator.load(model, threads=wanted.threads)
    found = translator.translate(sources, config=DecodingConfig(method="greedy"))
    return round(bleu(found, references).value, 2)


if __name__ == "__main__":
    main()
