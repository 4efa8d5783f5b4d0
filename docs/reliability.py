"""docs/reliability.md out of what the tests and benchmarks wrote down. ``docs/generate.py`` calls it."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def rows_of(name: str) -> list[dict[str, Any]]:
    path = RESULTS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def reliability_page(first_line: str) -> str:
    """The faults as a table, and the kills summed up."""
    faults = rows_of("reliability")
    rows = rows_of("kills")
    kills = [row for row in rows if row["steps"] == rows[-1]["steps"]]
    killed, runs = sum(row["kills"] for row in kills), sum(row["runs"] for row in kills)
    same = sum(row["final weights identical"] for row in kills)
    unreadable = sum(row["unreadable checkpoints"] for row in kills)
    lines = ["| what goes wrong | tried | lost | what happens |", "| --- | --- | --- | --- |"]
    lines.append(
        f"| SIGKILL, at random moments of {runs} short runs | {killed:,} | nothing: {same} of {runs} runs end with the bits "
        f"of one to which nothing happened; {unreadable} unreadable checkpoints | "
        "the same command goes on from the last checkpoint |"
    )
    for row in faults:
        cells = (str(row[name]).replace("|", "\\|") for name in ("fault", "tried", "lost", "what"))
        lines.append(f"| {' | '.join(cells)} |")
    table = "\n".join(lines)
    return f"""{first_line}

# Reliability

What goes wrong, how often it was tried, and what was lost. The tests in `tests/faults` and `tests/fuzz` write these rows
themselves: `make soak` tries everything at length and renews them, `make test` tries all of it in a short form,
`make fuzz` looks for bytes that nobody has thought of. The kills are `benchmarks/kills.py`.

{table}

## What is promised

- **A run is its settings, its corpus and its seed.** Interrupted anywhere and started again with the same command, on the
  same machine, with the same number of threads and processes and limits of steps or epochs, it ends with the same bits:
  in the middle of an epoch, with dropout, with subword sampling. Under a time limit the learning rate follows the clock:
  such a run goes on from its last checkpoint as exactly, but no two of them are alike to the bit. A run that had to
  compute its batches in smaller parts draws other dropout than one that had not.
- **A checkpoint is there or it is not.** It is written under another name, synced to the disk, and renamed. Each file's
  SHA-256 is in its manifest and is checked before it is used; the last good one is used, and the note says why.
- **No NaN and no infinite weight is saved.** Losses and weights are looked at before each checkpoint.
- **More processes change nothing but the time.** Each batch is divided among them; their gradients are added up.
- **The page answers one question at a time.** Eight others wait, for at most 30 seconds; whoever comes then is told to
  come again (429, Retry-After). An answer may take 30 seconds of the model's time, and ends at the next layer when its
  client has left. A body comes within 10 seconds and is at most 64 KiB.

## What is not

- What is lost when a disk lies about having written: nothing here can know.
- A machine that has no memory left may kill the process outright (Linux's OOM killer): that is a SIGKILL, see above.
- Bits across machines, threads, or versions of PyTorch: sums of floats depend on their order.
"""
