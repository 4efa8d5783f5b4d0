"""The model in the two parts of an ONNX export: what runs once a sentence, and what runs once a word."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from glassformer.cache import Cache, KeysAndValues
from glassformer.model import Transformer

Ids = Int[Tensor, "batch position"]
Rows = Float[Tensor, "layer batch head key d_k"]


class OnnxEncoder(nn.Module):
    """A source's keys and values, as the encoder-decoder attention of each decoder layer looks at them: the memory itself
    is needed for nothing else, and they are computed once instead of in each step."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, source: Ids) -> tuple[Rows, Rows]:
        memory = self.model.encode(source)
        both = [layer.cross_attention.project(memory, 1, 3) for layer in self.model.decoder.layers]  # type: ignore[union-attr, operator]
        return torch.stack([keys for keys, _ in both]), torch.stack([values for _, values in both])


class OnnxStep(nn.Module):
    """The logits after one token more, and the keys and values of all tokens so far, for the next step."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, source: Ids, ids: Ids, keys: Rows, values: Rows, memory_keys: Rows, memory_values: Rows
    ) -> tuple[Float[Tensor, "batch vocabulary"], Rows, Rows]:
        """``source`` only says what is padding; ``ids`` [batch, 1] is the newest token; ``keys`` and ``values`` are those of
        the tokens before it, of which there may be none."""
        pasts = [Past(keys[layer], values[layer]) for layer in range(len(keys))]
        seen = [(past, Past(*one)) for past, *one in zip(pasts, memory_keys, memory_values, strict=True)]
        unused = memory_keys.new_zeros(*source.shape, self.model.config.d_model)
        cache = PastCache(seen, keys.size(3))
        states = self.model.decode(ids, unused, self.model.allowed(source), cache)
        after = [torch.stack(rows) for rows in zip(*(past.rows() for past in pasts), strict=True)]
        return self.model.predict(states[:, -1]), after[0], after[1]


class Past(KeysAndValues):
    """Keys and values that come in as tensors: nothing is written in place, which a graph could not say."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()
        self.both = keys, values
        self.length = 1
        """Of a memory that it is there; what is asked of the target's tokens is the whole cache's length."""

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        self.both = torch.cat([self.both[0], keys], dim=2), torch.cat([self.both[1], values], dim=2)
        return self.both

    def rows(self) -> tuple[Tensor, Tensor]:
        return self.both


class PastCache(Cache):
    """The same as ``Cache``, with a length that may be a graph's symbol."""

    def __init__(self, layers: list[tuple[Past, Past]], length: int) -> None:
        self.layers = list(layers)
        self.written = length

    @property
    def length(self) -> int:
        return self.written
