"""Samples are as frequent as they are probable, and the same for the same seed."""

from collections import Counter

import pytest
import torch

from glassformer.config import DecodingConfig
from glassformer.decoding import decode, score
from glassformer.decoding.sampling import draw

SAMPLING = DecodingConfig(method="sampling", n_best=4, extra_length=8)


def first_token_counts(model, **changes):
    """Of 4000 samples of one sentence."""
    config = SAMPLING.changed(n_best=4000, extra_length=1, batch_tokens=10**6, **changes)
    return Counter([*one.ids, 2][0] for one in decode(model, [[5, 6]], config)[0])


def first_token_probabilities(model, temperature=1.0):
    """Of what may come first: all but pad, bos and eos."""
    logs = torch.tensor([score(model, [[5, 6]], [[token]])[0][0] for token in range(3, 20)])
    return dict(enumerate((logs / temperature).softmax(0).tolist(), start=3))


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_frequency_is_probability(temperature, tiny_model):
    model = tiny_model(1)
    counts = first_token_counts(model, temperature=temperature)
    wanted = first_token_probabilities(model, temperature)
    assert counts.keys() <= wanted.keys()
    often = {token: p for token, p in wanted.items() if p > 0.002}
    chi_square = sum((counts[token] - 4000 * p) ** 2 / (4000 * p) for token, p in often.items())
    assert len(often) > 5
    assert chi_square < 3 * len(often)  # about 1 a token is expected, 3 would be far beyond chance


def test_top_k_and_top_p_leave_only_the_likeliest(tiny_model):
    model = tiny_model(1)
    wanted = sorted(first_token_probabilities(model, 2.5).items(), key=lambda pair: -pair[1])
    ranked, sums = [token for token, _ in wanted], torch.tensor([p for _, p in wanted]).cumsum(0)
    assert set(first_token_counts(model, top_k=3, temperature=2.5)) == set(ranked[:3])
    needed = int((sums < 0.6).sum()) + 1  # the fewest that hold 0.6
    assert needed > 1
    assert set(first_token_counts(model, top_p=0.6, temperature=2.5)) == set(ranked[:needed])
    assert set(first_token_counts(model, top_p=1e-6)) == set(ranked[:1])


@pytest.mark.parametrize("seed", range(3))
def test_the_likeliest_only_is_greedy(seed, tiny_model, sources, assert_same):
    model = tiny_model(seed)
    greedy = decode(model, sources, DecodingConfig(method="greedy", extra_length=8))
    assert_same(decode(model, sources, SAMPLING.changed(top_k=1, n_best=1, seed=seed)), greedy)


def test_the_seed_says_which_samples(tiny_model, sources):
    model = tiny_model()
    torch.manual_seed(1)
    one = decode(model, sources, SAMPLING)
    torch.manual_seed(2)  # the global generator has no say and is left alone
    state = torch.get_rng_state()
    assert decode(model, sources, SAMPLING) == one
    assert torch.equal(torch.get_rng_state(), state)
    other = decode(model, sources, SAMPLING.changed(seed=1))
    assert sum(a != b for a, b in zip(one, other, strict=True)) > len(sources) // 2
    assert len({tuple(hypothesis.ids) for hypothesis in one[1]}) > 1


def test_more_samples_begin_with_the_same(tiny_model, sources, assert_same):
    model = tiny_model()
    four = decode(model, sources, SAMPLING)
    assert_same(decode(model, sources, SAMPLING.changed(n_best=2)), [found[:2] for found in four])


def test_draw_never_takes_the_impossible():
    """Not at 0, not at the largest number below 1."""
    log_probabilities = torch.tensor([[-torch.inf, -1.0, -torch.inf, -0.5, -torch.inf]] * 2)
    numbers = torch.tensor([0.0, 1 - 2**-24])
    for changes in ({}, {"top_k": 5}, {"top_p": 0.99}, {"top_k": 4, "top_p": 0.999}):
        drawn = draw(log_probabilities, numbers, SAMPLING.changed(**changes)).tolist()
        assert set(drawn) == {1, 3}
