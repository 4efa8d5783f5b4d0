import gzip
import io
import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from glassformer.corpus.read import CorpusReport, read_pairs
from glassformer.errors import CorpusError
from glassformer.text.lines import lines, read_lines

TEXT = "one\ntwo\nthree\n"
PACK = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
    "zstd without its size": lambda data: zstandard.ZstdCompressor(write_content_size=False).compress(data),
}


def put(path, data):
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_compressed_files_are_known_by_their_first_bytes(tmp_path, pack):
    long = "".join(f"line {i} ä\n" for i in range(30_000))
    path = put(tmp_path / "misleading.txt", pack(long.encode()))
    assert list(read_lines(path)) == long.split("\n")[:-1]
    twice = put(tmp_path / "twice", pack(b"a\nb") + pack(b"c\n"))
    assert list(read_lines(twice)) == ["a", "bc"]


@pytest.mark.parametrize("kind", ["gzip", "xz", "zstd"])
def test_compressed_files_cut_short_or_damaged(tmp_path, kind):
    data = PACK[kind](os.urandom(5000).hex().encode())
    with pytest.raises(CorpusError, match=f"short: the {kind} data are cut short; get the file again"):
        list(read_lines(put(tmp_path / "short", data[:-100])))
    broken = data[:40] + b"garbage" * 20 + data[180:]
    with pytest.raises(CorpusError, match=f"broken: the {kind} data are damaged"):
        list(read_lines(put(tmp_path / "broken", broken)))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("a\r\nb\r", ["a", "b"]),
        ("a\rb\n", ["a\rb"]),
        (b"\xef\xbb\xbfa\nb", ["a", "b"]),
        (b"\xef\xbb\xbf", []),
        ("wait\u2028no\x85yes\x0bso\x0c\x1c\n", ["wait\u2028no\x85yes\x0bso\x0c\x1c"]),
        ("cafe\u0301\n", ["café"]),
        ("\x1f\n", ["\x1f"]),
    ],
)
def test_lines_end_at_newlines_and_nowhere_else(tmp_path, data, wanted):
    assert list(read_lines(put(tmp_path / "lines", data))) == wanted


def test_a_line_longer_than_what_is_read_at_once(tmp_path):
    long = "ä" * 300_000
    assert list(read_lines(put(tmp_path / "long", f"a\n{long}\nb"))) == ["a", long, "b"]


def test_two_files_one_tsv_and_standard_input(tmp_path, monkeypatch):
    source, target = put(tmp_path / "a.en", "one\r\ntwo\r\n"), put(tmp_path / "a.de", gzip.compress(b"eins\nzwei"))
    wanted = [("one", "eins"), ("two", "zwei")]
    assert list(read_pairs(source, target)) == wanted
    tsv = b"\xef\xbb\xbfone\teins\r\ntwo\tzwei\r\n"
    assert list(read_pairs(put(tmp_path / "a.tsv", tsv))) == wanted
    stdin(monkeypatch, lzma.compress(tsv))
    report = CorpusReport()
    assert list(read_pairs("-", report=report)) == wanted
    assert report.messages() == ["2 pairs read from standard input"]
    stdin(monkeypatch, tsv)
    assert list(read_lines("-")) == ["one\teins", "two\tzwei"]


def test_standard_input_is_read_as_it_comes(monkeypatch):
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as file, os.fdopen(writing, "wb", buffering=0) as typed:
        monkeypatch.setattr(sys, "stdin", file)
        typed.write(b"first\nsecond\n")
        answers = read_lines("-")
        assert next(answers) == "first"  # would hang if it waited for the end


def test_standard_input_is_no_half_of_a_corpus(tmp_path):
    with pytest.raises(CorpusError, match="name both, or give one TSV"):
        list(read_pairs("-", tmp_path / "a"))


@pytest.mark.parametrize(("first", "second"), [(3, 5), (1200, 3), (0, 2)])
@pytest.mark.parametrize("pack", [PACK["plain"], PACK["gzip"]])
def test_sides_of_different_length_are_counted(tmp_path, first, second, pack):
    source, target = (put(tmp_path / name, pack(b"x\n" * count)) for name, count in (("s", first), ("t", second)))
    with pytest.raises(CorpusError, match=f"s has {first:,} lines and .*t has {second:,}: wanted as many in both"):
        list(read_pairs(source, target))


def test_bad_utf8_is_named_or_skipped_on_both_sides(tmp_path):
    source, target = put(tmp_path / "s", b"one\ntw\xffo\nthree\nfour"), put(tmp_path / "t", b"eins\nzwei\ndrei\n\xc3")
    with pytest.raises(CorpusError, match=r"s, line 2: byte 0xff is not UTF-8; .*"):
        list(read_pairs(source, target))
    report = CorpusReport()
    assert list(read_pairs(source, target, report=report, skip_bad_lines=True)) == [("one", "eins"), ("three", "drei")]
    assert report.messages()[1:] == ["2 pairs skipped: not valid UTF-8 (the first in line 2)", "2 pairs kept"]


def test_bad_utf8_far_inside_has_the_right_line_number(tmp_path):
    path = put(tmp_path / "far", b"some words in a line\n" * 50_000 + b"\xe4\n")
    with pytest.raises(CorpusError, match=r"line 50,001: byte 0xe4"):
        list(read_lines(path))


def test_utf16_is_recognised(tmp_path):
    with pytest.raises(CorpusError, match="looks like UTF-16, wanted UTF-8: convert it with iconv -f UTF-16 "):
        list(read_lines(put(tmp_path / "wide", TEXT.encode("utf-16"))))


def test_tsv_lines_have_one_tab(tmp_path):
    path = put(tmp_path / "t.tsv", "a\tb\nno tab\na\tb\tc\n\nd\te\n")
    with pytest.raises(
        CorpusError, match=r"t.tsv, line 2: no tab, wanted exactly one.*give --target or .*train.*--skip-bad-lines"
    ):
        list(read_pairs(path))
    with pytest.raises(CorpusError, match=r"or give --target$"):  # evaluate and score leave nothing out
        list(read_pairs(path, keep_empty=True))
    with pytest.raises(CorpusError, match=r"--columns 1,3\); mend it$"):
        list(read_pairs(path, columns=(1, 3), keep_empty=True))
    report = CorpusReport()
    assert list(read_pairs(path, report=report, skip_bad_lines=True)) == [("a", "b"), ("d", "e")]
    assert report.messages() == [
        f"5 pairs read from {path}",
        "2 pairs skipped: not exactly one tab in the line (the first in line 2)",
        "1 pair skipped: one side is empty (the first in line 4)",
        "2 pairs kept",
    ]
    with pytest.raises(CorpusError, match=r"line 1: 3 columns"):
        list(read_pairs(put(tmp_path / "u.tsv", "a\tb\tc")))


def test_empty_sides_are_skipped_counted_and_told(tmp_path):
    source, target = put(tmp_path / "s", "a\n\n \u3000\nb\n"), put(tmp_path / "t", "A\nx\ny\n\n")
    report = CorpusReport()
    assert list(read_pairs(source, target, report=report)) == [("a", "A")]
    assert (report.read, report.kept, report.skipped.total()) == (4, 1, 3)
    assert "3 pairs skipped: one side is empty (the first in line 2)" in report.messages()


def test_nothing_left(tmp_path):
    empty, blank = put(tmp_path / "empty", ""), put(tmp_path / "blank", "\n\n")
    with pytest.raises(CorpusError, match=r"empty and .*empty: no sentence pairs, as there is no line"):
        list(read_pairs(empty, empty))
    with pytest.raises(CorpusError, match=r"no sentence pairs left of 2 \(2 pairs skipped: one side is empty"):
        list(read_pairs(blank, blank))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(CorpusError, match="nothing: there is no such file"):
        list(read_lines(tmp_path / "nothing"))
    with pytest.raises(CorpusError, match="is a folder; name the text file in it"):
        list(read_lines(tmp_path))


def test_a_file_that_is_locked(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # chmod would not stop a test that runs as root
    with pytest.raises(CorpusError, match=r"locked: cannot be read \(Permission denied\)"):
        list(read_lines(tmp_path / "locked"))


def test_a_test_sets_pairs_are_kept_whatever_they_hold(tmp_path):
    """``evaluate`` and ``score`` answer line by line: a pair with an empty side is one of them."""
    pairs = [("One.", "Eins."), ("", "Zwei."), ("Three.", ""), ("", ""), ("Five.", "Fünf.")]
    (tmp_path / "a").write_text("".join(f"{left}\n" for left, _ in pairs), encoding="utf-8")
    (tmp_path / "b").write_text("".join(f"{right}\n" for _, right in pairs), encoding="utf-8")
    rows = ["\t".join(pair) for pair in pairs]
    rows[3] = "  "  # a blank line is an empty pair
    (tmp_path / "both").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    assert list(read_pairs(tmp_path / "a", tmp_path / "b", keep_empty=True)) == pairs
    assert list(read_pairs(tmp_path / "both", keep_empty=True)) == pairs
    assert len(list(read_pairs(tmp_path / "both"))) == 2


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("Die Tür ist grün.\n", "latin-1", "ISO-8859-1"),
        ("Where is the café?\nIt’s “over” — there…\n", "cp1252", "WINDOWS-1252"),
        ("Kwiat pachnie, żółta łódka płynie.\n", "cp1250", "WINDOWS-1250"),
        ("Мой брат читает длинную книгу.\n", "cp1251", "WINDOWS-1251"),
        ("Мой брат читает длинную книгу.\n", "koi8_r", "KOI8-R"),
        ("我的弟弟每天看书。\n他喜欢蓝色的花。\n", "gb18030", "GB18030"),
        ("私の弟は毎日本を読みます。\n青い花が好きです。\n", "shift_jis", "SHIFT_JIS"),
        ("私の弟は毎日本を読みます。\n青い花が好きです。\n", "euc_jp", "EUC-JP"),
        ("내 동생은 매일 책을 읽는다.\n", "euc_kr", "EUC-KR"),
        ("我的弟弟每天看書。\n他喜歡藍色的花。\n", "big5", "BIG5"),
    ],
)
def test_the_advice_names_the_encoding_and_works(tmp_path, text, encoding, name):
    path = put(tmp_path / "old", ("An English line.\n" + text * 3).encode(encoding))
    with pytest.raises(CorpusError, match=rf"iconv -f {name} -t UTF-8 FILE > NEW") as error:
        list(read_lines(path))
    shown = str(error.value).split("“", 1)[1].split("”)")[0]
    assert shown in " ".join(text.split()) or shown in text  # as it would be read
    if iconv := shutil.which("iconv"):
        made = subprocess.run([iconv, "-f", name, "-t", "UTF-8", path], capture_output=True, check=True).stdout
        assert made.decode() == "An English line.\n" + text * 3


def test_one_broken_line_of_a_utf8_file_is_not_taken_for_an_encoding(tmp_path):
    path = put(tmp_path / "broken", "Tür\ngrün\nÄpfel\n".encode() + b"T\xfcr\n")
    with pytest.raises(CorpusError, match=r"line 4: byte 0xfc is not UTF-8; other lines are UTF-8: correct this one"):
        list(read_lines(path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("text", ["The cat sleeps.\n", "Die Tür ist grün.\r\n", "我的弟弟 每天看书。\n", "Мой брат.\n"])
def test_utf16_is_recognised_without_its_mark(tmp_path, encoding, text):
    path = put(tmp_path / "wide", (text * 5).encode(encoding))
    with pytest.raises(
        CorpusError, match=r"looks like UTF-(16|32)(LE|BE)?, wanted UTF-8: convert it with iconv -f"
    ) as error:
        list(lines(path, skip_bad_lines=True))
    name = str(error.value).split("iconv -f ")[1].split()[0]
    assert path.read_bytes().decode(name).removeprefix("\ufeff") == text * 5


def test_a_nul_in_a_line_is_no_utf16(tmp_path):
    assert list(read_lines(put(tmp_path / "nul", b"one\0\ntwo words more\n" * 9)))[:2] == ["one\0", "two words more"]


@pytest.mark.parametrize("pack", PACK.values(), ids=PACK)
def test_a_file_of_an_old_mac_is_read(tmp_path, pack):
    rows = [f"Zeile {n} ä" for n in range(20_000)]
    assert list(read_lines(put(tmp_path / "mac", pack("\r".join([*rows, ""]).encode())))) == rows
    assert list(read_lines(put(tmp_path / "few", pack(b"one\rtwo\r\rfour")))) == ["one", "two", "", "four"]


def test_returns_inside_lines_stay_and_mixed_ends_are_told(tmp_path):
    assert list(read_lines(put(tmp_path / "some", "one\r more\ntwo\r\nthree\n"))) == ["one\r more", "two", "three"]
    joined = put(tmp_path / "joined", "one\n" + "two\r" * 40 + "x\nthree\n")
    with pytest.raises(CorpusError, match=r"line 2: has 40 \\r in it.*tr '\\r' '\\n' < FILE > NEW"):
        list(read_lines(joined))
    assert list(lines(joined, skip_bad_lines=True)) == ["one", None, "three"]
    late = put(tmp_path / "late", "a line\r" * 20_000 + "the last\n")
    with pytest.raises(CorpusError, match=r"end with \\r up to line 20,000, and with \\n from there on"):
        list(read_lines(late))


def test_columns_of_a_tsv_are_chosen(tmp_path):
    path = put(tmp_path / "t.tsv", "a\tA\tCC-BY\nb\tB\t\nc\tC\tx\ty\nd\n")
    with pytest.raises(CorpusError, match=r"line 1: 3 columns, wanted two: .*--columns 1,2 \(data.columns\)"):
        list(read_pairs(path))
    with pytest.raises(CorpusError, match=r"line 4: no tab, wanted at least 2 \(--columns 1,2\)"):
        list(read_pairs(path, columns=(1, 2)))
    report = CorpusReport()
    found = list(read_pairs(path, columns=(3, 1), skip_bad_lines=True, report=report))
    assert found == [("CC-BY", "a"), ("x", "c")]
    assert "1 pair skipped: no column 3 in the line (the first in line 4)" in report.messages()
