"""Faults while a model is trained: whatever happens, the run ends with the bits of one to which nothing happened."""

import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from glassformer import disk as on_disk
from glassformer.checkpoint import load_model
from glassformer.config import DataConfig, ModelConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.prepare import Data, prepare
from glassformer.errors import CheckpointError, CorpusError, TrainingError
from glassformer.model_folder import checkpoints
from glassformer.runs.folder import only_run
from glassformer.training import state
from glassformer.training import train as loop
from glassformer.training.report import NullReporter, Outcome, Step
from glassformer.training.state import newest_checkpoint
from tests.faults.conftest import Tried
from tests.faults.runs import FAST, SMALL, Started, assert_same_bits, final_weights, finish, words_for
from tests.made_up import write_corpus

STEPS = 100
SAME = (
    "nothing: the final weights, moments and random states are those of the run to which nothing happened, bit by bit"
)


class Listener(NullReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.steps: list[Step] = []

    def noted(self, what: str) -> None:
        self.notes.append(what)

    def stepped(self, step: Step) -> None:
        self.steps.append(step)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, and ``whole``, a run to which nothing happened."""
    folder = tmp_path_factory.mktemp("runs")
    write_corpus(folder)
    finish(folder, folder / "whole", max_steps=STEPS)
    return folder


@pytest.fixture(scope="module")
def data(folder: Path) -> Data:
    return prepared(folder)


def prepared(folder: Path, name: str = "data") -> Data:
    corpus = DataConfig(source=[str(folder / "train.en")], target=[str(folder / "train.de")])
    return prepare(folder / name, corpus, TrainingConfig(held_out=10), vocabulary_size=340)


def train(data: Data, run: Path, listener: NullReporter | None = None, **changes: object) -> Outcome:
    """In this process, 40 steps."""
    stop_at = changes.pop("stop_at", 0)
    model = {**SMALL, **{name: changes.pop(name) for name in list(changes) if name in SMALL}}
    training = TrainingConfig(**{**FAST, "max_steps": 40, **changes})
    recipe = Recipe(ModelConfig(vocabulary_size=len(data.tokenizer), **model), training, [])
    asked = iter(range(1, 10**6))
    return loop.train(run, data, recipe, reporter=listener, stop=lambda: "enough" if next(asked) == stop_at else "")


@pytest.fixture(scope="module")
def undisturbed(data: Data, folder: Path) -> Path:
    train(data, folder / "undisturbed")
    return folder / "undisturbed"


# ---- a process that is killed, or asked to end ----


def test_killed_and_interrupted_at_random_moments(folder: Path, tried: Tried, long: bool) -> None:
    chance, run = random.Random(11), folder / "broken"
    kinds = {"SIGKILL": [signal.SIGKILL], "SIGTERM": [signal.SIGTERM], "SIGINT twice": [signal.SIGINT, signal.SIGINT]}
    order = ["SIGKILL", "SIGTERM", "SIGINT twice", "SIGKILL"] * (5 if long else 1)
    steps = STEPS * (5 if long else 1)
    whole = folder / "longer" if long else folder / "whole"
    if long:
        finish(folder, whole, max_steps=steps)
    hit = dict.fromkeys(kinds, 0)
    for kind in order:
        (run / "metrics.jsonl").unlink(missing_ok=True)
        with Started(words_for(folder, run, max_steps=steps), folder / "said.txt") as started:
            started.until(run / "metrics.jsonl")
            time.sleep(chance.uniform(0, 0.3))
            for number in kinds[kind]:
                started.signal(number)
                time.sleep(0.002)
            status = started.ended()
            if kind == "SIGTERM" and status == 0:
                assert "asked to end (SIGTERM)" in started.said
                assert "The same command goes on from here." in started.said or "as set by max_steps" in started.said
            assert "Traceback" not in started.said
        hit[kind] += 1
        newest_checkpoint(run)
    finish(folder, run, max_steps=steps)
    assert_same_bits(whole, run)
    assert all(path.name.startswith("step-") for path in (run / "checkpoints").iterdir())
    for kind, times in hit.items():
        saves = {"SIGTERM": "it saves and ends; ", "SIGINT twice": "it ends at once; "}.get(kind, "")
        tried(f"{kind}, at a random moment", times, SAME, f"{saves}the same command goes on from the last checkpoint")


# ---- the disk ----


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """``disk("size=2m")`` is a disk of its own; called again, the same one with other options."""
    where = tmp_path / "disk"
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        where.mkdir(exist_ok=True)
        words = ["mount", "-o", f"remount,{options}"] if mounted else ["mount", "-t", "tmpfs", "-o", options, "none"]
        if not shutil.which("mount") or subprocess.run([*words, where], capture_output=True, check=False).returncode:
            pytest.skip("a disk of its own cannot be mounted here: that takes root")
        mounted.append(where)
        return where

    yield mount
    if mounted:
        subprocess.run(["umount", "-l", where], check=True)


def test_a_disk_that_is_full(
    data: Data, undisturbed: Path, disk: Callable[[str], Path], tried: Tried, tmp_path: Path
) -> None:
    size = sum(path.stat().st_size for path in checkpoints(undisturbed)[-1].iterdir())
    run = disk(f"size={round(2.5 * size / 4096) * 4}k") / "run"
    with pytest.raises(TrainingError, match=r"No space left on device: a run needs its folder, and room in it"):
        train(data, run)
    assert [path.name for path in checkpoints(run)] == ["step-00000010", "step-00000020"]
    with pytest.raises(TrainingError, match="No space left"):
        train(data, run)
    disk("size=50m")
    train(data, run)
    assert_same_bits(undisturbed, run)
    tried("A full disk", 2, SAME, "one line says so; with room again the same command goes on from the last checkpoint")


@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_disk_that_is_full_at_any_file(
    at: int, data: Data, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    """As above where nothing can be mounted: the disk is full in the middle of the n-th file."""
    files, write = iter(range(1, 10**6)), on_disk.write_durably

    def full(path: Path, content: bytes) -> None:
        write(path, content)
        if next(files) == at:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(on_disk, "write_durably", full)
    with pytest.raises(TrainingError, match="No space left on device"):
        train(data, tmp_path / "run")
    train(data, tmp_path / "run")
    assert_same_bits(undisturbed, tmp_path / "run")


def test_a_disk_that_is_full_when_an_epochs_last_step_is_saved_again(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its validation saved that step, the epoch's end saves it once more: the first stays until the second is whole."""
    run, saves, write = tmp_path / "run", iter(range(1, 10)), state.write_folder
    steps = train(data, tmp_path / "whole", max_steps=0, max_epochs=1).step

    def full(folder: Path, files: dict[str, bytes], **how: bool) -> None:
        if next(saves) == 2:
            monkeypatch.setattr(on_disk, "write_durably", no_room)
        write(folder, files, **how)

    def no_room(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(state, "write_folder", full)
    one = {"max_steps": 0, "max_epochs": 1, "validate_every": steps, "keep_checkpoints": 1}
    with pytest.raises(TrainingError, match="No space left on device"):
        train(data, run, **one)
    monkeypatch.undo()
    assert load_model(run).card["training"]["step"] == steps
    train(data, run, **one)
    assert_same_bits(tmp_path / "whole", run)
    assert load_model(run).card["training"].keys() >= {"validation_bleu", "validation_loss"}


def test_a_kill_right_before_the_best_is_named(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the run's last save: the same command has nothing to train, and names it."""
    monkeypatch.setattr(state.State, "name_best", lambda *_: None)
    train(data, tmp_path / "run")
    assert not (tmp_path / "run" / "best.json").exists()
    monkeypatch.undo()
    outcome = train(data, tmp_path / "run")
    assert load_model(tmp_path / "run").card["training"]["step"] == outcome.best_step


def test_a_folder_that_is_read_only(tmp_path: Path, disk: Callable[[str], Path], tried: Tried) -> None:
    run = disk("ro,size=1m") / "run"
    refused = pytest.raises(
        TrainingError, match=r"run cannot be written \(Read-only file system\): name another folder"
    )
    with refused, only_run(run):
        pass
    tried("A read-only folder", 1, "nothing", "refused in one line, before the corpus is read")


def test_a_file_that_may_not_grow(folder: Path, tmp_path: Path) -> None:
    """RLIMIT_FSIZE: a quota, met while the checkpoint is written; the command line says it in one line."""
    said = folder / "said.txt"
    with Started(words_for(folder, tmp_path / "run"), said, {resource.RLIMIT_FSIZE: 100_000}) as started:
        assert started.ended() == 2
        assert "File too large" in started.said
        assert "Traceback" not in started.said
    assert not list((tmp_path / "run" / "checkpoints").glob("*"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lead_away(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES = {
    "a flipped bit": flip,
    "cut short": cut,
    "emptied": empty,
    "gone": Path.unlink,
    "a link to a device": lead_away,
}


def test_a_damaged_checkpoint_is_passed_over_and_said(
    data: Data, undisturbed: Path, tmp_path: Path, tried: Tried
) -> None:
    newest = checkpoints(undisturbed)[-1]
    names = [path.name for path in newest.iterdir()]
    for name in names:
        for damage in DAMAGES.values():
            run = tmp_path / "run"
            shutil.copytree(undisturbed, run)
            damage(run / "checkpoints" / newest.name / name)
            said: list[str] = []
            assert newest_checkpoint(run, said) == checkpoints(run)[-2]
            assert f"passed over {newest.name}: " in said[0]
            shutil.rmtree(run)
    shutil.copytree(undisturbed, run)
    flip(run / "checkpoints" / newest.name / "training.safetensors")
    listener = Listener()
    train(data, run, listener)
    assert "training.safetensors was altered or is damaged" in listener.notes[0]
    assert_same_bits(undisturbed, run)
    for path in checkpoints(run):
        flip(path / "training.json")
    with pytest.raises(CheckpointError, match="every checkpoint in"):
        train(data, run)
    what = f"{' , '.join(DAMAGES)} ".replace(" ,", ",").strip()
    tried(
        f"A checkpoint's file damaged: {what}",
        len(names) * len(DAMAGES),
        SAME,
        "the checkpoint before it is used, and the note says which file was damaged",
    )


def test_a_damaged_best_json_stops_nothing(data: Data, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    best = (run / "best.json").read_bytes()
    (run / "best.json").write_bytes(b"{}")
    again = train(data, run, max_steps=60, stop_at=1)
    assert (again.step, again.best_step) == (41, json.loads(best)["checkpoint"] == "step-00000040" and 40)
    assert (run / "best.json").read_bytes() == best  # mended by the first checkpoint after it
    assert train(data, run, max_steps=60).step == 60


def test_the_best_and_the_newest_stay_beside_damaged_ones(data: Data, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    (run / "checkpoints" / "step-00000040" / "model.safetensors").write_bytes(b"damaged")
    train(data, run, stop_at=3, keep_checkpoints=1)
    assert load_model(run).card["training"]["step"] == 30  # the best that is whole
    assert train(data, run, keep_checkpoints=1, max_steps=33).step == 33


# ---- the corpus ----


def test_a_corpus_that_changes_afterwards_is_said(tmp_path: Path, tried: Tried) -> None:
    write_corpus(tmp_path)
    first = prepared(tmp_path)
    os.utime(tmp_path / "train.en", (0, 0))
    assert not prepared(tmp_path).notes  # touched, or copied from elsewhere: what it holds is the same
    with (tmp_path / "train.en").open("a", encoding="utf-8") as file:
        file.write("One more.\n")
    again = prepared(tmp_path)
    assert again.pairs.fingerprint == first.pairs.fingerprint
    assert "train.en has changed since this run read it: the run goes on with the pairs as they were" in again.notes[0]
    listener = Listener()
    train(again, tmp_path / "run", listener, max_steps=2)
    assert listener.notes == again.notes
    (tmp_path / "train.en").unlink()
    assert not prepared(tmp_path).notes  # not needed any more
    what = "said; the run goes on with the pairs that it has read and encoded"
    tried("The corpus changed between two sessions", 1, "nothing", what)


def test_a_corpus_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    write_corpus(tmp_path)

    def doing(what: str, done: int, total: int) -> None:
        if what.startswith("encoding"):
            for side in ("en", "de"):
                with (tmp_path / f"train.{side}").open("a", encoding="utf-8") as file:
                    file.write("One more.\n")

    corpus = DataConfig(source=[str(tmp_path / "train.en")], target=[str(tmp_path / "train.de")])
    with pytest.raises(CorpusError, match="changed while it was read: start again when nobody writes to it"):
        prepare(tmp_path / "data", corpus, TrainingConfig(held_out=10), vocabulary_size=340, doing=doing)
    assert len(prepare(tmp_path / "data", corpus, TrainingConfig(held_out=10), vocabulary_size=340).pairs) > 200
    tried("The corpus changed while it was read", 1, "nothing", "refused in one line; nothing is trained on half of it")


def test_damaged_encoded_pairs_are_found_and_made_again(
    data: Data, undisturbed: Path, tmp_path: Path, tried: Tried
) -> None:
    write_corpus(tmp_path)
    first = prepared(tmp_path)
    train(first, tmp_path / "run", max_steps=10)
    files = ["train/ids.bin", "train/starts.bin", "train/source_lengths.bin", "tokenizer.model", "validation.json"]
    files += ["train/pairs.json", "prepared.json"]
    for name in files:
        flip(tmp_path / "data" / name) if name.endswith(("bin", "model")) else cut(tmp_path / "data" / name)
        again = prepared(tmp_path)
        assert again.pairs.fingerprint == first.pairs.fingerprint, name
        assert again.validation == first.validation
        if name != "prepared.json":
            assert "is damaged: the corpus was read again" in again.notes[0]
    flip(tmp_path / "data" / "train" / "ids.bin")
    write_corpus(tmp_path, count=200)
    with pytest.raises(TrainingError, match="are not those that step-00000010 was trained on"):
        train(prepared(tmp_path), tmp_path / "run")
    what = "found before the first step; the corpus is read again, and refused where it is not the same any more"
    tried("The encoded corpus in the run's folder damaged", len(files), "nothing", what)


# ---- the numbers ----


class Poison:
    """In place of loss_of: its result is NaN at some steps."""

    def __init__(self, *calls: int) -> None:
        self.calls, self.count, self.real = calls, 0, loop.loss_of

    def __call__(self, model: object, *rest: object) -> object:
        self.count += 1
        loss = self.real(model, *rest)  # type: ignore[arg-type]
        return loss._replace(smoothed=loss.smoothed * float("nan")) if self.count in self.calls else loss


def test_a_loss_that_is_no_number(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried) -> None:
    monkeypatch.setattr(loop, "loss_of", Poison(27))
    listener = Listener()
    outcome = train(data, tmp_path / "run", listener)
    assert outcome.step == 40
    assert re_found(
        r"NaN or infinite at step 27 \(epoch \d, batch \d+: pairs .*\): back at step 20, with 0.5 ×", listener.notes
    )
    assert loop.learning_rate(loop.RunProgress(step=40, setbacks=1), TrainingConfig(**FAST)) == pytest.approx(
        loop.learning_rate(loop.RunProgress(step=40), TrainingConfig(**FAST)) / 2
    )
    monkeypatch.setattr(loop, "loss_of", Poison(*range(1, 100)))
    listener = Listener()
    with pytest.raises(
        TrainingError, match=r"NaN or infinite at step 1 .* after 2 returns to a checkpoint: lower learning_rate"
    ):
        train(data, tmp_path / "hopeless", listener)
    assert len(listener.notes) == 2
    run = tmp_path / "run"
    monkeypatch.undo()
    monkeypatch.setattr(loop, "loss_of", Poison(3))
    assert train(data, run, max_steps=60).step == 60  # not ended again by the limit before, with which it was saved
    what = "said, with the batch and its pairs; back to the last checkpoint with half the rate; the third time ends the run"
    tried("A loss that is NaN or infinite", 4, "the steps since the last checkpoint are made again", what)


def re_found(pattern: str, texts: list[str]) -> bool:
    import re

    return any(re.search(pattern, text) for text in texts)


@pytest.mark.parametrize("stop_at", [3, 10])
def test_a_loss_that_is_no_number_is_never_saved(
    stop_at: int, data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the run is interrupted at that very step, or validated."""
    monkeypatch.setattr(loop, "loss_of", Poison(stop_at))
    run, listener = tmp_path / "run", Listener()
    asked = iter(range(1, 100))
    recipe = Recipe(ModelConfig(vocabulary_size=len(data.tokenizer), **SMALL), TrainingConfig(**FAST), [])
    loop.train(run, data, recipe, reporter=listener, stop=lambda: "enough" if next(asked) == stop_at + 2 else "")
    assert len(listener.notes) == 1
    for name, tensor in final_weights(run).items():
        assert not tensor.is_floating_point() or bool(tensor.isfinite().all()), name


class Small:
    """In place of loss_of: a machine whose memory holds so many rows."""

    def __init__(self, rows: int) -> None:
        self.rows, self.real = rows, loop.loss_of

    def __call__(self, model: object, source_ids: torch.Tensor, *rest: object) -> object:
        if len(source_ids) > self.rows:
            raise torch.OutOfMemoryError("no memory")
        return self.real(model, source_ids, *rest)  # type: ignore[arg-type]


def test_memory_that_runs_out(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried) -> None:
    train(data, tmp_path / "whole", dropout=0.0, max_steps=10)
    monkeypatch.setattr(loop, "loss_of", Small(5))
    listener = Listener()
    train(data, tmp_path / "run", listener, dropout=0.0, max_steps=10)
    assert "memory ran out at step 1: from now on each batch is computed in 2 parts" in listener.notes[0]
    assert any("in 4 parts" in note for note in listener.notes)
    first, second = final_weights(tmp_path / "whole"), final_weights(tmp_path / "run")
    for name in first:
        if name.startswith("weights."):
            torch.testing.assert_close(first[name], second[name], rtol=1e-3, atol=1e-3)
    again = Listener()
    train(data, tmp_path / "run", again, dropout=0.0, max_steps=12)
    assert not again.notes  # it has learned how much fits
    monkeypatch.setattr(loop, "loss_of", Small(0))
    with pytest.raises(TrainingError, match=r"with one pair of .* tokens at a time: lower max_tokens"):
        train(data, tmp_path / "hopeless")
    what = "said; the step is made again with the batch in twice as many parts, and so on from there: the same gradient"
    tried("Memory that runs out in a step", len(listener.notes), "nothing", what)


def test_what_pytorch_says_when_a_processor_has_no_memory() -> None:
    from glassformer.training.recovery import ran_out_of_memory

    with pytest.raises(RuntimeError) as error:
        torch.empty(2**50, dtype=torch.uint8)
    assert ran_out_of_memory(error.value)
    assert not ran_out_of_memory(RuntimeError("shapes"))


# ---- others, and the clock ----


def test_two_runs_in_one_folder(folder: Path, tmp_path: Path, tried: Tried) -> None:
    words = words_for(folder, tmp_path / "run", max_steps=100_000, validate_every=50_000)
    with Started(words, folder / "first.txt") as first:
        first.until(tmp_path / "run" / "metrics.jsonl")
        with Started(words, folder / "said.txt") as second:
            assert second.ended() == 2
            assert f"another run works in {tmp_path / 'run'} (process {first.process.pid})" in second.said
            assert second.said.count("\n") == 1
        first.signal(signal.SIGKILL)
        first.ended()
    with only_run(tmp_path / "run"):  # the lock has died with its process
        pass
    what = "the second is refused in one line that names the first's process; a killed run leaves no lock behind"
    tried("Two runs in one folder", 1, "nothing", what)


def test_a_clock_that_jumps(
    data: Data, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    chance, real = random.Random(3), time.time
    monkeypatch.setattr(time, "time", lambda: real() + chance.uniform(-1e9, 1e9))
    listener = Listener()
    outcome = train(data, tmp_path / "run", listener, time_limit=3600.0)
    assert outcome.seconds < 600
    assert all(0 < step.tokens_per_second < 1e9 and (step.seconds_left or 0) >= 0 for step in listener.steps)
    train(data, tmp_path / "plain")
    assert_same_bits(undisturbed, tmp_path / "plain")
    tried(
        "A clock that jumps by decades, at every look",
        1,
        "nothing",
        "times are measured with a clock that cannot be set",
    )
