"""People who type, all at once, against the page's server: what they get, how long it takes, what memory it costs."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

WORDS = "the baker opens a door old clock is slow she reads letter twice soup was too hot we walked home".split()  # noqa: SIM905


@dataclass
class Account:
    """What the clients saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of the requests that were answered."""
    left: int = 0
    """Requests that the client gave up, by closing the connection."""
    broken: list[str] = field(default_factory=list)
    """Answers that were no HTTP, or too late."""

    def quantile(self, share: float) -> float:
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] if self.seconds else 0.0


async def ask(
    address: str, path: str, body: bytes, headers: dict[str, str] | None = None, slowly: float = 0
) -> tuple[int, bytes]:
    """A request on a connection of its own; ``slowly``: so many seconds from one piece of the body to the next."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        given = {"Host": place.netloc, "Content-Type": "application/json", "Content-Length": str(len(body))}
        given |= {"Connection": "close", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode())
        if slowly:
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(slowly)
        writer.write(b"" if slowly else body)
        answer = await reader.read()
    finally:
        writer.close()
    head_of, _, content = answer.partition(b"\r\n\r\n")
    return int(head_of.split(b" ", 2)[1]), content


async def type_on(address: str, account: Account, until: float, chance: random.Random, enough: float) -> None:
    """One client: a sentence grows word by word; now and then it does not wait for the answer."""
    sentence: list[str] = []
    while time.monotonic() < until and account.statuses[200] < enough:
        sentence = [*sentence, chance.choice(WORDS)] if len(sentence) < 12 else []
        path = chance.choice(["/api/look", "/api/look", "/api/decode", "/api/rank"])
        body = json.dumps({"text": " ".join(sentence) or "it"}).encode()
        begun = time.monotonic()
        patience = chance.choice([0.05, 90, 90, 90])
        try:
            status, _ = await asyncio.wait_for(ask(address, path, body), patience)
            account.statuses[status] += 1
            if status == 200:
                account.seconds.append(time.monotonic() - begun)
        except TimeoutError:
            if patience > 1:
                account.broken.append(f"{path}: no answer in {patience} s")
            account.left += 1
        except (OSError, ValueError, IndexError) as error:
            account.broken.append(f"{path}: {error!r}")
        await asyncio.sleep(chance.uniform(0.1, 0.5))


async def load(address: str, clients: int, seconds: float, enough: float = float("inf")) -> Account:
    """So many clients for so many seconds, or until so many requests are answered."""
    account, until = Account(), time.monotonic() + seconds
    typists = [type_on(address, account, until, random.Random(number), enough) for number in range(clients)]
    await asyncio.gather(*typists)
    return account


def memory(pid: int) -> float:
    """MiB that a process holds, and shares with nobody; 0 where /proc is not there."""
    path = Path(f"/proc/{pid}/status")
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:",))) / 1024
