"""The page's server: on this machine, for this machine."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable

import torch
import uvicorn

from glassformer.errors import ConfigError
from glassformer.page.app import LONGEST_WAIT, make_app
from glassformer.page.connections import LARGEST_HEAD, Connection
from glassformer.page.deadline import LONGEST_ANSWER
from glassformer.page.service import Service, Services

HOST = "127.0.0.1"
CONNECTIONS = 256
"""Open ones; whoever comes then takes the place of one that has sent no whole request, or gets a 503."""


def listen(port: int = 0) -> socket.socket:
    """A socket on 127.0.0.1; port 0 is any free one. Raises ConfigError for one that is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigError(
            f"port {port} of {HOST} cannot be used ({error}): choose another, or 0 for a free one"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}/"


def serve(services: Services | Service, listener: socket.socket, ready: Callable[[str], None] | None = None) -> None:
    """Answer until the process is interrupted or asked to end (SIGTERM): what is being answered then is answered first.
    ``ready`` is called with the address when it answers."""
    torch.set_num_threads(1)  # one sentence's products are small: a second thread costs more than it does (journal)
    config = uvicorn.Config(
        make_app(services), http=Connection, log_level="error", access_log=False, server_header=False, ws="none",
        h11_max_incomplete_event_size=LARGEST_HEAD, limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=round(LONGEST_ANSWER + LONGEST_WAIT),
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
