"""Tensors → the bytes that ``wire`` describes, each with the error that its storage makes."""

import zlib
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from glassformer.brief import brief
from glassformer.page.body import deflated
from glassformer.page.wire import Group, PackedWindow, Storage

POOLED = 128
"""Rows, and columns, of a pooled map at most."""
ROWS_AT_ONCE = 8192


@brief
@dataclass
class Packer:
    """Collects windows into groups."""

    raw: dict[str, bytearray] = field(default_factory=dict)

    def add(self, window: PackedWindow, tensor: Tensor, storage: Storage, *, top: int = 0) -> PackedWindow:
        """``window`` (name, axes, place and group are used) with where and how ``tensor`` was stored."""
        if storage == "none":
            content, error = b"", 0.0
        else:
            content, error = store(tensor.detach(), storage, top)
        into = self.raw.setdefault(window.group, bytearray()) if content else bytearray()
        into.extend(bytes(-len(into) % 4))
        placed = replace(
            window,
            shape=list(tensor.shape),
            storage=storage,
            group=window.group if content else "",
            offset=len(into),
            length=len(content),
            error=error,
            top=top if storage == "top" else 0,
        )
        into.extend(content)
        return placed

    def deflated(self, level: int) -> tuple[list[Group], list[bytes]]:
        return deflated(self.raw, lambda content: zlib.compress(content, level) if level else content)


def described(name: str, axes: tuple[str, ...], place: str, group: str) -> PackedWindow:
    """A PackedWindow before it is stored."""
    return PackedWindow(name, list(axes), [], place, "none", group, 0, 0, 0.0, 0)


def store(tensor: Tensor, storage: Storage, top: int = 0) -> tuple[bytes, float]:
    """The bytes, and the largest absolute error among them."""
    values = tensor.detach().to("cpu", torch.float32).contiguous()
    if storage == "float32":
        return little_endian(values), 0.0
    if storage == "bfloat16":
        halves = values.to(torch.bfloat16)
        finite = values.isfinite()
        return little_endian(halves.view(torch.int16)), largest((halves.float() - values)[finite])
    if storage == "root8":
        quantised = root8(values)
        return little_endian(quantised), largest(from_root8(quantised) - values)
    if storage == "top":
        return store_top(values, top)
    raise ValueError(f"no bytes for the storage {storage!r}")


def root8(values: Tensor) -> Tensor:
    """Numbers between 0 and 1 in a byte each, on a square-root scale: small weights keep their differences."""
    return (values.clamp(0, 1).sqrt() * 255).round().to(torch.uint8)


def from_root8(quantised: Tensor) -> Tensor:
    return (quantised.float() / 255) ** 2


def store_top(values: Tensor, top: int) -> tuple[bytes, float]:
    """Of each row the ``top`` largest, and the sum of the rest."""
    width = values.size(-1)
    if not 0 < top <= width <= 65536:
        raise ValueError(
            f"the {top} largest of rows of {width}: wanted at least 1, at most all, and columns of 16 bits"
        )
    rests, keys, roots, error = [], [], [], 0.0
    for rows in torch.split(values.reshape(-1, width), ROWS_AT_ONCE):
        largest_values, columns = rows.topk(top, dim=-1)
        rest = rows.scatter(1, columns, 0).double().sum(dim=1).float()  # what is left, not what is missing from 1
        quantised = root8(largest_values)
        error = max(error, largest(from_root8(quantised) - largest_values))
        rests.append(rest.numpy().astype("<f4").tobytes())
        keys.append(columns.numpy().astype("<u2").tobytes())
        roots.append(quantised.numpy().tobytes())
    return b"".join([*rests, *keys, *roots]), error


def pooled(values: Tensor, side: int = POOLED) -> Tensor:
    """Means of equal blocks of the last two axes (the last block of each may be smaller), at most ``side`` of each."""
    blocks = [-(-size // min(side, size)) for size in values.shape[-2:]]
    return F.avg_pool2d(values.float(), blocks, stride=blocks, ceil_mode=True, count_include_pad=False)


def exact(tensor: Tensor) -> Storage:
    """The smallest storage that loses nothing."""
    values = tensor.detach().float()
    return "bfloat16" if bool((values.to(torch.bfloat16).float() == values).all()) else "float32"


def little_endian(tensor: Tensor) -> bytes:
    """The numbers' bytes, row by row, the lowest byte of each first."""
    array = tensor.numpy()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def largest(differences: Tensor) -> float:
    """The largest absolute one; 0 of none."""
    return float(differences.abs().max()) if differences.numel() else 0.0
