"""Tiny random models and sentences for the tests of decoding."""

import itertools
from collections.abc import Callable, Sequence

import pytest
import torch

from glassformer.config import ModelConfig
from glassformer.decoding import Hypothesis
from glassformer.model import Transformer

Found = Sequence[Sequence[Hypothesis]]


@pytest.fixture
def tiny_model() -> Callable[..., Transformer]:
    """Random weights with pad 0, bos 1, eos 2 and probabilities far from even; ``eos_bias`` lets sentences end."""

    @torch.no_grad()
    def make(seed: int = 0, *, vocabulary_size: int = 20, eos_bias: float = 1.5) -> Transformer:
        torch.manual_seed(seed)
        sizes = {"d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 1, "decoder_layers": 2}
        model = Transformer(ModelConfig(vocabulary_size=vocabulary_size, dropout=0.1, output_bias=True, **sizes))
        model.embedding.weight.mul_(2)
        # Otherwise each token would say itself again and again: it is its own nearest in the shared matrix.
        model.decoder.layers[-1].feed_forward_add_norm.norm.weight.normal_()
        model.output_bias.normal_(std=0.3)
        model.output_bias[2] += eos_bias
        model.output_bias[:2] += 3  # pad and bos would come often if they were not kept out
        return model

    return make


@pytest.fixture
def sources() -> list[list[int]]:
    """Twelve sentences of 0 to 9 tokens."""
    generator = torch.Generator().manual_seed(1)
    lengths = [4, 9, 1, 7, 0, 4, 2, 8, 3, 4, 6, 5]
    return [torch.randint(3, 20, (length,), generator=generator).tolist() for length in lengths]


@pytest.fixture
def assert_same() -> Callable[[Found, Found], None]:
    """Token for token, and the same numbers but for rounding."""

    def check(one: Found, other: Found) -> None:
        assert [[h.ids for h in row] for row in one] == [[h.ids for h in row] for row in other]
        for a, b in zip(itertools.chain(*one), itertools.chain(*other), strict=True):
            assert a.finished == b.finished
            assert a.score == pytest.approx(b.score, abs=1e-4)
            assert a.token_log_probabilities == pytest.approx(b.token_log_probabilities, abs=1e-4)

    return check
