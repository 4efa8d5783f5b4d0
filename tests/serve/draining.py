"""``python -m tests.serve.draining``: a server whose engine takes its time; it says its address. A test ends it."""

import time

from glassformer.http.listening import listen, serve_app
from glassformer.serve.app import make_app
from tests.serve.conftest import Fake, office_of

app = make_app(office_of(Fake(lambda sources: time.sleep(0.05))), draining=10.0)
serve_app(app, listen(), lambda address: print(address, flush=True), seconds=10.0)  # noqa: T201
