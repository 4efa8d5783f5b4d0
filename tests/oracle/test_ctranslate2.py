"""Ours = CTranslate2 on tiny random weights, token for token: layouts, norms, biases, both ways of searching."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2
from glassformer.hypothesis import Hypothesis
from glassformer.model import Transformer

VOCABULARY = 50
SIZES = {"d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 2, "decoder_layers": 3}
SOURCES = [list(range(4, 4 + length)) for length in (3, 12, 1, 7, 7, 20, 33)]
VARIANTS = [
    {"positions": "halves", "norm": "post"},
    {"positions": "halves", "norm": "pre", "first_position": 1},
    {"positions": "interleaved", "norm": "post", "attention_bias": True},
    {"positions": "interleaved", "norm": "pre", "output_bias": True},
    {"positions": "halves_exact", "norm": "post", "attention_bias": True, "output_bias": True, "first_position": 2},
    {"positions": "halves_exact", "norm": "pre", "encoder_layers": 1, "decoder_layers": 1},
]


def both(config: ModelConfig, scatter: Callable[[nn.Module], None]) -> tuple[Transformer, CTranslate2]:
    model = Transformer(config).eval()
    scatter(model)
    with torch.no_grad():
        model.embedding.weight[[config.pad_id, config.bos_id]] *= 0.01  # ours takes them out after the softmax
        model.embedding.weight[4:] *= 6  # sure of itself: neither rounding nor what is left out decides anything
    tokens = [f"<{id}>" for id in range(config.vocabulary_size)]
    return model, CTranslate2(convert(model, tokens), config, tokens, threads=1)


def ids(found: list[list[Hypothesis]]) -> list[list[tuple[list[int], bool]]]:
    return [[(one.ids, one.finished) for one in some] for some in found]


@pytest.mark.parametrize("changes", VARIANTS)
@pytest.mark.parametrize(
    "how",
    [
        {"method": "greedy", "extra_length": 6},
        {"method": "beam", "beam_size": 3, "extra_length": 6},
        {"method": "beam", "beam_size": 4, "n_best": 4, "length_penalty_form": "power", "length_penalty": 1.0},
    ],
)
def test_the_same_tokens(changes: dict, how: dict, scatter: Callable[[nn.Module], None]) -> None:
    model, fast = both(ModelConfig(vocabulary_size=VOCABULARY, **{**SIZES, **changes}), scatter)
    config = DecodingConfig(**how)
    ours, theirs = decode(model, SOURCES, config), fast.submit(SOURCES, config).result()
    assert ids(theirs) == ids(ours)
    for some, others in zip(ours, theirs, strict=True):
        for one, other in zip(some, others, strict=True):
            assert other.log_probability == pytest.approx(one.log_probability, abs=0.01)
            assert other.score == pytest.approx(one.score, abs=0.01)


def test_the_batch_changes_nothing(scatter: Callable[[nn.Module], None]) -> None:
    _, fast = both(ModelConfig(vocabulary_size=VOCABULARY, **SIZES), scatter)
    together = fast.submit(SOURCES, DecodingConfig(extra_length=6)).result()
    told: list[int] = []
    apart = fast.submit(SOURCES, DecodingConfig(extra_length=6, batch_tokens=1), progress=told.append).result()
    assert ids(apart) == ids(together)
    assert told == [1] * len(SOURCES)


def test_int8_is_near(scatter: Callable[[nn.Module], None]) -> None:
    config = ModelConfig(vocabulary_size=VOCABULARY, **SIZES)
    model, fast = both(config, scatter)
    int8 = CTranslate2(convert(model, fast.tokens, quantization="int8"), config, fast.tokens, threads=1)
    greedy = DecodingConfig(method="greedy", extra_length=1)
    exact, near = fast.submit(SOURCES, greedy).result(), int8.submit(SOURCES, greedy).result()
    first = [(one[0].ids[:1], other[0].ids[:1]) for one, other in zip(exact, near, strict=True)]
    assert sum(one == other for one, other in first) >= len(SOURCES) - 2
