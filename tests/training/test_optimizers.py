"""Muon beside PyTorch's own, and what it makes of matrices that lie packed in one."""

from typing import Literal

import pytest
import torch

from glassformer.config import TrainingConfig, tiny
from glassformer.model import Transformer
from glassformer.training.optimizers import Muon, optimizers_for, orthogonal


def gradient(*shape: int) -> torch.Tensor:
    torch.manual_seed(len(shape))
    return torch.randn(shape)


@pytest.mark.parametrize("shape", [(32, 32), (48, 16), (16, 48)])
def test_it_moves_as_pytorchs_own(shape: tuple[int, int]) -> None:
    """PyTorch's computes in bfloat16: equal to two digits."""
    ours, theirs = (torch.nn.Parameter(torch.zeros(shape)) for _ in range(2))
    mine = Muon([{"params": [ours]}], lr=0.01)
    peer = torch.optim.Muon([theirs], lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for turn in range(3):
        ours.grad = gradient(*shape) * (turn + 1)
        theirs.grad = ours.grad.clone()
        mine.step()
        peer.step()
    assert (ours - theirs).norm() < 0.02 * theirs.norm()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_an_orthogonal_matrix_has_no_small_direction(kind: torch.dtype) -> None:
    made = orthogonal(gradient(3, 24, 16), kind)
    values = torch.linalg.svdvals(made)
    assert made.dtype == torch.float32
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_bfloat16_moves_a_matrix_the_same_way() -> None:
    exact, rounded = (orthogonal(gradient(3, 24, 16), kind) for kind in (torch.float32, torch.bfloat16))
    assert not torch.equal(exact, rounded)
    assert (exact - rounded).norm() < 0.02 * exact.norm()


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_muon_computes_in_the_precision_of_the_run(kind: Literal["float32", "bfloat16"]) -> None:
    model = Transformer(tiny(50, encoder_layers=1, decoder_layers=1))
    _, muon = optimizers_for(model, TrainingConfig(optimizer="muon", precision=kind))
    assert isinstance(muon, Muon)
    assert muon.number_type == getattr(torch, kind)


def test_each_of_the_packed_matrices_moves_by_itself() -> None:
    packed = torch.nn.Parameter(torch.zeros(24, 8))
    apart = [torch.nn.Parameter(torch.zeros(8, 8)) for _ in range(3)]
    packed.grad = gradient(24, 8)
    for parameter, part in zip(apart, packed.grad.chunk(3), strict=True):
        parameter.grad = part.clone()
    Muon([{"params": [packed], "parts": 3}], lr=0.01).step()
    Muon([{"params": apart}], lr=0.01).step()
    assert torch.allclose(packed, torch.cat(list(apart)), atol=1e-7)


def test_adam_has_what_muon_has_not() -> None:
    model = Transformer(tiny(50, encoder_layers=1, decoder_layers=1))
    both = optimizers_for(model, TrainingConfig(optimizer="muon"))
    adam, muon = ({id(p) for group in one.param_groups for p in group["params"]} for one in both)
    named = {id(parameter): name for name, parameter in model.named_parameters()}
    assert adam | muon == named.keys()
    assert not adam & muon
    matrices = {"w_qkv", "w_o.weight", "w_1.weight", "w_2.weight"}
    assert all(any(named[one].endswith(name) for name in matrices) for one in muon)
    assert not any(named[one].endswith(name) for name in matrices for one in adam)
