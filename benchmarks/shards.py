"""Does every line come once, whoever is killed? ``translate --shards`` of many short lines, beside the uninterrupted run.

    python benchmarks/shards.py --source train.en --lines 1000000 --longest 20 --kills 20     # processes on one folder, SIGKILL
    python benchmarks/shards.py --source train.en --lines 100000 --ray          # two nodes on this machine, one is killed

  kills   two processes share the folder; one of the two, by chance, is killed now and then, and started again.
  ray     Ray's own cluster tool starts two nodes with a core each; one is killed when a third of the shards are there, and
          another one joins. The rate is from the first shard to the last, beside CTranslate2 itself (ids in, batches of 32).
          ``--drivers 3`` kills the driver three times as well, evenly over the shards, and starts the same command again;
          the rate is then from each driver's first shard to its last.

A file with fewer lines comes again from its beginning.

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
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import rows
from serving import offline

from glassformer.demo.first import first_sentences
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


def on_ray(source: Path, out: Path, lines: int, drivers: int = 0) -> dict[str, Any]:
    """Two nodes, one of which is killed, and the driver ``drivers`` times."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    words = command(source, out, "--ray", cluster.address)
    total = -(-lines // SHARD)
    ends = [total * (number + 1) // (drivers + 1) for number in range(drivers)]
    written: list[str] = []
    node_killed = killed = rated = 0
    seconds = 0.0
    while True:
        told: list[float] = []
        with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as driver:
            assert driver.stderr is not None
            for line in driver.stderr:
                if found := WRITTEN.search(line):
                    told.append(time.perf_counter())
                    written.append(found[1])
                elif not told:
                    print(line, end="", flush=True)
                if not node_killed and len(written) >= total / 3:
                    node_killed = len(written)
                    cluster.remove_node(second, allow_graceful=False)
                    cluster.add_node(num_cpus=1)
                if ends and len(written) >= ends[0]:
                    del ends[0]
                    killed += 1
                    driver.kill()
        if told:
            seconds, rated = seconds + told[-1] - told[0], rated + len(told) - 1
        if driver.returncode != -signal.SIGKILL:
            break
    cluster.shutdown()
    return {
        "returned": driver.returncode,
        "shards": len(set(written)),
        "written": len(written),
        "node_killed_after": node_killed,
        "drivers_killed": killed,
        "lines_per_s": round(rated * SHARD / seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="", help="a file of sentences, a line each; without it the package's own")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--longest", type=int, default=40, help="characters of the lines that are taken")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--drivers", type=int, default=0, help="with --ray: how often the driver is killed")
    parser.add_argument("--expected", default="", help="the hash of an uninterrupted run of the same, to save its time")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shards-"))
    try:
        own = () if options.source else (one.source for one in first_sentences(options.lines))
        every = read_lines(options.source) if options.source else own
        short = [line for line in every if 0 < len(line) <= options.longest]
        lines = list(islice(cycle(short), options.lines))
        source = folder / "lines.en"
        source.write_text("".join(f"{line}\n" for line in lines))
        expected, seconds = (options.expected, 0.0) if options.expected else uninterrupted(source, folder / "whole")
        print(expected, f"{seconds:.0f} s", flush=True)
        common = {
            "lines": len(lines),
            "different": len(set(lines)),
            "longest": options.longest,
            "file": Path(options.source).name or "demo",
            "load": round(os.getloadavg()[0], 1),
        }
        made = []
        if options.kills:
            every = max(seconds / 2 / options.kills, 1.0)
            found = killed(source, folder / "killed", options.kills, every)
            made.append({"what": "kills", **found, "same": digest(folder / "killed") == expected, **common})
        if options.ray:
            plain, _ = offline(lines[:2000], 10.0)
            found = on_ray(source, folder / "ray", len(lines), options.drivers)
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
