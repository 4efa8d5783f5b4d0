"""A few kilobytes that stand for gigabytes take no more memory than any other file."""

import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backports import zstd

from glassformer.errors import CorpusError
from glassformer.text.compression import WINDOW
from glassformer.text.lines import LONGEST_LINE, read_lines
from tests.memory_of import memory_of

MOST = 64
"""MiB over what the process began with."""
ONE = b"\0" * 2**20
SHORT = b"two words\n" * 100_000
Pack = Callable[[Iterator[bytes]], bytes]


def pack_gzip(parts: Iterator[bytes]) -> bytes:
    return b"".join(gzip.compress(part, 9) for part in parts)  # members in a row are one text


def pack_xz(preset: int) -> Pack:
    def pack(parts: Iterator[bytes]) -> bytes:
        packer = lzma.LZMACompressor(preset=preset)
        return b"".join([*(packer.compress(part) for part in parts), packer.flush()])

    return pack


def pack_zstd(window: int) -> Pack:
    def pack(parts: Iterator[bytes]) -> bytes:
        names = zstd.CompressionParameter
        packer = zstd.ZstdCompressor(options={names.window_log: window, names.compression_level: 1})
        return b"".join([*(packer.compress(part) for part in parts), packer.flush()])

    return pack


def worst_line() -> bytes:
    """As large as a line may be, and larger still as a string that has to be put into NFC."""
    return ("🦉e\u0301" + "a" * (LONGEST_LINE - 7)).encode()


BOMBS = {
    "gzip, one line": (pack_gzip, lambda: (ONE for _ in range(300)), "without a line's end"),
    "gzip, short lines": (pack_gzip, lambda: (SHORT for _ in range(60)), ""),
    "gzip, the worst line": (pack_gzip, lambda: iter([worst_line()]), ""),
    "xz, one line": (pack_xz(6), lambda: (ONE for _ in range(80)), "without a line's end"),
    "xz -9, one line": (pack_xz(9), lambda: (ONE for _ in range(80)), "without a line's end"),
    "xz -7, short lines, the worst one among them": (
        pack_xz(7), lambda: iter([SHORT] * 40 + [worst_line(), b"\n", SHORT]), ""
    ),
    "xz -9, short lines": (pack_xz(9), lambda: (SHORT for _ in range(90)), "unpack it first, with xz -dc"),
    "zstd, one line": (pack_zstd(21), lambda: (ONE for _ in range(300)), "without a line's end"),
    "zstd, short lines, the worst one among them": (
        pack_zstd(24), lambda: iter([SHORT] * 40 + [worst_line(), b"\n", SHORT]), ""
    ),
    "zstd --long, short lines": (pack_zstd(27), lambda: (SHORT for _ in range(90)), "unpack it first, with zstd -dc"),
    "zstd --long=31": (pack_zstd(31), lambda: iter([SHORT]), "unpack it first, with zstd -dc --long=31"),
}  # fmt: skip


def test_what_a_process_takes_is_its_own() -> None:
    (large, _), (small, _) = memory_of("kept = b'a' * 2**25", "b'a' * int(word)", str(3 * 2**25), "1")
    assert 90 < large < 110
    assert small < 10


@pytest.mark.parametrize("name", BOMBS)
def test_no_input_takes_much_memory(name: str, tmp_path: Path) -> None:
    pack, parts, says = BOMBS[name]
    path = tmp_path / "bomb"
    path.write_bytes(pack(parts()))
    ((took, said),) = memory_of(
        "from glassformer.text.lines import read_lines", "for line in read_lines(word): pass", str(path)
    )
    assert took <= MOST
    assert says in said
    assert bool(says) == bool(said)


@pytest.mark.parametrize(
    "pack", [pack_xz(9), pack_zstd(27), pack_gzip, lambda parts: zstd.compress(b"".join(parts), 22)]
)
def test_what_was_packed_for_the_smallest_size_is_read(pack: Pack, tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1000)]
    path = tmp_path / "small"
    path.write_bytes(pack(iter(["\n".join(lines[:500]).encode() + b"\n", "\n".join(lines[500:]).encode()])))
    assert list(read_lines(path)) == lines


def test_more_than_the_window_is_read_where_no_large_one_is_asked_for(tmp_path: Path) -> None:
    for pack in (pack_gzip, pack_xz(6), pack_zstd(23)):
        path = tmp_path / "large"
        path.write_bytes(pack(SHORT for _ in range(20)))
        assert sum(1 for _ in read_lines(path)) == 20 * 100_000
    assert 20 * len(SHORT) > WINDOW


def test_the_longest_line_is_said_wherever_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    longest = b"a" * LONGEST_LINE
    path.write_bytes(b"a\n" + longest + b"\nb\n" + longest)
    assert [len(line) for line in read_lines(path)] == [1, LONGEST_LINE, 1, LONGEST_LINE]
    for end in (b"", b"\n", b"\nb\n"):
        path.write_bytes(b"a\nb\n" + longest + b"a" + end)
        with pytest.raises(CorpusError, match=r"lines, line 3: more than 2,621,440 bytes without a line's end"):
            list(read_lines(path))


def test_what_was_packed_twice_is_said(tmp_path: Path) -> None:
    path = tmp_path / "twice"
    path.write_bytes(gzip.compress(lzma.compress(b"a\nb\n")))
    with pytest.raises(CorpusError, match="packed twice, gzip around xz: unpack it once"):
        list(read_lines(path))
