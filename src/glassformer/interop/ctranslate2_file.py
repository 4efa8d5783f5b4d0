"""CTranslate2's ``model.bin``, binary versions 2 to 6, read within bounds; no code is run, nothing is believed unseen.

u32 version · string specification, u32 revision · u32 count · per variable: string name, u8 rank, u32 × rank the shape,
then from version 4 on u8 kind, u32 bytes, before u8 size of an item, u32 items · the data · from version 3 on u32 count of
aliases, two strings each. Little endian; a string is u16 its length with a closing NUL, and its bytes.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from glassformer.errors import ForeignModelError

VERSIONS = range(2, 7)
KINDS = (torch.float32, torch.int8, torch.int16, torch.int32, torch.float16, torch.bfloat16)
BY_SIZE = {4: torch.float32, 2: torch.int16, 1: torch.int8}
"""Before version 4 a variable's kind is known by the size of its items: float16 came later than that."""
LARGEST_RANK = 4
SCALE = "_scale"


@dataclass(frozen=True)
class Binary:
    """The file's content."""

    version: int
    specification: str
    revision: int
    variables: Mapping[str, Tensor]
    """By name, aliases as well; weights as they are stored."""


class ByteReader:
    """Reads one value after the other, and none behind the end."""

    def __init__(self, content: bytes, where: object) -> None:
        self.content, self.where, self.place = content, where, 0

    def bytes(self, count: int) -> memoryview:
        end = self.place + count
        if end > len(self.content):
            raise ForeignModelError(
                f"{self.where} ends in the middle: {count:,} bytes are missing at byte {self.place:,}"
            )
        self.place, start = end, self.place
        return memoryview(self.content)[start:end]

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.bytes(struct.calcsize(form)))[0])

    def string(self) -> str:
        raw = bytes(self.bytes(self.number("H")))
        try:
            text = raw[:-1].decode()
        except UnicodeDecodeError:
            text = "\0"
        if raw[-1:] != b"\0" or not text.isprintable():
            raise ForeignModelError(
                f"{self.where} has no name at byte {self.place:,}: it is no model.bin of CTranslate2"
            )
        return text


def read_binary(content: bytes, where: object) -> Binary:
    """Raises ForeignModelError for a file that is damaged, of another version, or none."""
    cursor = ByteReader(content, where)
    version = cursor.number("I")
    if version not in VERSIONS:
        raise ForeignModelError(
            f"{where}: binary version {version}: wanted {VERSIONS[0]} to {VERSIONS[-1]}; convert the model again with a "
            "CTranslate2 of 2020 or later"
        )
    specification, revision = cursor.string(), cursor.number("I")
    variables: dict[str, Tensor] = {}
    for _ in range(cursor.number("I")):
        name = cursor.string()
        if name in variables:
            raise ForeignModelError(f"{where} has {name} twice")
        variables[name] = variable(cursor, version, name)
    for _ in range(cursor.number("I") if version >= 3 else 0):
        alias, name = cursor.string(), cursor.string()
        if alias in variables or name not in variables:
            raise ForeignModelError(f"{where}: the alias {alias} is there already, or stands for {name}, which is not")
        variables[alias] = variables[name]
        if f"{name}{SCALE}" in variables:
            variables[f"{alias}{SCALE}"] = variables[f"{name}{SCALE}"]
    if cursor.place != len(content):
        raise ForeignModelError(f"{where} has {len(content) - cursor.place:,} bytes behind its end")
    return Binary(version, specification, revision, variables)


def variable(cursor: ByteReader, version: int, name: str) -> Tensor:
    """One variable's data, in memory of the file."""
    where, rank = cursor.where, cursor.number("B")
    if rank > LARGEST_RANK:
        raise ForeignModelError(f"{where}: {name} has {rank} axes: wanted at most {LARGEST_RANK}")
    shape = [cursor.number("I") for _ in range(rank)]
    if version >= 4:
        kind, size = cursor.number("B"), cursor.number("I")
        dtype = KINDS[kind] if kind < len(KINDS) else None
    else:
        width, items = cursor.number("B"), cursor.number("I")
        dtype, size = BY_SIZE.get(width), width * items
    if dtype is None:
        raise ForeignModelError(f"{where}: {name} holds numbers of an unknown kind")
    if size != math.prod(shape) * dtype.itemsize:
        raise ForeignModelError(f"{where}: {name} is {shape} of {dtype}, and has {size:,} bytes")
    data = cursor.bytes(size)
    if not size:
        return torch.zeros(shape, dtype=dtype)
    return torch.frombuffer(bytearray(data), dtype=dtype).view(shape)


def in_float32(binary: Binary, where: object) -> tuple[dict[str, Tensor], dict[str, int | float], str]:
    """The weights as numbers, the settings among the variables (``num_heads``), and what the weights were rounded to.

    int8 is w / scale of the row, int16 w / scale. A name that stands for another's tensor has the same one. Raises
    ForeignModelError for rounded numbers without a scale that fits.
    """
    tensors: dict[str, Tensor] = {}
    settings: dict[str, int | float] = {}
    made: dict[int, Tensor] = {}
    kinds = set[str]()
    for name, stored in binary.variables.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in binary.variables:
            continue
        if not stored.dim():
            settings[name] = stored.item()
            continue
        scale = binary.variables.get(f"{name}{SCALE}")
        if id(stored) not in made:
            made[id(stored)] = dequantised(stored, scale, f"{where}: {name}")
            if stored.dim() > 1:
                kinds.add(str(stored.dtype).removeprefix("torch."))
        tensors[name] = made[id(stored)]
    rounded = next((kind for kind in ("int8", "int16", "float16", "bfloat16") if kind in kinds), "float32")
    return tensors, settings, rounded


def dequantised(stored: Tensor, scale: Tensor | None, what: str) -> Tensor:
    if stored.is_floating_point():
        return stored.float()
    fits = scale is not None and scale.is_floating_point() and list(scale.shape) in ([], [1], [stored.size(0)])
    if not fits or scale is None or not bool((scale.isfinite() & (scale != 0)).all()):
        raise ForeignModelError(f"{what} holds whole numbers without a scale that fits: the model is damaged")
    return stored.float() / (scale.float() if scale.numel() == 1 else scale.float().view(-1, *[1] * (stored.dim() - 1)))
