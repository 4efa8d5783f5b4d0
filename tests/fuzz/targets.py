"""The doors through which strangers' bytes come. Each takes any bytes and returns, or raises our own one-line error."""

import asyncio
import gzip
import hashlib
import io
import json
import lzma
import shutil
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
import uvicorn
from backports import zstd

from glassformer.checkpoint import load_model
from glassformer.cli.info import card_rows
from glassformer.config import DecodingConfig
from glassformer.corpus.read import CorpusReport, read_pairs
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import both_sides
from glassformer.engines.native import Native
from glassformer.errors import GlassformerError
from glassformer.http.connections import Connection
from glassformer.interop.find import read_foreign
from glassformer.interop.imported import Languages
from glassformer.interop.torch_file import read_torch
from glassformer.page.service import Service
from glassformer.text.compression import CHUNK, COMPRESSIONS, unpacked
from glassformer.text.lines import BOM, LONGEST_LINE, lines
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
    whole: list[bool] = []
    refused(lambda: (found.extend(lines(path, skip_bad_lines=True)), whole.append(True)))
    if whole and not data.startswith(tuple(kind.magic for kind in COMPRESSIONS)):
        content = data.removeprefix(BOM)
        if b"\n" not in content and b"\r" in content[:-1]:
            content = content.replace(b"\r", b"\n")  # an old Mac's line ends
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


FOREIGN = ("model.bin", "config.json", "shared_vocabulary.json", "sentencepiece.model")


@cache
def foreign_folder() -> Path:
    """A folder of CTranslate2, made of the toy."""
    folder = room() / "foreign"
    folder.mkdir()
    for name, content in convert(toy().model, *both_sides(toy().tokenizer), add_source_eos=True).items():
        (folder / name).write_bytes(content)
    (folder / "sentencepiece.model").write_bytes(toy().tokenizer.to_bytes())
    return folder


def foreign(data: bytes) -> None:
    """A folder of CTranslate2 in which one file, which the first byte names, is the rest."""
    folder = room() / "foreign-altered"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(foreign_folder(), folder)
    (folder / FOREIGN[data[0] % len(FOREIGN) if data else 0]).write_bytes(data[1:])
    refused(lambda: read_foreign(folder, Languages()))


def pickled(data: bytes) -> None:
    """Any bytes as a pytorch_model.bin."""
    path = put(data, "pytorch_model.bin")
    refused(lambda: read_torch(data, path))


def package(data: bytes) -> None:
    """Any bytes as a package of Argos Translate; or, where the first byte names a file of a whole one, as that file."""
    number = data[0] % 8 if data else 7
    content = data[1:] if number >= len(PACKAGED) else zipped_package({PACKAGED[number]: data[1:]})
    path = put(content, "input.argosmodel")
    refused(lambda: read_foreign(path, Languages()))


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


def wrong_types(data: bytes) -> None:
    """Valid JSON of wrong types as a model's config, card or manifest: one value, which the first byte names, is another."""
    folder = room() / "mistaken"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(room() / "model", folder)
    names = ["config.json", "card.json", "manifest.json"]
    name = names[data[0] % len(names) if data else 0]
    good = json.loads((folder / name).read_bytes())
    try:
        value = json.loads(data[2:].decode())
    except (ValueError, RecursionError):
        return
    keys = [*good, "alignment_layer", "split_above", "sentences", "plain_case", "teachers"]
    key = keys[data[1] % len(keys)]
    good[key] = value
    content = json.dumps(good).encode() if data[1] < 250 else json.dumps(value).encode()
    (folder / name).write_bytes(content)
    if name != "manifest.json":
        hashes = json.loads((folder / "manifest.json").read_bytes())
        hashes[name] = hashlib.sha256(content).hexdigest()
        (folder / "manifest.json").write_bytes(json.dumps(hashes).encode())
    refused(lambda: used(folder))


def used(folder: Path) -> None:
    """Whatever reads a card: what it says is shown, and decides how a line is read."""
    translator = Translator.load(folder, device="cpu")
    translator.translate(["It is slow.", "THE OLD CLOCK"], config=DecodingConfig(method="greedy", extra_length=1))
    translator.align("It is slow.", "Es.")
    assert all(isinstance(text, str) for row in card_rows(translator.card) for text in row)
    Service(translator, longest=16).answer("/api/model", b"")
    json.dumps(translator.card, allow_nan=False)


def ratio(data: bytes) -> None:
    """A few bytes that unpack to many: each piece that comes out is small, and so is each line."""
    if len(data) < 3:
        return
    kind, text = data[0] % len(COMPRESSIONS), data[2:]
    most = (LONGEST_LINE + 2**17) // len(text) + 1  # a line may be too long
    content = text * min(1 << data[1] % 23, most)
    packed = bytearray((gzip.compress, quick_xz, zstd.compress)[kind](content))
    if data[-1] % 4 == 0:
        packed[data[-1] * len(packed) // 256] ^= data[0]
    refused(lambda: [small(piece) for piece in unpacked([bytes(packed)], COMPRESSIONS[kind], "ratio")])
    path = put(bytes(packed) * (1 + data[1] % 3))
    refused(lambda: [small(line.encode(), LONGEST_LINE) for line in lines(path, skip_bad_lines=True) if line])


def quick_xz(content: bytes) -> bytes:
    return lzma.compress(content, preset=0)


def small(piece: bytes, most: int = CHUNK) -> None:
    assert len(piece) <= 3 * most if most == LONGEST_LINE else len(piece) <= most  # NFC can be longer


class Wire(asyncio.Transport):
    """What a connection writes, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.sent, self.closed = b"", False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


def headers(data: bytes) -> None:
    """Any bytes as a request, in the pieces that its zero bytes make: HTTP comes back, or nothing does."""

    async def work() -> bytes:
        config = uvicorn.Config(app, http=Connection, log_level="critical", ws="none", lifespan="off")
        state = uvicorn.server.ServerState()
        connection, wire = Connection(config, state, {}), Wire()
        connection.connection_made(wire)
        for piece in data.split(b"\0"):
            if piece and not wire.closed:
                connection.data_received(piece)
                await asyncio.sleep(0)
        if not wire.closed:
            connection.too_slow()
        connection.connection_lost(None)
        for task in [*state.tasks]:
            await task
        assert wire.closed
        return wire.sent

    sent = asyncio.run(work())
    assert not sent or sent.startswith(b"HTTP/1.1 ")


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads all, and says nothing."""
    while scope["type"] == "http":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


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
    target.__name__: target
    for target in (
        *(corpus, compressed, ratio, text, tokenizer, checkpoint, wrong_types, trace, request, headers),
        *(foreign, pickled, package),
    )
}


def saved_by_torch(tensors: dict[str, torch.Tensor], zipped: bool) -> bytes:
    written = io.BytesIO()
    torch.save(tensors, written, _use_new_zipfile_serialization=zipped)
    return written.getvalue()


PACKAGED = ("metadata.json", "sentencepiece.model", "model/config.json", "model/shared_vocabulary.json")


def zipped_package(changed: dict[str, bytes]) -> bytes:
    """A package of the toy, with these files instead of its own. Those that are large are stored as they are, so that a run
    of the fuzzer does not compress."""
    files = {"metadata.json": b'{"from_code": "en", "to_code": "de"}'}
    files["sentencepiece.model"] = (foreign_folder() / "sentencepiece.model").read_bytes()
    files |= {f"model/{name}": (foreign_folder() / name).read_bytes() for name in FOREIGN[:3]}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (files | changed).items():
            archive.writestr(f"a/{name}", content)
    return written.getvalue()


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
        case "wrong_types":
            values = [
                b"null",
                b"true",
                b'"x"',
                b"-1",
                b"1e400",
                b"[[]]",
                b'{"value": 1, "signature": 2}',
                b"9" * 400,
                b"0.5",
            ]
            return [bytes([name, key]) + value for name in range(3) for key in (0, 3, 9, 250) for value in values]
        case "ratio":
            return [
                bytes([kind, 17]) + text for kind in range(3) for text in (b"a", b"\n", b"one\teins\n", "🦉".encode())
            ]
        case "headers":
            head = b"POST /api/look HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"
            chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
            upgrade = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
            return [
                head,
                head * 3,
                head[:40] + b"\0" + head[40:],
                chunked,
                upgrade,
                b"GET / HTTP/1.0\r\n\r\n",
                b"\x16\x03\x01",
            ]
        case "foreign":
            return [bytes([n]) + (foreign_folder() / name).read_bytes() for n, name in enumerate(FOREIGN)]
        case "pickled":
            tensors = {"a.weight": torch.ones(3, 2), "b": torch.zeros(2, dtype=torch.float16)}
            return [saved_by_torch(tensors, zipped) for zipped in (True, False)]
        case "package":
            tiny = io.BytesIO()
            with zipfile.ZipFile(tiny, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in ("a/metadata.json", "a/model/model.bin", "a/sentencepiece.model"):
                    archive.writestr(name, "{}")
            names = [foreign_folder() / Path(name).name for name in PACKAGED[1:]]
            whole = [b'{"from_code": "en", "to_code": "de"}', *(path.read_bytes() for path in names)]
            return [bytes([n]) + content for n, content in enumerate(whole)] + [b"\7" + tiny.getvalue()]
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
