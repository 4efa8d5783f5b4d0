"""A file's lines, streaming: plain or compressed, which its first bytes say, with or without a byte order mark."""

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from glassformer.errors import CorpusError
from glassformer.text.compression import CHUNK, COMPRESSIONS, compression_of, may_become_compressed, unpacked

__all__ = ["BOM", "COMPRESSIONS", "LONGEST_LINE", "STDIN", "is_pipe", "lines", "name_of"]

STDIN = "-"
LONGEST_LINE = 5 << 19
"""Bytes (2.5 MiB). A line without an end would fill the memory; as a string, in NFC, one takes up to 17 times its bytes."""
BOM = b"\xef\xbb\xbf"


def lines(path: str | Path, *, skip_bad_lines: bool = False) -> Iterator[str | None]:
    r"""The lines of a UTF-8 text file, in NFC, without their ends, one after the other; ``-`` is standard input.

    A line ends at ``\n`` or ``\r\n`` and nowhere else: U+2028 and its like occur within sentences.
    With ``skip_bad_lines`` a line that is not UTF-8 comes as None, so that line numbers stay right.

    Raises CorpusError for a file that cannot be read, compressed data cut short, a line that is not UTF-8.
    """
    number = 0
    for block in _blocks(_decompressed(_chunks(path), path), path):
        if number == 0:
            block = block.removeprefix(BOM)
            if not block:
                continue
        decoded = _decoded(block, path, number, skip_bad_lines)
        number += len(decoded)
        yield from decoded


def name_of(path: str | Path) -> str:
    """What a file is called in messages."""
    return "standard input" if str(path) == STDIN else str(path)


def is_pipe(path: str | Path) -> bool:
    """Whether ``path`` can be read only once: standard input, or what is there and no plain file."""
    return str(path) == STDIN or (Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir())


def _chunks(path: str | Path) -> Iterator[bytes]:
    try:
        if str(path) == STDIN:
            # read1 gives what is there already: whoever types a line gets its translation before the next one.
            yield from iter(lambda: sys.stdin.buffer.read1(CHUNK), b"")  # type: ignore[union-attr]
        else:
            with Path(path).open("rb") as file:
                yield from iter(lambda: file.read1(CHUNK), b"")
    except FileNotFoundError as error:
        raise CorpusError(f"{path}: there is no such file; wanted a text file with one sentence a line") from error
    except IsADirectoryError as error:
        raise CorpusError(f"{path}: is a folder; name the text file in it") from error
    except OSError as error:
        raise CorpusError(f"{name_of(path)}: cannot be read ({error.strerror or error})") from error


def _decompressed(chunks: Iterator[bytes], path: str | Path) -> Iterator[bytes]:
    head = b""
    for chunk in chunks:
        head += chunk
        if not may_become_compressed(head):
            break
    whole = chain([head], chunks) if head else chunks
    kind = compression_of(head)
    return unpacked(whole, kind, name_of(path)) if kind else whole


def _blocks(chunks: Iterable[bytes], path: str | Path) -> Iterator[bytes]:
    r"""The same bytes, cut behind a ``\n`` each time, so that lines and characters stay whole.

    Raises CorpusError for a line of more than LONGEST_LINE bytes.
    """
    parts: list[bytes] = []  # joined once, as one line may be many chunks long
    size = number = 0
    for chunk in chunks:
        end = chunk.find(b"\n")
        size += len(chunk) if end < 0 else end
        if size > LONGEST_LINE:
            raise CorpusError(
                f"{name_of(path)}, line {number + 1:,}: more than {LONGEST_LINE:,} bytes without a line's end; "
                "wanted one sentence a line"
            )
        if end < 0:
            parts.append(chunk)
            continue
        cut = chunk.rfind(b"\n") + 1
        number += chunk.count(b"\n")
        block = b"".join([*parts, chunk[:cut]])
        parts, size = [chunk[cut:]], len(chunk) - cut
        yield block
    if rest := b"".join(parts):
        yield rest


def _decoded(block: bytes, path: str | Path, number: int, skip_bad_lines: bool) -> list[str | None]:
    """The lines of a block that follows ``number`` lines."""
    block = block.removesuffix(b"\n")
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return [_line(raw, path, number + i, skip_bad_lines) for i, raw in enumerate(block.split(b"\n"), start=1)]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return [*text.replace("\r\n", "\n").removesuffix("\r").split("\n")]


def _line(raw: bytes, path: str | Path, number: int, skip_bad_lines: bool) -> str | None:
    """One line of a block in which something is wrong."""
    try:
        return unicodedata.normalize("NFC", raw.removesuffix(b"\r").decode())
    except UnicodeDecodeError as error:
        if skip_bad_lines:
            return None
        hint = "convert it with iconv -t UTF-8, or leave such lines out with skip_bad_lines"
        if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            hint = "it looks like UTF-16: convert it with iconv -f UTF-16 -t UTF-8"
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise CorpusError(f"{name_of(path)}, line {number:,}: {what}; {hint}") from error
