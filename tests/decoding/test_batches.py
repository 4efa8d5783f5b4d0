from hypothesis import given, settings
from hypothesis import strategies as st

from glassformer.decoding.batches import pad
from glassformer.hypothesis import by_length


def test_pad_fills_up_on_the_right():
    assert pad([[5, 6, 7], [], [8]], 9).tolist() == [[5, 6, 7], [9, 9, 9], [8, 9, 9]]
    assert pad([[], []], 0).shape == (2, 0)


@settings(max_examples=50, deadline=None)
@given(lengths=st.lists(st.integers(1, 40)), rows=st.integers(1, 4), budget=st.integers(1, 100))
def test_groups_by_length(lengths, rows, budget):
    groups = list(by_length(lengths, rows, budget))
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    flat = [lengths[index] for group in groups for index in group]
    assert flat == sorted(flat, reverse=True)
    for group in groups:
        assert len(group) == 1 or len(group) * rows * max(lengths[index] for index in group) <= budget
