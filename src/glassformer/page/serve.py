"""The page's server: on this machine, for this machine."""

import socket
from collections.abc import Callable

import torch

from glassformer.http.listening import serve_app
from glassformer.page.app import LONGEST_WAIT, make_app
from glassformer.page.deadline import LONGEST_ANSWER
from glassformer.page.service import Service, Services


def serve(services: Services | Service, listener: socket.socket, ready: Callable[[str], None] | None = None) -> None:
    """Answer until the process is interrupted or asked to end (SIGTERM): what is being answered then is answered first.
    ``ready`` is called with the address when it answers."""
    torch.set_num_threads(1)  # one sentence's products are small: a second thread costs more than it does (journal)
    serve_app(make_app(services), listener, ready, seconds=LONGEST_ANSWER + LONGEST_WAIT)
