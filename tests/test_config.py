"""Settings check themselves, and a message says what came, what was wanted and what to do."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from glassformer.config import PRESETS, DecodingConfig, ModelConfig, base, big, fast, small, tiny
from glassformer.errors import ConfigError, GlassformerError


def test_base_is_the_papers() -> None:
    config = base(37_000)
    assert config == ModelConfig(vocabulary_size=37_000)
    assert (config.encoder_layers, config.decoder_layers, config.d_model, config.d_ff) == (6, 6, 512, 2048)
    assert (config.heads, config.d_k, config.dropout) == (8, 64, 0.1)
    assert (config.norm, config.attention_bias, config.output_bias) == ("post", False, False)


def test_big_is_the_papers() -> None:
    config = big(37_000)
    assert (config.encoder_layers, config.decoder_layers, config.d_model, config.d_ff) == (6, 6, 1024, 4096)
    assert (config.heads, config.d_k, config.dropout) == (16, 64, 0.3)


def test_fast_is_small_with_a_shallow_decoder() -> None:
    assert fast(100) == small(100, encoder_layers=6, decoder_layers=1)
    assert tiny(100).d_k == small(100).d_k == 32


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_takes_changes(preset: Any) -> None:
    assert preset(100, d_model=64, dropout=0.25) == preset(100).changed(d_model=64, dropout=0.25)
    with pytest.raises(ConfigError, match="unknown setting 'layers'"):
        preset(100, layers=3)


@pytest.mark.parametrize("config", [base(100), big(9, positions="interleaved"), DecodingConfig(method="greedy")])
def test_there_and_back(config: Any) -> None:
    assert type(config).from_dict(config.to_dict()) == config


def test_settings_do_not_change() -> None:
    config = base(100)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.heads = 4
    assert config.changed(heads=4).heads == 4
    assert config.heads == 8


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("n_heads", "heads"), ("dmodel", "d_model"), ("drop_out", "dropout"), ("position", "positions")],
)
def test_an_unknown_key_names_the_near_ones(wrong: str, near: str) -> None:
    with pytest.raises(ConfigError, match=rf"unknown setting '{wrong}' in ModelConfig: did you mean .*\b{near}\b"):
        ModelConfig.from_dict({"vocabulary_size": 9, wrong: 8})


def test_a_key_that_is_near_to_nothing_names_them_all() -> None:
    with pytest.raises(ConfigError) as caught:
        ModelConfig.from_dict({"vocabulary_size": 9, "zzz": 8})
    assert all(field.name in str(caught.value) for field in dataclasses.fields(ModelConfig))


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("heads", "8", "int"),
        ("heads", 8.0, "int"),
        ("heads", True, "int"),
        ("heads", None, "int"),
        ("dropout", "0.1", "float"),
        ("attention_bias", 1, "bool"),
        ("positions", "sinusoidal", "'halves' or 'interleaved' or 'halves_exact' or 'learned'"),
        ("norm", "Pre", "'post' or 'pre'"),
        ("norm", ["pre"], "'post' or 'pre'"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(key: str, value: Any, wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ModelConfig.from_dict({"vocabulary_size": 9, key: value})
    assert str(caught.value) == f"{key}={value!r}: wanted {wanted}"


def test_a_whole_number_is_a_number() -> None:
    assert ModelConfig.from_dict({"vocabulary_size": 9, "dropout": 0}).dropout == 0


def test_what_has_no_default_is_needed() -> None:
    with pytest.raises(ConfigError, match="ModelConfig needs vocabulary_size"):
        ModelConfig.from_dict({"heads": 8})


def test_heads_that_do_not_divide_name_those_that_do() -> None:
    with pytest.raises(ConfigError, match=r"heads=7 does not divide d_model=512: choose 1, 2, 4, 8, 16, 32$"):
        base(100, heads=7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 511}, "d_model=511 is odd"),
        ({"vocabulary_size": 0}, "vocabulary_size=0: wanted at least 1"),
        ({"heads": 0}, "heads=0: wanted at least 1"),
        ({"d_model": -2}, "d_model=-2: wanted at least 1"),
        ({"encoder_layers": 0}, "encoder_layers=0: wanted at least 1"),
        ({"dropout": 1.0}, "dropout=1.0: wanted a share from 0 to below 1"),
        ({"dropout": -0.1}, "dropout=-0.1"),
        ({"dropout": float("nan")}, "dropout=nan"),
        ({"first_position": -1}, "first_position=-1: wanted 0 or more"),
        ({"eos_id": 100}, "eos_id=100 is outside the vocabulary of 100"),
        ({"pad_id": -1}, "pad_id=-1 is outside the vocabulary of 100"),
    ],
)
def test_a_model_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base(100).changed(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beam_size": 0}, "beam_size=0: wanted at least 1"),
        ({"n_best": 5}, "n_best=5 is more than beam_size=4"),
        ({"method": "greedy", "n_best": 2}, "greedy decoding finds one translation"),
        ({"temperature": 1e-320}, "temperature=1e-320: wanted at least 0.001"),
        ({"top_k": -1}, "top_k=-1: wanted 0 (all) or more"),
        ({"top_p": 0.0}, "top_p=0.0: wanted a share above 0, up to 1"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"extra_length": 0}, "extra_length=0: wanted at least 1"),
        ({"batch_tokens": 0}, "batch_tokens=0: wanted at least 1"),
        ({"length_penalty": 1000.0}, "length_penalty=1000.0: wanted -10 … 10"),
        ({"length_penalty": -10.5}, "length_penalty=-10.5: wanted -10 … 10"),
    ],
)
def test_a_way_of_decoding_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DecodingConfig(**changes)
    assert message in str(caught.value)


def test_a_config_error_is_ours_and_a_value_error() -> None:
    assert issubclass(ConfigError, GlassformerError)
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize("wrong", [{"positions": "half"}, {"norm": "Pre"}])
def test_a_layout_that_is_none_is_never_guessed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ModelConfig(vocabulary_size=9, **wrong)


def test_settings_need_no_torch() -> None:
    code = "import sys; import glassformer.config; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
