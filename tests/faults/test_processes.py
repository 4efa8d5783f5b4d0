"""More than one process: they learn what one learns, share the corpus, and one that is killed costs nothing."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch

from glassformer.corpus.batches import Batches
from glassformer.corpus.prepare import prepare
from glassformer.model_folder import checkpoints
from glassformer.training import train as loop
from glassformer.training.processes import Processes, joined, local_device
from tests.faults.conftest import Tried
from tests.faults.runs import FAST, SMALL, assert_same_bits, together, words_for
from tests.made_up import write_corpus

ROOT = Path(__file__).parents[2]
CHANGES = {
    "max_steps": 30, "average_decay": 0.99, "batch_tokens": 800, "learning_rate": 1e-3,
    "optimizer": "adam", "decay_share": 1.0, "subword_sampling": 0.0,
}  # fmt: skip
PLAIN = ("--set", "model.dropout=0.0")


def torchrun(*words: str | Path, inside: str = "") -> subprocess.Popen[str]:
    """``torchrun`` and its words, in a network namespace if one is named."""
    command = [sys.executable, "-m", "torch.distributed.run", *map(str, words)]
    if inside:
        command = ["ip", "netns", "exec", inside, *command]
    wire = {"GLOO_SOCKET_IFNAME": "wire"} if inside else {}
    environment = {
        **os.environ,
        **wire,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def end_of(process: subprocess.Popen[str], seconds: float = 90) -> str:
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        said = f"no end after {seconds} s: {error.stdout!r}"
    finally:
        for pid in [*children(process.pid), process.pid]:  # its workers have sessions of their own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    return said


def losses(run: Path) -> list[float]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["loss"] for row in rows if row["kind"] == "step"]


def speed(run: Path) -> float:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    speeds = sorted(row["tokens_per_second"] for row in rows if row["kind"] == "step")
    return speeds[len(speeds) // 2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processes")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def two(folder: Path) -> Path:
    """A run of two processes to which nothing happened."""
    return of_two(folder, folder / "two")


def of_two(folder: Path, run: Path, **changes: object) -> Path:
    said = together([*words_for(folder, run, **{**CHANGES, **changes}), *PLAIN], folder / "said.txt")
    assert said.count("going on at step") == 0
    assert said.count("2 processes; everything lies in") == 1, said  # one of them speaks
    return run


def alone(folder: Path, run: Path, monkeypatch: pytest.MonkeyPatch, parts: int = 1, **changes: object) -> Path:
    """The same run in this process."""
    from glassformer.config import DataConfig, ModelConfig, TrainingConfig
    from glassformer.config.recipe import Recipe

    training = TrainingConfig(**{**FAST, **CHANGES, **changes})
    corpus = DataConfig(source=[str(folder / "train.en")], target=[str(folder / "train.de")])
    data = prepare(run / "data", corpus, training, vocabulary_size=340)
    model = ModelConfig(vocabulary_size=len(data.tokenizer), **{**SMALL, "dropout": 0.0, "norm": "pre"})
    monkeypatch.setattr(loop, "LOG_EVERY", 1)
    if parts > 1:
        real = loop.Session.begin

        def begin(session: loop.Session) -> None:
            real(session)
            session.state.progress.parts = parts

        monkeypatch.setattr(loop.Session, "begin", begin)
    loop.train(run, data, Recipe(model, training, []))
    return run


def test_two_processes_learn_what_one_learns(
    folder: Path, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    one = alone(folder, tmp_path / "one", monkeypatch)
    there, here = losses(two), losses(one)
    assert len(there) == len(here) == 30
    most = max(abs(first - second) for first, second in zip(there, here, strict=True))
    assert there == pytest.approx(here, rel=1e-6)  # of nats a token; in float32 neighbours are up to 1.2e-7 apart
    what = (
        f"30 steps in float32: no loss differs by more than {most:.1e} from one process's with the same batches; "
        f"{speed(two):,.0f} tokens/s, and {speed(one):,.0f} in one process (a toy model; the machine's two cores not free)"
    )
    tried("Two processes instead of one", 1, "nothing", what)


def test_two_processes_are_one_that_divides_its_batches_bit_by_bit(
    folder: Path, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = alone(folder, tmp_path / "halves", monkeypatch, parts=2)
    assert_same_weights(two, halves)


def test_two_processes_with_muon(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    muon = {"optimizer": "muon", "max_steps": 10}
    two = of_two(folder, tmp_path / "two", **muon)
    assert_same_weights(two, alone(folder, tmp_path / "halves", monkeypatch, parts=2, **muon))


def assert_same_weights(one: Path, other: Path) -> None:
    from tests.faults.runs import final_weights

    first, second = final_weights(one), final_weights(other)
    for name in first:
        assert name.startswith("random.") or torch.equal(first[name], second[name]), name


@pytest.mark.parametrize(("count", "parts"), [(2, 1), (3, 2), (64, 1)])
def test_processes_share_each_batch_without_overlap_or_loss(folder: Path, two: Path, count: int, parts: int) -> None:
    from glassformer.corpus.encoded import EncodedPairs

    batches = Batches(EncodedPairs.open(two / "data" / "train"), batch_tokens=300, seed=3)
    for batch in islice(batches.epoch(0), 12):
        shares = [part for rank in range(count) for part in Processes(rank, count).share(batch, parts)]
        numbers = [number for share in shares for number in share.numbers.tolist()]
        assert sorted(numbers) == sorted(batch.numbers.tolist())
        assert sum(share.tokens for share in shares) == batch.tokens
        assert sum(share.source_tokens for share in shares) == batch.source_tokens
        for share in shares:
            for row, number in enumerate(share.numbers.tolist()):
                place = batch.numbers.tolist().index(number)
                width = share.target_ids.size(1)
                assert torch.equal(share.target_ids[row], batch.target_ids[place, :width])
                assert not batch.target_ids[place, width:].any()


def test_a_killed_process_ends_the_others_and_torchrun_begins_again(
    folder: Path, two: Path, tmp_path: Path, tried: Tried
) -> None:
    run = tmp_path / "run"
    words = words_for(folder, run, **CHANGES, validate_every=10)
    process = torchrun("--nproc-per-node", "2", "--max-restarts", "3", "-m", "glassformer", *words, *PLAIN)
    end = time.monotonic() + 90
    while not checkpoints(run) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    workers = children(process.pid)
    assert len(workers) == 2
    os.kill(workers[-1], signal.SIGKILL)
    said = end_of(process)
    assert process.returncode == 0, said
    assert "going on at step" in said
    assert "Traceback" not in said.split("going on at step")[-1]
    assert_same_bits(two, run)
    what = "the others end with a message or by torchrun, which starts them again; they go on from the last checkpoint"
    tried("One of two processes killed (SIGKILL)", 1, "nothing: the final weights are those of the run to which nothing "
          "happened, bit by bit", what)  # fmt: skip


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return sorted(int(number) for number in path.read_text().split()) if path.exists() else []


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """Two network namespaces, joined by a cable: two hosts as far as the network goes."""
    names = (f"glass-{os.getpid()}-a", f"glass-{os.getpid()}-b")
    wires = (f"ga{os.getpid()}", f"gb{os.getpid()}")
    steps = [["netns", "add", name] for name in names]
    steps.append(["link", "add", wires[0], "type", "veth", "peer", "name", wires[1]])
    for number, (name, wire) in enumerate(zip(names, wires, strict=True), start=1):
        inside = ["-n", name]
        steps += [["link", "set", wire, "netns", name, "name", "wire"], [*inside, "link", "set", "lo", "up"]]
        steps += [
            [*inside, "addr", "add", f"10.213.7.{number}/30", "dev", "wire"],
            [*inside, "link", "set", "wire", "up"],
        ]
    try:
        for words in steps:
            made = shutil.which("ip") and subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
            if not made or made.returncode:
                why = made.stderr.strip() if made else "there is no ip command"
                pytest.skip(f"two network namespaces cannot be made here: {why}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def test_two_hosts_find_each_other_and_learn_what_one_learns(
    folder: Path, two: Path, hosts: tuple[str, str], tmp_path: Path, tried: Tried
) -> None:
    """The second does not see the first one's folder: it reads the corpus itself, and gets the weights by the network."""
    started = []
    for number, host in enumerate(hosts):
        words = words_for(folder, tmp_path / f"run-{number}", **CHANGES)
        how = ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-id", "7"]
        how += ["--rdzv-endpoint", "10.213.7.1:29511", "--local-addr", f"10.213.7.{number + 1}"]
        how += ["--rdzv-conf", f"is_host={1 - number},join_timeout=60"]
        started.append(torchrun(*how, "-m", "glassformer", *words, *PLAIN, inside=host))
    said = [end_of(process) for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    written = [run for run in (tmp_path / "run-0", tmp_path / "run-1") if checkpoints(run)]
    assert len(written) == 1  # one writer
    assert_same_bits(two, written[0])
    tried("Two hosts (network namespaces joined by veth) that share no folder", 1, "nothing",
          "torchrun's own rendezvous; the final weights are those of two processes on one host, bit by bit")  # fmt: skip


def test_a_gpu_that_is_named_is_the_one_whose_random_state_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    for name in ("cuda:1", "cuda", "cpu"):
        with joined(torch.device(name)):
            pass
    assert chosen == [torch.device("cuda:1")]


def test_each_process_takes_a_gpu_of_its_own_unless_a_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    asked = ("", "cuda", "cuda:0", "cpu")
    assert [local_device(name) for name in asked] == ["cuda:1", "cuda:1", "cuda:0", "cpu"]
    monkeypatch.setenv("LOCAL_RANK", "2")  # more processes than GPUs: the first one's, as far as its memory reaches
    assert [local_device(name) for name in asked] == list(asked)
