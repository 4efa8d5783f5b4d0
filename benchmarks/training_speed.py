"""How many tokens a second does a whole training step take in, beside what a user would otherwise pick?

A step is zero_grad, forward, loss with label smoothing 0.1, backward, the gradient's norm clipped to 1, Adam. Ours is
``glassformer.training.train.step`` as ``glassformer train`` calls it, which also keeps the averaged weights. Every
peer gets PyTorch's fused Adam, though the trainers of OpenNMT-py and fairseq do not use it on a CPU. The products of all
are computed in bfloat16 (autocast, weights in float32) or in float32.

A turn is three steps for small, with batches of short, middling and long pairs of at most 4,096 padded tokens a side, and
one for base, with middling ones of 2,048. 8,000 words, random weights; counted are the tokens that are no padding. Everyone
computes the same batches, in a process of its own, in turns.

Dropout is 0.1, at the same places for all: the paper's (each sub-layer's output, and the sum of embeddings and
positions). nn.Transformer and OpenNMT-py also drop inside attention and after ReLU; ``--default-places`` lets them.

``products alone`` is the limit: the step's matrix products in the same type and nothing else.
"""

import argparse
import math
from collections.abc import Callable
from typing import Any

import rows
import torch
import workload
from products import operations, products_alone
from training_peers import PEERS, SAME_PLACES, version
from turns import Make, Turns, take_turns

from glassformer.config import TrainingConfig
from glassformer.training.allocator import keep_freed_memory
from glassformer.training.metrics import Clock, Meter
from glassformer.training.processes import Processes
from glassformer.training.state import State
from glassformer.training.train import step

WORK = {"base": (2048, 1), "big": (2048, 1)}
"""Padded tokens a side, and batches in a turn; of smaller models (4096, 3)."""
OURS, LIMIT = "glassformer", "products alone"


def ours(preset: str, dropout: float, precision: str, tokens: int, count: int = 3) -> Callable[[], float]:
    """Three steps of our own loop; the last loss a token is given back, so that nobody measures nonsense."""
    keep_freed_memory()
    config = TrainingConfig(precision=precision)
    batches = workload.training_batches(tokens, count)
    state = State.new(workload.model_config(preset, dropout=dropout), config, torch.device("cpu"))
    meter, alone = Meter(Clock(0.0)), Processes()

    def turn() -> float:
        for batch in batches:
            meter.restart()
            step(state, [batch], batch.tokens, config, torch.device("cpu"), meter, alone)
        return float(meter.loss) / meter.wanted

    return turn


def peer(
    name: str, places: str, preset: str, dropout: float, precision: str, tokens: int, count: int = 3
) -> Callable[[], float]:
    """The same of a peer."""
    torch.manual_seed(1)
    batches = workload.training_batches(tokens, count)
    model, loss_of = PEERS[name](workload.model_config(preset, dropout=dropout), places)
    model.train()
    return workload.peer_turn(model, loss_of, batches, "cpu", bfloat16=precision == "bfloat16")


def limit(preset: str, precision: str, tokens: int, count: int = 3) -> Callable[[], None]:
    dtype = getattr(torch, precision)
    return products_alone(workload.model_config(preset), workload.training_batches(tokens, count), dtype)


def contenders(arguments: argparse.Namespace, preset: str, precision: str, tokens: int, count: int) -> dict[str, Make]:
    setting = (preset, arguments.dropout, precision, tokens, count)
    found: dict[str, Make] = {OURS: (ours, setting)}
    for name in arguments.peers:
        found[name] = peer, (name, "paper", *setting)
        if arguments.default_places and name not in SAME_PLACES:
            found[f"{name}, its default places"] = peer, (name, "default", *setting)
    found[LIMIT] = limit, (preset, precision, tokens, count)
    return found


def measured(
    turns: Turns, preset: str, precision: str, tokens: int, count: int, dropout: float
) -> list[dict[str, Any]]:
    """A row for each contender. Ratios are of medians, to the best peer that drops at the same places."""
    config, batches = workload.model_config(preset), workload.training_batches(tokens, count)
    work = sum(batch.source_tokens + batch.tokens for batch in batches)
    counted = sum(operations(config, batch) for batch in batches)
    equals = [name for name in turns.seconds if name in PEERS]
    best = min((turns.median(name) for name in equals), default=math.nan)
    found = []
    for name, seconds in turns.seconds.items():
        row: dict[str, Any] = {"model": preset, "precision": precision, "dropout": dropout, "tokens": work}
        row |= {"batch": tokens, "batches": count, "contender": name, "version": version(name), **turns.row(name, work)}
        row["over_best_peer"] = best / turns.median(name)
        row["share_of_limit"] = turns.median(LIMIT) / turns.median(name) if LIMIT in turns.seconds else math.nan
        row["Gflop_per_second"] = counted / turns.median(name) / 1e9
        row["loss"] = turns.gave[name]
        found.append(row | {"seconds_a_turn": [round(second, 3) for second in seconds]})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["small", "base"], metavar="PRESET")
    parser.add_argument("--precisions", nargs="+", default=["bfloat16"], choices=["bfloat16", "float32"])
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=math.inf, help="no new round begins after so many")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--default-places", action="store_true", help="also with dropout where each peer has it")
    parser.add_argument("--batch-tokens", type=int, default=0, help="padded tokens a side; 0: 4096, base 2048")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for preset in arguments.models:
        for precision in arguments.precisions:
            tokens, count = WORK.get(preset, (4096, 3))
            tokens = arguments.batch_tokens or tokens
            turns = take_turns(
                contenders(arguments, preset, precision, tokens, count),
                rounds=arguments.rounds,
                threads=arguments.threads,
                seconds=arguments.seconds,
            )
            rows.write("training_speed", measured(turns, preset, precision, tokens, count, arguments.dropout))
            for name, why in turns.failed.items():
                print(f"not measured: {name}: {why}")


if __name__ == "__main__":
    main()
