"""§3.2: the attention that holds every matrix, the fused one that holds none, and the heads one by one."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from glassformer.config import ModelConfig
from glassformer.errors import NothingAllowedError
from glassformer.model import attention as room
from glassformer.model.attention import MultiHeadAttention, attention, fused_attention


def random_allowed(*shape: int) -> Tensor:
    """About half of the keys, and at least one for each query."""
    allowed = torch.rand(shape) < 0.5
    return allowed.scatter(-1, torch.randint(shape[-1], (*shape[:-1], 1)), True)


def random_qkv(queries: int, keys: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> tuple[Tensor, ...]:
    shapes = (2, 3, queries, 8), (2, 3, keys, 8), (2, 3, keys, 6)
    return tuple((torch.randn(shape) * scale).to(dtype) for shape in shapes)


def one_by_one(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor) -> Tensor:
    """Equation 1 for one query of one head after the other, only over the keys that it may look at."""
    allowed = allowed.expand(*q.shape[:3], k.size(2))
    z = torch.empty(*q.shape[:3], v.size(3), dtype=torch.float64)
    for at in torch.cartesian_prod(*(torch.arange(size) for size in q.shape[:3])).tolist():
        batch, head, query = at
        seen = allowed[batch, head, query].nonzero()[:, 0]
        scores = [float(q[batch, head, query].double() @ k[batch, head, key].double()) / math.sqrt(8) for key in seen]
        powers = torch.tensor([math.exp(score - max(scores)) for score in scores], dtype=torch.float64)
        z[batch, head, query] = powers / powers.sum() @ v[batch, head, seen].double()
    return z


def module(**changes: object) -> MultiHeadAttention:
    return MultiHeadAttention(ModelConfig(vocabulary_size=9, d_model=24, heads=3, d_ff=8).changed(**changes))


def watch(probe: nn.Module) -> list[Tensor]:
    seen: list[Tensor] = []
    probe.register_forward_hook(lambda _, __, value: seen.append(value.detach()))
    return seen


@pytest.mark.parametrize("form", [attention, fused_attention])
def test_it_is_equation_1(form: object) -> None:
    q, k, v = random_qkv(5, 7)
    for shape in [(2, 3, 5, 7), (1, 1, 5, 7), (2, 1, 1, 7), (1, 1, 1, 7)]:
        allowed = random_allowed(*shape)
        assert (form(q, k, v, allowed) - one_by_one(q, k, v, allowed)).abs().max() < 1e-5


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
@pytest.mark.parametrize("keys", [1, 2, 127, 128, 129, 300])
def test_fused_is_paper(keys: int, dtype: torch.dtype, tolerance: float) -> None:
    """In bfloat16 (8 bits) each of them is also as near to the truth, which is float32's, as the other."""
    for queries, shape in [(keys, (2, 3, keys, keys)), (4, (2, 1, 1, keys)), (1, (1, 3, 1, keys))]:
        q, k, v = random_qkv(queries, keys, dtype)
        allowed = random_allowed(*shape)
        paper, fused = attention(q, k, v, allowed), fused_attention(q, k, v, allowed)
        truth = attention(q.float(), k.float(), v.float(), allowed)
        assert paper.dtype == fused.dtype == dtype
        assert (paper.float() - fused.float()).abs().max() < tolerance
        assert (paper.float() - truth).abs().max() < tolerance
        assert (fused.float() - truth).abs().max() < tolerance


def test_the_gradients_of_fused_are_the_papers() -> None:
    allowed = random_allowed(2, 3, 9, 140)
    found = []
    for form in (attention, fused_attention):
        torch.manual_seed(1)
        q, k, v = (tensor.requires_grad_() for tensor in random_qkv(9, 140))
        found.append(torch.autograd.grad(form(q, k, v, allowed).square().sum(), (q, k, v)))
    for paper, fused in zip(*found, strict=True):
        assert (paper - fused).abs().max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(
    queries=st.integers(1, 9),
    keys=st.integers(1, 12),
    scale=st.sampled_from([0.0, 1e-20, 1.0, 30.0, 1e4, 1e15]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    seed=st.integers(0, 999),
)
def test_weights_are_shares(queries: int, keys: int, scale: float, dtype: torch.dtype, seed: int) -> None:
    """They sum to 1, are exactly 0 where not allowed, and are never NaN, however large or alike the scores."""
    torch.manual_seed(seed)
    q, k, v = random_qkv(queries, keys, dtype, scale)
    allowed = random_allowed(2, 1, queries, keys)
    seen: list[Tensor] = []
    z = attention(q, k, v, allowed, weights=lambda w: seen.append(w) or w)
    (weights,) = seen
    assert z.isfinite().all()
    assert weights.isfinite().all()
    assert fused_attention(q, k, v, allowed).isfinite().all()
    assert (weights.float().sum(dim=-1) - 1).abs().max() < (1e-5 if dtype == torch.float32 else 0.02)
    assert weights.min() >= 0
    assert torch.count_nonzero(weights.masked_fill(allowed, 0)) == 0


def test_what_is_not_allowed_may_be_anything() -> None:
    """Not even an enormous key and value of a hidden token reach the result."""
    q, k, v = random_qkv(4, 6)
    allowed = random_allowed(2, 1, 1, 6)
    hidden = ~allowed[:, :, 0, :, None]
    loud = [tensor.masked_fill(hidden, 1e18) for tensor in (k, v)]
    for form in (attention, fused_attention):
        assert torch.equal(form(q, k, v, allowed), form(q, *loud, allowed))


@pytest.mark.parametrize("form", [attention, fused_attention])
def test_a_query_that_may_attend_to_nothing_is_refused(form: object) -> None:
    allowed = torch.ones(2, 1, 5, 7, dtype=torch.bool)
    allowed[1, 0, 2] = False
    with pytest.raises(NothingAllowedError, match=r"\[batch, head, query\] = \[1, 0, 2\]"):
        form(*random_qkv(5, 7), allowed)


@pytest.mark.parametrize("bias", [False, True])
def test_whoever_looks_changes_nothing(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three ways through the module (plain, fused, watched) and one result."""
    self_attention = module(attention_bias=bias)
    x, memory = torch.randn(2, 6, 24), torch.randn(2, 5, 24)
    for given_memory, keys in ((None, 6), (memory, 5)):
        allowed = random_allowed(2, 1, 6, keys)
        monkeypatch.setattr(room, "fused_attention_from", lambda queries: 0)
        fused = self_attention(x, allowed, given_memory)
        monkeypatch.setattr(room, "fused_attention_from", lambda queries: 100)
        plain = self_attention(x, allowed, given_memory)
        handle = self_attention.weights.register_forward_hook(lambda *_: None)
        watched = self_attention(x, allowed, given_memory)
        handle.remove()
        monkeypatch.undo()
        assert (plain - fused).abs().max() < 1e-5
        assert torch.equal(plain, watched)


@pytest.mark.parametrize(
    ("dtype", "queries", "keys", "training", "form"),
    [
        (torch.float32, 25, 25, False, "fused_attention"),
        (torch.float32, 25, 25, True, "attention"),
        (torch.float32, 1, 300, False, "attention"),  # a step of decoding
        (torch.bfloat16, 127, 127, False, "attention"),
        (torch.bfloat16, 128, 128, False, "fused_attention"),
        (torch.bfloat16, 511, 511, True, "attention"),
        (torch.bfloat16, 512, 512, True, "fused_attention"),
        (torch.bfloat16, 1, 300, False, "attention"),
    ],
)
def test_the_faster_form_is_taken(
    dtype: torch.dtype, queries: int, keys: int, training: bool, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    for name in ("attention", "fused_attention"):
        monkeypatch.setattr(room, name, lambda q, *_, name=name: taken.append(name) or q)
    x, memory = torch.zeros(1, queries, 24, dtype=dtype), torch.zeros(1, keys, 24, dtype=dtype)
    with torch.set_grad_enabled(training):
        module().to(dtype)(x, torch.ones(1, 1, 1, keys, dtype=torch.bool), memory)
    assert taken == [form]


def test_the_module_is_equal_on_both_sides_of_the_switch() -> None:
    """With gradients a sentence of 31 takes the plain product and one of 32 the fused one: the first 31 rows stay."""
    self_attention = module()
    x = torch.randn(1, 32, 24)
    short = self_attention(x[:, :31], "causal")
    assert (self_attention(x, "causal")[:, :31] - short).abs().max() < 1e-5


def test_the_heads_are_the_articles_matrices() -> None:
    """Q = X W^Q head by head is what the window shows, and the output is the sum of what each head gives: Z W^O."""
    self_attention = module()
    windows = {name: watch(getattr(self_attention, name)) for name in ("queries", "keys", "values", "weights", "z")}
    x = torch.randn(2, 6, 24)
    output = self_attention(x, random_allowed(2, 1, 6, 6))
    seen = {name: values[0] for name, values in windows.items()}
    total = torch.zeros_like(output)
    for number in range(3):
        head = self_attention.head(number)
        assert [tuple(w.shape) for w in head] == [(24, 8), (24, 8), (24, 8), (8, 24)]
        for name, w in (("queries", head.w_q), ("keys", head.w_k), ("values", head.w_v)):
            assert (x @ w - seen[name][:, number]).abs().max() < 1e-5
        assert (seen["weights"][:, number] @ (x @ head.w_v) - seen["z"][:, number]).abs().max() < 1e-5
        total += seen["z"][:, number] @ head.w_o
    assert (total - output).abs().max() < 1e-5


def test_with_biases_the_heads_and_the_biases_are_the_output() -> None:
    self_attention = module(attention_bias=True)
    nn.init.normal_(self_attention.b_qkv)
    nn.init.normal_(self_attention.w_o.bias)
    queries, z = watch(self_attention.queries), watch(self_attention.z)
    x = torch.randn(2, 6, 24)
    output = self_attention(x, random_allowed(2, 1, 6, 6))
    biases = self_attention.b_qkv[:24].view(3, 8)
    shares = []
    for number in range(3):
        head = self_attention.head(number)
        assert (x @ head.w_q + biases[number] - queries[0][:, number]).abs().max() < 1e-5
        shares.append(z[0][:, number] @ head.w_o)
    assert (sum(shares) + self_attention.w_o.bias - output).abs().max() < 1e-5


@torch.no_grad()
def test_writing_to_a_head_changes_the_model() -> None:
    self_attention = module()
    x, allowed = torch.randn(1, 4, 24), torch.ones(1, 1, 4, 4, dtype=torch.bool)
    before = self_attention(x, allowed)
    for w in self_attention.head(1):
        w.zero_()
    assert self_attention.w_qkv[8:16].count_nonzero() == 0
    assert self_attention.w_qkv[:8].count_nonzero() == 8 * 24
    assert self_attention.w_o.weight[:, 8:16].count_nonzero() == 0
    assert not torch.allclose(self_attention(x, allowed), before)
    for number in (0, 2):
        self_attention.head(number).w_o.zero_()
    assert self_attention(x, allowed).count_nonzero() == 0
