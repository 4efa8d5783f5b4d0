"""Which head does what: on a model whose heads were given their jobs by hand."""

import pytest
import torch

from glassformer.demo import first_sentences
from glassformer.demo.head_jobs import JobPlaces, best_heads, demo_jobs, head_shares
from glassformer.engines.native import Native
from glassformer.translator import Translator
from glassformer.what_if import patch
from tests.toy_translator import ENGLISH, GERMAN, toy

TEXT, TARGET = "The train stopped because it was snowing.", "Der Zug hielt, weil es schneite."


@pytest.fixture
def translator() -> Translator:
    saved = toy()
    return Translator(Native(saved.model), saved.tokenizer, saved.card, "toy")


def test_a_share_is_the_weight_between_words(translator: Translator) -> None:
    trace = translator.trace(TEXT, TARGET)
    shares = head_shares(translator, TEXT, TARGET, JobPlaces("encoder", [(4, 1)]))
    assert set(shares) == {f"encoder.layers.{n}.self_attention" for n in range(2)}
    source = [places for text, places in translator.words(trace.about["source_ids"][:-1]) if text != "."]
    weights = trace["encoder.layers.1.self_attention.weights"]
    expected = weights[:, source[4]].mean(dim=1)[:, source[1]].sum(dim=1)
    torch.testing.assert_close(shares["encoder.layers.1.self_attention"][:, 0], expected)


def test_target_words_look_from_the_moment_they_are_chosen(translator: Translator) -> None:
    trace = translator.trace(TEXT, TARGET)
    first = translator.words(trace.about["target_ids"][1:])[0][1]  # "Der", chosen in row 0
    weights = trace["decoder.layers.0.self_attention.weights"]
    found = head_shares(translator, TEXT, TARGET, JobPlaces("decoder", [(1, 0)]))["decoder.layers.0.self_attention"]
    zug = translator.words(trace.about["target_ids"][1:])[1][1]
    expected = weights[:, zug][:, :, [place + 1 for place in first]].mean(dim=1).sum(dim=1)
    torch.testing.assert_close(found[:, 0], expected)


def test_the_head_that_does_a_job_is_found(translator: Translator) -> None:
    def looks_back(scores: torch.Tensor) -> torch.Tensor:
        scores = scores.clone()
        before = torch.arange(scores.size(-1) - 1)
        scores[:, 1, before + 1, before] = 50.0
        return scores

    examples = [
        (a, b, {"a word to the one before it": JobPlaces("encoder", [(n, n - 1) for n in range(1, len(a.split()))])})
        for a, b in zip(ENGLISH[:8], GERMAN[:8], strict=True)
    ]
    with patch(translator.model, "encoder.layers.1.self_attention.scores", looks_back):
        (job,) = best_heads(translator, examples)
    assert (job.attention, job.head) == ("encoder.layers.1.self_attention", 1)
    assert 0.2 < job.share <= 1  # a word of several pieces looks at itself with all but the first
    assert job.looks == sum(len(a.split()) - 1 for a in ENGLISH[:8])


def test_the_demos_jobs_name_words_that_are_there() -> None:
    for sentence in first_sentences(200):
        source, target = (len(text.split()) for text in sentence.pair)
        for look in demo_jobs(sentence).values():
            queries, keys = (
                (source, source) if look.side == "encoder" else (target, source if look.side == "cross" else target)
            )
            assert all(0 <= query < queries and 0 <= key < keys for query, key in look.pairs)
