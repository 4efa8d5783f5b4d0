"""A run that begins with a trained model's weights."""

from pathlib import Path

import pytest
import torch

from glassformer.checkpoint import Saved
from glassformer.config import DataConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.prepare import prepare
from glassformer.errors import ConfigError
from glassformer.text.tokenizer import Tokenizer
from glassformer.training.start import kept_layers, start_from, taught_before, twins
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
    for changes, why in (
        ({"heads": 1}, r"model\.heads=1, and the model to start from has 2"),
        ({"decoder_layers": 3}, r"model\.decoder_layers=3, and the model to start from has only 2"),
    ):
        state = State.new(toy().model.config.changed(**changes), TrainingConfig(), CPU)
        with pytest.raises(ConfigError, match=why):
            start_from(state, tokenizer, toy())


def test_a_model_of_fewer_layers_takes_some_of_the_other_s() -> None:
    assert [kept_layers(6, new) for new in (1, 2, 3, 6)] == [[0], [0, 5], [0, 2, 5], [0, 1, 2, 3, 4, 5]]
    old = toy()
    state = State.new(old.model.config.changed(decoder_layers=1), TrainingConfig(), CPU)
    start_from(state, old.tokenizer, old)
    for name, weight in state.model.state_dict().items():
        assert torch.equal(old.model.state_dict()[name], weight), name
    deep = State.new(old.model.config.changed(encoder_layers=5), TrainingConfig(), CPU).model
    shallow = State.new(old.model.config.changed(encoder_layers=2), TrainingConfig(), CPU)
    start_from(shallow, old.tokenizer, Saved(deep, old.tokenizer))
    taken = [shallow.model.encoder.layers[number].state_dict() for number in range(2)]
    for weights, number in zip(taken, (0, 4), strict=True):
        for name, weight in deep.encoder.layers[number].state_dict().items():
            assert torch.equal(weights[name], weight), name


def test_a_taught_head_keeps_its_name_where_its_layer_is_kept() -> None:
    deep = State.new(toy().model.config.changed(encoder_layers=6), TrainingConfig(), CPU).model
    for layer, layers, kept in ((5, 3, 2), (4, 3, None), (4, 6, 4)):
        card = {"taught": {"head": f"encoder.layers.{layer}.self_attention:1", "until_step": 9}}
        found = taught_before(Saved(deep, toy().tokenizer, card), toy().model.config.changed(encoder_layers=layers))
        wanted = {"head": f"encoder.layers.{kept}.self_attention:1", "until_step": 9}
        assert found == (wanted if kept is not None else {})
    assert taught_before(Saved(deep, toy().tokenizer), toy().model.config) == {}


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
