"""Which checkpoint is the best."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from glassformer.config import TrainingConfig
from glassformer.text.reading import Reader
from glassformer.training import validation
from glassformer.training.state import RunProgress
from glassformer.training.validation import is_better
from tests.toy_translator import toy

BLEU, LOSS = TrainingConfig(stop_on="bleu"), TrainingConfig(stop_on="loss")
BLEU_ALONE = TrainingConfig(stop_on="bleu_alone")


@pytest.mark.parametrize(
    ("bleu", "loss", "by_bleu", "by_loss"),
    [
        (31.1, 2.1, True, False),  # more than a point
        (30.9, 2.1, False, False),  # not told apart: the loss
        (30.9, 1.9, True, True),
        (29.3, 1.9, True, True),
        (29.1, 1.9, False, True),  # more than a point below the highest, 30.2
        (20.0, 1.0, False, True),
    ],
)
def test_bleu_decides_and_the_loss_where_bleu_does_not(bleu: float, loss: float, by_bleu: bool, by_loss: bool) -> None:
    progress = RunProgress(best_step=500, best_bleu=30.0, best_loss=2.0, highest_bleu=30.2)
    assert is_better(progress, BLEU, bleu, loss) is by_bleu
    assert is_better(progress, LOSS, bleu, loss) is by_loss


def test_bleu_may_decide_alone_and_the_later_one_where_it_does_not() -> None:
    progress = RunProgress(best_step=500, best_bleu=29.5, best_loss=2.0, highest_bleu=30.0)
    assert is_better(progress, BLEU_ALONE, 29.1, 2.5)
    assert not is_better(progress, BLEU_ALONE, 28.9, 1.5)


def test_patience_with_bleu_alone_waits_for_a_higher_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = SimpleNamespace(write=lambda *_: None, validated=lambda row: None)
    data: Any = SimpleNamespace(validation=[("a", "b")])
    state: Any = SimpleNamespace(progress=RunProgress())
    monkeypatch.setattr(validation, "validation_loss", lambda *_: 2.0)
    for step, bleu in enumerate((30.0, 29.5, 29.4, 30.2, 29.0), start=1):
        state.progress.step = step
        found = SimpleNamespace(value=bleu, signature=""), ["c"]
        monkeypatch.setattr(validation, "validation_bleu", lambda *_, found=found: found)
        monkeypatch.setattr(validation, "asdict", lambda row: {})
        validation.validate(state, data, BLEU_ALONE, cast(Any, reported), cast(Any, reported), torch.device("cpu"))
    assert (state.progress.best_step, state.progress.without_better, state.progress.highest_bleu) == (4, 1, 30.2)


def test_the_first_is_the_best() -> None:
    assert is_better(RunProgress(), BLEU, 0.0, 9.0)


def test_a_falling_loss_does_not_lead_bleu_down_step_by_step() -> None:
    progress = RunProgress(best_step=1, best_bleu=30.0, best_loss=2.0, highest_bleu=30.0)
    for bleu, loss in ((29.4, 1.9), (28.8, 1.8), (28.2, 1.7)):
        if is_better(progress, BLEU, bleu, loss):
            progress.best_bleu, progress.best_loss = bleu, loss
    assert progress.best_bleu == 29.4


@pytest.mark.parametrize(("asked", "chosen", "counted"), [("", "zh", "zh"), ("char", "zh", "char"), ("", "", "zh")])
def test_validation_counts_with_the_runs_tokenizer(
    asked: str, chosen: str, counted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was chosen when the corpus was read, or as the settings say; an older run goes by the script."""
    wanted = "老鸟在花园里唱歌。"
    tokenizer = SimpleNamespace(encode=lambda text: [1], target=SimpleNamespace(decode=lambda ids: wanted))
    reader = Reader.of(toy().tokenizer, {"languages": "en-zh"})
    pairs = [("The lamp flickers.", wanted)]
    data: Any = SimpleNamespace(validation=pairs, tokenizer=tokenizer, reader=reader, bleu_tokenizer=chosen)
    monkeypatch.setattr(validation, "decode", lambda *_: [[SimpleNamespace(ids=[1])]])
    state: Any = SimpleNamespace(averaged=None)
    score, translations = validation.validation_bleu(state, data, TrainingConfig(bleu_tokenizer=asked))
    assert score.value == pytest.approx(100)
    assert f"tok:{counted}" in score.signature
    assert translations == [wanted]
