"""``pytorch_model.bin``: tensors out of a pickle without unpickling it.

The opcodes are walked with ``pickletools``, which runs nothing, by a machine that knows dictionaries, lists, numbers, text
and PyTorch's way of writing a tensor down. Other names in a pickle are refused by its name, and never looked up: neither
``pickle`` nor ``torch.load`` is used (CVE-2025-32434 and CVE-2026-24747 are of its ``weights_only``).

Two formats: a zip with ``data.pkl`` and a file a storage, and, from before PyTorch 1.6, pickles one after the other.
"""

import io
import math
import pickletools
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glassformer.errors import ForeignModelError
from glassformer.interop.places import LARGEST_WEIGHTS, Package

MAGIC = 0x1950A86A20F9469CFC6C
"""The first pickle of the old format."""
STORAGES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
GLOBALS = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    *(f"torch {name}" for name in STORAGES),
}
MOST_OPCODES = 2_000_000
MOST_AXES = 8
MOST_NAMES = 4
"""Of a storage whose tensors are all of it: one table may be the source's, the target's, the output's, and shared."""


@dataclass(frozen=True)
class Global:
    """A name that a pickle would look up."""

    name: str


@dataclass(frozen=True)
class TorchStorage:
    """Numbers that lie elsewhere."""

    key: str
    dtype: torch.dtype
    count: int


@dataclass(frozen=True)
class StoredTensor:
    """A tensor as it is written down."""

    storage: TorchStorage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class Machine:
    """A stack and a memory; what it cannot do, it refuses."""

    def __init__(self, where: object) -> None:
        self.where = where
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        """The value of the next pickle. Raises ForeignModelError for one that holds something else."""
        self.stack, self.marks, self.memory = [], [], {}
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
                if count > MOST_OPCODES:
                    raise ForeignModelError(
                        f"{self.where} has over {MOST_OPCODES:,} opcodes: it holds more than tensors"
                    )
                if opcode.name == "STOP":
                    return self.stack.pop()
                self.step(opcode.name, argument)
        except ForeignModelError:
            raise
        except Exception as error:  # a pickle is anybody's bytes: whatever goes wrong with it, it is no model
            raise ForeignModelError(
                f"{self.where} is damaged, or holds more than tensors ({type(error).__name__})"
            ) from None
        raise ForeignModelError(f"{self.where} ends in the middle of its pickle")

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in VALUES:
            stack.append(VALUES[name](argument))
        elif name in ("PROTO", "FRAME"):
            pass
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(self.last(int(name[-1]))))
        elif name in ("TUPLE", "LIST", "DICT"):
            items = self.marked()
            stack.append(tuple(items) if name == "TUPLE" else items if name == "LIST" else in_pairs(items))
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memory[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self.memory[len(self.memory)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memory[int(argument)])
        elif name in ("SETITEM", "SETITEMS"):
            items = self.last(2) if name == "SETITEM" else self.marked()
            stack[-1].update(in_pairs(items))
        elif name in ("APPEND", "APPENDS"):
            items = self.last(1) if name == "APPEND" else self.marked()
            stack[-1].extend(items)
        elif name == "GLOBAL":
            stack.append(self.known(argument))
        elif name == "STACK_GLOBAL":
            stack.append(self.known(" ".join(map(as_text, self.last(2)))))
        elif name == "BINPERSID":
            stack.append(storage(stack.pop()))
        elif name == "REDUCE":
            called, arguments = self.last(2)
            stack.append(self.call(called, arguments))
        elif name == "BUILD":
            self.last(1)  # an OrderedDict's _metadata: versions of modules
        else:
            raise ForeignModelError(f"{self.where} has the opcode {name}: wanted tensors and nothing else")

    def last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def marked(self) -> list[Any]:
        return self.last(len(self.stack) - self.marks.pop())

    def known(self, name: str) -> Global:
        if name not in GLOBALS:
            raise ForeignModelError(f"{self.where} names {name[:80]!r}, which is no tensor: nothing in it was run")
        return Global(name)

    def call(self, called: Any, arguments: tuple[Any, ...]) -> Any:
        name = called.name if isinstance(called, Global) else ""
        if name == "collections OrderedDict":
            return dict(in_two(pair) for pair in arguments[0]) if arguments else {}
        if name == "torch._utils _rebuild_parameter" and isinstance(arguments[0], StoredTensor):
            return arguments[0]
        if name == "torch._utils _rebuild_tensor_v2" and isinstance(arguments[0], TorchStorage):
            shape, stride = (tuple(map(int, axes[: MOST_AXES + 1])) for axes in arguments[2:4])
            return StoredTensor(arguments[0], int(arguments[1]), shape, stride)
        raise ForeignModelError(f"{self.where} calls {name or type(called).__name__}: wanted tensors and nothing else")


def identity(value: Any) -> Any:
    return value


VALUES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "SHORT_BINSTRING", "BINSTRING"), identity),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "LONG", "INT", "BINFLOAT"), identity),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
}


def as_text(value: Any) -> str:
    """The value, if it is text. A tuple that holds itself twice, and so on, is small until it is written out or hashed."""
    if not isinstance(value, str):
        raise TypeError("wanted text")
    return value


def in_two(pair: tuple[Any, ...]) -> tuple[str, Any]:
    name, value = pair
    return as_text(name), value


def in_pairs(items: list[Any]) -> dict[str, Any]:
    return dict(zip(map(as_text, items[::2]), items[1::2], strict=True))


def storage(about: Any) -> TorchStorage:
    """("storage", its kind, its name, a device, how many numbers, …)."""
    word, kind, key, _, count = about[:5]
    dtype = STORAGES[kind.name.removeprefix("torch ")]
    if word != "storage" or not as_text(key).isalnum() or type(count) is not int or count < 0:
        raise ValueError("no storage")
    return TorchStorage(key, dtype, count)


def read_torch(content: bytes, path: Path) -> dict[str, Tensor]:
    """The tensors of a state dictionary, by their names. Raises ForeignModelError for what is none."""
    return from_zip(path) if is_zip(path) else from_pickles(content, path)


def is_zip(path: Path) -> bool:
    """Also of a damaged archive, of which ``Package`` says what is wrong."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return True


def from_zip(path: Path) -> dict[str, Tensor]:
    package = Package(path)
    machine = Machine(path)
    found = named(machine.run(io.BytesIO(package.read("data.pkl"))), path)
    data = package.inside("data")
    bytes_of: dict[str, bytes] = {}

    def numbers(storage: TorchStorage) -> bytes:
        if storage.key not in bytes_of:
            bytes_of[storage.key] = data.read(storage.key, LARGEST_WEIGHTS)
        return bytes_of[storage.key]

    return {name: tensor_of(written, numbers(written.storage), f"{path}: {name}") for name, written in found.items()}


def check_size(found: dict[str, StoredTensor], path: Path) -> None:
    """Each name gets numbers of its own, so a small file with many names of one storage would take much memory."""
    stored = {written.storage.key: written.storage.count for written in found.values()}
    if sum(abs(math.prod(written.shape)) for written in found.values()) > MOST_NAMES * sum(stored.values()):
        raise ForeignModelError(f"{path} has its numbers under more than {MOST_NAMES} names each: that is no model")


def from_pickles(content: bytes, path: Path) -> dict[str, Tensor]:
    stream, machine = io.BytesIO(content), Machine(path)
    if machine.run(stream) != MAGIC:
        raise ForeignModelError(f"{path} is no file of PyTorch: wanted pytorch_model.bin, or better model.safetensors")
    machine.run(stream)
    machine.run(stream)
    found = named(machine.run(stream), path)
    kinds = {written.storage.key: written.storage for written in found.values()}
    bytes_of = {}
    for key in machine.run(stream):
        if not isinstance(key, str) or key not in kinds:
            raise ForeignModelError(f"{path} has numbers that no tensor uses: it is damaged")
        one = kinds[key]
        (count,) = struct.unpack("<q", stream.read(8).ljust(8, b"\xff"))
        size = one.count * one.dtype.itemsize
        bytes_of[one.key] = stream.read(size) if count == one.count else b""
        if len(bytes_of[one.key]) != size:
            raise ForeignModelError(f"{path} ends in the middle of its numbers")
    if missing := kinds.keys() - bytes_of.keys():
        raise ForeignModelError(f"{path} has no numbers of its storage {min(missing)}: it is damaged")
    return {name: tensor_of(w, bytes_of[w.storage.key], f"{path}: {name}") for name, w in found.items()}


def named(value: Any, path: Path) -> dict[str, StoredTensor]:
    if not isinstance(value, dict) or not all(
        isinstance(n, str) and isinstance(w, StoredTensor) for n, w in value.items()
    ):
        raise ForeignModelError(f"{path} is no state dictionary: wanted tensors by name")
    check_size(value, path)
    return value


def tensor_of(written: StoredTensor, content: bytes, what: str) -> Tensor:
    """The view that is written down, within its storage."""
    size = written.storage.count * written.storage.dtype.itemsize
    last = written.offset + sum(
        (length - 1) * step for length, step in zip(written.shape, written.stride, strict=False)
    )
    fits = (
        len(written.shape) == len(written.stride) <= MOST_AXES
        and min(written.shape, default=1) > 0
        and min(written.stride, default=0) >= 0
    )
    if (
        len(content) < size
        or written.offset < 0
        or not fits
        or max(last + 1, math.prod(written.shape)) > written.storage.count
    ):
        raise ForeignModelError(f"{what} reaches outside its storage: the file is damaged")
    flat = torch.frombuffer(bytearray(content[:size]), dtype=written.storage.dtype)
    return flat.as_strided(written.shape, written.stride, written.offset).contiguous()
