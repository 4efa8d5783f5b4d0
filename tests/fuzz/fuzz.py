"""Coverage-guided fuzzing of one door: ``python -m tests.fuzz.fuzz corpus 60`` looks for a minute (``make fuzz``: all).

What it finds that is new is kept, where it is small, in ``corpus/``, which every ``make test`` tries again.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["glassformer"]):
    from tests.fuzz.targets import TARGETS, room, seeds

KEPT = Path(__file__).parent / "corpus"
LARGEST_KEPT = 200
"""Bytes."""
MOST_KEPT = 20
"""Files a door."""


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2]
    room()
    kept = KEPT / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as found:
        for number, seed in enumerate(seeds(name)):
            (Path(found) / f"seed-{number}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=30", "-max_len=65536"]
        words = [*options, f"-artifact_prefix={kept}/crash-", "-print_final_stats=1", found, str(kept)]
        atheris.Setup([sys.argv[0], *words], TARGETS[name])
        import atexit

        atexit.register(keep, Path(found), kept)
        atheris.Fuzz()


def keep(found: Path, kept: Path) -> None:
    """The smallest of what was found, up to a number."""
    before = {path.read_bytes() for path in kept.iterdir()}
    new = sorted(
        (path for path in found.iterdir() if path.stat().st_size <= LARGEST_KEPT), key=lambda p: p.stat().st_size
    )
    for path in new:
        if len(before) < MOST_KEPT and path.read_bytes() not in before:
            before.add(path.read_bytes())
            (kept / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
