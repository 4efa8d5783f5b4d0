"""Which positions a foreign table holds: waves of one of our layouts, or learned ones."""

from torch import Tensor

from glassformer.config import PositionLayout
from glassformer.model.positions import positional_encodings

LAYOUTS: tuple[PositionLayout, ...] = ("halves", "interleaved", "halves_exact")
FIRST = range(3)
NEAR = 1e-2
"""Between two tables of the same waves: some are kept in float16, some have their angles in float32."""


def layout_of(table: Tensor) -> tuple[PositionLayout, int, int]:
    """The layout, the first position and, of a learned table, its rows."""
    rows, width = table.shape
    for layout in LAYOUTS if width % 2 == 0 else ():
        for first in FIRST:
            if float((positional_encodings(rows, width, layout, first) - table).abs().max()) <= NEAR:
                return layout, first, 0
    return "learned", 0, rows
