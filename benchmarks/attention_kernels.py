"""From which length on is fused attention quicker than the paper's, and does the model choose the quicker one?

16 … 8,192 tokens; 4,096 tokens in a batch as long as they fit (one sentence then), 4 heads of 64 or of 32. Kinds:

  padding  a matrix [batch, 1, 1, key], an eighth of the keys hidden (encoder, and the decoder on the encoder)
  causal   the word "causal" (decoder)
  step     one query a row and the word "causal": a token said with the keys of those before it (64 rows, fewer from 1,024 keys on; inference only)

``inference`` is a forward pass, ``training`` forward and backward, bfloat16 there under autocast as in a training step.
Paper's and fused take turns in one process; figures are medians of processor time on one thread (of wall time on more).
Wanted: what the model chooses is never slower than the better of the two by more than 10 %.
"""

import argparse
import importlib
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import rows
import torch
from torch import Tensor

from glassformer.config import ModelConfig
from glassformer.model.attention import Allowed, MultiHeadAttention, attention, fused_attention

HEADS, TOKENS, STEP_ROWS, STEP_TOKENS = 4, 4096, 64, 1 << 16
LENGTHS = [16, 25, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192]
FORMS = {"paper": attention, "fused": fused_attention}
SECONDS = 0.5
"""At least so long is each setting measured, and at least three times."""


def chosen(queries: Tensor, keys: Tensor) -> str:
    """What ``MultiHeadAttention`` takes for these when nobody looks: it is asked, with both forms exchanged for notes."""
    taken = []
    room = importlib.import_module("glassformer.model.attention")
    names = {"attention": "paper", "fused_attention": "fused"}
    kept = {name: getattr(room, name) for name in names}
    config = ModelConfig(vocabulary_size=4, d_model=HEADS * queries.size(3), heads=HEADS)
    x, memory = (torch.zeros(1, some.size(2), config.d_model, dtype=queries.dtype) for some in (queries, keys))
    try:
        for name, form in names.items():
            setattr(room, name, lambda q, *_, form=form: taken.append(form) or q)
        with torch.set_grad_enabled(queries.requires_grad):
            MultiHeadAttention(config).to(queries.dtype)(
                x, torch.ones(1, 1, 1, memory.size(1), dtype=torch.bool), memory
            )
    finally:
        for name, form in kept.items():
            setattr(room, name, form)
    return taken[0]


def inputs(kind: str, dtype: torch.dtype, length: int, d_k: int, *, training: bool) -> tuple[list[Tensor], Allowed]:
    """Queries, keys and values as they lie in memory in the model: cut out of one product, or taken from the cache."""
    if kind == "step":
        many = max(1, min(STEP_ROWS, STEP_TOKENS // length))
        step, cached = (torch.randn(many, HEADS, width, d_k).to(dtype) for width in (1, length))
        return [step, cached, cached.clone()], "causal"
    many = max(1, TOKENS // length)
    tensors = torch.randn(many, length, 3, HEADS, d_k).to(dtype).permute(2, 0, 3, 1, 4).unbind(0)
    allowed: Allowed = "causal"
    if kind == "padding":
        allowed = torch.ones(many, 1, 1, length, dtype=torch.bool)
        allowed[..., length - length // 8 :] = False
    return [tensor.detach().requires_grad_(training) for tensor in tensors], allowed


def call_of(form: str, tensors: list[Tensor], allowed: Allowed, *, training: bool) -> Callable[[], None]:
    upstream = torch.randn_like(tensors[0].detach())

    def call() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=training and tensors[0].dtype == torch.bfloat16):
            z = FORMS[form](*tensors, allowed)
        if training:
            torch.autograd.backward(z, upstream)
            for tensor in tensors:
                tensor.grad = None

    return call


def measure(kind: str, dtype: torch.dtype, length: int, d_k: int, *, training: bool) -> dict[str, Any]:
    tensors, allowed = inputs(kind, dtype, length, d_k, training=training)
    calls = {form: call_of(form, tensors, allowed, training=training) for form in FORMS}
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    times: dict[str, list[float]] = {form: [] for form in FORMS}
    with torch.inference_mode(not training):
        for call in calls.values():
            call()
        while len(times["fused"]) < 3 or (len(times["fused"]) < 200 and sum(map(sum, times.values())) < SECONDS):
            for form, call in calls.items():
                start = clock()
                call()
                times[form].append(clock() - start)
    medians = {form: statistics.median(values) for form, values in times.items()}
    taken = chosen(tensors[0], tensors[1])
    return {
        "for": "training" if training else "inference",
        "allowed": kind,
        "dtype": str(dtype).removeprefix("torch."),
        "d_k": d_k,
        "length": length,
        "rows": tensors[0].size(0),
        **{f"{form}_ms": seconds * 1e3 for form, seconds in medians.items()},
        "paper_over_fused": medians["paper"] / medians["fused"],
        "chosen": taken,
        "chosen_over_better": medians[taken] / min(medians.values()),
        "calls": len(times["fused"]),
    }


def settings(arguments: argparse.Namespace) -> Iterator[tuple[bool, str, torch.dtype, int]]:
    dtypes = [getattr(torch, name) for name in arguments.precisions]
    for what, kind, dtype, d_k in product(arguments.purposes, ("padding", "causal", "step"), dtypes, arguments.d_k):
        if not (what == "training" and kind == "step"):
            yield what == "training", kind, dtype, d_k


def crossover(curve: list[dict[str, Any]]) -> str:
    """The shortest length from which on the fused one is never the slower."""
    quicker = [
        row["length"] for row in curve if all(later["paper_over_fused"] >= 1 for later in curve[curve.index(row) :])
    ]
    return f"from {quicker[0]:,} tokens on" if quicker else "nowhere"


def verdict(curve: list[dict[str, Any]]) -> str:
    """In a line: where fused is quicker, and where the choice is worse than wanted."""
    setting = ", ".join(str(curve[0][key]) for key in ("for", "allowed", "dtype")) + f", heads of {curve[0]['d_k']}"
    slow = [
        f"{row['length']:,} ({row['chosen_over_better']:.2f} ×)" for row in curve if row["chosen_over_better"] > 1.1
    ]
    wrong = f"; THE CHOICE IS SLOW AT {', '.join(slow)}" if slow else ""
    return f"{setting}: fused is quicker {crossover(curve)}{wrong}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precisions", nargs="+", default=["float32", "bfloat16"], choices=["float32", "bfloat16"])
    parser.add_argument("--d-k", nargs="+", type=int, default=[64, 32])
    parser.add_argument("--purposes", nargs="+", default=["inference", "training"], choices=["inference", "training"])
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    verdicts = []
    for training, kind, dtype, d_k in settings(arguments):
        curve = [measure(kind, dtype, length, d_k, training=training) for length in arguments.lengths]
        rows.write("attention_kernels", curve)
        verdicts.append(verdict(curve))
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
