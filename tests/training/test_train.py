"""A run: what it learns, what it leaves, and that it goes on exactly where it stopped."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glassformer.checkpoint import load_model, tensors_in
from glassformer.config import DataConfig, DecodingConfig, ModelConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.prepare import Data, prepare
from glassformer.decoding import decode
from glassformer.disk import read_folder
from glassformer.errors import TrainingError
from glassformer.model_folder import checkpoints
from glassformer.runs.folder import keep, marked, settle
from glassformer.training.report import NullReporter, Outcome, Validation
from glassformer.training.train import train

SMALL = {"d_model": 32, "heads": 2, "d_ff": 64, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.1}
FAST = {
    "batch_tokens": 400, "learning_rate": 5e-3, "warmup_steps": 20, "validate_every": 10, "max_steps": 40, "held_out": 10,
    "precision": "float32", "average_decay": 0.9, "time_limit": 0.0, "patience": 0,
    "validation_sentences": 4,
}  # fmt: skip
GROWING = {"first_dropout": 0.0, "dropout_epochs": 3}


@pytest.fixture
def data(corpus: DataConfig, tmp_path: Path) -> Data:
    return prepare(tmp_path / "data", corpus, TrainingConfig(**FAST))


def recipe_for(data: Data, **changes: object) -> Recipe:
    return Recipe(ModelConfig(vocabulary_size=len(data.tokenizer), **SMALL), TrainingConfig(**{**FAST, **changes}), [])


def final_weights(run: Path) -> dict[str, torch.Tensor]:
    newest = checkpoints(run)[-1]
    files = read_folder(newest, ["training.safetensors", "model.safetensors"])
    tensors = tensors_in(files["training.safetensors"], newest)
    return tensors | {f"average.{name}": t for name, t in tensors_in(files["model.safetensors"], newest).items()}


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = final_weights(one), final_weights(other)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


class Listener(NullReporter):
    def __init__(self) -> None:
        self.validations: list[Validation] = []

    def validated(self, validation: Validation) -> None:
        self.validations.append(validation)


@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
def test_it_learns_to_translate_the_toy_language(data: Data, tmp_path: Path) -> None:
    listener = Listener()
    outcome = train(tmp_path / "run", data, recipe_for(data, max_steps=300, validate_every=100), reporter=listener)
    assert outcome.complete
    assert outcome.best_bleu > 80
    assert [validation.step for validation in listener.validations] == [100, 200, 300]
    saved = load_model(tmp_path / "run")
    source, target = data.validation[0]
    found = decode(saved.model, [saved.tokenizer.encode(source)], DecodingConfig())
    assert saved.tokenizer.decode(found[0][0].ids) == target
    assert saved.card["pairs"] == len(data.pairs)


def test_metrics_can_be_read_and_only_the_newest_checkpoints_stay(data: Data, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(run, data, recipe_for(data))
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "step"] == [20, 40]
    assert [row["step"] for row in rows if row["kind"] == "validation"] == [10, 20, 30, 40]
    best = json.loads((run / "best.json").read_bytes())["checkpoint"]
    kept = {checkpoint.name for checkpoint in checkpoints(run)}
    assert kept == {"step-00000030", "step-00000040", best}


@pytest.mark.parametrize(("sampling", "optimizer"), [(0.0, "adam"), (0.3, "adam"), (0.0, "muon")])
@pytest.mark.usefixtures("unchecked_shapes")  # other tests check them
def test_an_interrupted_run_ends_with_the_same_bits(
    data: Data, tmp_path: Path, sampling: float, optimizer: str
) -> None:
    """In the middle of an epoch, with dropout and with words that are cut otherwise by chance."""
    whole = tmp_path / "whole"
    chosen = recipe_for(data, accumulate=2, subword_sampling=sampling, optimizer=optimizer, **GROWING)
    train(whole, data, chosen)
    for stop_after in (3, 10, 27):
        broken, asked = tmp_path / f"broken-{stop_after}", iter(range(1, 1000))
        first = train(broken, data, chosen, stop=lambda asked=asked, n=stop_after: "enough" if next(asked) == n else "")
        assert (first.step, first.complete, first.why) == (stop_after, False, "enough")
        torch.manual_seed(99)  # whatever happened in between
        second = train(broken, data, chosen)
        assert (second.step, second.complete) == (40, True)
        assert_same_weights(whole, broken)
        assert validations(whole) == validations(broken)


def test_dropout_that_grows_from_nothing_begins_as_none(data: Data, tmp_path: Path) -> None:
    """The first epoch has the bits of a run without dropout, and what follows has not."""
    growing = recipe_for(data, max_steps=0, max_epochs=1, **GROWING)
    none = replace(growing, model=growing.model.changed(dropout=0.0))
    for name, chosen in (("growing", growing), ("none", none)):
        train(tmp_path / name, data, chosen)
    assert_same_weights(tmp_path / "growing", tmp_path / "none")
    for name, chosen in (("growing", growing), ("none", none)):
        train(tmp_path / name, data, replace(chosen, training=replace(chosen.training, max_epochs=2)))
    with pytest.raises(AssertionError):
        assert_same_weights(tmp_path / "growing", tmp_path / "none")


def validations(run: Path) -> list[dict[str, object]]:
    rows = map(json.loads, (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines())
    keep = ("step", "loss", "bleu", "learning_rate", "kind")
    return [{k: row[k] for k in keep if k in row} for row in rows if row["kind"] == "validation"]


def test_limits_end_a_run_and_may_be_raised(data: Data, tmp_path: Path) -> None:
    run = tmp_path / "run"
    outcome = train(run, data, recipe_for(data, max_steps=0, max_epochs=1))
    assert outcome.epoch == 1
    assert "1 epochs" in outcome.why
    again = train(run, data, recipe_for(data, max_steps=0, max_epochs=1))
    assert again.step == outcome.step
    more = train(run, data, recipe_for(data, max_steps=outcome.step + 3))
    assert more.step == outcome.step + 3
    assert "15 minutes" not in train(tmp_path / "timed", data, recipe_for(data, max_steps=0, time_limit=0.5)).why
    impatient = recipe_for(data, max_steps=0, validate_every=1, patience=2, learning_rate=1e-9, stop_on="loss")
    why = train(tmp_path / "impatient", data, impatient).why
    assert why == "no better validation loss in 2 validations, as set by patience" or "steps" in why


def test_a_run_that_stopped_before_its_first_validation_gets_one_when_its_limit_is_lowered(
    data: Data, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train(run, data, recipe_for(data, validate_every=100), stop=lambda: "enough")
    assert not (run / "best.json").exists()
    outcome = train(run, data, recipe_for(data, validate_every=100, max_steps=1))
    assert (outcome.step, outcome.best_step, outcome.complete) == (1, 1, True)
    assert load_model(run).card["training"]["step"] == 1


def test_a_run_goes_on_only_with_its_own_settings(tmp_path: Path) -> None:
    begun = {"run": {}, "data": {"source": ["a"]}, "model": {}, "training": {"seed": 2, "time_limit": 60.0}}
    marked(tmp_path)
    assert settle(tmp_path, begun) == begun
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]  # nothing is settled before the data is read
    keep(tmp_path, begun)
    assert settle(tmp_path, {**begun, "training": {"time_limit": 120.0}})["training"] == {
        "seed": 2,
        "time_limit": 120.0,
    }
    with pytest.raises(TrainingError, match=r"training\.seed=2, and now it is 3"):
        settle(tmp_path, {**begun, "training": {"seed": 3}})
    same = {**begun, "training": {"beta_1": 0.9, "held_out": 1000}, "model": {"activation": "relu"}}
    assert settle(tmp_path, {**same, "data": {"columns": [], "augmentation": 0.0}})["training"]["seed"] == 2  # defaults
    with pytest.raises(TrainingError, match=r"model\.activation='relu', and now it is 'gelu'"):
        settle(tmp_path, {"model": {"activation": "gelu"}})
    with pytest.raises(TrainingError, match=r"model\.d_model as the recipe chose it, and now it is 512"):
        settle(tmp_path, {"model": {"d_model": 512}})


def test_a_copy_of_a_checkpoint_is_nobodys(data: Data, tmp_path: Path) -> None:
    """Neither is it removed as an old one, nor is it the newest."""
    run = tmp_path / "run"
    train(run, data, recipe_for(data, max_steps=10))
    own = run / "checkpoints" / "step-00000010-mine"
    shutil.copytree(run / "checkpoints" / "step-00000010", own)
    (own / "config.json").write_text("{")
    assert train(run, data, recipe_for(data, max_steps=40)).step == 40
    assert own.is_dir()
    assert [path.name for path in checkpoints(run)][-1] == "step-00000040"


def test_an_outcome_says_where_the_model_lies(data: Data, tmp_path: Path) -> None:
    outcome = train(tmp_path / "run", data, recipe_for(data, max_steps=5))
    assert isinstance(outcome, Outcome)
    assert load_model(outcome.folder).card["training"]["step"] == 5
