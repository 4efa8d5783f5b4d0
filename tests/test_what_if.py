import pytest
import torch

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.decoding.lean import is_watched
from glassformer.errors import NothingAllowedError, WhatIfError
from glassformer.model import Transformer
from glassformer.trace import record
from glassformer.what_if import attentions, edges_blocked, embedding_replaced, heads_off, patch, rank_heads, turned

CONFIG = ModelConfig(vocabulary_size=23, d_model=16, heads=4, d_ff=24, encoder_layers=2, decoder_layers=2)
SOURCE = torch.tensor([[5, 9, 4, 17, 2]])
TARGET = torch.tensor([[1, 7, 20, 6]])
ENCODER, DECODER, CROSS = (
    "encoder.layers.1.self_attention",
    "decoder.layers.0.self_attention",
    "decoder.layers.1.cross_attention",
)


@pytest.fixture
def model() -> Transformer:
    return Transformer(CONFIG.changed(attention_bias=True)).eval()


def by_steps(model: Transformer) -> torch.Tensor:
    memory, cache = model.encode(SOURCE), model.new_cache()
    steps = [model.decode(token, memory, model.allowed(SOURCE), cache) for token in TARGET.split(1, dim=1)]
    return model.predict(torch.cat(steps, dim=1))


@pytest.mark.parametrize("name", [ENCODER, DECODER, CROSS])
def test_a_head_off_is_its_rows_of_w_o_at_zero(model: Transformer, name: str) -> None:
    with heads_off(model, [(name, 2)]), record(model) as trace:
        off = model(SOURCE, TARGET)
    assert trace[f"{name}.z"][2].abs().max() == 0
    assert trace[f"{name}.z"][1].abs().max() > 0
    before = model(SOURCE, TARGET)
    with torch.no_grad():
        attentions(model)[name].w_o.bias.normal_()  # a head off at the output would lose the bias
        with heads_off(model, [(name, 2)]):
            off = model(SOURCE, TARGET)
        attentions(model)[name].head(2).w_o.zero_()
    torch.testing.assert_close(model(SOURCE, TARGET), off)
    assert (before - off).abs().max() > 1e-4


def test_a_head_off_is_the_same_step_by_step(model: Transformer) -> None:
    with heads_off(model, [(DECODER, 0), (DECODER, 3), (CROSS, 1)]):
        torch.testing.assert_close(by_steps(model), model(SOURCE, TARGET))


def test_a_head_at_its_mean_says_the_same_of_every_word(model: Transformer) -> None:
    with record(model) as plain:
        model(SOURCE, TARGET)
    with heads_off(model, [(ENCODER, 1)], replace="mean"), record(model) as trace:
        model(SOURCE, TARGET)
    expected = plain[f"{ENCODER}.z"][1].mean(dim=0).expand(5, -1)
    torch.testing.assert_close(trace[f"{ENCODER}.z"][1], expected)
    with heads_off(model, [(DECODER, 1)], replace="mean"), pytest.raises(WhatIfError, match="mean over one word"):
        by_steps(model)


@pytest.mark.parametrize(("name", "edge"), [(ENCODER, (3, 1)), (DECODER, (2, 0)), (CROSS, (3, 4))])
def test_a_blocked_edge_has_weight_zero_and_the_rest_share(
    model: Transformer, name: str, edge: tuple[int, int]
) -> None:
    with edges_blocked(model, name, [edge], heads=[2]), record(model) as trace:
        forced = model(SOURCE, TARGET)
    weights = trace[f"{name}.weights"]
    assert weights[2, edge[0], edge[1]] == 0
    assert weights[1, edge[0], edge[1]] > 0
    torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:2]))
    with edges_blocked(model, name, [edge], heads=[2]):
        torch.testing.assert_close(by_steps(model), forced)


def test_an_embedding_replaced_by_another_words_is_that_word(model: Transformer) -> None:
    other = SOURCE.clone()
    other[0, 1] = 12
    with embedding_replaced(model, 1, model.embedding.weight[12] * 4):
        torch.testing.assert_close(model(SOURCE, TARGET), model(other, TARGET))
    target = TARGET.clone()
    target[0, 2] = 12
    with embedding_replaced(model, 2, model.embedding.weight[12] * 4, side="decoder"):
        torch.testing.assert_close(by_steps(model), model(SOURCE, target))


def test_ranking_equals_switching_each_head_off_alone(model: Transformer) -> None:
    target = torch.tensor([[1, 7, 20, 6, 2]])
    ranking = rank_heads(model, SOURCE, target)
    assert len(ranking.heads) == len(set(ranking.heads)) == 6 * 4
    assert ranking.change.shape == (24, 4)
    totals = ranking.change.sum(dim=1)
    assert bool((totals[1:] >= totals[:-1]).all())
    for row in (0, 7, 23):
        with torch.inference_mode(), heads_off(model, [ranking.heads[row]]):
            logits = model(SOURCE, target[:, :-1])
        alone = logits.log_softmax(-1)[0].gather(1, target[0, 1:, None])[:, 0]
        torch.testing.assert_close(alone - ranking.log_probabilities, ranking.change[row])


def test_ranking_is_not_disturbed_by_dropout_and_leaves_the_mode(model: Transformer) -> None:
    expected = rank_heads(model, SOURCE, TARGET)
    model.train()
    again = rank_heads(model, SOURCE, TARGET)
    assert model.training
    assert torch.equal(expected.change, again.change)


def test_what_is_not_there_is_said(model: Transformer) -> None:
    with pytest.raises(WhatIfError, match=r"no head 4 in .*: its heads are 0 … 3"), heads_off(model, [(ENCODER, 4)]):
        pass
    with (
        pytest.raises(WhatIfError, match=r"no attention 'encoder.layers.9'"),
        heads_off(model, [("encoder.layers.9", 0)]),
    ):
        pass
    with pytest.raises(WhatIfError, match="no window 'logit'"), patch(model, "logit", lambda value: value):
        pass
    with pytest.raises(WhatIfError, match=r"no edge \(5, 0\)"), edges_blocked(model, ENCODER, [(5, 0)]):
        model(SOURCE, TARGET)
    with pytest.raises(WhatIfError, match=r"no edge \(0, 9\)"), edges_blocked(model, CROSS, [(0, 9)]):
        decode(model, [SOURCE[0].tolist()], DecodingConfig(method="greedy"))
    with pytest.raises(NothingAllowedError, match="nothing left"), edges_blocked(model, DECODER, [(0, 0)]):
        model(SOURCE, TARGET)
    with pytest.raises(WhatIfError, match="no position 5"), embedding_replaced(model, 5, torch.zeros(16)):
        model(SOURCE, TARGET)
    assert sum(len(module._forward_hooks) for module in model.modules()) == 0


@pytest.mark.usefixtures("unchecked_shapes")
def test_heads_are_replaced_by_nothing_else(model: Transformer) -> None:
    with pytest.raises(WhatIfError, match="wanted 'zero' or 'mean'"), heads_off(model, [(ENCODER, 0)], "median"):  # type: ignore[arg-type]
        pass


TURNS = [(ENCODER, 3, 1), (DECODER, 2, 0), (CROSS, 3, 4)]


@pytest.mark.parametrize(("name", "query", "key"), TURNS)
def test_a_turned_query_looks_at_one_key_alone(model: Transformer, name: str, query: int, key: int) -> None:
    with record(model) as plain:
        before = model(SOURCE, TARGET)
    with turned(model, name, 2, query, key), record(model) as trace:
        after = model(SOURCE, TARGET)
    weights, was = trace[f"{name}.weights"], plain[f"{name}.weights"]
    row = torch.zeros(weights.size(-1))
    row[key] = 1
    assert torch.equal(weights[2, query], row)
    torch.testing.assert_close(trace[f"{name}.z"][2, query], trace[f"{name}.values"][2, key])
    weights[2, query] = was[2, query] = 0
    torch.testing.assert_close(weights, was)  # nobody else looks elsewhere
    assert (before - after).abs().max() > 1e-5
    assert torch.equal(model(SOURCE, TARGET), before)


@pytest.mark.parametrize(("name", "query", "key"), TURNS)
def test_turned_is_the_same_step_by_step(model: Transformer, name: str, query: int, key: int) -> None:
    with turned(model, name, 1, query, key):
        torch.testing.assert_close(by_steps(model), model(SOURCE, TARGET))


def test_the_pieces_of_a_word_share_as_before(model: Transformer) -> None:
    with record(model) as plain:
        model(SOURCE, TARGET)
    with turned(model, CROSS, 0, 1, [3, 1]), record(model) as trace:
        model(SOURCE, TARGET)
    had, row = plain[f"{CROSS}.weights"][0, 1], trace[f"{CROSS}.weights"][0, 1]
    assert float(row.sum()) == pytest.approx(1)
    assert float(row[3]) == pytest.approx(float(had[3] / (had[1] + had[3])))
    assert row.nonzero()[:, 0].tolist() == [1, 3]
    with turned(model, CROSS, 0, 1, 2), turned(model, CROSS, 0, 1, [3, 1]), record(model) as trace:
        model(SOURCE, TARGET)
    assert trace[f"{CROSS}.weights"][0, 1].tolist() == [0, 0.5, 0, 0.5, 0]  # nothing was left to share by


@pytest.mark.parametrize("config", [DecodingConfig(beam_size=1), DecodingConfig(beam_size=3, n_best=3)])
@pytest.mark.parametrize(("name", "query", "key"), [(ENCODER, 2, 0), (DECODER, 1, 0), (CROSS, 0, 2)])
def test_turned_decodes_a_batch_as_singles(
    model: Transformer, config: DecodingConfig, name: str, query: int, key: int
) -> None:
    """Padding, sentences that leave, hypotheses that change places: each is turned in its own positions. What the beam
    says is what the whole pass, the reference, gives for the same words."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(3)  # so that a head matters
    sources = [[5, 9, 4, 17], [8, 11, 3, 5, 9, 4, 17, 20], [6, 7, 14, 9, 3]]
    plain = decode(model, sources, config)
    with turned(model, name, 2, query, key):
        assert is_watched(model)  # nothing lean, and no other copy of the model, may answer
        together = decode(model, sources, config)
        singles = [decode(model, [source], config)[0] for source in sources]
        for source, found in zip(sources, together, strict=True):
            for one in found:
                bos, eos = model.config.bos_id, model.config.eos_id
                logits = model(torch.tensor([[*source, eos]]), torch.tensor([[bos, *one.ids]]))[0]
                said = [*one.ids, eos] if one.finished else one.ids
                costs = logits.log_softmax(dim=-1)[range(len(said)), said]
                assert costs.tolist() == pytest.approx(list(one.token_log_probabilities), abs=1e-4)
    assert [[one.ids for one in found] for found in together] == [[one.ids for one in found] for found in singles]
    costs = [[one.token_log_probabilities for one in found] for found in together]
    assert costs != [[one.token_log_probabilities for one in found] for found in plain]


def test_a_turn_that_cannot_be_is_said(model: Transformer) -> None:
    cases = [
        ((ENCODER, 4, 0, 0), "no head 4"),
        ((ENCODER, 0, 5, 0), "no query 5"),
        ((ENCODER, 0, 0, 5), "no key 5"),
        ((CROSS, 0, 1, [2, 7]), "no key 7"),
        ((CROSS, 0, 9, 1), "no query 9"),
        ((CROSS, 0, 1, []), "a key or more"),
        ((CROSS, 0, 1, -1), "positions from 0"),
        ((DECODER, 0, 1, 2), "sees no later one"),
    ]
    for turn, said in cases:
        with pytest.raises(WhatIfError, match=said), turned(model, *turn):
            model(SOURCE, TARGET)
    padded = torch.tensor([[5, 9, 4, 17, 2], [5, 9, 2, model.config.pad_id, model.config.pad_id]])
    for query, key, said in [(1, 3, "a sentence ends before"), (3, 1, "no query 3")]:
        with pytest.raises(WhatIfError, match=said), turned(model, ENCODER, 0, query, key):
            model.encode(padded)
    blocked = edges_blocked(model, ENCODER, [(1, 2)])
    with blocked, turned(model, ENCODER, 0, 1, 2), pytest.raises(WhatIfError, match="the edge is blocked"):
        model(SOURCE, TARGET)
    assert sum(len(module._forward_hooks) for module in model.modules()) == 0
