"""A foreign vocabulary as ours: the special tokens under the same ids on both sides, and the ones that are missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from glassformer.errors import ForeignModelError

PADS = ("<pad>", "<blank>")
NEVER = -1e4
"""A logit whose probability is 0: of a row that their vocabulary does not have."""


@dataclass(frozen=True)
class Table:
    """A side's tokens by our ids, and the row of each in their matrices, −1 where they have none."""

    tokens: list[str]
    rows: list[int]

    @property
    def is_as_it_was(self) -> bool:
        return self.rows == list(range(len(self.rows)))

    def matrix(self, theirs: Tensor) -> Tensor:
        """Their rows in our order, zeros where they have none."""
        if self.is_as_it_was:
            return theirs
        rows = torch.tensor(self.rows)
        return theirs[rows.clamp(min=0)] * (rows >= 0)[:, None]

    def bias(self, theirs: Tensor | None) -> Tensor | None:
        """The same of the output's bias; what they do not have is never written. None where none is needed."""
        if theirs is None and min(self.rows) >= 0:
            return None
        rows = torch.tensor(self.rows)
        found = torch.zeros(len(rows)) if theirs is None else theirs[rows.clamp(min=0)]
        return torch.where(rows >= 0, found, torch.tensor(NEVER))


@dataclass(frozen=True)
class Vocabularies:
    """A foreign model's tokens: a table for each side, and the ids of its special tokens."""

    source: Table
    target: Table
    """The same object where both languages share one."""
    special: dict[str, int]
    """pad_id, bos_id, eos_id, unk_id, of both sides."""


def aligned(
    source: Sequence[str], target: Sequence[str] | None, *, start: str, eos: str, unk: str, zero_start: bool = False
) -> Vocabularies:
    """``target`` None: one vocabulary for both. ``zero_start``: targets begin with a row of zeros, as Marian's do, instead
    of with ``start``. Raises ForeignModelError for a vocabulary that names a token twice, or has no start or end."""
    written = list(source if target is None else target)
    for tokens in (source, written):
        if len(set(tokens)) != len(tokens):
            raise ForeignModelError("the vocabulary names a token twice: wanted each once")
    rows = list(range(len(written)))
    for token in ({eos} if zero_start else {eos, start}) - set(written):
        raise ForeignModelError(f"the target's vocabulary has no {token!r}, which its settings name")

    def place(token: str) -> int:
        if token not in written:
            written.append(token)
            rows.append(-1)
        return written.index(token)

    pad = next((name for name in PADS if name in written and not zero_start), "")
    name = pad or next(name for name in (*PADS, "<start>", "<zeros>", "<padding>") if name not in written)
    special = {"pad_id": place(name), "eos_id": place(eos), "unk_id": place(unk)}
    special["bos_id"] = special["pad_id"] if zero_start else place(start)
    table = Table(written, rows)
    if target is None:
        return Vocabularies(table, table, special)
    fixed = {id: written[id] for id in special.values()}
    return Vocabularies(with_fixed(list(source), fixed), table, special)


def with_fixed(tokens: list[str], fixed: dict[int, str]) -> Table:
    """The tokens with these at these ids; the others keep their order."""
    at = {token: row for row, token in enumerate(tokens)}
    others = iter([token for token in tokens if token not in fixed.values()])
    size = max(len({*tokens, *fixed.values()}), max(fixed) + 1)
    found = [fixed[id] if id in fixed else next(others, f"<unused {id}>") for id in range(size)]
    return Table(found, [at.get(token, -1) for token in found])
