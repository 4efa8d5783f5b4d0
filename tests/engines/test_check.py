"""The check passes what is right, counts ties, and fails on what is wrong, small as it may be."""

import copy
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from glassformer.checkpoint import Saved
from glassformer.decoding import score
from glassformer.engines import check, conversion
from glassformer.engines.check import checked, compare, tokenizer_of
from glassformer.engines.ctranslate2 import CTranslate2
from glassformer.errors import ConversionError, CorpusError
from glassformer.hypothesis import Hypothesis
from glassformer.scores import Score
from tests.toy_translator import ENGLISH, GERMAN, toy

PAIRS = list(zip(ENGLISH, GERMAN, strict=True))


def test_it_says_what_it_found() -> None:
    files, found = checked(toy(), "int8", PAIRS)
    assert sorted(files) == ["config.json", "model.bin", "shared_vocabulary.json"]
    assert (found.sentences, found.sample, found.equal, found.ties) == (30, "validation pairs", 30, 0)
    assert found.native_bleu == pytest.approx(100)
    assert found.bleu_lost is not None
    assert f"int8 {found.bleu:.2f} BLEU, PyTorch 100.00" in str(found)
    assert json.loads(found.to_json())["said"] == str(found)


def test_two_int8_products_fit_16_bits() -> None:
    """As processors without VNNI add them up; and the weights are as near as their 7 bits allow."""
    from ctranslate2.specs.model_spec import visit_spec

    spec, exact = conversion.spec_of(toy().model), conversion.spec_of(toy().model)
    for one in (spec, exact):
        tokens = toy().tokenizer.tokens(range(len(toy().tokenizer)))
        one.register_source_vocabulary(tokens)
        one.register_target_vocabulary(tokens)
        one.validate()
    conversion.quantise(spec, "int8")
    weights = {name: value.numpy() for name, value in exact.variables(ordered=True) if "weight" in name}
    seen = []

    def look(layer: Any, name: str, value: Any) -> None:
        if getattr(value, "dtype", None) == "int8" and name in weights:
            whole, scale = value.numpy().astype(int), layer.weight_scale.numpy()[:, None]
            assert (abs(whole).max(axis=1) == 64).all()
            assert 2 * 255 * abs(whole).max() < 2**15
            assert abs(whole - weights[name] * scale).max() <= 0.5 + 1e-4
            seen.append(name)

    visit_spec(spec, look)
    assert len(seen) == 23


def broken(part: str) -> Any:
    """A conversion with one thing wrong, as exporters have had it."""
    real = conversion.spec_of

    def spec_of(model: Any) -> Any:
        spec = real(model)
        if part == "positions":  # begin at 1, CTranslate2's own
            spec.decoder.position_encodings.encodings = spec.decoder.position_encodings.encodings[1:].copy()
        elif part == "cross attention":  # keys and values change places
            linear = spec.decoder.layer[0].attention.linear[1]
            half = len(linear.weight) // 2
            linear.weight[:half], linear.weight[half:] = linear.weight[half:].copy(), linear.weight[:half].copy()
        elif part == "norm":
            spec.encoder.layer[1].ffn.layer_norm.gamma += 0.2
        return spec

    return spec_of


@pytest.mark.parametrize("part", ["positions", "cross attention", "norm"])
def test_a_wrong_conversion_is_refused(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "spec_of", broken(part))
    with pytest.raises(
        ConversionError, match=r"another translation than PyTorch in float32: sentence \d+ of 30, token"
    ):
        checked(toy(), "int8", PAIRS)


def test_int8_that_loses_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_BLEU_LOST", -1.0)
    with pytest.raises(ConversionError, match=r"int8 loses .* BLEU of 100\.0 .*use quantization=float32"):
        checked(toy(), "int8", PAIRS)


@pytest.mark.parametrize("spoilt", [float("nan"), 3.0])
def test_int8_far_from_the_model_is_refused_without_references_too(
    spoilt: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = checked(toy(), "int8")
    assert found.apart is not None
    assert found.apart < check.MOST_APART / 2  # 0.11 on the machine where the bound was measured
    assert f"log P {found.apart:.3f} a token apart" in str(found)
    real = CTranslate2.score

    def score(self: CTranslate2, *sides: Any) -> list[list[float]]:
        return [[value + spoilt for value in line] for line in real(self, *sides)]

    monkeypatch.setattr(CTranslate2, "score", score)
    with pytest.raises(
        ConversionError, match=r"int8 and PyTorch are (nan|3\.\d+|2\.\d+) apart .*use quantization=float32"
    ):
        checked(toy(), "int8")
    checked(toy(), "int8", PAIRS)  # with references BLEU decides


def test_weights_that_int8_cannot_hold_are_refused() -> None:
    """The same model in float32: a column a thousand times as large, and what comes into it a thousand times as small."""
    saved = copy.deepcopy(toy())
    for stack in (saved.model.encoder, saved.model.decoder):
        for layer in stack.layers:
            with torch.no_grad():
                layer.feed_forward.w_1.weight[0] /= 1000
                layer.feed_forward.w_1.bias[0] /= 1000
                layer.feed_forward.w_2.weight[:, 0] *= 1000
    with pytest.raises(ConversionError, match=r"int8 and PyTorch are .* apart"):
        checked(saved, "int8")
    checked(saved, "float32")


def test_both_programs_score_alike_in_float32() -> None:
    saved = toy()
    tokens = saved.tokenizer.tokens(range(len(saved.tokenizer)))
    engine = CTranslate2(conversion.convert(saved.model, tokens), saved.model.config, tokens, threads=1)
    sources, targets = saved.tokenizer.encode_batch(ENGLISH), saved.tokenizer.encode_batch(GERMAN)
    mine, theirs = score(saved.model, sources, targets), engine.score(sources, targets)
    assert [len(line) for line in mine] == [len(line) for line in theirs]
    assert check.log_p_apart(partial(score, saved.model), engine, sources, targets) < 1e-4


def test_what_is_no_number_is_no_tie(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = toy()
    source, target = saved.tokenizer.encode(ENGLISH[0]), saved.tokenizer.encode(GERMAN[0])
    mine, other = (Hypothesis(ids, -1.0, -1.0, True, []) for ids in (target, [*target[:2], 9, *target[3:]]))
    monkeypatch.setattr(check, "apart", lambda *_: float("nan"))
    with pytest.raises(ConversionError, match="log P nan apart"):
        compare(saved.model, [source], [mine], [other])
    monkeypatch.setattr(check, "bleu", lambda *_, **named: Score("BLEU", float("nan"), ""))
    with pytest.raises(ConversionError, match="int8 loses nan BLEU"):
        checked(saved, "int8", PAIRS)


def test_a_tie_is_counted_and_a_difference_is_not_one() -> None:
    saved: Saved = toy()
    source, target = saved.tokenizer.encode(ENGLISH[0]), saved.tokenizer.encode(GERMAN[0])
    mine, other = (Hypothesis(ids, -1.0, -1.0, True, []) for ids in (target, [*target[:2], 9, *target[3:]]))
    assert compare(saved.model, [source], [mine], [mine]) == 0
    with pytest.raises(ConversionError, match="sentence 1 of 1, token 3"):
        compare(saved.model, [source], [mine], [other])
    with pytest.raises(ConversionError, match="token"):
        compare(saved.model, [source], [mine], [Hypothesis(target[:3], -1.0, -1.0, True, [])])
    assert compare(saved.model, [source], [mine], [other], tie=100.0) == 1
    with pytest.raises(ConversionError):  # cut off: no tie explains that
        compare(saved.model, [source], [mine], [Hypothesis(target[:3], -1.0, -1.0, False, [])], tie=100.0)


def test_the_sentences_of_a_run_are_its_validation_pairs(tmp_path: Path) -> None:
    best = tmp_path / "run" / "checkpoints" / "step-00000007"
    best.mkdir(parents=True)
    assert check.validation_pairs(best) == []
    (tmp_path / "run" / "data").mkdir()
    for wrong in (None, {"a": 1}, [1, 2], [["a"]], [["a", 2]], [["a", "b", "c"]], "ab", ["ab"]):
        (tmp_path / "run" / "data" / "validation.json").write_text(json.dumps(wrong))
        with pytest.raises(CorpusError, match="holds no pairs of sentences"):
            check.validation_pairs(best)
    (tmp_path / "run" / "data" / "validation.json").write_text(json.dumps(PAIRS[:2]))
    assert check.validation_pairs(best) == PAIRS[:2]
    assert check.validation_pairs(tmp_path / "run") == []


def test_made_up_sentences_are_the_same_each_time() -> None:
    first = check.made_up(toy(), 5)
    assert first == check.made_up(toy(), 5)
    assert [len(ids) for ids in first] == [1, 8, 15, 22, 30]
    special = set(range(4))
    assert not special & {id for ids in first for id in ids}


def test_bleu_is_counted_as_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chinese was one word a line: int8 lost nothing, or all."""
    chinese = ["老鸟在花园里唱歌。", "小狗在门口等他。"]
    assert tokenizer_of({}, chinese) == "zh"
    assert tokenizer_of({"languages": "en-de"}, ["Ein Haus."]) == "13a"
    assert tokenizer_of({"languages": "en-ja"}, ["東京都"]) in ("ja-mecab", "char")
    assert tokenizer_of({"languages": "en-zh", "bleu_tokenizer": "char"}, chinese) == "char"
    assert tokenizer_of({"languages": ["x"], "bleu_tokenizer": "gone"}, chinese) == "zh"  # anybody's card
    # what a model makes of made-up sentences may hold no letter of its language: en-zh had 0.0 BLEU of 13a
    assert tokenizer_of({"languages": "en-zh"}, ["\ue007\ue002", "7"], in_script=False) == "zh"
    assert tokenizer_of({"languages": "en-zh"}, ["\ue007\ue002", "7"]) == "13a"
    assert tokenizer_of({"languages": "en-de"}, ["\ue007", "7"], in_script=False) == "13a"
    _, found = checked(Saved(toy().model, toy().tokenizer, {**toy().card, "languages": "en-zh"}), "int8")
    assert found.tokenizer == "zh"
    assert str(found).endswith("BLEU (tokenizer zh)")
    saved = Saved(toy().model, toy().tokenizer, {**toy().card, "bleu_tokenizer": "intl"})
    _, found = checked(saved, "int8", PAIRS)
    assert found.tokenizer == "intl"
    assert str(found).endswith("(tokenizer intl)")
