"""Scores are teacher forcing's, whatever the batches."""

import pytest
import torch

from glassformer.decoding import score
from glassformer.errors import ShapeError, VocabularyError


def test_scores_are_the_log_softmax_of_the_logits(tiny_model, sources):
    model = tiny_model()
    targets = [source[::-1][:3] for source in sources]
    found = score(model, sources, targets)
    model.eval()
    for source, target, scores in zip(sources, targets, found, strict=True):
        logits = model(torch.tensor([[*source, 2]]), torch.tensor([[1, *target]]))[0].log_softmax(-1)
        assert scores == pytest.approx(logits.gather(1, torch.tensor([[*target, 2]]).T)[:, 0].tolist(), abs=1e-5)


def test_batches_do_not_matter(tiny_model, sources, monkeypatch):
    model, told = tiny_model(), []
    together = score(model, sources, sources[::-1])
    small = score(model, sources, sources[::-1], batch_tokens=1, progress=told.append)
    assert told == [1] * len(sources)
    monkeypatch.setitem(score.__globals__, "POSITIONS_AT_ONCE", 12)
    parts = score(model, sources, sources[::-1])
    for one, other, third in zip(together, small, parts, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
        assert one == pytest.approx(third, abs=1e-5)


def test_the_mode_is_left_as_it_was(tiny_model, sources):
    model = tiny_model().train()
    assert score(model, sources, sources) == score(model, sources, sources)
    assert model.training


def test_none_and_what_cannot_be(tiny_model):
    assert score(tiny_model(), [], []) == []
    with pytest.raises(ShapeError, match="1 sources and 0 targets"):
        score(tiny_model(), [[4]], [])
    for wrong in (-1, 20):
        with pytest.raises(VocabularyError):
            score(tiny_model(), [[4]], [[wrong]])
        with pytest.raises(VocabularyError):
            score(tiny_model(), [[wrong]], [[4]])
