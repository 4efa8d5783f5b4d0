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
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
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
    config = uvicorn.Config(
        app, http=Connection, log_level="error", access_log=False, server_header=False, ws="none",
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

    asyncio.run(run())
