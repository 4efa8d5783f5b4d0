"""What is lost when the power goes? Runs are killed with SIGKILL at random moments, and must end with the same bits.

python benchmarks/kills.py --kills 20
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import rows

from glassformer.errors import CheckpointError
from glassformer.model_folder import checkpoints
from glassformer.training.state import newest_checkpoint
from tests.faults.runs import Started, assert_same_bits, finish, words_for
from tests.made_up import write_corpus


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    chance = random.Random(wanted.seed)
    killed = finished = unreadable = 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder)
        whole = folder / "whole"
        started = time.monotonic()
        finish(folder, whole, max_steps=wanted.steps)
        length = time.monotonic() - started
        while killed < wanted.kills:
            run = folder / f"broken-{finished}"
            while killed < wanted.kills:
                with Started(words_for(folder, run, max_steps=wanted.steps), folder / "said.txt") as process:
                    process.process.join(chance.uniform(0.05, 0.7) * length)
                    process.signal(signal.SIGKILL)
                    if process.ended() == 0:
                        break  # it came to its end before the kill
                killed += 1
                try:
                    newest_checkpoint(run)
                except CheckpointError:
                    unreadable += 1
            finish(folder, run, max_steps=wanted.steps)
            assert_same_bits(whole, run)
            finished += 1
            print(f"{killed} kills, {finished} runs finished, last checkpoint {checkpoints(run)[-1].name}", flush=True)
    rows.write(
        "kills",
        [
            {
                "kills": killed,
                "runs": finished,
                "final weights identical": finished,
                "unreadable checkpoints": unreadable,
                "steps": wanted.steps,
                "seed": wanted.seed,
                "seconds": round(time.monotonic() - begun),
            }
        ],
    )


if __name__ == "__main__":
    main()
