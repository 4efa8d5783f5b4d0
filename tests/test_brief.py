"""What objects are called: a line or two, whatever they hold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from glassformer import Translator
from glassformer.brief import brief, shown
from glassformer.checkpoint import load_model
from glassformer.config import DataConfig, TrainingConfig
from glassformer.config.settings import check_threads, use_threads
from glassformer.corpus.prepare import prepare
from glassformer.errors import ConfigError
from glassformer.model_folder import describe
from glassformer.training.state import State
from tests.made_up import write_corpus
from tests.toy_translator import ENGLISH, save_toy_translator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "toy"
    save_toy_translator(folder)
    return folder


def test_whatever_holds_a_model_or_a_corpus_is_a_line(folder: Path, tmp_path: Path) -> None:
    translator = Translator.load(folder)
    translator.card["note"] = "x" * 100_000
    trace = translator.trace(ENGLISH[0])
    write_corpus(tmp_path)
    config = DataConfig(source=[str(tmp_path / "train.en")], target=[str(tmp_path / "train.de")])
    data = prepare(tmp_path / "data", config, TrainingConfig(held_out=10))
    batch = next(data.batches(TrainingConfig(), translator.model.config).ordered())
    fast = [Translator.load(folder, engine=engine) for engine in ("ctranslate2", "auto")]
    state = State.new(translator.model.config, TrainingConfig(), torch.device("cpu"))
    objects = [translator, translator.engine, translator.model, translator.inside, translator.tokenizer, trace]
    objects += [trace.window(trace.names[0]), load_model(folder), describe(folder), data, data.pairs, batch, state]
    objects += [*fast, *(one.engine for one in fast), data.pairs.block(0, 200), translator.translations(ENGLISH[:1])[0]]
    for thing in objects:
        assert len(repr(thing)) < 700, type(thing)
        assert repr(thing).count("\n") < 3, type(thing)
    assert repr(trace) == f"Trace({len(trace)} windows in 1 step; trace.describe() names them)"
    assert repr(data.pairs).endswith(f"290 pairs, {data.pairs.tokens:,} tokens)")
    assert "weights" in repr(translator.model)


def test_a_value_in_a_message_is_its_beginning() -> None:
    assert shown("x" * 9_000_000).startswith("'xxx")
    assert len(shown("x" * 9_000_000)) < 100
    assert shown(torch.zeros(3, 4)) == "Tensor[3 × 4]"
    assert shown(np.zeros((2, 5))) == "ndarray[2 × 5]"
    assert len(shown({number: [number] * 9 for number in range(999)})) < 100

    @brief
    @dataclass
    class Two:
        many: list[int]
        one: int

    assert repr(Two([*range(100)], 1)) == "Two(many=[0, 1, 2, 3, ...], one=1)"


@pytest.mark.parametrize("threads", [-1, 1.5, None, "2", True, 100_000])
@pytest.mark.parametrize("engine", ["native", "ctranslate2", "auto"])
def test_threads_that_cannot_be_are_a_line(folder: Path, threads: Any, engine: str) -> None:
    with pytest.raises(ConfigError, match="wanted a whole number from 1 to 1,024, or 0 for all cores"):
        Translator.load(folder, engine=engine, threads=threads)
    with pytest.raises(ConfigError, match=f"threads={threads!r}: wanted"):
        check_threads(threads)
    with pytest.raises(ConfigError, match=f"threads={threads!r}: wanted"):
        use_threads(threads)


def test_pytorch_computes_with_so_many_threads() -> None:
    for threads, wanted in ((2, 2), (0, 2), (1, 1)):
        use_threads(threads)
        assert torch.get_num_threads() == wanted


@pytest.mark.parametrize("value", [None, "0.001", float("inf"), float("nan"), [0.1], "x" * 5000])
@pytest.mark.parametrize("name", ["learning_rate", "label_smoothing", "time_limit", "epsilon"])
def test_a_setting_that_is_no_number_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}=.{{1,100}}: wanted float") as error:
        TrainingConfig.from_dict({name: value})
    assert len(str(error.value)) < 200
