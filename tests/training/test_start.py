"""A run that begins with a trained model's weights."""

from pathlib import Path

import pytest
import torch

from glassformer.config import DataConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.prepare import prepare
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer
from glassformer.training.start import start_from, twins
from glassformer.training.state import State
from glassformer.training.train import train
from tests.toy_translator import ENGLISH, GERMAN, toy
from tests.training.test_train import FAST, Listener, assert_same_weights

CPU = torch.device("cpu")


def new_state(tokenizer: Tokenizer) -> State:
    return State.new(toy().model.config.changed(vocabulary_size=len(tokenizer)), TrainingConfig(), CPU)


def test_with_the_same_vocabulary_it_is_the_same_model() -> None:
    state = new_state(toy().tokenizer)
    start_from(state, toy().tokenizer, toy())
    for model in (state.model, state.averaged):
        for name, weight in toy().model.state_dict().items():
            assert torch.equal(model.state_dict()[name], weight), name


def test_with_another_vocabulary_each_piece_begins_as_its_twin() -> None:
    old = toy().tokenizer
    shouted = [line.upper() for line in [*ENGLISH, *GERMAN]]
    new = Tokenizer.train([*ENGLISH, *GERMAN, *shouted], vocabulary_size=420)
    rows = dict(zip(new.tokens(range(len(new))), twins(new, old), strict=True))
    known = {token: id for id, token in enumerate(old.tokens(range(len(old))))}
    assert rows["<s>"] == [old.bos_id]
    shared = next(token for token in rows if len(token) > 2 and token in known and token.islower())
    assert rows[shared] == [known[shared]]
    shouting = next(token for token in rows if token not in known and token.lower() in known and token.isupper())
    assert rows[shouting] == [known[shouting.lower()]]
    assert all(rows.values())
    state = new_state(new)
    start_from(state, new, toy())
    place = new.tokens(range(len(new))).index(shouting)
    assert torch.equal(state.model.embedding.weight[place], toy().model.embedding.weight[known[shouting.lower()]])


def test_another_size_is_refused() -> None:
    tokenizer = toy().tokenizer
    state = State.new(toy().model.config.changed(decoder_layers=1), TrainingConfig(), CPU)
    with pytest.raises(ConfigError, match=r"model\.decoder_layers=1, and the model to start from has 2"):
        start_from(state, tokenizer, toy())


def test_a_run_begins_where_the_model_was(tmp_path: Path) -> None:
    for language, lines in (("en", ENGLISH), ("de", GERMAN)):
        (tmp_path / f"train.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    config = DataConfig(source=[str(tmp_path / "train.en")], target=[str(tmp_path / "train.de")])
    changes = {**FAST, "max_steps": 6, "validate_every": 6, "warmup_steps": 6, "learning_rate": 1e-3}
    training = TrainingConfig(**changes)
    data = prepare(tmp_path / "data", config, training, vocabulary_size=350)
    model = toy().model.config.changed(vocabulary_size=len(data.tokenizer))
    losses = {}
    for name, start in (("random", None), ("trained", toy()), ("again", toy())):
        listener = Listener()
        train(tmp_path / name, data, Recipe(model, training, []), reporter=listener, start=start)
        losses[name] = listener.validations[-1].loss
    assert losses["trained"] < losses["random"] - 2
    assert_same_weights(tmp_path / "trained", tmp_path / "again")
