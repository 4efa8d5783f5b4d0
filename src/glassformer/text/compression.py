"""Compressed files, undone a little at a time: no input can ask for more memory than is given here.

A few kilobytes can stand for gigabytes. Output is asked for in pieces of CHUNK bytes, and what a decompressor keeps
for itself (zstd's window, xz's dictionary) is bounded: up to WINDOW it may have it; a larger one, as ``xz -9`` and
``zstd --long`` want it for small files too, only while what comes out is smaller than WINDOW and the rest stays untouched.
"""

import lzma
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from glassformer.errors import CorpusError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 1 << 16
"""Bytes that are read, or come out, at a time."""
WINDOW = 1 << 24
"""Bytes that a decompressor may fill for itself: xz to level 7, zstd to level 19 have no more."""
MARGIN = 1 << 20
"""Bytes that it needs besides."""
WIDEST = 1 << 27
"""Bytes that a decompressor may ask for, and hardly use: xz -9 (64 MiB), zstd --long (128 MiB)."""
FIRST = 1 << 16
"""Bytes after which a compressed file's head, which says what it asks for, is over."""
DAMAGED = zlib.error, lzma.LZMAError, zstd.ZstdError


class Gzip:
    """``zlib``'s decompressor with the others' words."""

    def __init__(self, window: int) -> None:
        """``window``: of no matter, gzip's is 32 KiB."""
        self._inner = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail


class Compression(NamedTuple):
    """A way of compressing a file, and how it is known and undone."""

    name: str
    magic: bytes
    decompressor: Callable[[int], Any]
    """One for a single compressed file, whose window has at most this number of bytes."""
    unpack: str
    """The command that undoes it."""


def xz(window: int) -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=window + MARGIN)


def zstandard(window: int) -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: window.bit_length() - 1})


COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b", Gzip, "gzip -dc"),
    Compression("xz", b"\xfd7zXZ\x00", xz, "xz -dc"),
    Compression("zstd", b"\x28\xb5\x2f\xfd", zstandard, "zstd -dc --long=31"),
)


def compression_of(head: bytes) -> Compression | None:
    """The one whose sign these bytes begin with."""
    return next((kind for kind in COMPRESSIONS if head.startswith(kind.magic)), None)


def may_become_compressed(head: bytes) -> bool:
    """Whether these bytes are the beginning of a sign, and no more."""
    return any(len(head) < len(kind.magic) and kind.magic.startswith(head) for kind in COMPRESSIONS)


class Member:
    """One compressed file. Several in a row are one text, as for ``zcat``."""

    def __init__(self, kind: Compression, name: str) -> None:
        self.kind, self.name = kind, name
        self.inner = kind.decompressor(WINDOW)
        self.wide = False
        """Whether it asked for more than WINDOW."""
        self.head = b""
        """The bytes that were put in, as long as nothing came out."""
        self.out = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The unpacked bytes of ``data``, at most CHUNK bytes at a time. Raises CorpusError for damaged data, and for those
        that want too much memory."""
        if not self.out and len(self.head) < FIRST:
            self.head += data
        while True:
            piece = self.piece(data)
            data = b""
            if piece:
                self.head = b""
                self.out += len(piece)
                if self.wide and self.out > WINDOW:
                    raise self.too_wide()
                yield piece
            if self.inner.eof or (self.inner.needs_input and len(piece) < CHUNK):
                return

    def piece(self, data: bytes) -> bytes:
        try:
            return self.inner.decompress(data, max_length=CHUNK)
        except DAMAGED as error:
            if not wants_memory(error):
                raise CorpusError(
                    f"{self.name}: the {self.kind.name} data are damaged ({error}); get the file again"
                ) from error
            if self.wide or not self.head:
                raise self.too_wide() from None
        self.wide, head = True, self.head
        self.inner = self.kind.decompressor(WIDEST)
        return self.piece(head)

    def too_wide(self) -> CorpusError:
        return CorpusError(
            f"{self.name}: unpacking the {self.kind.name} data takes more than {WINDOW >> 20} MiB of memory (it was packed "
            f"with a large window): unpack it first, with {self.kind.unpack}"
        )


def wants_memory(error: Exception) -> bool:
    """Whether this is about the limit. Neither library has a type for it."""
    return "memory" in str(error).lower()


def unpacked(chunks: Iterable[bytes], kind: Compression, name: str) -> Iterator[bytes]:
    """The content of compressed ``chunks``, in pieces of at most CHUNK bytes.

    Raises CorpusError for data that are damaged, cut short, packed twice or want too much memory.
    """
    member: Member | None = None
    first = True
    for chunk in chunks:
        while chunk:
            if member is None:
                chunk = chunk.lstrip(b"\0")  # padding between and after them is allowed
                if not chunk:
                    break
                member = Member(kind, name)
            for piece in member.pieces(chunk):
                if first and (inner := compression_of(piece)):
                    raise CorpusError(f"{name}: packed twice, {kind.name} around {inner.name}: unpack it once")
                first = False
                yield piece
            chunk = b""
            if member.inner.eof:
                chunk, member = member.inner.unused_data, None
    if member is not None:
        raise CorpusError(f"{name}: the {kind.name} data are cut short; get the file again")
