"""A file's lines, streaming: plain or compressed, which its first bytes say, with or without a byte order mark."""

import select
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from glassformer.errors import CorpusError
from glassformer.text.compression import CHUNK, COMPRESSIONS, compression_of, may_become_compressed, unpacked
from glassformer.text.encodings import advice, wide

__all__ = ["BOM", "COMPRESSIONS", "LONGEST_LINE", "STDIN", "is_pipe", "lines", "name_of", "read_lines"]

STDIN = "-"
LONGEST_LINE = 5 << 19
"""Bytes (2.5 MiB). A line without an end would fill the memory; as a string, in NFC, one takes up to 17 times its bytes."""
MOST_RETURNS = 10
r"""Of ``\r`` in a line that ends with ``\n``: a few may be in a sentence's text."""
BOM = b"\xef\xbb\xbf"


def lines(
    path: str | Path, *, skip_bad_lines: bool = False, before_waiting: Callable[[], None] | None = None
) -> Iterator[str | None]:
    r"""The lines of a UTF-8 text file, in NFC, without their ends, one after the other; ``-`` is standard input.

    A line ends at ``\n`` or ``\r\n`` and nowhere else: U+2028 and its like occur within sentences, and so may ``\r``. In
    a file without any ``\n``, as an old Mac wrote them, a line ends at ``\r``.
    With ``skip_bad_lines`` a line that is not UTF-8 comes as None, so that line numbers stay right. ``before_waiting`` is
    called whenever reading standard input is about to wait, where one can know that (not of Windows' pipes).

    Raises CorpusError for a file that cannot be read, compressed data cut short, a line that is not UTF-8.
    """
    number = 0
    for block in _blocks(_with_newlines(_decompressed(_chunks(path, before_waiting), path), path), path):
        if number == 0:
            if name := wide(block):
                raise CorpusError(
                    f"{name_of(path)}: it looks like {name}, wanted UTF-8: convert it with "
                    f"iconv -f {name} -t UTF-8 FILE > NEW"
                )
            block = block.removeprefix(BOM)
            if not block:
                continue
        decoded = _decoded(block, path, number, skip_bad_lines)
        number += len(decoded)
        yield from decoded


def read_lines(path: str | Path, before_waiting: Callable[[], None] | None = None) -> Iterator[str]:
    """The lines of one file, in NFC, without their ends, empty ones too; ``-`` is standard input. ``before_waiting`` as for
    ``lines``.

    Raises CorpusError, while it is read, for a file that cannot be read and for a line that is not UTF-8.
    """
    for line in lines(path, before_waiting=before_waiting):
        if line is not None:
            yield line


def name_of(path: str | Path) -> str:
    """A file's name in messages."""
    return "standard input" if str(path) == STDIN else str(path)


def is_pipe(path: str | Path) -> bool:
    """Whether ``path`` can be read only once: standard input, or what is there and no plain file."""
    return str(path) == STDIN or (Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir())


def _chunks(path: str | Path, before_waiting: Callable[[], None] | None) -> Iterator[bytes]:
    try:
        if str(path) == STDIN:
            # read1 gives what is there already: a line that is typed gets its translation before the next one.
            yield from iter(lambda: _typed(before_waiting), b"")
        else:
            with Path(path).open("rb") as file:
                yield from iter(lambda: file.read1(CHUNK), b"")
    except FileNotFoundError as error:
        raise CorpusError(f"{path}: there is no such file; wanted a text file with one sentence a line") from error
    except IsADirectoryError as error:
        raise CorpusError(f"{path}: is a folder; name the text file in it") from error
    except OSError as error:
        raise CorpusError(f"{name_of(path)}: cannot be read ({error.strerror or error})") from error


def _typed(before_waiting: Callable[[], None] | None) -> bytes:
    """The bytes that standard input holds; b"" at its end."""
    if before_waiting is not None and _would_wait():
        before_waiting()
    return sys.stdin.buffer.read1(CHUNK)  # type: ignore[union-attr]


def _would_wait() -> bool:
    try:
        return not select.select([sys.stdin], [], [], 0)[0]
    except (OSError, ValueError):  # no file descriptor, or not one that can be asked
        return False


def _decompressed(chunks: Iterator[bytes], path: str | Path) -> Iterator[bytes]:
    head = b""
    for chunk in chunks:
        head += chunk
        if not may_become_compressed(head):
            break
    whole = chain([head], chunks) if head else chunks
    kind = compression_of(head)
    return unpacked(whole, kind, name_of(path)) if kind else whole


def _with_newlines(chunks: Iterable[bytes], path: str | Path) -> Iterator[bytes]:
    r"""The same bytes; where they hold ``\r`` and no ``\n``, those are line ends and become ``\n``.

    That is known at the first ``\n``, after a chunk's worth of bytes, or at the end. Raises CorpusError, with the line's
    number, for a ``\n`` that comes after that: neither reading is right then.
    """
    head, number, remaining = b"", 0, iter(chunks)
    for chunk in remaining:
        head += chunk
        if b"\n" in head or len(head) > CHUNK:
            break
    if b"\n" in head or b"\r" not in head[:-1]:
        yield head
        yield from remaining
        return
    for chunk in chain([head], remaining):
        if b"\n" in chunk:
            number += chunk[: chunk.index(b"\n")].count(b"\r")
            raise CorpusError(
                rf"{name_of(path)}: lines end with \r up to line {number:,}, and with \n from there on; make all ends the "
                r"same: tr '\r' '\n' < FILE > NEW"
            )
        number += chunk.count(b"\r")
        yield chunk.replace(b"\r", b"\n")


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
        return [
            _line(raw, block, path, number + i, skip_bad_lines) for i, raw in enumerate(block.split(b"\n"), start=1)
        ]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    read = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    if "\r" not in text:
        return [*read]
    return [_not_joined(line, path, number + i, skip_bad_lines) for i, line in enumerate(read, start=1)]


def _not_joined(line: str, path: str | Path, number: int, skip_bad_lines: bool) -> str | None:
    r"""A line of a file that has some ``\r``: one with many of them is several lines in one."""
    if (returns := line.count("\r")) <= MOST_RETURNS:
        return line
    if skip_bad_lines:
        return None
    raise CorpusError(
        rf"{name_of(path)}, line {number:,}: has {returns:,} \r in it, as if some lines ended with \r and others with \n; "
        r"make all ends the same: tr '\r' '\n' < FILE > NEW"
    )


def _line(raw: bytes, block: bytes, path: str | Path, number: int, skip_bad_lines: bool) -> str | None:
    """One line of a block in which something is wrong."""
    try:
        return unicodedata.normalize("NFC", raw.removesuffix(b"\r").decode())
    except UnicodeDecodeError as error:
        if skip_bad_lines:
            return None
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise CorpusError(f"{name_of(path)}, line {number:,}: {what}; {advice(block, raw)}") from error
