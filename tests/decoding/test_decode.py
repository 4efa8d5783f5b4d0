"""What holds for every method, through the one door."""

import itertools

import pytest
import torch

from glassformer.config import DecodingConfig
from glassformer.decoding import decode, score
from glassformer.errors import DecodingError, ShapeError, VocabularyError

GREEDY = DecodingConfig(method="greedy", extra_length=8)
BEAM = DecodingConfig(beam_size=4, n_best=3, extra_length=8)
SAMPLING = DecodingConfig(method="sampling", n_best=3, extra_length=8)
every_method = pytest.mark.parametrize("config", [GREEDY, BEAM, SAMPLING], ids=lambda config: config.method)
every_seed = pytest.mark.parametrize("seed", range(4))


@every_seed
@every_method
def test_a_batch_of_n_is_n_batches_of_one(config, seed, tiny_model, sources, assert_same):
    """So it does not matter who else is in the batch, nor that those who are done leave it."""
    model = tiny_model(seed)
    alone = [decode(model, [source], config)[0] for source in sources]
    assert len({h.finished for h in itertools.chain(*alone)}) == 2  # some come to an end and some to the limit
    assert_same(decode(model, sources, config), alone)
    assert_same(decode(model, sources, config.changed(batch_tokens=50)), alone)


@every_method
def test_order_does_not_matter(config, tiny_model, sources, assert_same):
    model = tiny_model()
    assert_same(decode(model, sources[::-1], config)[::-1], decode(model, sources, config))


@every_seed
def test_a_beam_of_one_is_greedy(seed, tiny_model, sources, assert_same):
    model = tiny_model(seed)
    prefixes = [[5] * (len(source) % 3) for source in sources]
    beam = decode(model, sources, BEAM.changed(beam_size=1, n_best=1), prefixes=prefixes)
    assert_same(beam, decode(model, sources, GREEDY, prefixes=prefixes))


@every_method
def test_log_probabilities_are_those_of_teacher_forcing(config, tiny_model, sources):
    model = tiny_model()
    for source, found in zip(sources, decode(model, sources, config), strict=True):
        for one in found:
            (forced,) = score(model, [source], [one.ids])
            assert one.token_log_probabilities == pytest.approx(forced[: None if one.finished else -1], abs=1e-4)
            assert one.log_probability == pytest.approx(sum(one.token_log_probabilities))


@every_method
@pytest.mark.parametrize(("form", "alpha"), [("paper", 0.6), ("power", 1.0), ("power", 0.0)])
def test_score_is_log_probability_over_the_penalty(config, form, alpha, tiny_model, sources):
    config = config.changed(length_penalty=alpha, length_penalty_form=form)
    for one in itertools.chain(*decode(tiny_model(), sources, config)):
        n = len(one.ids) + one.finished
        penalty = ((5 + n) / 6) ** alpha if form == "paper" else n**alpha
        assert one.score == pytest.approx(one.log_probability / penalty)


@every_method
def test_no_padding_no_beginning_and_no_more_than_the_limit(config, tiny_model, sources):
    for source, found in zip(sources, decode(tiny_model(), sources, config), strict=True):
        limit = len(source) + 1 + config.extra_length
        for one in found:
            assert set(one.ids).isdisjoint({0, 1, 2})
            assert len(one.ids) < limit if one.finished else len(one.ids) == limit


@every_method
def test_hypotheses_begin_with_the_prefix(config, tiny_model, sources, assert_same):
    """Of different lengths in a batch: none, and up to the limit itself."""
    model = tiny_model()
    lengths = [0, 3, 1, 2, 9, 0, 2, 1, 0, 5, 4, 14]
    prefixes = [[3 + (7 * i) % 17 for i in range(length)] for length in lengths]
    found = decode(model, sources, config, prefixes=prefixes)
    for prefix, row in zip(prefixes, found, strict=True):
        assert row
        assert all(one.ids[: len(prefix)] == prefix for one in row)
    pairs = zip(sources, prefixes, strict=True)
    assert_same(found, [decode(model, [source], config, prefixes=[prefix])[0] for source, prefix in pairs])
    for source, one in zip(sources, (row[0] for row in found), strict=True):
        (forced,) = score(model, [source], [one.ids])
        assert one.token_log_probabilities == pytest.approx(forced[: None if one.finished else -1], abs=1e-4)


def test_greedy_takes_up_its_own_prefix_again(tiny_model, sources, assert_same):
    model = tiny_model()
    found = decode(model, sources, GREEDY)
    prefixes = [row[0].ids[: len(row[0].ids) // 2] for row in found]
    assert_same(decode(model, sources, GREEDY, prefixes=prefixes), found)


@every_method
def test_after_a_prefix_there_is_room_for_one_token(config, tiny_model):
    found = decode(tiny_model(), [[4, 5]], config.changed(extra_length=1), prefixes=[[6, 7, 8, 9]])
    assert {len(one.token_log_probabilities) for one in found[0]} == {5}


def test_a_model_that_begins_with_eos_may_still_end(tiny_model, sources):
    model = tiny_model(eos_bias=4)
    model.config = model.config.changed(bos_id=2)
    assert any(row[0].finished for row in decode(model, sources, GREEDY))


@every_method
def test_the_mode_is_left_as_it_was_and_training_goes_on(config, tiny_model, sources):
    model = tiny_model()
    model.train()
    model.encoder.eval()
    first = decode(model, sources, config)
    assert first == decode(model, sources, config)  # no dropout
    assert (model.training, model.encoder.training, model.decoder.training) == (True, False, True)
    long = torch.full((1, 10), 5)
    model(long, long).sum().backward()
    with pytest.raises(VocabularyError):
        decode(model, [[99]], config)
    assert model.training


@every_method
def test_works_in_bfloat16(config, tiny_model, sources):
    for one in itertools.chain(*decode(tiny_model().bfloat16(), sources, config)):
        assert one.log_probability < 0


def test_progress_counts_the_sentences(tiny_model, sources):
    told = []
    decode(tiny_model(), sources, BEAM.changed(batch_tokens=100), progress=told.append)
    assert sum(told) == len(sources)
    assert len(told) > 1


def test_no_sentence_and_an_empty_one(tiny_model):
    assert decode(tiny_model(), [], BEAM) == []
    assert decode(tiny_model(), [], BEAM, prefixes=[]) == []
    assert len(decode(tiny_model(), [[]], BEAM)[0]) == 3


def test_what_cannot_be_is_refused(tiny_model):
    model = tiny_model()
    with pytest.raises(DecodingError, match="limit is 11"):
        decode(model, [[4, 5]], GREEDY, prefixes=[[6] * 12])
    for special, name in enumerate(["pad", "bos", "eos"]):
        with pytest.raises(DecodingError, match=f"prefix with {name}"):
            decode(model, [[4, 5]], GREEDY, prefixes=[[6, special]])
    with pytest.raises(ShapeError, match="2 prefixes for 1 source"):
        decode(model, [[4]], GREEDY, prefixes=[[], []])
    for wrong in (-1, 20):
        with pytest.raises(VocabularyError, match=f"{wrong} of a prefix"):
            decode(model, [[4]], GREEDY, prefixes=[[wrong]])
        with pytest.raises(VocabularyError, match=f"{wrong} is not"):
            decode(model, [[4], [wrong]], GREEDY)
