"""``python -m tests.serve.draining``: a server whose engine takes its time. It says its address, and "heard" of each
request. A test ends it."""

import time

from starlette.types import Receive, Scope, Send

from glassformer.http.listening import listen, serve_app
from glassformer.serve.app import make_app
from tests.serve.conftest import Fake, office_of

app = make_app(office_of(Fake(lambda sources: time.sleep(0.05))), draining=10.0)


async def heard(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        print("heard", flush=True)  # noqa: T201
    await app(scope, receive, send)


serve_app(heard, listen(), lambda address: print(address, flush=True), seconds=10.0)  # noqa: T201
