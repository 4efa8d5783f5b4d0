"""The clock of a deadline: it ends what runs, and does not keep the lean model from decoding."""

import pytest

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.decoding.lean import LeanTransformer, lean
from glassformer.http.guard import RequestError
from glassformer.model import Transformer
from glassformer.page.deadline import AnswerClock, Deadline


@pytest.fixture(params=["pre", "post"])
def model(request: pytest.FixtureRequest) -> Transformer:
    sizes = {"vocabulary_size": 40, "d_model": 16, "heads": 2, "d_ff": 32, "encoder_layers": 1, "decoder_layers": 1}
    return Transformer(ModelConfig.from_dict({**sizes, "norm": request.param})).eval()


@pytest.mark.parametrize("watched", [False, True])
def test_it_ends_decoding_in_the_middle(model: Transformer, watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    deadline, looks = Deadline(), []
    look = AnswerClock.__call__

    def leave_at_the_third_look(clock: AnswerClock, *given: object) -> None:
        looks.append(1)
        if len(looks) == 3:
            deadline.gone.set()
        look(clock, *given)

    monkeypatch.setattr(AnswerClock, "__call__", leave_at_the_third_look)
    if watched:
        model.encoder.layers[0].self_attention.z.register_forward_hook(lambda *_: None)
    with deadline.over(model):
        assert isinstance(lean(model), LeanTransformer) != watched
        with pytest.raises(RequestError, match="nobody waits"):
            decode(model, [[5, 6, 7]], DecodingConfig())
    assert len(looks) == 3


def test_it_is_over_when_its_time_is(model: Transformer) -> None:
    with Deadline(seconds=-1).over(model), pytest.raises(RequestError, match="longer than"):
        decode(model, [[5, 6, 7]], DecodingConfig())
    decode(model, [[5, 6, 7]], DecodingConfig())
