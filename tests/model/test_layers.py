"""§5.4 dropout, which here draws a byte a number: it drops its share, keeps the mean and can be repeated."""

import pytest
import torch
from torch import nn

from glassformer.model.layers import Dropout, set_dropout

MANY = 400_000


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(p: float) -> None:
    share = round(p * 256) / 256
    dropped = Dropout(p)(torch.ones(MANY))
    spread = (share * (1 - share) / MANY) ** 0.5
    assert abs(float((dropped == 0).double().mean()) - share) < 5 * spread
    assert abs(float(dropped.double().mean()) - 1) < 5 * spread / (1 - share)
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / (1 - share))]
    assert abs(share - p) <= 1 / 512


def test_dropout_asks_nothing_of_the_neighbours() -> None:
    """The eight bytes of one draw are not alike: pairs of neighbours are dropped together p² of the time."""
    dropped = Dropout(0.25)(torch.ones(MANY // 8, 8)) == 0
    for distance in range(1, 8):
        together = (dropped[:, distance:] & dropped[:, :-distance]).double().mean()
        assert abs(float(together) - 0.25**2) < 0.006
    assert (dropped.double().mean(dim=0) - 0.25).abs().max() < 0.01


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5, 11), (2, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_dropout_takes_any_shape_and_type(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = torch.ones(shape, dtype=dtype)
    dropped = Dropout(0.5)(x)
    assert dropped.shape == x.shape
    assert dropped.dtype == dtype


def test_dropout_is_nothing_outside_training() -> None:
    x = torch.randn(4, 5)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x


def test_dropout_can_be_repeated() -> None:
    dropout, x = Dropout(0.5), torch.randn(50, 50)
    torch.manual_seed(5)
    first, second = dropout(x), dropout(x)
    torch.manual_seed(5)
    assert torch.equal(dropout(x), first)
    assert not torch.equal(first, second)


def test_the_gradient_goes_through_what_was_kept() -> None:
    x = torch.randn(1000, requires_grad=True)
    dropped = Dropout(0.5)(x)
    dropped.sum().backward()
    assert torch.equal(x.grad, torch.where(dropped == 0, 0.0, 2.0))


def test_every_dropout_of_a_model_is_set() -> None:
    model = nn.Sequential(Dropout(0.1), nn.Sequential(nn.Linear(2, 2), Dropout(0.0)))
    set_dropout(model, 0.25)
    found = [module for module in model.modules() if isinstance(module, Dropout)]
    assert [(dropout.p, dropout.threshold) for dropout in found] == [(0.25, 64)] * 2


def test_a_dropout_near_one_is_still_a_dropout() -> None:
    assert Dropout(0.999)(torch.ones(9)).isfinite().all()
