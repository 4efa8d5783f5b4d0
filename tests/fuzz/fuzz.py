"""Coverage-guided fuzzing of one door: ``python -m tests.fuzz.fuzz corpus 60`` looks for a minute (``make fuzz``: all).

What it finds that is new is kept, where it is small, in ``corpus/``, which every ``make test`` tries again.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT = Path(__file__).parent / "corpus"
LARGEST_KEPT = 200
"""Bytes."""
MOST_KEPT = 12
"""Files a door."""


def main() -> int:
    """Gives the fuzzer's exit status. It ends its process itself: what it found is looked through in this one."""
    name, seconds = sys.argv[1], sys.argv[2]
    kept = KEPT / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as found:
        words = [sys.executable, "-m", "tests.fuzz.fuzz", name, seconds, found]
        status = subprocess.run(words, check=False).returncode
        keep(Path(found), kept)
    return status


def fuzz(name: str, seconds: str, found: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["glassformer"]):
        from tests.fuzz.targets import TARGETS, room, seeds
    room()
    for number, seed in enumerate(seeds(name)):
        (found / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=30", "-max_len=65536"]
    folders = [str(found), str(KEPT / name)]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={KEPT / name}/", *folders], TARGETS[name])
    atheris.Fuzz()


def keep(found: Path, kept: Path) -> None:
    """The smallest of what was found, up to a number."""
    before = {path.read_bytes() for path in kept.iterdir()}
    small = [path for path in found.iterdir() if path.stat().st_size <= LARGEST_KEPT]
    for path in sorted(small, key=lambda path: path.stat().st_size):
        if len(before) < MOST_KEPT and path.read_bytes() not in before:
            before.add(path.read_bytes())
            shutil.copy(path, kept / path.name)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(main())
    fuzz(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
