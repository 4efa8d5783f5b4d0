"""Who translates: what each engine is asked for, what it refuses by name, and what ``auto`` makes of it."""

import importlib.util
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from glassformer.config import DecodingConfig
from glassformer.engines import ctranslate2
from glassformer.engines.open import Auto
from glassformer.errors import ConfigError, ConversionError, DecodingError, VocabularyError
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN

GREEDY = DecodingConfig(method="greedy")
REFUSED = [
    ({"config": DecodingConfig(method="sampling")}, "method=sampling"),
    ({"prefix": "Das"}, "a prefix"),
    ({"config": DecodingConfig(precision="bfloat16")}, "precision=bfloat16"),
    ({"config": DecodingConfig(extra_length=3000)}, "extra_length=3000"),
]


def test_the_same_translations_from_both(folder: Path) -> None:
    native = Translator.load(folder)
    fast = Translator.load(folder, engine="ctranslate2", quantization="float32", threads=2)
    lines = [*ENGLISH, "", "The bell. " * 40]
    for config in (GREEDY, DecodingConfig(), DecodingConfig(n_best=3, length_penalty=0.0)):
        ours, theirs = native.translations(lines, config=config), fast.translations(lines, config=config)
        assert [[one.text for one in some] for some in theirs] == [[one.text for one in some] for some in ours]
        assert [some[0].score for some in theirs] == pytest.approx([some[0].score for some in ours], abs=1e-2, rel=1e-3)
        assert [some[0].finished for some in theirs] == [some[0].finished for some in ours]


def test_a_limit_of_ones_own_in_a_batch_with_a_longer_one(folder: Path) -> None:
    """What goes on past its limit is cut there, as if it had been alone."""
    native = Translator.load(folder)
    fast = Translator.load(folder, engine="ctranslate2", quantization="float32", threads=1)
    lines = ["x y z x y", "The bell. " * 4, *ENGLISH[:3]]
    for method in ("greedy", "beam"):
        config = DecodingConfig(method=method, extra_length=1)
        ours, theirs = (translator.translations(lines, config=config) for translator in (native, fast))
        assert [(some[0].ids, some[0].finished) for some in theirs] == [
            (some[0].ids, some[0].finished) for some in ours
        ]
        assert [some[0].log_probability for some in theirs] == pytest.approx(
            [some[0].log_probability for some in ours], abs=1e-2
        )


@dataclass(frozen=True, kw_only=True)
class Newer(DecodingConfig):
    """A way of decoding that CTranslate2's engine has never heard of."""

    coverage: float = 0.0


def test_a_setting_that_is_not_accounted_for_is_never_ignored() -> None:
    assert ctranslate2.refusal([[5, 6]], Newer()) == ""
    assert ctranslate2.refusal([[5, 6]], Newer(coverage=0.5)).startswith("coverage=0.5: not computed in CTranslate2")
    unknown = DecodingConfig()
    object.__setattr__(unknown, "method", "diverse")
    assert ctranslate2.refusal([[5, 6]], unknown).startswith(
        "method=diverse: CTranslate2 is asked for greedy and beam only"
    )
    assert {field.name for field in fields(DecodingConfig)} <= ctranslate2.UNDERSTOOD


@pytest.mark.parametrize(("options", "says"), REFUSED)
def test_what_cannot_be_equal_is_refused_by_name(folder: Path, options: dict[str, Any], says: str) -> None:
    fast = Translator.load(folder, engine="ctranslate2", threads=1)
    with pytest.raises(DecodingError, match=f"{says}.*use the native engine"):
        fast.translate(ENGLISH[0], **options)


@pytest.mark.parametrize(("options", "says"), REFUSED)
def test_auto_gives_it_to_pytorch(folder: Path, options: dict[str, Any], says: str) -> None:
    auto, native = Translator.load(folder, engine="auto"), Translator.load(folder)
    assert auto.translate(ENGLISH[:2], **options) == native.translate(ENGLISH[:2], **options)
    assert isinstance(auto.engine, Auto)
    assert "fast" not in vars(auto.engine)  # and nothing was converted for it
    assert auto.translate(ENGLISH, config=GREEDY) == GERMAN
    assert "fast" in vars(auto.engine)


def test_ids_that_are_not_there(folder: Path) -> None:
    engine = Translator.load(folder, engine="ctranslate2", threads=1).engine
    with pytest.raises(VocabularyError, match="id 5000"):
        engine.submit([[4, 5000]], GREEDY)
    with pytest.raises(DecodingError, match="a source without tokens"):
        engine.submit([[4], []], GREEDY)


def test_the_model_to_look_into_is_pytorchs(folder: Path) -> None:
    fast, native = Translator.load(folder, engine="ctranslate2", threads=1), Translator.load(folder)
    assert fast.score(ENGLISH[:2], GERMAN[:2]) == native.score(ENGLISH[:2], GERMAN[:2])
    assert str(fast.align(ENGLISH[0])) == str(native.align(ENGLISH[0]))
    assert "encoder.memory" in fast.trace(ENGLISH[0]).steps[0]
    assert not hasattr(fast.engine, "model")  # an engine translates ids: the model is the translator's


def test_auto_s_pytorch_is_around_the_model_to_look_into(folder: Path) -> None:
    auto = Translator.load(folder, engine="auto")
    assert auto.engine.chosen([[5, 6]], DecodingConfig(method="sampling"), None) is auto.native
    assert auto.native.model is auto.model


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"engine": "steam"}, "engine='steam': choose auto, native, ctranslate2"),
        ({"engine": "ctranslate2", "device": "cuda"}, "device='cuda' with engine=ctranslate2.*use engine=native"),
        ({"quantization": "int3"}, "quantization='int3': choose int8, float32"),
    ],
)
def test_engines_that_cannot_be(folder: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Translator.load(folder, **options)


def test_without_ctranslate2(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ctranslate2" else real(name))
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    assert Translator.load(folder, engine="auto").translate(ENGLISH[0]) == GERMAN[0]
    with pytest.raises(ConfigError, match="not installed; pip install ctranslate2, or use native"):
        Translator.load(folder, engine="ctranslate2")


def test_auto_where_there_is_a_gpu_is_pytorch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.engines.open.has_gpu", lambda: True)
    assert Translator.load(folder, engine="auto").engine.name == "native"


def test_auto_says_once_why_a_conversion_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConversionError("other tokens")

    monkeypatch.setattr("glassformer.engines.conversion_cache.load_fast", fail)
    said: list[str] = []
    auto = Translator.load(folder, engine="auto", tell=said.append)
    assert [auto.translate(line) for line in ENGLISH[:2]] == GERMAN[:2]
    assert said == ["PyTorch translates: other tokens"]


def test_small_jobs_are_shared_among_the_threads(folder: Path) -> None:
    engine = Translator.load(folder, engine="ctranslate2", threads=2).engine
    sentences = [ctranslate2.make_sentence([4] * 9, (), GREEDY, engine.config) for _ in range(8)]
    assert [len(batch) for batch in engine.batches(sentences, GREEDY)] == [4, 4]
