"""A headless Firefox, driven by its own Marionette protocol: LENGTH:JSON over a socket of this machine, and no driver."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox") or ""
SETTINGS = {
    "marionette.port": 0,  # any that is free
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.update.disabledForTesting": True,
    "network.proxy.type": 1,  # no network: whatever is asked for goes to a port where nobody listens
    "network.proxy.socks": "127.0.0.1",
    "network.proxy.socks_port": 9,
    "intl.accept_languages": "en-US",
}
SECONDS = 40.0


class Firefox:
    """One tab."""

    def __init__(self, ear: socket.socket) -> None:
        self.ear, self.number, self.left = ear, 0, b""
        self.read()  # it says its name
        self.ask("WebDriver:NewSession", {"strictFileInteractability": True})
        self.ask("WebDriver:SetTimeouts", {"script": int(SECONDS * 1000), "pageLoad": int(SECONDS * 1000)})

    def go(self, address: str) -> None:
        self.ask("WebDriver:Navigate", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What ``script``, a function's body, returns."""
        found = self.ask("WebDriver:ExecuteScript", {"script": script, "args": arguments})
        return found["value"]

    def until(self, holds: str, *arguments: Any) -> None:
        deadline = time.monotonic() + SECONDS
        while not self.run(f"return !!({holds})", *arguments):
            assert time.monotonic() < deadline, f"not within {SECONDS:g} s: {holds}"
            time.sleep(0.05)

    def type(self, selector: str, text: str) -> None:
        """``text`` into a field, key by key, in the place of what is there."""
        found = self.ask("WebDriver:FindElement", {"using": "css selector", "value": selector})
        (element,) = found["value"].values()
        self.ask("WebDriver:ElementClear", {"id": element})
        self.ask("WebDriver:ElementSendKeys", {"id": element, "text": text})

    def ask(self, name: str, what: dict[str, Any]) -> Any:
        self.number += 1
        message = json.dumps([0, self.number, name, what]).encode()
        self.ear.sendall(b"%d:%b" % (len(message), message))
        _, _, error, result = self.read()
        assert error is None, error
        return result

    def read(self) -> Any:
        while b":" not in self.left:
            self.left += self.ear.recv(1 << 16)
        length, _, self.left = self.left.partition(b":")
        while len(self.left) < int(length):
            self.left += self.ear.recv(1 << 16)
        message, self.left = self.left[: int(length)], self.left[int(length) :]
        return json.loads(message)


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A new Firefox with a new ``profile``; it ends with the block."""
    profile.mkdir()
    prefs = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in SETTINGS.items())
    (profile / "user.js").write_text(prefs)
    words = [PROGRAM, "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
    environment = {**os.environ, "MOZ_HEADLESS": "1", "HOME": str(profile)}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = profile / "MarionetteActivePort"
        deadline = time.monotonic() + SECONDS
        while not (port.is_file() and port.read_text().strip()):
            assert process.poll() is None, f"{PROGRAM} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{PROGRAM} does not listen"
            time.sleep(0.05)
        with socket.create_connection(("127.0.0.1", int(port.read_text())), SECONDS) as ear:
            yield Firefox(ear)
    finally:
        process.terminate()
        process.wait(20)
