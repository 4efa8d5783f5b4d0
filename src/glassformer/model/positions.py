"""§3.5 Positional encoding: "since our model contains no recurrence and no convolution"."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from glassformer.config import ModelConfig, PositionLayout
from glassformer.errors import ShapeError


def positional_encodings(
    length: int, d_model: int, layout: PositionLayout = "halves", first_position: int = 0
) -> Float[Tensor, "position d_model"]:
    """Sines and cosines of wavelengths from 2π to 10000 · 2π, for ``length`` positions from first_position on.

    ``interleaved`` (the paper)  PE(pos, 2i) = sin(pos / 10000^(2i/d)) and PE(pos, 2i+1) = cos(pos / 10000^(2i/d))
    ``halves`` (Tensor2Tensor, the article)  sines left, cosines right, the exponent i / (d/2 − 1)
    ``halves_exact`` (Marian in Hugging Face, Sockeye)  sines left, cosines right, the paper's exponent 2i/d

    Computed in float64, so that the angle at position 100,000 is still right, and given in float32.
    """
    pairs = d_model // 2
    exponent = torch.arange(pairs, dtype=torch.float64) / (max(pairs - 1, 1) if layout == "halves" else pairs)
    pos = torch.arange(first_position, first_position + length, dtype=torch.float64)
    angles = pos[:, None] / 10000**exponent  # [position, pair]
    waves = [angles.sin(), angles.cos()]
    table = torch.stack(waves, dim=-1).flatten(1) if layout == "interleaved" else torch.cat(waves, dim=-1)
    return table.float()


class PositionalEncoding(nn.Module):
    """A table of positional encodings that grows when a longer sentence comes: there is no longest one."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layout = (config.d_model, config.positions, config.first_position)
        self.table = positional_encodings(512, *self.layout)

    def forward(self, start: int, length: int, like: Tensor) -> Float[Tensor, "position d_model"]:
        """The encodings of ``length`` positions from the ``start``-th on, of the type and device of ``like``."""
        if start + length > self.table.size(0) or self.table.device != like.device:
            length_now = max(start + length, 2 * self.table.size(0))
            self.table = positional_encodings(length_now, *self.layout).to(like.device)
        return self.table[start : start + length].to(like.dtype)


class LearnedPositions(nn.Module):
    """§3.5 "learned positional embeddings", with which the paper found "nearly identical results" (table 3, row E): a
    row for each position up to the longest sentence."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(config.longest, config.d_model))
        nn.init.normal_(self.table, std=config.d_model**-0.5)

    def forward(self, start: int, length: int, like: Tensor) -> Float[Tensor, "position d_model"]:
        """As ``PositionalEncoding``. Raises ShapeError for a position that the table does not have."""
        if start + length > self.table.size(0):
            raise ShapeError(
                f"a sentence of {start + length:,} tokens: this model learned {self.table.size(0):,} positions, so make it "
                "shorter"
            )
        return self.table[start : start + length].to(like.dtype)
