from itertools import islice

import pytest
import torch

from glassformer.corpus import batches as module
from glassformer.corpus.batches import Batches
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.read import CorpusReport
from glassformer.decoding.batches import pad
from glassformer.errors import ConfigError
from tests.made_up import made_up_pairs

BUDGET = 512


@pytest.fixture(scope="module")
def pairs(tmp_path_factory, tokenizer):
    folder = tmp_path_factory.mktemp("corpus") / "encoded"
    return EncodedPairs.write(folder, made_up_pairs(3000), tokenizer, max_tokens=200, report=CorpusReport())


@pytest.fixture(params=["one pool", "many pools"])
def batches(pairs, request, monkeypatch):
    if request.param == "many pools":
        monkeypatch.setattr(module, "BLOCK", 64)
        monkeypatch.setattr(module, "POOL_PAIRS", 700)
    return Batches(pairs, batch_tokens=BUDGET, seed=5)


def numbers(some):
    return [batch.numbers.tolist() for batch in some]


@pytest.mark.parametrize("order", [lambda batches: batches.epoch(3), lambda batches: batches.ordered()])
def test_each_pair_comes_once_within_the_budget(batches, pairs, order):
    seen = []
    for batch in order(batches):
        seen += batch.numbers.tolist()
        assert batch.source_ids.numel() <= BUDGET
        assert batch.target_ids.numel() <= BUDGET
    assert sorted(seen) == list(range(len(pairs)))


def test_a_batch_holds_its_pairs(batches, pairs):
    for batch in islice(batches.epoch(0), 5):
        sides = [[side.tolist() for side in pairs.pair(number)] for number in batch.numbers.tolist()]
        assert batch.source_ids.dtype == batch.target_ids.dtype == batch.numbers.dtype == torch.int64
        assert torch.equal(batch.source_ids, pad([[*source, 2] for source, _ in sides], 0))
        assert torch.equal(batch.target_ids, pad([[1, *target, 2] for _, target in sides], 0))
        assert batch.tokens == int((batch.target_ids[:, 1:] != 0).sum())
        assert batch.source_tokens == int((batch.source_ids != 0).sum())


def test_little_is_padding(pairs):
    made = list(Batches(pairs, batch_tokens=1024, seed=0).epoch(0))
    real = sum(batch.tokens + batch.source_tokens for batch in made)
    places = sum(batch.target_ids[:, 1:].numel() + batch.source_ids.numel() for batch in made)
    assert real / places >= 0.9


def test_order_depends_on_seed_and_epoch_only(batches, pairs):
    order = numbers(batches.epoch(1))
    assert numbers(Batches(pairs, batch_tokens=BUDGET, seed=5).epoch(1)) == order
    assert numbers(batches.epoch(1)) == order
    assert numbers(batches.epoch(2)) != order
    assert numbers(Batches(pairs, batch_tokens=BUDGET, seed=6).epoch(1)) != order
    assert numbers(batches.ordered()) == numbers(batches.ordered())


def test_other_epochs_put_other_pairs_together(batches):
    together = [{frozenset(batch) for batch in numbers(batches.epoch(epoch)) if len(batch) > 1} for epoch in (0, 1)]
    assert len(together[0] & together[1]) < 0.1 * len(together[0])


def test_skipped_batches_change_nothing_else(batches):
    whole = numbers(batches.epoch(4))
    for skip in (0, 1, len(whole) // 2, len(whole) - 1, len(whole), len(whole) + 5):
        assert numbers(batches.epoch(4, skip=skip)) == whole[skip:]


def test_the_number_of_batches(batches):
    count = len(numbers(batches.epoch(0)))
    one_pool = len(batches._pools(0)) == 1
    assert batches.batches_in_epoch(0) == pytest.approx(count, rel=0 if one_pool else 0.15)


def test_a_pair_over_the_budget_is_a_batch_by_itself(pairs):
    made = list(Batches(pairs, batch_tokens=4, seed=0).epoch(0))
    assert all(len(batch.numbers) == 1 for batch in made)
    assert len(made) == len(pairs)


@pytest.mark.parametrize("wrong", [{"batch_tokens": 0, "seed": 1}, {"batch_tokens": 9, "seed": -1}])
def test_settings_that_cannot_be(pairs, wrong):
    with pytest.raises(ConfigError, match="wanted"):
        Batches(pairs, **wrong)
