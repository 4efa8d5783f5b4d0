"""The lean twin is the model: the same numbers in float32, near ones in fewer bits."""

import itertools

import pytest
import torch

from glassformer.config import DecodingConfig, ModelConfig, Precision
from glassformer.decoding import decode
from glassformer.decoding.batches import evaluating
from glassformer.decoding.lean import Int8Product, LeanTransformer, has_int8, lean
from glassformer.decoding.sentences import Sentences
from glassformer.engines.native import Native
from glassformer.errors import ConfigError, VocabularyError
from glassformer.hypothesis import make_sentence
from glassformer.model import Transformer

KINDS = [
    {"norm": norm, "attention_bias": bias, "output_bias": bias, "positions": positions}
    for norm, bias, positions in [("post", False, "halves"), ("pre", True, "interleaved"), ("pre", False, "halves")]
]


def model_of(kind: dict[str, object]) -> Transformer:
    torch.manual_seed(7)
    sizes = {"d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 2, "decoder_layers": 2}
    model = Transformer(ModelConfig.from_dict({"vocabulary_size": 40, **sizes, **kind})).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # biases and norms too
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def logits_of(model: Transformer | LeanTransformer, sources: list[list[int]], steps: int) -> torch.Tensor:
    sentences = [make_sentence(source, (), DecodingConfig(), model.config) for source in sources]
    ids = Sentences.of(sentences, 0, torch.device("cpu")).source_ids
    memory, allowed, cache = model.encode(ids), model.allowed(ids), model.new_cache()
    words = torch.full((len(sources), 1), 1)
    found = []
    for _ in range(steps):
        found.append(model.predict(model.decode(words, memory, allowed, cache))[:, -1])
        words = found[-1].argmax(dim=-1, keepdim=True) if not found[1:] else words % 30 + 5
    return torch.stack(found, dim=1)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_model(kind: dict[str, object], sources: list[list[int]]) -> None:
    model = model_of(kind)
    with evaluating(model):
        torch.testing.assert_close(
            logits_of(lean(model), sources, 20), logits_of(model, sources, 20), atol=2e-5, rtol=1e-5
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("precision", "error"), [("bfloat16", 0.02), ("int8", 0.04)])
def test_in_fewer_bits_it_is_near(
    kind: dict[str, object], precision: Precision, error: float, sources: list[list[int]]
) -> None:
    if precision == "int8" and not has_int8(torch.device("cpu")):
        pytest.skip("this processor has no fast 8-bit products")
    model = model_of(kind)
    with evaluating(model):
        ours, exact = logits_of(lean(model, precision), sources, 1), logits_of(model, sources, 1)
    assert float((ours - exact).std() / exact.std()) < error


@pytest.mark.skipif(not has_int8(torch.device("cpu")), reason="this processor has no fast 8-bit products")
def test_an_int8_product_knows_nothing_of_the_other_rows() -> None:
    torch.manual_seed(1)
    x = torch.randn(9, 32) * torch.logspace(-3, 3, 9)[:, None]
    product = Int8Product(torch.randn(24, 32), torch.randn(24))
    together = product(x)
    for row, found in zip(x, together, strict=True):
        torch.testing.assert_close(product(row[None])[0], found)
    assert torch.isfinite(product(torch.zeros(3, 32))).all()


@pytest.mark.parametrize("method", ["beam", "greedy", "sampling"])
def test_decoding_finds_the_same_whoever_watches(method: str, sources: list[list[int]]) -> None:
    model = model_of(KINDS[1])
    config = DecodingConfig.from_dict({"method": method, "extra_length": 8})
    quick = decode(model, sources, config)
    handle = model.logits.register_forward_hook(lambda *_: None)
    assert lean(model) is model
    watched = decode(model, sources, config)
    handle.remove()
    for one, other in zip(itertools.chain(*quick), itertools.chain(*watched), strict=True):
        assert one.ids == other.ids
        assert one.score == pytest.approx(other.score, abs=1e-4)


def test_it_is_made_once_and_again_when_a_weight_changes() -> None:
    engine = Native(model_of(KINDS[0]))
    first = engine.lean("bfloat16")
    assert engine.lean("bfloat16") is first
    assert engine.lean("float32") is not first
    with torch.no_grad():
        engine.model.decoder.layers[0].feed_forward.w_1.weight.mul_(2)
    assert engine.lean("bfloat16") is not first
    handle = engine.model.logits.register_forward_hook(lambda *_: None)
    assert engine.lean("bfloat16") is engine.model
    handle.remove()


def test_weights_that_are_written_behind_their_parameters_count(sources: list[list[int]]) -> None:
    model = model_of(KINDS[0])  # averaged weights are: PyTorch's version counters do not see it
    config = DecodingConfig(method="greedy")
    before = decode(model, sources, config)
    model.decoder.layers[-1].feed_forward.w_2.weight.data.normal_()
    assert decode(model, sources, config) != before


def test_ids_are_checked_as_the_model_checks_them() -> None:
    with pytest.raises(VocabularyError, match="99"):
        decode(model_of(KINDS[0]), [[99]], DecodingConfig())


def test_int8_is_refused_where_it_would_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.decoding.lean.has_int8", lambda device: False)
    with pytest.raises(ConfigError, match="precision=int8"):
        decode(model_of(KINDS[0]), [[5]], DecodingConfig(precision="int8"))


def test_precision_counts_and_not_autocast(sources: list[list[int]]) -> None:
    model = model_of(KINDS[0])
    config = DecodingConfig(method="greedy")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = decode(model, sources, config)
    assert inside == decode(model, sources, config)
