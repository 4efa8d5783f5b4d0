"""SIGTERM while many ask: whoever was heard gets an answer, nobody else is, and the process ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest

BODY = json.dumps({"q": "The clock.", "source": "en", "target": "de"}).encode()
REQUEST = (
    b"POST /translate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
)


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM")
def test_whoever_was_heard_is_answered() -> None:
    words = [sys.executable, "-m", "tests.serve.draining"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        place = urlsplit(process.stdout.readline().strip())
        answers: list[bytes] = []

        def ask(connection: socket.socket) -> None:
            found = b""
            while part := connection.recv(65536):
                found += part
                if b"\r\n\r\n" in found and found.endswith(b"}"):
                    break
            connection.close()
            answers.append(found)

        opened = [socket.create_connection((place.hostname, place.port), timeout=30) for _ in range(60)]
        for connection in opened:
            connection.sendall(REQUEST % (len(BODY), BODY))
        threads = [threading.Thread(target=ask, args=[connection]) for connection in opened]
        for thread in threads:
            thread.start()
        for _ in opened:
            assert process.stdout.readline() == "heard\n"
        process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(30)
        assert process.wait(30) in (0, -signal.SIGTERM)
        assert len(answers) == 60
        assert {answer.split(b" ")[1] for answer in answers} == {b"200"}
        assert all(answer.endswith(b'{"translatedText":"The clock."}') for answer in answers)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((place.hostname, place.port), timeout=5)
