"""Where does a training step's time go? Every operation over 1 %, with its time against what the machine could do.

    python benchmarks/step_profile.py --models tiny small --threads 1

The step is our own loop's (``training_speed.py``), some batches long. PyTorch's profiler gives each operation its own time,
without what it calls. A product of matrices is compared with the rate of the same step's products alone
(``products.py``); everything else with the time in which its inputs and one output as large as the largest of them could be
read and written at the measured bandwidth. ``python`` is what no operation accounts for: the interpreter, and waiting.
"""

import argparse
import math
import time
from collections import defaultdict
from typing import Any

import rows
import torch
import workload
from products import operations, products_alone
from torch.profiler import ProfilerActivity, profile
from training_speed import WORK, ours

from glassformer.config import PRESETS

PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "mkldnn::_linear_pointwise")
BYTES = {"float32": 4, "bfloat16": 2}
"""Of a number in the step's precision, which all are taken to have: the profiler knows shapes and no types."""
COPIED = 64 * 2**20
LEAST = 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["tiny", "small"], choices=list(PRESETS))
    parser.add_argument("--precision", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch-tokens", type=int, default=0)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    for preset in wanted.models:
        tokens, count = WORK.get(preset, (4096, 3))
        found = shares(preset, wanted.precision, wanted.batch_tokens or tokens, count, wanted.turns)
        rows.write("step_profile", [{"model": preset, "precision": wanted.precision, **row} for row in found])


def shares(preset: str, precision: str, tokens: int, count: int, turns: int) -> list[dict[str, Any]]:
    """A row for each operation that takes more than LEAST of a step's time, the longest first."""
    rate, bandwidth = product_rate(preset, precision, tokens, count), bytes_a_second()
    turn = ours(preset, 0.1, precision, tokens, count)
    turn()
    turn()
    start = time.perf_counter()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True, with_flops=True) as profiler:
        for _ in range(turns):
            turn()
    whole = time.perf_counter() - start
    size = BYTES[precision]
    spent: dict[str, float] = defaultdict(float)
    could: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)
    for event in profiler.events():
        spent[event.name] += event.self_cpu_time_total / 1e6
        calls[event.name] += 1
        could[event.name] += event.flops / rate if event.name in PRODUCTS else bytes_of(event, size) / bandwidth
    found = []
    for name in sorted(spent, key=spent.__getitem__, reverse=True):
        if spent[name] > LEAST * whole:
            limit = could[name] / spent[name] if could[name] else math.nan
            found.append(row_of(name, spent[name], whole, turns, calls[name]) | {"share_of_its_limit": limit})
    rest = whole - sum(spent.values())
    return [*found, row_of("python", max(rest, 0.0), whole, turns, 0) | {"share_of_its_limit": math.nan}]


def row_of(name: str, seconds: float, whole: float, turns: int, calls: int) -> dict[str, Any]:
    return {
        "operation": name,
        "share": seconds / whole,
        "ms_a_turn": 1000 * seconds / turns,
        "calls_a_turn": calls / turns,
        "kind": "product" if name in PRODUCTS else "memory",
    }


def product_rate(preset: str, precision: str, tokens: int, count: int) -> float:
    """Multiplications and additions a second of the step's products alone."""
    config, batches = workload.model_config(preset), workload.training_batches(tokens, count)
    compute = products_alone(config, batches, getattr(torch, precision))
    compute()
    start = time.perf_counter()
    compute()
    return sum(operations(config, batch) for batch in batches) / (time.perf_counter() - start)


def bytes_a_second() -> float:
    """Read and written when a block larger than the caches is copied: the best of three."""
    source, target = torch.ones(COPIED // 4), torch.empty(COPIED // 4)
    best = math.inf
    for _ in range(4):
        start = time.perf_counter()
        target.copy_(source)
        best = min(best, time.perf_counter() - start)
    return 2 * COPIED / best


def bytes_of(event: Any, size: int) -> float:
    """What an operation's inputs hold, and the largest of them once more for its output."""
    sizes = [
        math.prod(shape) * size
        for shape in event.input_shapes or []
        if shape and all(isinstance(side, int) for side in shape)
    ]
    return float(sum(sizes) + max(sizes, default=0))


if __name__ == "__main__":
    main()
