"""Clients that send half a request, or do not read their answers: the page answers the others, and hangs up on these."""

import asyncio
import contextlib
import json
import subprocess
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from glassformer.http.connections import LARGEST_HEAD, LONGEST_REQUEST
from glassformer.http.listening import CONNECTIONS
from tests.faults.conftest import Tried
from tests.faults.load import ask
from tests.faults.test_page import LONGEST, TYPED, Start
from tests.faults.test_page import model as model  # the fixtures
from tests.faults.test_page import start as start

HALF = b"POST /api/look HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: a"


@pytest.fixture(scope="module")
def server(start: Start) -> tuple[str, "subprocess.Popen[str]"]:
    return start()


@contextlib.asynccontextmanager
async def half_sent(address: str, count: int, text: bytes) -> AsyncIterator[list[asyncio.StreamReader]]:
    place = urlsplit(address)
    opened = [await asyncio.open_connection(place.hostname, place.port) for _ in range(count)]
    for _, writer in opened:
        writer.write(text)
    try:
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.close()


@pytest.mark.parametrize("text", [HALF, b"", b"GET", HALF + b"\r\nContent-Length: 9\r\n\r\n{"])
def test_half_sent_requests_keep_nobody_out(
    server: tuple[str, "subprocess.Popen[str]"], text: bytes, tried: Tried
) -> None:
    address, process = server
    count = CONNECTIONS + 4

    async def both() -> tuple[list[int], float]:
        async with half_sent(address, count, text):
            await asyncio.sleep(0.7)
            begun = time.monotonic()
            statuses = [(await ask(address, "/api/look", TYPED))[0] for _ in range(3)]
            return statuses, time.monotonic() - begun

    statuses, took = asyncio.run(both())
    assert statuses == [200] * 3
    assert took < 5
    assert process.poll() is None
    what = "the longest silent one gives way: the others are answered at once"
    tried("Connections that send half a request, more than there are places", count, "nothing", what)


def test_a_request_has_a_deadline_from_its_first_byte_to_its_last(server: tuple[str, "subprocess.Popen[str]"]) -> None:
    """A header now and then does not push it away, nor does a first request that was answered."""
    address, _ = server
    place = urlsplit(address)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, float]:
        begun = time.monotonic()
        writer.write(HALF)
        answer = asyncio.ensure_future(reader.read())
        while not (await asyncio.wait([answer], timeout=1))[0]:
            with contextlib.suppress(OSError):
                writer.write(b"a\r\nX-Slow: a")
            assert time.monotonic() - begun < LONGEST + 10
        writer.close()
        return answer.result(), time.monotonic() - begun

    async def first() -> tuple[bytes, float]:
        return await drip(*await asyncio.open_connection(place.hostname, place.port))

    async def second() -> tuple[bytes, float]:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(b"GET /api/model HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        size = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(size)
        return await drip(reader, writer)

    async def body() -> tuple[bytes, float]:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        begun = time.monotonic()
        headers = f"Host: {place.netloc}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
        writer.write(f"POST /api/look HTTP/1.1\r\n{headers}".encode())
        await asyncio.sleep(LONGEST / 2)
        writer.write(b"\r\n{")  # half of the time is over: the body does not get the whole once more
        answer = await reader.read()
        writer.close()
        return answer, time.monotonic() - begun

    async def everybody() -> list[tuple[bytes, float]]:
        return await asyncio.gather(first(), second(), body())

    for answer, took in asyncio.run(everybody()):
        head, _, content = answer.partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == b"408"
        assert b"frame-ancestors 'none'" in head
        assert f"did not come within {LONGEST:g} seconds" in json.loads(content)["error"]
        assert LONGEST - 1 < took < LONGEST + 5
    assert LONGEST_REQUEST == 10  # of a server whose deadline is not made shorter


def test_headers_without_end_are_refused(server: tuple[str, "subprocess.Popen[str]"]) -> None:
    address, _ = server
    place = urlsplit(address)

    async def send() -> bytes:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            for _ in range(LARGEST_HEAD // 8 + 2):
                writer.write(b"GET / HTT")
                await writer.drain()
            return await reader.read()
        except OSError:
            return b""
        finally:
            writer.close()

    assert asyncio.run(send())[:12] in (b"HTTP/1.1 400", b"")
    assert asyncio.run(ask(address, "/api/look", TYPED))[0] == 200


@pytest.mark.parametrize("depth", [100, 985, 1000, 30_000])
def test_json_nested_deep_is_a_400(server: tuple[str, "subprocess.Popen[str]"], depth: int) -> None:
    address, _ = server
    for body in (b"[" * depth + b"]" * depth, b'{"text":' * depth + b"1" + b"}" * depth):
        if len(body) < 64 * 1024:
            for path in ("/api/look", "/api/decode", "/api/rows"):
                status, content = asyncio.run(ask(address, path, body))
                assert status == 400
                assert list(json.loads(content)) == ["error"]
