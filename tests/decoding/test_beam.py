"""Beam search against two slow definitions: every target there is, and a beam in plain Python."""

import itertools
import math

import pytest
import torch

from glassformer.config import DecodingConfig
from glassformer.decoding import decode
from glassformer.decoding.rows import largest

EOS = 2
PENALTIES = [("paper", 0.6), ("paper", 2.0), ("power", 1.0), ("power", 0.0), ("power", -0.5)]


class SlowModel:
    """The next token's log-probabilities from the definition: no cache, no batch, the whole sentence again."""

    def __init__(self, model):
        self.model, self.known = model.eval(), {}
        self.vocabulary = range(EOS, model.config.vocabulary_size)

    @torch.no_grad()
    def __call__(self, source, target):
        key = (*source, EOS, *target)
        if key not in self.known:
            logits = self.model(torch.tensor([[*source, EOS]]), torch.tensor([[1, *target]]))
            self.known[key] = logits[0, -1].log_softmax(dim=-1).tolist()
        return self.known[key]


def slow_beam(slow_model, source, config):
    """One sentence in plain Python, always to the limit: (score, ids, finished), the best first."""
    limit, k = len(source) + 1 + config.extra_length, config.beam_size
    found, live = [], [(0.0, [])]

    def add(total, length, ids, finished):
        base = (5 + length) / 6 if config.length_penalty_form == "paper" else length
        found.append((total / base**config.length_penalty, ids, finished))

    for length in range(1, limit + 1):
        grown = []
        for total, target in live:
            costs = slow_model(source, target)
            choosable = slow_model.vocabulary if target else slow_model.vocabulary[1:]  # eos is not the first
            grown += [(total + costs[token], target, token) for token in choosable]
        grown.sort(key=lambda one: -one[0])
        for total, target, token in grown[:k]:
            if token == EOS:
                add(total, length, target, True)
        live = [(total, [*target, token]) for total, target, token in grown if token != EOS][:k]
    for total, target in live:
        add(total, limit, target, False)
    return sorted(found, key=lambda one: (not one[2], -one[0]))[: config.n_best]


@pytest.mark.parametrize("seed", range(3))
def test_equals_a_beam_in_plain_python(seed, tiny_model, sources):
    """Which never stops before the limit: so stopping earlier loses nothing."""
    slow_model = SlowModel(tiny_model(seed))
    for (form, alpha), (beam_size, n_best) in itertools.product(PENALTIES, [(3, 1), (4, 4)]):
        config = DecodingConfig(
            beam_size=beam_size, n_best=n_best, length_penalty=alpha, length_penalty_form=form, extra_length=6
        )
        for source, found in zip(sources[2:5], decode(slow_model.model, sources[2:5], config), strict=True):
            slow = slow_beam(slow_model, source, config)
            assert [(one.ids, one.finished) for one in found] == [(ids, finished) for _, ids, finished in slow]
            assert [one.score for one in found] == pytest.approx([total for total, _, _ in slow], abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_wide_enough_finds_the_best_of_all(seed, tiny_model):
    """Three tokens that may be said and a limit of four: 1 + 3 + 3² + 3³ finished ones, 3⁴ that are cut off."""
    slow_model = SlowModel(tiny_model(seed, vocabulary_size=6, eos_bias=0.5))
    for form, alpha in PENALTIES:
        config = DecodingConfig(
            beam_size=120, n_best=120, length_penalty=alpha, length_penalty_form=form, extra_length=3
        )
        everything = every_target(slow_model, 4, config)
        assert len(everything) == 120
        (found,) = decode(slow_model.model, [[]], config)
        assert [one.ids for one in found] == [ids for _, ids, _ in everything]
        (best,) = decode(slow_model.model, [[]], config.changed(n_best=1))[0]
        assert (best.ids, best.score) == (everything[0][1], pytest.approx(everything[0][0], abs=1e-4))


def every_target(slow_model, limit, config):
    """All there are for the empty source up to the limit: (score, ids, finished), the finished and the best first."""
    found = []
    for length in range(1, limit + 1):
        for target in itertools.product(slow_model.vocabulary[1:], repeat=length):
            tokens = [*target, EOS] if length < limit else list(target)
            total = sum(slow_model([], tokens[:i])[tokens[i]] for i in range(len(tokens)))
            n = len(tokens)
            base = (5 + n) / 6 if config.length_penalty_form == "paper" else n
            found.append((total / base**config.length_penalty, list(target), length < limit))
    return sorted(found, key=lambda one: (not one[2], -one[0]))


def test_n_best_are_sorted_and_distinct(tiny_model, sources):
    for found in decode(tiny_model(), sources, DecodingConfig(beam_size=6, n_best=6, extra_length=8)):
        assert len(found) == 6
        assert found == sorted(found, key=lambda one: (not one.finished, -one.score))
        assert len({(tuple(one.ids), one.finished) for one in found}) == 6


def test_the_n_best_begin_with_the_best(tiny_model, sources, assert_same):
    """Asking for fewer stops sooner and finds the same."""
    config = DecodingConfig(beam_size=5, n_best=5, extra_length=8)
    five = decode(tiny_model(), sources, config)
    assert_same(decode(tiny_model(), sources, config.changed(n_best=2)), [found[:2] for found in five])


def test_equal_tokens_are_taken_in_order(tiny_model):
    """Nothing but the bias speaks, and it says the same of 3 … 19."""
    model = tiny_model()
    with torch.no_grad():
        model.embedding.weight.zero_()
        model.output_bias.zero_()
        model.output_bias[EOS] = -9.0
    config = DecodingConfig(beam_size=4, n_best=4, extra_length=1)
    (found,) = decode(model, [[5]], config)
    assert [one.ids for one in found] == [[3, 3, 3], [3, 3, 4], [3, 3, 5], [3, 3, 6]]
    assert decode(model, [[5]], DecodingConfig(method="greedy", extra_length=1))[0][0].ids == [3, 3, 3]


def test_largest_prefers_what_is_further_left():
    torch.manual_seed(0)
    values = torch.randint(0, 6, (50, 40)).float()
    values[:, ::7] = -math.inf
    for count in (1, 5, 39, 40, 60):
        top, places = largest(values, count)
        wanted, where = values.sort(dim=1, descending=True, stable=True)
        possible = wanted[:, :count] > -math.inf
        assert torch.equal(top, wanted[:, :count])
        assert torch.equal(places[possible], where[:, :count][possible])
