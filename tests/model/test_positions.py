"""§3.5: each layout is what its author wrote, here written out once more, one number at a time, in Python's own floats."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from glassformer.config import ModelConfig, PositionLayout
from glassformer.errors import ConfigError
from glassformer.model.positions import PositionalEncoding, positional_encodings

LAYOUTS: list[PositionLayout] = ["halves", "interleaved", "halves_exact"]
Wave = Callable[[int, int, int], float]


def paper(position: int, column: int, d_model: int) -> float:
    """PE(pos, 2i) = sin(pos / 10000^(2i/d_model)) and PE(pos, 2i+1) = cos(the same)."""
    i = column // 2
    angle = position / 10000 ** (2 * i / d_model)
    return math.cos(angle) if column % 2 else math.sin(angle)


def tensor2tensor(position: int, column: int, d_model: int) -> float:
    """get_timing_signal_1d: timescales in a geometric row from 1 to 10000, both ends met; all sines, then all cosines."""
    timescales = d_model // 2
    step = math.log(10000) / max(timescales - 1, 1)
    angle = position * math.exp(-step * (column % timescales))
    return math.cos(angle) if column >= timescales else math.sin(angle)


def marian(position: int, column: int, d_model: int) -> float:
    """The paper's numbers, the even columns moved to the left half and the odd ones to the right half."""
    half = d_model // 2
    return paper(position, 2 * column if column < half else 2 * (column - half) + 1, d_model)


WRITTEN_OUT: dict[PositionLayout, Wave] = {"interleaved": paper, "halves": tensor2tensor, "halves_exact": marian}


def by_hand(layout: PositionLayout, positions: list[int], d_model: int) -> Tensor:
    rows = [[WRITTEN_OUT[layout](position, column, d_model) for column in range(d_model)] for position in positions]
    return torch.tensor(rows, dtype=torch.float64)


def encoding(layout: PositionLayout, d_model: int = 8, first_position: int = 0) -> PositionalEncoding:
    config = ModelConfig(
        vocabulary_size=9, d_model=d_model, heads=1, positions=layout, first_position=first_position, d_ff=1
    )
    return PositionalEncoding(config)


@pytest.mark.parametrize("d_model", [2, 4, 10, 64, 512])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_its_authors_formula(layout: PositionLayout, d_model: int) -> None:
    ours = positional_encodings(70, d_model, layout)
    assert ours.dtype == torch.float32
    assert (ours - by_hand(layout, list(range(70)), d_model)).abs().max() < 1e-6


@pytest.mark.parametrize("layout", LAYOUTS)
def test_position_100000_is_right(layout: PositionLayout) -> None:
    ours = positional_encodings(3, 512, layout, first_position=99_999)
    assert (ours - by_hand(layout, [99_999, 100_000, 100_001], 512)).abs().max() < 1e-6


def test_the_example_of_the_article() -> None:
    """Its figure for an embedding of 4 numbers prints 0 0 1 1 · 0.84 0.0001 0.54 1 · 0.91 0.0002 −0.42 1."""
    printed = [["0", "0", "1", "1"], ["0.84", "0.0001", "0.54", "1"], ["0.91", "0.0002", "-0.42", "1"]]
    for row, texts in zip(positional_encodings(3, 4, "halves").tolist(), printed, strict=True):
        for number, text in zip(row, texts, strict=True):
            decimals = len(text.partition(".")[2])
            assert f"{number:.{decimals}f}" == text


def test_the_layouts_differ() -> None:
    """The mistake that they are named against: no two agree, but for d_model = 2, where one pair is all there is."""
    halves, interleaved, exact = (positional_encodings(5, 8, layout) for layout in LAYOUTS)
    assert not torch.allclose(halves, exact, atol=1e-3)
    assert not torch.allclose(interleaved, exact, atol=1e-3)
    assert torch.equal(interleaved[:, 0::2], exact[:, :4])
    assert torch.equal(interleaved[:, 1::2], exact[:, 4:])


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25, deadline=None)
@given(offset=st.integers(-40, 400), d_model=st.sampled_from([2, 4, 6, 16, 30]))
def test_an_offset_is_a_rotation(layout: PositionLayout, offset: int, d_model: int) -> None:
    """§3.5 "for any fixed offset k, PE_pos+k can be represented as a linear function of PE_pos": one and the same matrix,
    made of a turn for each pair, takes every position to the one k later."""
    pairs = d_model // 2
    matrix = torch.zeros(d_model, d_model, dtype=torch.float64)
    for i in range(pairs):
        sine, cosine = (2 * i, 2 * i + 1) if layout == "interleaved" else (i, pairs + i)
        turn = offset / 10000 ** (i / max(pairs - 1, 1) if layout == "halves" else i / pairs)
        matrix[sine, sine], matrix[sine, cosine] = math.cos(turn), math.sin(turn)
        matrix[cosine, sine], matrix[cosine, cosine] = -math.sin(turn), math.cos(turn)
    before = positional_encodings(30, d_model, layout, first_position=40).double()
    after = positional_encodings(30, d_model, layout, first_position=40 + offset).double()
    assert (before @ matrix.mT - after).abs().max() < 1e-6


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_table_grows_on_demand(layout: PositionLayout) -> None:
    table = encoding(layout)
    like = torch.zeros(1)
    short = table(0, 5, like).clone()
    assert torch.equal(table(0, 3000, like), positional_encodings(3000, 8, layout))
    assert torch.equal(table(0, 5, like), short)
    assert torch.equal(table(9_990, 20, like), positional_encodings(20, 8, layout, first_position=9_990))


def test_the_first_position_shifts_the_table() -> None:
    assert torch.equal(positional_encodings(9, 8, "halves", 1), positional_encodings(10, 8, "halves")[1:])
    from_one = encoding("interleaved", first_position=1)
    from_zero = encoding("interleaved")
    assert torch.equal(from_one(3, 90, torch.zeros(1)), from_zero(4, 90, torch.zeros(1)))


def test_the_encodings_take_the_type_of_the_embeddings() -> None:
    assert encoding("halves")(0, 4, torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_an_odd_width_is_refused() -> None:
    with pytest.raises(ConfigError, match="d_model=7 is odd"):
        encoding("halves", d_model=7)


def test_a_width_of_two_is_one_pair() -> None:
    """(d/2 − 1) is 0 there, which must not divide anything."""
    assert positional_encodings(4, 2, "halves").isfinite().all()
    assert torch.equal(positional_encodings(4, 2, "halves"), positional_encodings(4, 2, "halves_exact"))
