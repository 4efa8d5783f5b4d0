"""How many people does ``glassformer serve`` answer, and how soon? The shipped model, int8, the client on the same cores.

    python benchmarks/serving.py --source test.en             # the table of docs/serving.md
    python benchmarks/serving.py --only soak --minutes 10     # twice the capacity, for long
    python benchmarks/serving.py --libretranslate PYTHON      # its own server beside ours, with the same model

  beam 1, beam 4   64 clients, each with one short sentence, who ask again when their answer is there
  lists            lists of 50 sentences, beam 1, against CTranslate2 itself, offline, ids only, in batches of 32
  one              one client, one sentence at a time
  soak             twice as many requests a second as ``beam 1`` had, come what may: each is answered or refused; memory, time

Wanted: ≥ 900 and ≥ 250 requests/s, ≥ 0.95, p50 ≤ 6 ms; memory ≤ 3 %, nothing lost, p99 ≤ the deadline. ``client_share`` is what
the client took of the machine's processor time, ``others_share`` what neither it nor the server did.
``sentences_per_processor_second`` counts the client's time, too; other work on the machine hardly changes it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import rows
from asking import percentile

from glassformer.http.listening import listen
from glassformer.text.lines import read_lines

ADDRESS = "127.0.0.1"
CLIENTS, LIST = 64, 50
SENTENCES = 200
DEADLINE = 5.0
"""Seconds, of the soak."""
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(*more: str, beam: int = 1) -> Iterator[tuple[int, int]]:
    """``glassformer serve`` on a free port; the port and the process's number."""
    words = [sys.executable, "-m", "glassformer", "serve", "en-de", "--port", "0", "--beam", str(beam), *more]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if " at http://" in line)
            threading.Thread(target=process.stderr.read, daemon=True).start()
            port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
            load(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def libretranslate(python: str) -> Iterator[tuple[int, int]]:
    """LibreTranslate's own server, as it comes, with the shipped model as an Argos package; ``python`` is of its environment."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "en_de.argosmodel"
        words = [sys.executable, "-m", "glassformer", "export", "en-de", str(made), "--to", "argos"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        with listen() as listener:
            port = int(listener.getsockname()[1])
        words = [python, str(Path(__file__).parent / "libretranslate_server.py"), str(made), folder, str(port)]
        bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(words, env=bare, **quiet) as process:
            try:
                load(port)
                yield port, process.pid
            finally:
                process.terminate()


def load(port: int) -> None:
    """Have the model loaded; the first time it is converted, which may take longer than a request may."""
    for _ in range(60):
        try:
            ask_once(port, "I see a house.")
            return
        except (HTTPError, URLError):
            time.sleep(1)
    raise SystemExit("the model was not loaded")


def ask_once(port: int, text: str | Sequence[str], form: str = "text") -> Any:
    body = json.dumps({"q": text, "source": "en", "target": "de", "format": form}).encode()
    request = urllib.request.Request(
        f"http://{ADDRESS}:{port}/translate", body, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["translatedText"]


def asked(port: int, requests: Sequence[tuple[str, Any]], **plan: Any) -> dict[str, Any]:
    """What ``asking.py``, a process of its own, found."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps({"port": port, "requests": requests, **plan}))
        words = [sys.executable, str(Path(__file__).parent / "asking.py"), str(path)]
        return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(pid: int) -> float:
    """Of memory that the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def bodies(sentences: Sequence[str], most: int = 1) -> list[tuple[str, Any]]:
    """LibreTranslate's requests: a sentence each, or lists of ``most``."""
    lists: list[Any] = list(sentences)
    if most > 1:
        turns = [*sentences, *sentences]
        lists = [turns[first : first + most] for first in range(0, len(sentences), most)]
    return [("/translate", {"q": one, "source": "en", "target": "de"}) for one in lists]


def busy_seconds() -> float:
    """Of all processes of this machine, since it began."""
    user, nice, system, _, _, irq, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + irq + soft) / TICKS


class Meter:
    """Processor time of a server, and of all others, from when it is made."""

    def __init__(self, pid: int) -> None:
        self.pid, self.server, self.all = pid, processor_seconds(pid), busy_seconds()

    def shares(self, seconds: float, client: float) -> dict[str, float]:
        """Parts of what the machine has in ``seconds``."""
        all_of_it = seconds * (os.cpu_count() or 1)
        server = processor_seconds(self.pid) - self.server
        others = max(busy_seconds() - self.all - server - client, 0.0)
        parts = {"client_share": client, "server_share": server, "others_share": others}
        self.used = server + client
        return {name: round(value / all_of_it, 3) for name, value in parts.items()}


def shortened(found: dict[str, Any], meter: Meter, texts: int = 1) -> dict[str, Any]:
    """A row's figures of what ``asked`` found."""
    good = found["statuses"].get("200", 0)
    shares = meter.shares(found["seconds"], found["processor_seconds"])
    return {
        "requests_per_s": round(good / found["seconds"], 1),
        "sentences_per_s": round(good * texts / found["seconds"], 1),
        "p50_ms": round(1000 * percentile(found["latencies"], 0.50), 2),
        "p99_ms": round(1000 * percentile(found["latencies"], 0.99), 2),
        "not_200": sum(found["statuses"].values()) - good,
        "lost": found["lost"],
        **shares,
        "sentences_per_processor_second": round(good * texts / meter.used, 1),
    }


def measured(
    what: str, port: int, pid: int, requests: Sequence[tuple[str, Any]], texts: int = 1, **plan: Any
) -> dict[str, Any]:
    asked(port, requests, **{**plan, "seconds": 2})  # the allocator, the threads
    meter = Meter(pid)
    found = asked(port, requests, **plan)
    return {"what": what, **shortened(found, meter, texts)}


def offline(sentences: Sequence[str], seconds: float) -> tuple[float, float]:
    """Sentences a second, and a second of processor time, of CTranslate2 itself: ids in, tokens out, batches of 32, a thread a
    core."""
    from glassformer.engines.ctranslate2 import CTranslate2
    from glassformer.translator import Translator

    translator = Translator.load("en-de", engine="ctranslate2", threads=os.cpu_count() or 1)
    engine = translator.engine
    assert isinstance(engine, CTranslate2)
    ids = [engine.config.source(one) for one in translator.tokenizer.encode_batch(sentences)]
    tokens = [[engine.tokens[id] for id in one] for one in ids]
    done, begun, used = 0, 0.0, 0.0
    while not begun or time.perf_counter() - begun < seconds:
        engine._runtime.translate_batch(tokens, beam_size=1, max_batch_size=32, max_input_length=0)
        done += len(tokens) if begun else 0  # the first time is a warm-up
        if not begun:
            begun, used = time.perf_counter(), time.process_time()
    return done / (time.perf_counter() - begun), done / (time.process_time() - used)


def soak(sentences: Sequence[str], capacity: float, minutes: float, connections: int) -> dict[str, Any]:
    """Twice the capacity."""
    memory: list[float] = []
    with server("--seconds", f"{DEADLINE:g}") as (port, pid):
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(2):
                memory.append(megabytes(pid))

        threading.Thread(target=watch, daemon=True).start()
        meter = Meter(pid)
        rate = 2 * capacity
        found = asked(port, bodies(sentences), rate=rate, seconds=60 * minutes, most_open=connections)
        ended.set()
        row = shortened(found, meter)
    early = statistics.median(memory[len(memory) // 6 : len(memory) // 3])
    late = statistics.median(memory[-len(memory) // 6 :])
    return {
        "what": f"soak of {minutes:g} minutes",
        **row,
        "asked_per_s": round(rate, 1),
        "connections": connections,
        "answered": found["statuses"].get("200", 0),
        "refused": {code: count for code, count in found["statuses"].items() if code != "200"},
        "never_sent": found["unsent"],
        "sent_again": found["again"],
        "deadline_s": DEADLINE,
        "late": sum(seconds > DEADLINE for seconds in found["latencies"]),
        "megabytes_early": round(early, 1),
        "megabytes_late": round(late, 1),
        "memory_grew": round(late / early - 1, 4),
    }


def sentences_of(path: str) -> list[str]:
    """Some lines from all over a file; without one, of the sentences that the package makes itself."""
    if path:
        lines = list(read_lines(path))
        return lines[:: max(len(lines) // SENTENCES, 1)][:SENTENCES]
    from glassformer.demo.first import first_sentences

    return [sentence.source for sentence in first_sentences(SENTENCES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default="", help="a file of sentences, a line each")
    parser.add_argument("--only", default="beam1,beam4,lists,one,soak")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=3, help="of the soak")
    parser.add_argument("--capacity", type=float, default=0, help="requests/s that the soak doubles")
    parser.add_argument(
        "--connections",
        type=int,
        default=1000,
        help="of the soak: the server takes 1,024; with more, clients wait to be let in",
    )
    parser.add_argument("--libretranslate", default="", help="the python of an environment with libretranslate")
    parser.add_argument("--dry", action="store_true", help="print, write no rows")
    options = parser.parse_args()
    sentences, parts = sentences_of(options.source), options.only.split(",")
    made: list[dict[str, Any]] = []
    often = {"seconds": options.seconds}
    if set(parts) & {"beam1", "lists", "one"}:
        with server() as (port, pid):
            kinds: dict[str, Callable[[], dict[str, Any]]] = {
                "beam1": lambda: measured("beam 1", port, pid, bodies(sentences), clients=CLIENTS, **often),
                "lists": lambda: measured("lists", port, pid, bodies(sentences, LIST), LIST, clients=8, **often),
                "one": lambda: measured("one", port, pid, bodies(sentences), clients=1, **often),
            }
            made += [kinds[part]() for part in parts if part in kinds]
    if "lists" in parts:
        rate, of_processor = offline(sentences, options.seconds)
        figures = {"sentences_per_s": round(rate, 1), "sentences_per_processor_second": round(of_processor, 1)}
        made.append({"what": "CTranslate2 offline", **figures})
    if "beam4" in parts:
        with server(beam=4) as (port, pid):
            made.append(measured("beam 4", port, pid, bodies(sentences), clients=CLIENTS, **often))
    if options.libretranslate:
        with libretranslate(options.libretranslate) as (port, pid):
            made.append(measured("LibreTranslate (beam 4)", port, pid, bodies(sentences), clients=CLIENTS, **often))
            made.append(measured("LibreTranslate, one", port, pid, bodies(sentences), clients=1, **often))
    if "soak" in parts:
        capacity = options.capacity or next(row["requests_per_s"] for row in made if row["what"] == "beam 1")
        made.append(soak(sentences, capacity, options.minutes, options.connections))
    for row in made:
        row |= {
            "file": Path(options.source).name or "demo",
            "sentences": len(sentences),
            "load": round(os.getloadavg()[0], 1),
        }
    if options.dry:
        print("\n".join(json.dumps(row) for row in made))
    else:
        rows.write("serving", made)


if __name__ == "__main__":
    main()
