"""A socket, and a server on it that ends as it should: what is being answered then is answered first."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from glassformer.errors import ConfigError
from glassformer.http.connections import LARGEST_HEAD, Connection

HOST = "127.0.0.1"
CONNECTIONS = 256
"""Open ones; a newcomer then takes the place of one that has sent no whole request, or gets a 503."""


def listen(port: int = 0, host: str = HOST) -> socket.socket:
    """A socket on ``host``; port 0 is any free one. Raises ConfigError for one that is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only of a socket that names its protocol asyncio turns Nagle's algorithm off: with it an answer in two writes waits
    # for the client's delayed acknowledgement, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"port {port} of {host} cannot be used ({error}): choose another, or 0 for a free one"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve_app(
    app: ASGIApp,
    listener: socket.socket,
    ready: Callable[[str], None] | None = None,
    *,
    seconds: float,
    connections: int = CONNECTIONS,
) -> None:
    """Answer until the process is interrupted or asked to end (SIGTERM): what is being answered then is answered first, for
    at most ``seconds``. ``ready`` is called with the address when it answers."""
    connection, loop_factory = kinds()
    config = uvicorn.Config(
        app, http=connection, log_level="error", access_log=False, server_header=False, ws="none",
        h11_max_incomplete_event_size=LARGEST_HEAD, limit_concurrency=connections, backlog=connections,
        timeout_graceful_shutdown=round(seconds),
    )  # fmt: skip
    server = uvicorn.Server(config)
    if threading.current_thread() is threading.main_thread():
        # uvicorn ends its work and raises the signal again: by then there is nothing left to do.
        signal.signal(signal.SIGTERM, lambda *_: None)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started and ready is not None:
            ready(address_of(listener))
        await serving

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


def kinds() -> tuple[type[asyncio.Protocol], Callable[[], asyncio.AbstractEventLoop] | None]:
    """The parser of requests and the event loop: the faster ones where they are installed (extra ``serve``)."""
    try:
        import httptools  # noqa: F401
        import uvloop
    except ImportError:
        return Connection, None
    from glassformer.http.fast_connections import FastConnection

    return FastConnection, uvloop.new_event_loop
