"""How fast does a GPU train, beside what a user would otherwise pick, and which share of its matrix rate is that?

    python benchmarks/gpu.py                                  # make bench-gpu: base and big, 8 minutes in all
    python benchmarks/gpu.py --device cpu --models tiny --seconds 5

A step is ``benchmarks/training_speed.py``'s: forward, loss with label smoothing 0.1, backward, the norm clipped to 1, fused
Adam; in bfloat16 by autocast, attention by the fused kernel where a toolkit has it. Ours keeps the averaged weights, too. A
turn is three steps with short, middling and long pairs of at most 16,384 padded tokens a side (big 8,192); counted are the
tokens that are no padding, of both sides.

The time is shared: first the matrix rate (the best of some products in bfloat16), then each contender in turn as it is,
then compiled (``torch.compile``). A contender has a process of its own and a time of its own: one that fails, or does not
end, is a row that says so, and the others go on. Each row is written as soon as it is measured.
"""

import argparse
import multiprocessing
import statistics
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import rows
import torch
import workload
from products import operations
from training_peers import PEERS, cross_entropy, marian, version

from glassformer.config import PRESETS, TrainingConfig
from glassformer.corpus.batches import Batch
from glassformer.training.metrics import Clock, Meter
from glassformer.training.processes import Processes
from glassformer.training.state import State
from glassformer.training.train import step

OURS, TORCH, HUGGING_FACE = CONTENDERS = ("glassformer", "nn.Transformer", "Hugging Face")
SECONDS = 480.0
TOKENS = {"cuda": {"big": 8192, "": 16384}, "cpu": {"": 512}}
"""Padded tokens a side, by device and preset."""
PRODUCTS = {"cuda": (4096, 8192, 16384), "cpu": (512, 1024)}
"""Sides of the square matrices that give the matrix rate."""
WARM_UP = 2
MOST_TURNS = 30
LEAST = 4.0
"""Seconds that a contender has at least."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--seconds", type=float, default=SECONDS, help="in all")
    parser.add_argument("--models", nargs="+", default=["base", "big"], choices=list(PRESETS))
    parser.add_argument("--contenders", nargs="+", default=CONTENDERS, choices=CONTENDERS)
    parser.add_argument("--no-compile", action="store_true", help="only as they are")
    wanted = parser.parse_args()
    if wanted.device == "cuda" and not torch.cuda.is_available():
        parser.exit(2, "no GPU is there: --device cpu --models tiny --seconds 5 tries the measurement itself\n")
    measure(wanted.device, wanted.seconds, wanted.models, wanted.contenders, [False, True][: 2 - wanted.no_compile])


def measure(device: str, seconds: float, models: list[str], contenders: list[str], ways: list[bool]) -> None:
    """Write a row for each model, contender and way."""
    end = time.monotonic() + seconds
    rate = in_a_process(matrix_rate, (device,), max(seconds / 8, 60.0))
    about = {
        "device": name_of(device),
        "matrix_Tflop_per_second": rate["Tflop_per_second"] if "why" not in rate else None,
    }
    queue = [(compiled, preset, name) for compiled in ways for preset in models for name in contenders]
    for number, (compiled, preset, name) in enumerate(queue):
        share = max((end - time.monotonic()) / (len(queue) - number), LEAST)
        tokens = TOKENS[device].get(preset, TOKENS[device][""])
        found = in_a_process(train, (device, name, preset, compiled, tokens, share), 2 * share + 30)
        row = {
            "model": preset,
            "contender": name,
            "compiled": compiled,
            "precision": "bfloat16",
            "batch": tokens,
            **about,
        }
        if "why" in found:
            row["not_measured"] = found["why"]
        else:
            row |= {"version": version(name), **found}
            if about["matrix_Tflop_per_second"]:
                row["share_of_matrix_rate"] = found["Tflop_per_second"] / about["matrix_Tflop_per_second"]
        rows.write("gpu", [row])


def in_a_process(function: Callable[..., dict[str, Any]], arguments: tuple[Any, ...], limit: float) -> dict[str, Any]:
    """What ``function`` gives in a process of its own; ``why`` where it gave nothing within ``limit`` seconds."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=told, args=(there, function, arguments), daemon=True)
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(limit) else {"why": f"not done after {limit:.0f} s"}
    except EOFError:
        return {"why": "its process died"}
    finally:
        process.kill()
        process.join()


def told(connection: Connection, function: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> None:
    try:
        connection.send(function(*arguments))
    except Exception as error:  # whatever a peer raises: the others go on
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        connection.send({"why": f"{why} ({last.name}, line {last.lineno})"})


def name_of(device: str) -> str:
    return torch.cuda.get_device_name(0) if device == "cuda" else rows.processor()


def wait(device: str) -> None:
    """Until the GPU has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def matrix_rate(device: str) -> dict[str, Any]:
    """The best rate of a product of two square matrices in bfloat16."""
    best = 0.0
    for side in PRODUCTS[device]:
        one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
        for _ in range(2):
            one @ other
        wait(device)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < 0.5:
            for _ in range(5):
                one @ other
            wait(device)
            count += 5
        best = max(best, 2 * side**3 * count / (time.perf_counter() - start) / 1e12)
    return {"Tflop_per_second": best}


def train(device: str, name: str, preset: str, compiled: bool, tokens: int, seconds: float) -> dict[str, Any]:
    """Whole turns for ``seconds``, at least one, after those that do not count."""
    start = time.monotonic()
    torch.manual_seed(1)
    batches = [batch_on(batch, device) for batch in workload.training_batches(tokens)]
    turn = (ours if name == OURS else peer(name))(device, preset, compiled, batches)
    for _ in range(WARM_UP):
        loss = turn()
        wait(device)
    warm = time.monotonic() - start
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    took: list[float] = []
    while not took or (len(took) < MOST_TURNS and time.monotonic() - start + took[-1] < seconds):
        begun = time.perf_counter()
        loss = turn()
        wait(device)
        took.append(time.perf_counter() - begun)
    config = workload.model_config(preset)
    counted = sum(batch.source_tokens + batch.tokens for batch in batches)
    median = statistics.median(took)
    return {
        "tokens_per_second": counted / median,
        "slowest": counted / max(took),
        "fastest": counted / min(took),
        "turns": len(took),
        "Tflop_per_second": sum(operations(config, batch) for batch in batches) / median / 1e12,
        "until_warm_s": round(warm, 1),
        "peak_GB": round(torch.cuda.max_memory_allocated() / 1e9, 2) if device == "cuda" else None,
        "loss": loss,
    }


def batch_on(batch: Batch, device: str) -> Batch:
    return Batch(
        batch.source_ids.to(device), batch.target_ids.to(device), batch.numbers, batch.source_tokens, batch.tokens
    )


def ours(device: str, preset: str, compiled: bool, batches: list[Batch]) -> Callable[[], float]:
    """Our own loop's step."""
    where, config = torch.device(device), TrainingConfig(precision="bfloat16", optimizer="adam")
    state = State.new(workload.model_config(preset), config, where)
    meter, alone = Meter(Clock(0.0)), Processes()
    if compiled:
        for part in ("encode", "decode"):
            setattr(state.model, part, torch.compile(getattr(state.model, part)))

    def turn() -> float:
        for batch in batches:
            meter.restart()
            step(state, [batch], batch.tokens, config, where, meter, alone)
        return float(meter.loss) / meter.wanted

    return turn


def peer(name: str) -> Callable[[str, str, bool, list[Batch]], Callable[[], float]]:
    """The same of a peer, whose model stands where ``training_peers`` puts it."""

    def made(device: str, preset: str, compiled: bool, batches: list[Batch]) -> Callable[[], float]:
        torch.set_default_device(device)  # also for what a peer's model makes while it computes
        config = workload.model_config(preset)
        model, loss_of = PEERS[name](config, "paper") if name != HUGGING_FACE else (marian(config, "sdpa"), None)
        model.to(device).train()
        if compiled:
            model.compile() if loss_of is None else setattr(model, "states", torch.compile(model.states))

        def hugging_face(batch: Batch) -> torch.Tensor:
            real = (batch.source_ids != config.pad_id).long()
            given, wanted = batch.target_ids[:, :-1], batch.target_ids[:, 1:]
            said = model(input_ids=batch.source_ids, attention_mask=real, decoder_input_ids=given, use_cache=False)
            return cross_entropy(said.logits, wanted, config.pad_id)

        return workload.peer_turn(model, loss_of or hugging_face, batches, device, bfloat16=True)

    return made


if __name__ == "__main__":
    main()
