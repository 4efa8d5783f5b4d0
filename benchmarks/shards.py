"""Does every line come once, whoever is killed? ``translate --shards`` of many short lines, beside the uninterrupted run.

    python benchmarks/shards.py --source train.en --lines 200000 --kills 20     # processes on one folder, SIGKILL
    python benchmarks/shards.py --source train.en --lines 100000 --ray          # two nodes on this machine, one is killed

  kills   two processes share the folder; one of the two, by chance, is killed now and then, and started again. With ``--ray`` a
          kill now and then is the driver's, too.
  ray     Ray's own cluster tool starts two nodes with a core each; one is killed when a third of the shards are there, and
          another one joins. The rate is from the first shard to the last, beside CTranslate2 itself (ids in, batches of 32).

Wanted: the output exactly the uninterrupted one, no shard written twice, on Ray ≥ 0.85 of CTranslate2's rate.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import rows
from serving import offline

from glassformer.text.lines import read_lines

SHARD = 200
"""Lines."""
WRITTEN = re.compile(r"(shard-\d+)\.txt \(")


def command(source: Path, out: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "glassformer", "translate", str(source), "--shards", "--out", str(out)),
        *("--beam", "1", "--shard-lines", str(SHARD), *more),
    ]  # fmt: skip


def digest(out: Path) -> str:
    (made,) = out.glob("*.translated.txt")
    return hashlib.sha256(made.read_bytes()).hexdigest()


def uninterrupted(source: Path, out: Path) -> tuple[str, float]:
    """The hash of its output, and its seconds."""
    begun = time.perf_counter()
    subprocess.run(command(source, out, "--threads", "1"), check=True, capture_output=True)
    return digest(out), time.perf_counter() - begun


def killed(source: Path, out: Path, kills: int, seconds: float, seed: int = 1) -> dict[str, Any]:
    """Two processes on one folder, of which one is killed every some ``seconds``; then until all is there."""
    chance, written, done = random.Random(seed), list[str](), 0
    logs = out.with_name("logs")
    logs.mkdir()

    def start(number: int) -> subprocess.Popen[bytes]:
        with (logs / f"{number}").open("wb") as log:
            return subprocess.Popen(command(source, out, "--threads", "1"), stderr=log, stdout=subprocess.DEVNULL)

    started = 2
    crew = [start(0)]
    while not (out / "manifest.json").exists():  # the first one plans
        time.sleep(0.1)
    crew.append(start(1))
    while any(one.poll() is None for one in crew):
        time.sleep(chance.uniform(0.5, 1.5) * seconds)
        if done < kills:
            place = chance.randrange(2)
            if crew[place].poll() is None:
                crew[place].send_signal(signal.SIGKILL)
                crew[place].wait()
                done += 1
            crew[place] = start(started)
            started += 1
    subprocess.run(command(source, out, "--threads", "1"), check=True, capture_output=True)  # joins, if nobody has
    for log in logs.iterdir():
        written += WRITTEN.findall(log.read_text())
    return {"kills": done, "shards": len(set(written)), "written": len(written)}


def on_ray(source: Path, out: Path, lines: int) -> dict[str, Any]:
    """Two nodes, one of which is killed."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    told: list[tuple[float, str]] = []
    words = command(source, out, "--ray", cluster.address)
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as driver:
        assert driver.stderr is not None
        total = killed_at = 0
        for line in driver.stderr:
            if found := WRITTEN.search(line):
                told.append((time.perf_counter(), found[1]))
                total = total or int(re.search(r"of ([\d,]+)\)", line)[1].replace(",", ""))  # type: ignore[index]
            elif not told:
                print(line, end="", flush=True)
            if not killed_at and total and len(told) >= total / 3:
                killed_at = len(told)
                cluster.remove_node(second, allow_graceful=False)
                cluster.add_node(num_cpus=1)
    cluster.shutdown()
    seconds = told[-1][0] - told[0][0]
    return {
        "returned": driver.returncode,
        "shards": len({name for _, name in told}),
        "written": len(told),
        "node_killed_after": killed_at,
        "lines_per_s": round(lines * (len(told) - 1) / len(told) / seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--longest", type=int, default=40, help="characters of the lines that are taken")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--expected", default="", help="the hash of an uninterrupted run of the same, to save its time")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        short = (line for line in read_lines(options.source) if 0 < len(line) <= options.longest)
        lines = list(islice(short, options.lines))
        source = folder / "lines.en"
        source.write_text("".join(f"{line}\n" for line in lines))
        expected, seconds = (options.expected, 0.0) if options.expected else uninterrupted(source, folder / "whole")
        print(expected, f"{seconds:.0f} s", flush=True)
        common = {"lines": len(lines), "file": Path(options.source).name, "load": round(os.getloadavg()[0], 1)}
        made = []
        if options.kills:
            every = max(seconds / 2 / options.kills, 1.0)
            found = killed(source, folder / "killed", options.kills, every)
            made.append({"what": "kills", **found, "same": digest(folder / "killed") == expected, **common})
        if options.ray:
            plain, _ = offline(lines[:2000], 10.0)
            found = on_ray(source, folder / "ray", len(lines))
            ratio = round(found["lines_per_s"] / plain, 3)
            same = digest(folder / "ray") == expected
            made.append(
                {"what": "ray", **found, "ctranslate2_per_s": round(plain, 1), "ratio": ratio, "same": same, **common}
            )
        rows.write("shards", made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
