"""How much memory and time does one attention take, as the sentence grows: the paper's way against the fused one?

4 heads of 64, batch 1, float32, 128 … 8192 tokens; queries, keys and values of the same length. Three kinds of ``allowed``:

  padding   [1, 1, 1, key]: who may be looked at is the same for each query (the encoder)
  causal    the word "causal": no later token (the decoder). The fused kernel needs no matrix for it.
  matrix    [1, 1, query, key]: the same as a matrix, as any other would be. It alone is length² bytes.

Each row comes from a process of its own: its peak of resident memory (ru_maxrss) over the peak before the first call, with
inputs and ``allowed`` already there, and the median time of a few calls. ``grows`` is the exponent between the last two
lengths: 1 is linear, 2 is quadratic.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import rows
import torch
from torch import Tensor

from glassformer.model.attention import attention, fused_attention

HEADS, D_K = 4, 64
LENGTHS = [128, 256, 512, 1024, 2048, 4096, 8192]
KINDS = ["padding", "causal", "matrix"]
FORMS = {"paper": attention, "fused": fused_attention}


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux gives KiB


@torch.inference_mode()
def measure(form: str, kind: str, length: int) -> dict[str, Any]:
    """In a fresh process: the memory of the first call, then the time of some more."""
    call = FORMS[form]
    small = torch.randn(1, HEADS, 16, D_K)
    call(small, small, small, torch.ones(1, 1, 1, 16, dtype=torch.bool))  # libraries load, threads start
    q, k, v = torch.randn(3, 1, HEADS, length, D_K).unbind(0)
    allowed: Tensor | str = "causal"
    if kind == "matrix":
        allowed = torch.ones(length, length, dtype=torch.bool).tril_()[None, None]
    elif kind == "padding":
        allowed = torch.ones(1, 1, 1, length, dtype=torch.bool)
    before = peak()
    call(q, k, v, allowed)
    grown = peak() - before
    times = []
    while len(times) < 2 or (len(times) < 50 and sum(times) < 1):
        start = time.perf_counter()
        call(q, k, v, allowed)
        times.append(time.perf_counter() - start)
    return {
        "allowed": kind,
        "form": form,
        "length": length,
        "peak_MB": grown / 1e6,
        "allowed_MB": 0 if isinstance(allowed, str) else allowed.nbytes / 1e6,
        "inputs_MB": 3 * q.nbytes / 1e6,
        "median_ms": statistics.median(times) * 1e3,
        "slowest_ms": max(times) * 1e3,
        "calls": len(times),
    }


def in_a_process(form: str, kind: str, length: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", form, kind, str(length)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=3, metavar=("FORM", "ALLOWED", "LENGTH"), help="a single row, as JSON")
    one = parser.parse_args().one
    if one:
        print(json.dumps(measure(one[0], one[1], int(one[2]))))
        return
    measured = []
    for kind in KINDS:
        curves = {form: [in_a_process(form, kind, length) for length in LENGTHS] for form in FORMS}
        for paper, fused in zip(*curves.values(), strict=True):
            fused["paper_over_fused_MB"] = paper["peak_MB"] / max(fused["peak_MB"], 0.01)
            fused["paper_over_fused_ms"] = paper["median_ms"] / fused["median_ms"]
        for curve in curves.values():
            curve[-1]["grows"] = math.log2(max(curve[-1]["peak_MB"], 0.01) / max(curve[-2]["peak_MB"], 0.01))
            measured += curve
    rows.write("attention_memory", measured)
    for row in measured:
        if "grows" in row:
            verdict = "linear" if row["grows"] < 1.3 else "MORE THAN LINEAR"
            print(f"{row['form']}, {row['allowed']}: memory grows with the length to the {row['grows']:.2f}: {verdict}")


if __name__ == "__main__":
    main()
