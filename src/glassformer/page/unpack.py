"""The bytes that ``wire`` describes → numbers: what the page does in TypeScript, in Python."""

import base64
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassformer.brief import brief
from glassformer.errors import ConfigError, FileFormatError
from glassformer.http.parse import from_json
from glassformer.page.body import inflated
from glassformer.page.wire import Look, Numbers, PackedWindow


@brief
@dataclass(frozen=True)
class Unpacked:
    """A header, and the numbers of its windows by name."""

    header: Look | Numbers
    groups: dict[str, bytes]
    """Inflated."""

    def window(self, name: str) -> PackedWindow:
        return next(window for window in self.windows if window.name == name)

    @property
    def windows(self) -> list[PackedWindow]:
        """All that the header names, whether their numbers are here or not."""
        return [*self.header.windows, *(self.header.weights if isinstance(self.header, Look) else [])]

    def __getitem__(self, name: str) -> np.ndarray:
        """Of the storage ``top`` the K largest where they were, and 0 elsewhere. KeyError for ``none``."""
        window = self.window(name)
        if window.storage == "none":
            raise KeyError(f"{name} is not among these numbers")
        content = self.groups[window.group][window.offset : window.offset + window.length]
        if window.storage == "top":
            return self.top(window, content)[0]
        if window.storage == "bfloat16":
            values = (np.frombuffer(content, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif window.storage == "root8":
            values = from_root8(np.frombuffer(content, np.uint8))
        else:
            values = np.frombuffer(content, "<f4")
        return values.reshape(window.shape)

    def rest(self, name: str) -> np.ndarray:
        """Of the storage ``top``: each row's sum of what was left out."""
        window = self.window(name)
        return self.top(window, self.groups[window.group][window.offset : window.offset + window.length])[1]

    def top(self, window: PackedWindow, content: bytes) -> tuple[np.ndarray, np.ndarray]:
        k = window.top
        rows = len(content) // (3 * k + 4)
        rest = np.frombuffer(content, "<f4", rows)
        keys = np.frombuffer(content, "<u2", rows * k, 4 * rows).reshape(rows, k)
        values = np.frombuffer(content, np.uint8, rows * k, (4 + 2 * k) * rows).reshape(rows, k)
        dense = np.zeros((rows, window.shape[-1]), np.float32)
        np.put_along_axis(dense, keys.astype(np.int64), from_root8(values), axis=1)
        return dense.reshape(window.shape), rest.reshape(window.shape[:-1])


def from_root8(quantised: np.ndarray) -> np.ndarray:
    return ((quantised / 255) ** 2).astype(np.float32)  # rounded once, as in the page


def unpack(body: bytes, kind: type[Look] | type[Numbers] = Look) -> Unpacked:
    """A body of numbers. Raises FileFormatError for something else."""
    try:
        (length,) = struct.unpack_from("<I", body)
        header = from_json(kind, body[4 : 4 + length])
        blobs = body[4 + length :]
        groups = {one.name: inflated(blobs[one.offset : one.offset + one.length], one) for one in header.groups}
    except (struct.error, zlib.error, ConfigError) as error:
        raise FileFormatError(f"these {len(body):,} bytes are no body of numbers: {error}") from None
    return Unpacked(header, groups)


def unpack_page(path: str | Path) -> Unpacked:
    """The look in a saved file. Raises FileFormatError for a page without one."""
    page = Path(path).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="look">(.*?)</script>', page)
    if found is None:
        raise FileFormatError(f"{path} has no look in it: wanted a page that glassformer saved")
    look = from_json(Look, found[1])
    blobs = dict(re.findall(r'<script type="application/octet-stream" id="group-(.*?)">(.*?)</script>', page))
    return Unpacked(look, {one.name: inflated(base64.b64decode(blobs[one.name]), one) for one in look.groups})
