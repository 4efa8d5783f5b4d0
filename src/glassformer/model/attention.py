"""§3.2 Attention: "mapping a query and a set of key-value pairs to an output"."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from glassformer.cache import KeysAndValues
from glassformer.config import ModelConfig
from glassformer.devices import fused_attention_from
from glassformer.errors import NothingAllowedError
from glassformer.probe import Probe

Allowed = Bool[Tensor, "#batch #head #query key"] | Literal["causal"]
"""The pairs that may attend: a matrix, True where allowed, or ``causal``, which is not stored: nothing that comes later."""


def attention(
    queries: Float[Tensor, "batch head query d_k"],
    keys: Float[Tensor, "batch head key d_k"],
    values: Float[Tensor, "batch head key d_v"],
    allowed: Allowed,
    scores: Callable[[Tensor], Tensor] = lambda matrix: matrix,
    weights: Callable[[Tensor], Tensor] = lambda matrix: matrix,
) -> Float[Tensor, "batch head query d_v"]:
    """§3.2.1 Scaled dot-product attention, equation 1, with every matrix there:

        Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V

    ``allowed`` is True where the query may look at the key; elsewhere the weight is exactly 0. ``scores`` and
    ``weights`` see the two matrices and may change them. Raises NothingAllowedError when a query may look at no key.
    """
    allowed = matrix(allowed, queries, keys)
    s = queries @ keys.mT / math.sqrt(queries.size(-1))
    s = scores(s.masked_fill(~allowed, -math.inf))
    w = weights(s.softmax(dim=-1, dtype=torch.promote_types(s.dtype, torch.float32)))  # in bfloat16 4 times slower
    return w.to(values.dtype) @ values


def fused_attention(
    queries: Float[Tensor, "batch head query d_k"],
    keys: Float[Tensor, "batch head key d_k"],
    values: Float[Tensor, "batch head key d_v"],
    allowed: Allowed,
) -> Float[Tensor, "batch head query d_v"]:
    """The same in one kernel that never holds the weights: its memory grows with the length, not its square."""
    if isinstance(allowed, str) and queries.size(2) == keys.size(2):  # a matrix would be as large as the weights
        return F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=matrix(allowed, queries, keys))


def matrix(allowed: Allowed, queries: Tensor, keys: Tensor) -> Tensor:
    """``allowed`` as a matrix. With "causal" the last query stands at the last key, also when decoding step by step."""
    if isinstance(allowed, str):
        first = keys.size(2) - queries.size(2)
        return torch.ones(queries.size(2), keys.size(2), dtype=torch.bool, device=keys.device).tril(first)
    # On a GPU asking would make the processor wait in every layer; there the doors of the model ask once.
    if allowed.device.type == "cpu" and not torch.compiler.is_compiling() and not bool(allowed.any(dim=-1).all()):
        at = (~allowed.any(dim=-1)).nonzero()[0].tolist()
        raise NothingAllowedError(
            f"the query [batch, head, query] = {at} may attend to nothing: allow at least one key"
        )
    return allowed


class HeadMatrices(NamedTuple):
    """One head's matrices (§3.2.2), as the article draws them: Q = X W^Q, and its share Z W^O of the output."""

    w_q: Float[Tensor, "d_model d_k"]
    w_k: Float[Tensor, "d_model d_k"]
    w_v: Float[Tensor, "d_model d_v"]
    w_o: Float[Tensor, "d_v d_model"]


class MultiHeadAttention(nn.Module):
    """§3.2.2 Multi-head attention:

        MultiHead(Q, K, V) = Concat(head_1, …, head_h) W^O   where head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)

    The 3 · h matrices lie packed in one, so that one product computes them all; ``head(i)`` gives them one by one.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.d_model, self.d_k = config.heads, config.d_model, config.d_k
        self.w_qkv = nn.Parameter(torch.empty(3 * config.d_model, config.d_model))
        self.b_qkv = nn.Parameter(torch.zeros(3 * config.d_model)) if config.attention_bias else None
        self.w_o = nn.Linear(config.d_model, config.d_model, bias=config.attention_bias)
        for w in (*self.w_qkv.chunk(3), self.w_o.weight):
            nn.init.xavier_uniform_(w)
        self.queries = Probe("head query d_k", "§3.2.2, Q W_i^Q")
        self.keys = Probe("head key d_k", "§3.2.2, K W_i^K")
        self.values = Probe("head key d_v", "§3.2.2, V W_i^V")
        self.scores = Probe("head query key", "§3.2.1, QKᵀ/√d_k, −∞ where not allowed")
        self.weights = Probe("head query key", "§3.2.1, softmax(QKᵀ/√d_k)")
        self.z = Probe("head query d_v", "§3.2.1, softmax(QKᵀ/√d_k)V")
        self.concatenated = Probe("query d_model", "§3.2.2, Concat(head_1, …, head_h)")
        self.output = Probe("query d_model", "§3.2.2, Concat(head_1, …, head_h) W^O")

    def head(self, number: int) -> HeadMatrices:
        """The matrices of head ``number`` (from 0): views, so writing to them changes the model."""
        columns = slice(number * self.d_k, (number + 1) * self.d_k)
        w_q, w_k, w_v = (w[columns].mT for w in self.w_qkv.chunk(3))
        return HeadMatrices(w_q, w_k, w_v, self.w_o.weight[:, columns].mT)

    def project(self, x: Tensor, first: int, last: int) -> tuple[Tensor, ...]:
        """x times W^Q (0), W^K (1), W^V (2) from ``first`` to before ``last``, each [batch, head, position, d_k]."""
        packed = slice(first * self.d_model, last * self.d_model)
        bias = None if self.b_qkv is None else self.b_qkv[packed]
        product = F.linear(x, self.w_qkv[packed], bias)  # [batch, position, W · head · d_k]
        return product.view(*x.shape[:2], last - first, self.heads, self.d_k).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(
        self,
        x: Float[Tensor, "batch query d_model"],
        allowed: Allowed,
        memory: Float[Tensor, "batch source d_model"] | None = None,
        cache: KeysAndValues | None = None,
    ) -> Float[Tensor, "batch query d_model"]:
        """§3.2.3: queries from ``x``; keys and values from ``memory`` (encoder-decoder attention) or, without one, from
        ``x`` itself (self-attention). A ``cache`` holds the keys and values of earlier calls."""
        if memory is not None and cache is not None and cache.length:  # the memory does not change while decoding
            q = self.queries(self.project(x, 0, 1)[0])
            k, v = cache.rows()
        else:
            q, k, v = self.project(x, 0, 3) if memory is None else (*self.project(x, 0, 1), *self.project(memory, 1, 3))
            q, k, v = self.queries(q), self.keys(k), self.values(v)
            if cache is not None:
                k, v = cache.extend(k, v)

        if self.scores.watched or self.weights.watched:
            z = attention(q, k, v, allowed, self.scores, self.weights)
        elif k.size(2) < fused_attention_from(q):
            z = attention(q, k, v, allowed)
        else:
            z = fused_attention(q, k, v, allowed)
        return self.output(self.w_o(self.concatenated(self.z(z).transpose(1, 2).flatten(2))))
