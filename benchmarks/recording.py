"""What does looking cost? A plain forward pass against the same pass inside ``record(model)``, and the trace's bytes.

The model is the paper's base, with a vocabulary of 8000, 30 source and 30 target tokens and a batch of 1, in eager mode.
Three kinds of pass take turns, so that whatever else the machine does falls on all of them alike:

  plain      nobody looks: the probes return what they are given
  attached   the hooks hang already, a new trace is begun for each pass
  record     ``with record(model)``: hooks hung, pass, hooks taken off

Wanted: record / plain ≤ 1.5.
"""

import argparse
import gc
import statistics
import time
from pathlib import Path

import rows
import torch
from torch import Tensor

from glassformer.config import base
from glassformer.model import Transformer
from glassformer.trace import Trace, record

VOCABULARY, LENGTH, REPEATS, WARMUP = 8000, 30, 40, 5
TRACES_KEPT = 20


def milliseconds(values: list[float]) -> dict[str, float]:
    first, middle, third = statistics.quantiles(values, n=4)
    return {"median_ms": middle * 1e3, "quartiles_apart_ms": (third - first) * 1e3, "fastest_ms": min(values) * 1e3}


def timed(model: Transformer, source: Tensor, target: Tensor) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"plain": [], "attached": [], "record": []}
    for repeat in range(-WARMUP, REPEATS):
        start = time.perf_counter()
        model(source, target)
        plain = time.perf_counter() - start

        with record(model):
            start = time.perf_counter()
            model(source, target)
            attached = time.perf_counter() - start

        start = time.perf_counter()
        with record(model):
            model(source, target)
        recorded = time.perf_counter() - start

        if repeat >= 0:
            for kind, seconds in zip(times, (plain, attached, recorded), strict=True):
                times[kind].append(seconds)
    return times


def bytes_named(trace: Trace) -> int:
    """The sum of all windows, as if each had memory of its own."""
    return sum(window.tensor.nbytes for step in trace.steps for window in step.values())


def bytes_held(trace: Trace, model: Transformer) -> int:
    """The memory that the trace keeps alive: a storage that several windows share counts once, the model's does not."""
    of_model = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    of_model |= {stack.input.positional_encoding.table.untyped_storage().data_ptr() for stack in stacks(model)}
    storages = {}
    for step in trace.steps:
        for window in step.values():
            storage = window.tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(size for pointer, size in storages.items() if pointer not in of_model)


def stacks(model: Transformer) -> tuple[torch.nn.Module, torch.nn.Module]:
    return model.encoder, model.decoder


def resident() -> int:
    """The process's resident memory in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def bytes_grown(model: Transformer, source: Tensor, target: Tensor) -> float:
    """How much larger the process is for each trace that is kept, over several."""
    kept = []
    gc.collect()
    before = resident()
    for _ in range(TRACES_KEPT):
        with record(model) as trace:
            model(source, target)
        kept.append(trace)
    return (resident() - before) / len(kept)


@torch.inference_mode()
def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    torch.manual_seed(0)
    model = Transformer(base(VOCABULARY)).eval()
    source, target = torch.randint(4, VOCABULARY, (2, 1, LENGTH)).unbind(0)
    with record(model) as trace:
        model(source, target)
    grown = bytes_grown(model, source, target)
    times = timed(model, source, target)

    plain = statistics.median(times["plain"])
    setting = {"model": "base", "vocabulary": VOCABULARY, "length": LENGTH, "repeats": REPEATS}
    measured = [
        {**setting, "kind": kind, **milliseconds(values), "over_plain": statistics.median(values) / plain}
        for kind, values in times.items()
    ]
    memory = {
        "windows": len(trace),
        "sum_of_windows_MB": bytes_named(trace) / 1e6,
        "storages_held_MB": bytes_held(trace, model) / 1e6,
        "process_grown_MB": grown / 1e6,
    }
    measured[-1] |= memory
    rows.write("recording", measured)
    ratio = statistics.median(times["record"]) / plain
    print(f"record / plain = {ratio:.2f} (wanted ≤ 1.5): {'as wanted' if ratio <= 1.5 else 'TOO SLOW'}")


if __name__ == "__main__":
    main()
