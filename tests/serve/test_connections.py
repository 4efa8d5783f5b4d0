"""Both ways to read requests, h11 and httptools with uvloop: the same answers and limits, no wait for acknowledgements."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from glassformer.http.connections import LARGEST_HEAD, Connection
from glassformer.http.listening import listen
from glassformer.serve.app import make_app
from tests.serve.conftest import Fake, office_of

BODY = json.dumps({"q": "The clock.", "source": "en", "target": "de"}).encode()
HEAD = b"POST /translate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


def kinds() -> Iterator[tuple[type[asyncio.Protocol], Callable[[], asyncio.AbstractEventLoop] | None]]:
    yield Connection, None
    try:
        import uvloop

        from glassformer.http.fast_connections import FastConnection
    except ImportError:
        return
    yield FastConnection, uvloop.new_event_loop


@contextmanager
def server(kind: type[asyncio.Protocol], loop: Callable[[], asyncio.AbstractEventLoop] | None) -> Iterator[int]:
    app: ASGIApp = make_app(office_of(Fake()), draining=1.0)
    with listen() as listener:
        config = uvicorn.Config(
            app, http=kind, log_level="critical", ws="none", h11_max_incomplete_event_size=LARGEST_HEAD
        )
        running = uvicorn.Server(config)

        def run() -> None:
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(running.serve(sockets=[listener]))

        thread = threading.Thread(target=run)
        thread.start()
        while not running.started:
            threading.Event().wait(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            running.should_exit = True
            thread.join(20)


def said(port: int, *parts: bytes) -> bytes:
    """All that comes back until the server closes, or nothing comes for a while."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), timeout=0.25) as place:
        for part in parts:
            place.sendall(part)
            threading.Event().wait(0.02)
        try:
            while part := place.recv(65536):
                found += part
        except TimeoutError:
            pass
    return found


@pytest.fixture(scope="module", params=list(kinds()), ids=lambda kind: kind[0].__name__)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with server(*request.param) as found:
        yield found


def test_a_request_in_pieces_and_two_at_once_are_answered(port: int) -> None:
    for parts in ([WHOLE], [WHOLE[:7], WHOLE[7:90], WHOLE[90:]], [WHOLE + WHOLE]):
        found = said(port, *parts)
        assert found.count(b"HTTP/1.1 200") == b"".join(parts).count(b"POST")
        assert found.count(b'{"translatedText":"The clock."}') == b"".join(parts).count(b"POST")


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"a" * (LARGEST_HEAD + 1),
    ],
)
def test_what_is_no_request_is_refused_and_the_next_one_answered(port: int, sent: bytes) -> None:
    assert said(port, sent).startswith(b"HTTP/1.1 400")
    assert said(port, WHOLE).startswith(b"HTTP/1.1 200")


def test_what_stands_behind_a_body_in_pieces_is_no_header(port: int) -> None:
    pieces = b"%x\r\n%s\r\n0\r\nOrigin: http://evil.example\r\n\r\n" % (len(BODY), BODY)
    assert said(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + pieces).startswith(b"HTTP/1.1 200")


def test_an_answer_does_not_wait_for_acknowledgements() -> None:
    with listen() as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio asks before it turns Nagle's algorithm off
