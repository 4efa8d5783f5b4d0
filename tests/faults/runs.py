"""Training runs in processes of their own, which tests and benchmarks may kill.

They are forked from a server that has imported torch already: an import costs seconds, and is not what is tested.
"""

import contextlib
import json
import multiprocessing
import os
import resource
import socket
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from glassformer.checkpoint import tensors_in
from glassformer.disk import read_folder
from glassformer.model_folder import checkpoints

SMALL = {"d_model": 32, "heads": 2, "d_ff": 64, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.1}
FAST = {
    "batch_tokens": 400, "learning_rate": 5e-3, "warmup_steps": 20, "validate_every": 10, "max_steps": 60, "held_out": 10,
    "precision": "float32", "average_decay": 0.9, "time_limit": 0.0, "patience": 0, "validation_sentences": 4,
    "subword_sampling": 0.2, "subword_sampling_after": 2, "first_embeddings": "corpus",
    "dropout_epochs": 3, "first_dropout": 0.0,
}  # fmt: skip
# torch._dynamo comes with the first optimizer, and takes three seconds of each process.
PRELOADED = [
    *("torch._dynamo", "glassformer.cli.app", "glassformer.cli.progress"),
    *("glassformer.training.train", "tests.faults.runs"),
]

server = multiprocessing.get_context("forkserver")
server.set_forkserver_preload(PRELOADED)


def words_for(folder: Path, run: Path, **changes: object) -> list[str]:
    """``glassformer train`` on the corpus that ``write_corpus`` left in ``folder``."""
    settings = [f"training.{name}={json.dumps(value)}" for name, value in {**FAST, **changes}.items()]
    settings += [f"model.{name}={value}" for name, value in SMALL.items()]
    words = ["train", "--threads", "1", "--out", str(run), "--vocabulary-size", "340"]
    words += ["--source", str(folder / "train.en"), "--target", str(folder / "train.de")]
    return words + [word for setting in settings for word in ("--set", setting)]


def command(words: list[str], said: Path, limits: dict[int, int], place: dict[str, str]) -> None:
    """In the new process: the command line, with what it says written to a file, and limits of the system. ``place``: its
    place among several processes, as torchrun tells it; then the loss of every step is written."""
    from glassformer.cli.app import main
    from glassformer.training import train

    if place:
        os.environ.update(place)
        train.LOG_EVERY = 1
    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    sys.argv = ["glassformer", *words]
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    torch.set_num_threads(1)
    try:
        main()
    finally:
        sys.stderr.flush()


class Started:
    """A command that runs."""

    def __init__(
        self,
        words: list[str],
        said: Path,
        limits: dict[int, int] | None = None,
        place: dict[str, str] | None = None,
    ) -> None:
        self.said_in = said
        self.process: BaseProcess = server.Process(target=command, args=(words, said, limits or {}, place or {}))
        self.process.start()

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join(30)

    @property
    def said(self) -> str:
        return self.said_in.read_text(encoding="utf-8") if self.said_in.exists() else ""

    def until(self, path: Path, seconds: float = 60) -> None:
        """Wait for a file, or for the end of the process."""
        end = time.monotonic() + seconds
        while not path.exists() and self.process.is_alive() and time.monotonic() < end:
            time.sleep(0.005)

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)

    def ended(self, seconds: float = 120) -> int:
        """Its exit status; minus the signal that killed it."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"still running after {seconds} s: {self.said}"
        return self.process.exitcode


def finish(folder: Path, run: Path, **changes: object) -> str:
    """Run the command to its end; gives what it said."""
    with Started(words_for(folder, run, **changes), folder / "said.txt") as started:
        assert started.ended() == 0, started.said
        return started.said


def together(words: list[str], said: Path, count: int = 2) -> str:
    """Run the command to its end in ``count`` processes, with the places that torchrun would give them; gives what they
    said. torchrun itself imports torch in each of them, which costs more than these runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    everybody: dict[str, object] = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "TORCHELASTIC_RUN_ID": "together"}
    everybody |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    with contextlib.ExitStack() as stack:
        started = []
        for rank in range(count):
            place = {name: str(value) for name, value in {**everybody, "RANK": rank, "LOCAL_RANK": rank}.items()}
            started.append(stack.enter_context(Started(words, said.with_suffix(f".{rank}"), place=place)))
        ends = [one.ended() for one in started]
        text = "".join(one.said for one in started)
    assert ends == [0] * count, text
    return text


def final_weights(run: Path) -> dict[str, torch.Tensor]:
    """The last checkpoint's weights, average, moments and random states."""
    newest = checkpoints(run)[-1]
    files = read_folder(newest, ["training.safetensors", "model.safetensors"])
    tensors = tensors_in(files["training.safetensors"], newest)
    return tensors | {f"average.{name}": t for name, t in tensors_in(files["model.safetensors"], newest).items()}


def assert_same_bits(one: Path, other: Path) -> None:
    first, second = final_weights(one), final_weights(other)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name
