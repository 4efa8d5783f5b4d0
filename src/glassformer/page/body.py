"""A body as ``wire`` describes it: a header, and groups of bytes behind it, deflated. Needs no torch."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glassformer.brief import brief
from glassformer.http.parse import to_json
from glassformer.page.wire import Group, Look, Model, Numbers


@brief
@dataclass(frozen=True)
class Packed:
    """A header and the deflated groups that it names, in its order."""

    header: Look | Numbers | Model
    blobs: list[bytes]

    def body(self) -> bytes:
        """As it goes over HTTP."""
        header = to_json(self.header).encode("ascii")
        return b"".join([struct.pack("<I", len(header)), header, *self.blobs])


def deflated(
    raw: Mapping[str, bytes | bytearray], deflate: Callable[[bytes], bytes]
) -> tuple[list[Group], list[bytes]]:
    """The groups, and their bytes. Where deflating makes a group no smaller it stays as it is."""
    groups, blobs, offset = [], [], 0
    for name, content in raw.items():
        blob = deflate(bytes(content))
        blob = blob if len(blob) < len(content) else bytes(content)
        groups.append(Group(name, offset, len(blob), len(content)))
        blobs.append(blob)
        offset += len(blob)
    return groups, blobs


def inflated(blob: bytes, group: Group) -> bytes:
    """Raises zlib.error for bytes that were not deflated."""
    return blob if group.length == group.size else zlib.decompress(blob)
