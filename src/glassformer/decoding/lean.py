"""The same model with nothing but the arithmetic of one more word: no windows, no modules, bare products in the precision
that is asked for. The model itself is the reference; tests say that the two are equal (in float32 to rounding)."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from glassformer.cache import Cache, KeysAndValues
from glassformer.config import Precision
from glassformer.errors import ConfigError
from glassformer.model import Transformer
from glassformer.model.attention import MultiHeadAttention
from glassformer.model.layers import AddAndNorm, DecoderLayer, EncoderLayer, Memory, States

Product = Callable[[Tensor], Tensor]
"""x ↦ x Wᵀ + b, of the type of x."""

IN_PLACE: dict[Product, Product] = {F.relu: torch.relu_, F.silu: lambda x: F.silu(x, inplace=True)}
"""Activations that need no memory of their own."""
FEW_ROWS = 4
"""Rows for which float32 weights are laid out; others are computed as well with them."""


def lean(model: Transformer, precision: Precision = "float32") -> "Transformer | LeanTransformer":
    """A fast decoder of ``model``'s present weights; where somebody watches one of its windows or reaches through
    it, the model itself. Raises ConfigError for int8 on a processor that does not multiply it."""
    if is_watched(model):
        return model
    with torch.no_grad():
        return LeanTransformer(model, precision)


class Bystander:
    """A hook that sees no number and changes none, such as a clock: the model is not watched for it. Those of the stacks'
    last norms are called by the lean model as well, once a step."""


def is_watched(model: Transformer) -> bool:
    """Whether somebody looks or reaches through a window."""
    return any(
        not isinstance(hook, Bystander)
        for module in model.modules()
        for hooks in (module._forward_hooks, module._forward_pre_hooks)
        for hook in hooks.values()
    )


def has_int8(device: torch.device) -> bool:
    """Whether int8 products pay here: on a CPU with VNNI (or AMX), where they take a third of the time of float32."""
    capabilities = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return bool(capabilities.get("avx512_vnni") or capabilities.get("avx2_vnni") or capabilities.get("amx_int8"))


class Int8Product:
    """Weights as 8-bit integers, a scale a row (symmetric, the largest is ±127). Each row of x is rounded so as well, by
    its own largest number: what a sentence becomes does not depend on the others of its batch."""

    def __init__(self, weight: Float[Tensor, "out in"], bias: Float[Tensor, " out"] | None) -> None:
        largest = weight.abs().amax(dim=1).clamp_min(1e-30)
        rows = (weight * (127 / largest)[:, None]).round().to(torch.int8)
        # PyTorch's kernel wants the one layout for a single row and the other for many: up to 3 times faster each.
        self.for_one, self.for_many = rows.mT, rows.mT.contiguous()
        self.scale, self.bias = largest / 127, bias
        self.most = weight.new_tensor(127.0)

    def __call__(self, x: Float[Tensor, "*row in"]) -> Float[Tensor, "*row out"]:
        rows = x.flatten(0, -2)
        scale = self.most / rows.abs().amax(dim=-1, keepdim=True).clamp_min_(1e-30)
        whole = (rows * scale).round_().char()
        product = torch._int_mm(whole, self.for_one if len(rows) == 1 else self.for_many).to(self.scale.dtype)
        product.mul_(self.scale)  # in place: new memory costs up to a tenth of a product
        product = product.div_(scale) if self.bias is None else torch.addcdiv(self.bias, product, scale, out=product)
        return product.view(*x.shape[:-1], -1)


def product(weight: Tensor, bias: Tensor | None, precision: Precision) -> Product:
    """``weight`` [out, in] and ``bias`` as a function of x, in that precision."""
    if precision == "int8":
        return Int8Product(weight, bias)
    if precision == "bfloat16":
        w, b = weight.bfloat16(), None if bias is None else bias.bfloat16()
        return lambda x: F.linear(x.bfloat16(), w, b).to(x.dtype)
    if weight.device.type == "cpu" and weight.dtype == torch.float32 and hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        # oneDNN with its weights laid out once: for the few rows of a beam up to ten times as fast as F.linear (journal).
        laid_out = torch.ops.mkldnn._reorder_linear_weight(weight, FEW_ROWS)
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, laid_out, bias, "none", [], "")
    return lambda x: F.linear(x, weight, bias)


class LeanAttention:
    """§3.2.2 of one sub-layer, its 1/√d_k inside the product of the scores."""

    def __init__(self, attention: MultiHeadAttention, precision: Precision, first: int, last: int) -> None:
        """``first`` and ``last``: which of W^Q (0), W^K (1), W^V (2) are multiplied together, the last excluded."""
        self.heads, self.d_k = attention.heads, attention.d_k
        rows = slice(first * attention.d_model, last * attention.d_model)
        bias = None if attention.b_qkv is None else attention.b_qkv[rows]
        self.project = product(attention.w_qkv[rows], bias, precision)
        if first == 0:  # the memory's keys and values alone attend to nothing
            self.output = product(attention.w_o.weight, attention.w_o.bias, precision)

    def projected(self, x: Float[Tensor, "batch position d_model"]) -> Float[Tensor, "which batch head position d_k"]:
        return self.project(x).view(*x.shape[:2], -1, self.heads, self.d_k).permute(2, 0, 3, 1, 4)

    def attend(
        self,
        queries: Float[Tensor, "batch head query d_k"],
        keys: Float[Tensor, "batch head key d_k"],
        values: Float[Tensor, "batch head key d_k"],
        hidden: Float[Tensor, " row #query key"] | None,
    ) -> Float[Tensor, "batch query d_model"]:
        """``hidden`` is added to the scores, a row a sentence and head."""
        batch, _, length, _ = queries.shape
        if batch == 1:  # one call costs less than five, and there is little to compute
            z = F.scaled_dot_product_attention(queries, keys, values, None if hidden is None else hidden[None])
            return self.output(z.transpose(1, 2).flatten(2))
        q, k, v = (some.reshape(batch * self.heads, -1, self.d_k) for some in (queries, keys, values))
        added, beta = (q.new_zeros(1, 1, 1), 0) if hidden is None else (hidden, 1)
        weights = torch.baddbmm(added, q, k.mT, beta=beta, alpha=self.d_k**-0.5).softmax(dim=-1)
        z = torch.bmm(weights, v).view(batch, self.heads, length, self.d_k)
        return self.output(z.transpose(1, 2).flatten(2))


class LeanLayer:
    """A layer of either stack: its sub-layers as functions, each with its residual connection and norm."""

    def __init__(self, layer: nn.Module, precision: Precision) -> None:
        assert isinstance(layer, EncoderLayer | DecoderLayer)
        self.own = LeanAttention(layer.self_attention, precision, 0, 3)
        self.own_norm = norm_of(layer.self_attention_add_norm)
        if isinstance(layer, DecoderLayer):
            attention = layer.cross_attention
            self.cross = LeanAttention(attention, precision, 0, 1)
            self.of_memory = LeanAttention(attention, precision, 1, 3)
            self.cross_norm = norm_of(layer.cross_attention_add_norm)
        inner, outer = layer.feed_forward.w_1, layer.feed_forward.w_2
        self.inner, self.outer = (
            product(inner.weight, inner.bias, precision),
            product(outer.weight, outer.bias, precision),
        )
        self.activation = IN_PLACE.get(layer.feed_forward.activation, layer.feed_forward.activation)
        self.feed_forward_norm = norm_of(layer.feed_forward_add_norm)
        self.pre_norm = layer.self_attention_add_norm.pre_norm

    def add_and_norm(self, x: States, norm: Product, sublayer: Product) -> States:
        return x + sublayer(norm(x)) if self.pre_norm else norm(x + sublayer(x))

    def encode(self, x: States, hidden: Tensor) -> States:
        """All positions of the sources at once."""
        x = self.add_and_norm(x, self.own_norm, lambda x: self.attend_to_all(x, hidden))
        return self.feed_forward(x)

    def step(self, x: States, memory: Memory, hidden: Tensor, cache: tuple[KeysAndValues, KeysAndValues]) -> States:
        """One more position of the targets."""
        x = self.add_and_norm(x, self.own_norm, lambda x: self.attend_to_own(x, cache[0]))
        x = self.add_and_norm(x, self.cross_norm, lambda x: self.attend_to_memory(x, memory, hidden, cache[1]))
        return self.feed_forward(x)

    def attend_to_all(self, x: States, hidden: Tensor) -> States:
        queries, keys, values = self.own.projected(x)
        return self.own.attend(queries, keys, values, hidden)

    def attend_to_own(self, x: States, cache: KeysAndValues) -> States:
        queries, keys, values = self.own.projected(x)
        return self.own.attend(queries, *cache.extend(keys, values), None)

    def attend_to_memory(self, x: States, memory: Memory, hidden: Tensor, cache: KeysAndValues) -> States:
        keys, values = cache.rows() if cache.length else cache.extend(*self.of_memory.projected(memory))
        return self.cross.attend(self.cross.projected(x)[0], keys, values, hidden)

    def feed_forward(self, x: States) -> States:
        return self.add_and_norm(x, self.feed_forward_norm, lambda x: self.outer(self.activation(self.inner(x))))


class LeanTransformer:
    """Encodes sentences, then decodes one token at a time: what ``decoding`` asks of a model, and nothing else.

    It holds a copy of the weights, in bfloat16 of half and in int8 of a quarter of the size.
    """

    def __init__(self, model: Transformer, precision: Precision) -> None:
        self.model, self.config, self.embedding = model, model.config, model.embedding
        if precision == "int8" and not has_int8(self.embedding.weight.device):
            raise ConfigError("precision=int8: this device has no fast 8-bit products; use bfloat16 or float32")
        self.encoder = [LeanLayer(layer, precision) for layer in model.encoder.layers]
        self.decoder = [LeanLayer(layer, precision) for layer in model.decoder.layers]
        self.input = model.decoder.input
        self.written = model.written.weight
        self.predict = product(model.output_weight, model.output_bias, precision)

    def allowed(self, ids: Int[Tensor, "batch position"]) -> Float[Tensor, "batch 1 position"]:
        """The term that is added to the scores: 0, and −∞ for padding."""
        padding = (ids == self.config.pad_id)[:, None, :]
        return torch.zeros_like(padding, dtype=self.embedding.weight.dtype).masked_fill_(padding, -math.inf)

    def encode(self, source_ids: Int[Tensor, "batch source"]) -> States:
        """The memory of these sentences. Raises as the model's."""
        self.model.check(source_ids, self.config.vocabulary_size)
        x = self.model.encoder.input(source_ids, self.embedding)
        hidden = self.of_heads(self.allowed(source_ids))
        for layer in self.encoder:
            x = layer.encode(x, hidden)
        return self.model.encoder.norm(x)

    def decode(
        self, ids: Int[Tensor, "batch 1"], memory: Memory, allowed: Float[Tensor, "batch 1 source"], cache: Cache
    ) -> Float[Tensor, "batch 1 d_model"]:
        """The decoder's output for one more token of each row."""
        embeddings = F.embedding(ids, self.written) * self.input.scale
        x = self.input.norm(embeddings + self.input.positional_encoding(cache.length, 1, embeddings))
        hidden = self.of_heads(allowed)
        for layer, kept in zip(self.decoder, cache.layers, strict=True):
            x = layer.step(x, memory, hidden, kept)
        return self.model.decoder.norm(x)

    def of_heads(self, allowed: Float[Tensor, "batch 1 key"]) -> Float[Tensor, "row 1 key"]:
        """A row a sentence and head."""
        return allowed.repeat_interleave(self.config.heads, dim=0)

    def new_cache(self) -> Cache:
        return self.model.new_cache()


def norm_of(add_norm: AddAndNorm) -> Product:
    norm = add_norm.norm
    shape, weight, bias, epsilon = list(norm.normalized_shape), norm.weight, norm.bias, norm.eps
    return lambda x: torch.layer_norm(x, shape, weight, bias, epsilon)
