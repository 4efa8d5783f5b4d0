"""The page's server, in a process of its own, with people who type, wait, leave, send slowly, or mean no good."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glassformer.http.guard import LARGEST_BODY
from tests.faults.conftest import Tried
from tests.faults.load import ask, load, memory
from tests.toy_translator import save_toy_translator

ROOT = Path(__file__).parents[2]
Start = Callable[..., tuple[str, "subprocess.Popen[str]"]]
LONGEST = 10.0 if os.environ.get("GLASSFORMER_FAULTS") else 4.0
"""Seconds in which a request has to come to these servers: as to those that people use, or in ``make test`` six less to
wait."""
TYPED = json.dumps({"text": "The train stopped because it was snowing."}).encode()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "toy"
    save_toy_translator(folder)
    return folder


@pytest.fixture(scope="module")
def start(model: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(slow: float = 0) -> tuple[str, "subprocess.Popen[str]"]:
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": paths, "SLOW": str(slow), "LONGEST": str(LONGEST)}
        words = [sys.executable, str(ROOT / "tests" / "faults" / "server.py"), str(model)]
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip(), process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(start: Start) -> tuple[str, "subprocess.Popen[str]"]:
    return start()


def test_people_who_type_all_at_once(server: tuple[str, "subprocess.Popen[str]"], tried: Tried, long: bool) -> None:
    address, process = server
    clients, seconds = (100, 600) if long else (40, 4)
    asyncio.run(load(address, clients, 30 if long else 8, enough=3000 if long else 200))  # it holds what it will hold
    before = memory(process.pid)
    account = asyncio.run(load(address, clients, seconds))
    after = memory(process.pid)
    assert not account.broken, account.broken[:5]
    assert set(account.statuses) <= {200, 429}
    assert account.statuses[200] > 10
    assert process.poll() is None
    assert after < 1.1 * before + 30
    answered, refused = account.statuses[200], account.statuses[429]
    what = (
        f"{answered:,} questions answered (median {account.quantile(0.5):.2f} s, 99th percentile "
        f"{account.quantile(0.99):.2f} s), {refused:,} told to come again (429, Retry-After), {account.left:,} given up by "
        f"the client; {before:.0f} MiB at the start, {after:.0f} at the end"
    )
    tried(f"{clients} people typing at once, for {seconds} seconds", sum(account.statuses.values()), "nothing", what)


def test_strangers_are_refused(server: tuple[str, "subprocess.Popen[str]"], tried: Tried) -> None:
    address, _ = server
    cases = [
        ({"Host": "evil.example"}, TYPED, 403),
        ({"Host": "127.0.0.1.evil.example"}, TYPED, 403),
        ({"Origin": "http://evil.example"}, TYPED, 403),
        ({"Origin": "null"}, TYPED, 403),
        ({"Sec-Fetch-Site": "cross-site"}, TYPED, 403),
        ({"Content-Type": "text/plain"}, TYPED, 415),
        ({}, b" " * (LARGEST_BODY + 1), 413),
        ({}, b"[" * 60_000, 400),
        ({}, b"\xff\xfe{}", 400),
        ({}, TYPED, 200),
    ]
    for headers, body, wanted in cases:
        status, content = asyncio.run(ask(address, "/api/look", body, headers))
        assert status == wanted, (headers, body[:20], content[:200])
        if wanted != 200:
            assert list(json.loads(content)) == ["error"]
    what = "another Host, another Origin, a body over the cap or no JSON: refused with a status and one sentence"
    tried("Requests from strangers, or that cannot be", len(cases) - 1, "nothing", what)


def test_a_client_that_sends_slowly_keeps_nobody_waiting(
    server: tuple[str, "subprocess.Popen[str]"], tried: Tried
) -> None:
    address, _ = server

    async def both() -> tuple[int, int, float]:
        slow = [asyncio.create_task(ask(address, "/api/look", TYPED, slowly=LONGEST / 10)) for _ in range(12)]
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        status, _ = await ask(address, "/api/look", TYPED)
        took = time.monotonic() - begun
        done = await asyncio.gather(*slow, return_exceptions=True)
        statuses = {one[0] for one in done if isinstance(one, tuple)}
        return status, max(statuses, default=408), took

    status, slow, took = asyncio.run(both())
    assert (status, slow) == (200, 408)
    assert took < 5
    tried(
        "Clients that send a byte a second",
        12,
        "nothing",
        f"the others are answered meanwhile; these get a 408 after {LONGEST:g} s",
    )


def test_who_leaves_frees_the_model_and_what_runs_is_answered_before_the_end(start: Start, tried: Tried) -> None:
    address, process = start(slow=0.25)  # a look takes about a second

    async def leave_and_end() -> list[int]:
        for _ in range(6):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ask(address, "/api/look", TYPED), 0.2)
        begun = time.monotonic()
        assert (await ask(address, "/api/look", TYPED))[0] == 200
        assert time.monotonic() - begun < 6  # and not after six others
        running = [asyncio.create_task(ask(address, "/api/rank", TYPED)) for _ in range(3)]
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        return [(await one)[0] for one in running]

    assert asyncio.run(leave_and_end()) == [200] * 3
    assert process.wait(20) == 0
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    tried(
        "Clients that leave before they are answered",
        6,
        "nothing",
        "the work stops at the next layer, the next is answered",
    )
    tried(
        "SIGTERM to the server while it answers",
        3,
        "nothing",
        "the running and waiting requests are answered, then it ends",
    )
