"""§3.1 Encoder and decoder layers, §3.3 feed-forward networks, and the dropout of §5.4."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from glassformer.cache import KeysAndValues
from glassformer.config import ModelConfig
from glassformer.model.attention import Allowed, MultiHeadAttention
from glassformer.probe import Probe

States = Float[Tensor, "batch position d_model"]
Memory = Float[Tensor, "batch source d_model"]
MemoryAllowed = Bool[Tensor, "#batch #head #query source"]
LayerCache = tuple[KeysAndValues | None, KeysAndValues | None]


class Dropout(nn.Module):
    """§5.4 Residual dropout: each number is set to 0 with probability p and the others are scaled by 1 / (1 − p).

    PyTorch's own costs as much as twelve LayerNorms on a CPU. Here a random byte an element decides, eight from each
    draw: p is rounded to 1/256 (0.1 becomes 26/256).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.set(p)

    def set(self, p: float) -> None:
        """Drop this share from now on."""
        self.p, self.threshold = p, min(round(p * 256), 255)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.threshold == 0:
            return x
        if x.device.type != "cpu" or torch.compiler.is_compiling():
            return F.dropout(x, self.p)
        draws = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = draws.view(torch.uint8)[: x.numel()].view(x.shape) >= self.threshold
        return x * kept.to(x.dtype).mul_(256 / (256 - self.threshold))


def set_dropout(model: nn.Module, p: float) -> None:
    """Let every ``Dropout`` of ``model`` drop this share from now on."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.set(p)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": F.relu, "swish": F.silu, "gelu": F.gelu}
"""max(0, x), the paper's; x · sigmoid(x) (Ramachandran et al. 2017); x · Φ(x), exact (Hendrycks & Gimpel 2016)."""


class FeedForward(nn.Module):
    """§3.3 Position-wise feed-forward network, equation 2:

    FFN(x) = max(0, x W_1 + b_1) W_2 + b_2      or, with another activation:      activation(x W_1 + b_1) W_2 + b_2
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.w_1 = nn.Linear(config.d_model, config.d_ff)
        self.w_2 = nn.Linear(config.d_ff, config.d_model)
        for w in (self.w_1, self.w_2):
            nn.init.xavier_uniform_(w.weight)
        self.activation = ACTIVATIONS[config.activation]
        self.inner = Probe("position d_ff", "§3.3, max(0, x W_1 + b_1)")
        self.output = Probe("position d_model", "§3.3, FFN(x)")

    def forward(self, x: States) -> States:
        return self.output(self.w_2(self.inner(self.activation(self.w_1(x)))))


class AddAndNorm(nn.Module):
    """§3.1 "a residual connection around each of the two sub-layers, followed by layer normalization":

    LayerNorm(x + Sublayer(x))      or, pre-norm, which the paper does not have:      x + Sublayer(LayerNorm(x))
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.pre_norm = config.norm == "pre"
        self.output = Probe(
            "position d_model", "§3.1, LayerNorm(x + Sublayer(x)), or pre-norm x + Sublayer(LayerNorm(x))"
        )

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        if self.pre_norm:
            return self.output(x + self.dropout(sublayer(self.norm(x))))
        return self.output(self.norm(x + self.dropout(sublayer(x))))


class EncoderLayer(nn.Module):
    """§3.1 "two sub-layers": multi-head self-attention, and a feed-forward network."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config)
        self.self_attention_add_norm = AddAndNorm(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_add_norm = AddAndNorm(config)

    def forward(self, x: States, allowed: Allowed) -> States:
        x = self.self_attention_add_norm(x, lambda x: self.self_attention(x, allowed))
        return self.feed_forward_add_norm(x, self.feed_forward)


class DecoderLayer(nn.Module):
    """§3.1 "inserts a third sub-layer, which performs multi-head attention over the output of the encoder stack"."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(config)
        self.self_attention_add_norm = AddAndNorm(config)
        self.cross_attention = MultiHeadAttention(config)
        self.cross_attention_add_norm = AddAndNorm(config)
        self.feed_forward = FeedForward(config)
        self.feed_forward_add_norm = AddAndNorm(config)

    def forward(
        self,
        x: States,
        allowed: Allowed,
        memory: Memory,
        memory_allowed: MemoryAllowed,
        cache: LayerCache = (None, None),
    ) -> States:
        x = self.self_attention_add_norm(x, lambda x: self.self_attention(x, allowed, cache=cache[0]))
        x = self.cross_attention_add_norm(x, lambda x: self.cross_attention(x, memory_allowed, memory, cache[1]))
        return self.feed_forward_add_norm(x, self.feed_forward)
