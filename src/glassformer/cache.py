"""The memory of decoding one word at a time, so that a step computes one row and not the whole sentence again."""

from torch import Tensor


class KeysAndValues:
    """The keys and values that an attention has computed already, so that decoding one word computes one row."""

    def __init__(self) -> None:
        self.length = 0
        self.room: Tensor | None = None  # [2, batch, head, capacity, d_k], doubled when it is full

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add new rows ([batch, head, key, d_k]) and give all of them back."""
        batch, heads, new, width = keys.shape
        length = self.length + new
        if self.room is None or length > self.room.size(3):
            room = keys.new_empty(2, batch, heads, max(length, 2 * self.length, 16 if self.length else new), width)
            if self.room is not None:
                room[:, :, :, : self.length] = self.room[:, :, :, : self.length]
            self.room = room
        self.room[0, :, :, self.length : length] = keys
        self.room[1, :, :, self.length : length] = values
        self.length = length
        return self.rows()

    def rows(self) -> tuple[Tensor, Tensor]:
        assert self.room is not None
        return self.room[0, :, :, : self.length], self.room[1, :, :, : self.length]

    def select(self, rows: Tensor) -> None:
        """Keep these sentences of the batch, in this order (a row may be kept twice)."""
        if self.room is not None:
            kept = self.room.new_empty(2, rows.numel(), *self.room.shape[2:])
            kept[:, :, :, : self.length] = self.room[:, :, :, : self.length].index_select(1, rows)
            self.room = kept


class Cache:
    """The memory of decoding one word at a time: per decoder layer the keys and values of both attentions."""

    def __init__(self, layers: int) -> None:
        self.layers = [(KeysAndValues(), KeysAndValues()) for _ in range(layers)]

    @property
    def length(self) -> int:
        """The number of target tokens that have been decoded."""
        return self.layers[0][0].length

    def select(self, rows: Tensor, *, same_sources: bool = False) -> None:
        """Keep these rows of the batch, in this order. ``same_sources``: each row takes the place of one with the same
        source sentence (a beam's hypotheses change places), so the memory's keys and values need not move."""
        for own, memory in self.layers:
            own.select(rows)
            if not same_sources:
                memory.select(rows)
