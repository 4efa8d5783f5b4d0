"""The doors through which strangers' bytes come. Each takes any bytes and returns, or raises our own one-line error."""

import gzip
import hashlib
import json
import lzma
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from glassformer.checkpoint import load_model
from glassformer.engines.native import Native
from glassformer.errors import GlassformerError
from glassformer.page.service import Service
from glassformer.text.corpus import CorpusReport, read_pairs
from glassformer.text.lines import BOM, COMPRESSIONS, lines
from glassformer.text.tokenizer import Tokenizer, normalised
from glassformer.trace import Trace
from glassformer.translator import Translator
from tests.toy_translator import save_toy_translator, toy

PATHS = ["/api/look", "/api/decode", "/api/rank", "/api/weights", "/api/rows", "/api/model"]


@cache
def room() -> Path:
    """A folder with a toy model in it, for as long as Python runs."""
    folder = Path(tempfile.mkdtemp(prefix="glassformer-fuzz-"))
    save_toy_translator(folder / "model")
    toy_trace(folder / "trace.safetensors")
    return folder


def toy_trace(path: Path) -> None:
    translator = Translator(Native(toy().model), toy().tokenizer, {}, "toy")
    with torch.no_grad():
        translator.trace("It is slow.", "Es.").save(path)


def put(data: bytes, name: str = "input") -> Path:
    path = room() / name
    path.write_bytes(data)
    return path


def corpus(data: bytes) -> None:
    """Lines and pairs: nothing is lost untold."""
    path, report = put(data), CorpusReport()
    refused(lambda: list(lines(path)))
    found: list[str | None] = []
    refused(lambda: found.extend(lines(path, skip_bad_lines=True)))
    if not data.startswith(tuple(kind.magic for kind in COMPRESSIONS)):
        content = data.removeprefix(BOM)
        expected = content.removesuffix(b"\n").split(b"\n") if content else []
        assert len(found) == len(expected)
        for line, raw in zip(found, expected, strict=True):
            assert line is None or unicodedata.normalize("NFC", raw.removesuffix(b"\r").decode()) == line
    kept: list[tuple[str, str]] = []
    refused(lambda: kept.extend(read_pairs(path, report=report, skip_bad_lines=True)))
    assert report.read == len(kept) + report.skipped.total()


def compressed(data: bytes) -> None:
    """The same lines, compressed; and compressed data with a byte changed."""
    if data:
        pack = (gzip.compress, lzma.compress)[data[0] % 2]
        content = bytearray(pack(data[1:]))
        if len(data) > 2:
            content[data[1] * len(content) // 256] ^= data[2] & 1
        corpus(bytes(content))


def text(data: bytes) -> None:
    """Any text through the tokenizer: it comes out again, but for what the tokenizer says that it changes."""
    string = (
        data.decode("utf-8", "surrogatepass")
        if is_utf8(data)
        else data.decode("utf-16-le", "surrogatepass"[:0] or "replace")
    )
    tokenizer = toy().tokenizer
    ids = tokenizer.encode(string)
    assert all(0 <= id < len(tokenizer) for id in ids)
    expected = " ".join(part for part in normalised(string).replace("\u2581", " ").split(" ") if part)
    assert tokenizer.decode(ids) == expected
    assert sorted(place for word in tokenizer.words(ids) for place in word) == list(range(len(ids)))


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def tokenizer(data: bytes) -> None:
    """Any bytes as a tokenizer's file."""
    refused(lambda: Tokenizer.from_bytes(data).encode("The old clock is slow."))


def checkpoint(data: bytes) -> None:
    """A model's folder in which one file, which the first byte names, is the rest; its manifest agrees with it."""
    folder = room() / "altered"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(room() / "model", folder)
    names = ["config.json", "model.safetensors", "tokenizer.model", "card.json", "manifest.json"]
    name = names[data[0] % len(names) if data else 0]
    (folder / name).write_bytes(data[1:])
    if name != "manifest.json":
        hashes = json.loads((folder / "manifest.json").read_bytes())
        hashes[name] = hashlib.sha256(data[1:]).hexdigest()
        (folder / "manifest.json").write_bytes(json.dumps(hashes).encode())
    refused(lambda: load_model(folder))


def trace(data: bytes) -> None:
    """Any bytes as a saved trace."""
    path = put(data)
    refused(lambda: [Trace.load(path).window(name) for name in Trace.load(path)])


def request(data: bytes) -> None:
    """Any body, to the path that the first byte names."""
    translator = Translator(Native(toy().model), toy().tokenizer, {"longest": 40}, "toy")
    path = PATHS[data[0] % len(PATHS)] if data else PATHS[0]
    service = Service(translator, longest=16)
    refused(lambda: service.answer(path, data[1:]))


def refused(work: Callable[[], object]) -> None:
    """Let it end, or be refused with one of our errors, in one line."""
    said = "refused"
    try:
        work()
    except GlassformerError as error:
        said = str(error)
    assert said
    assert "\n" not in said, said


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (corpus, compressed, text, tokenizer, checkpoint, trace, request)
}


def seeds(target: str) -> list[bytes]:
    """Good input to begin with, made here: what is kept in ``corpus`` was found by the fuzzer, or by people."""
    folder = room() / "model"
    match target:
        case "corpus":
            return [b"one\teins\ntwo\tzwei\n", b"a\r\nb\r\n", BOM + "é\tü\n".encode(), b"\xff\n\n\t\n"]
        case "compressed":
            return [b"\0\0\0one\teins\n" * 9, b"\1\0\0one\teins\n" * 9]
        case "text":
            return [b"The old clock.", "e\u0301 🦉 \u202e".encode(), "\ud800".encode("utf-8", "surrogatepass")]
        case "tokenizer":
            return [(folder / "tokenizer.model").read_bytes()]
        case "checkpoint":
            names = ["config.json", "model.safetensors", "tokenizer.model", "card.json", "manifest.json"]
            return [bytes([number]) + (folder / name).read_bytes() for number, name in enumerate(names)]
        case "trace":
            return [(room() / "trace.safetensors").read_bytes()]
        case _:
            asks = [
                {"text": "it"},
                {"text": "it", "target": "es", "heads_off": [["encoder.layers.0.self_attention", 1]]},
                {"text": "it", "turned": [["encoder.layers.0.self_attention", 1, 0, [0]]]},
            ]
            rows = {"name": "encoder.memory", "at": [0], "text": "it"}
            bodies = [json.dumps(body).encode() for body in (*asks, rows, {"name": "embedding.weight"})]
            return [bytes([number]) + body for number in range(len(PATHS)) for body in bodies]
