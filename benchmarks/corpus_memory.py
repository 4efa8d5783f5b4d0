"""How much memory does a corpus take? Makes one up, trains a tokenizer, encodes it, and makes batches of it.

    python benchmarks/corpus_memory.py --pairs 10000000

Peak memory should hardly depend on the number of pairs: the aim is less than 1 GiB for 100 million. Appends one row to
``benchmarks/results/corpus_memory.jsonl``.
"""

import argparse
import json
import platform
import random
import resource
import subprocess
import tempfile
import time
from itertools import accumulate, islice
from pathlib import Path

import numpy
import sentencepiece
import torch

from glassformer.corpus.batches import Batches
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.read import CorpusReport, read_pairs
from glassformer.text.tokenizer import Tokenizer, vocabulary_size_for

HERE = Path(__file__).parent
LETTERS = "eeeeaaiionnrrsstttdhlumcgbfpkwvyäöüß"


def make_up(path: Path, lines: int, seed: int) -> None:
    """Lines of 1 to 20 words, 50,000 different ones, the n-th as often as 1/n says."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 10))) for _ in range(50_000)]
    weights = list(accumulate(1 / n for n in range(1, len(words) + 1)))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for first in range(0, lines, 1000):
            drawn = iter(chance.choices(words, cum_weights=weights, k=20_000))
            for _ in range(min(1000, lines - first)):
                file.write(" ".join(islice(drawn, chance.randint(1, 20))) + "\n")


def peak_mib() -> int:
    """The most memory that this process has held so far, mapped files included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if platform.system() == "Darwin" else 2**10))


def commit() -> str:
    answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else "none"


def measure(folder: Path, pairs: int, batch_tokens: int, most_batches: int) -> dict[str, object]:
    peaks, seconds = {"imports": peak_mib()}, {}

    def done(phase: str, started: float) -> None:
        seconds[phase], peaks[phase] = round(time.perf_counter() - started, 2), peak_mib()
        print(f"{phase:10} {seconds[phase]:9.2f} s, peak {peaks[phase]:,} MiB", flush=True)

    source, target = folder / "source.txt", folder / "target.txt"
    started = time.perf_counter()
    make_up(source, pairs, seed=1)
    make_up(target, pairs, seed=2)
    done("make up", started)

    started = time.perf_counter()
    sides = (side for pair in read_pairs(source, target) for side in pair)
    tokenizer = Tokenizer.train(sides, vocabulary_size=vocabulary_size_for(pairs))
    done("tokenizer", started)

    started = time.perf_counter()
    report = CorpusReport()
    rows = read_pairs(source, target, report=report)
    encoded = EncodedPairs.write(folder / "encoded", rows, tokenizer, max_tokens=256, report=report)
    done("encode", started)

    started = time.perf_counter()
    batches = Batches(encoded, batch_tokens=batch_tokens, seed=1)
    made = [batch.tokens for batch in islice(batches.epoch(0), most_batches)]
    done("batches", started)
    return {
        "pairs": len(encoded),
        "peak_mib": peak_mib(),
        "seconds": seconds,
        "peak_mib_after": peaks,
        "vocabulary": len(tokenizer),
        "tokens": encoded.tokens,
        "batch_tokens": batch_tokens,
        "batches": len(made),
        "batches_in_epoch": batches.batches_in_epoch(0),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--batch-tokens", type=int, default=16_384)
    parser.add_argument("--batches", type=int, default=2_000, help="how many batches of an epoch are made at most")
    parser.add_argument("--folder", type=Path, help="where the corpus is made up (about 150 bytes a pair)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        row = measure(Path(folder), options.pairs, options.batch_tokens, options.batches)
    row["commit"] = commit()
    row["versions"] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "sentencepiece": sentencepiece.__version__,
        "system": platform.platform(),
    }
    results = HERE / "results" / "corpus_memory.jsonl"
    results.parent.mkdir(exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row, indent=2))


if __name__ == "__main__":
    main()
