"""Whom the server answers, how much, and for how long; and that two people's texts never mix."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from glassformer.documents.blocks import Document
from glassformer.documents.files import read_document
from glassformer.documents.html import read_html
from glassformer.errors import ConfigError
from glassformer.http.guard import HOSTS, RequestError
from glassformer.serve import desk, keys, libretranslate
from glassformer.serve import office as office_room
from glassformer.serve.app import make_app
from glassformer.serve.desk import Mail
from glassformer.serve.keys import ApiKeys, Limits, Usage, add_key
from glassformer.serve.models import Models, Offer
from glassformer.serve.office import Office
from glassformer.serve.queue import Queue
from glassformer.serve.run import ServerSettings, check
from tests.serve.conftest import Fake, client_of, office_of

SCOPE = {
    "type": "http", "method": "POST", "path": "/translate", "raw_path": b"/translate", "query_string": b"",
    "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")], "scheme": "http",
    "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "http_version": "1.1", "root_path": "",
}  # fmt: skip
REQUESTS = 10_000
ASK = {"q": "The clock.", "source": "en", "target": "de"}


def test_ten_thousand_requests_get_their_own_text() -> None:
    """Through HTTP, desk, queue and workers, with an engine that says every sentence again."""
    engine = Fake(lambda _: time.sleep(0.005))  # meanwhile others come
    office = office_of(engine, queue=Queue(most_waiting=10**9))
    app = make_app(office, draining=5.0)

    async def ask(number: int, places: asyncio.Semaphore) -> None:
        text = f"Person {number} has the number {number * 7}."
        body = json.dumps({**ASK, "q": text}).encode()
        sent: list[dict[str, Any]] = []

        coming = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            return next(coming, None) or await asyncio.sleep(600) or {}  # and stays

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async with places:
            await app(dict(SCOPE), receive, send)  # type: ignore[arg-type]
        assert json.loads(sent[1]["body"]) == {"translatedText": text}

    async def run() -> None:
        places = asyncio.Semaphore(200)
        await asyncio.gather(*(ask(number, places) for number in range(REQUESTS)))

    asyncio.run(run())
    assert sum(engine.batches) == REQUESTS
    assert max(engine.batches) > 1  # requests were computed together


def test_a_file_of_keys_is_at_no_moment_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    write = keys.write_durably

    def seen(path: Path, content: bytes) -> None:
        modes.append(path.stat().st_mode)
        write(path, content)

    monkeypatch.setattr(keys, "write_durably", seen)
    add_key(tmp_path / "keys.json", "weblate", Limits())
    assert [mode & 0o077 for mode in modes] == [0]


def test_without_the_right_key_nobody_is_answered(tmp_path: Path, engine: Fake) -> None:
    path = tmp_path / "keys.json"
    key = add_key(path, "weblate", Limits(requests_per_minute=3))
    assert key not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigError, match="has a key called 'weblate' already"):
        add_key(path, "weblate", Limits())
    with client_of(office_of(engine, keys=ApiKeys.load(path))) as client:
        assert client.post("/translate", json=ASK).status_code == 403
        assert client.post("/translate", json={**ASK, "api_key": "wrong"}).status_code == 403
        assert client.post("/v2/translate", json={"text": ["a"], "target_lang": "DE"}).status_code == 403
        assert client.post("/translate", json={**ASK, "api_key": key}).status_code == 200
        deepl = {"Authorization": f"DeepL-Auth-Key {key}"}
        assert client.post("/v2/translate", json={"text": ["a"], "target_lang": "DE"}, headers=deepl).status_code == 200
        bearer = {"Authorization": f"Bearer {key}"}
        assert client.post("/v1/translate", json={"text": "a"}, headers=bearer).status_code == 200
        refused = client.post("/v1/translate", json={"text": "a"}, headers=bearer)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "20")


@pytest.mark.parametrize("path", ["/translate", "/translate_file", "/v2/translate"])
def test_nothing_is_read_for_somebody_who_may_not_ask(
    tmp_path: Path, engine: Fake, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A small file could stop the server for minutes, and whoever sent it needed no key."""
    read: list[object] = []
    monkeypatch.setattr(libretranslate, "document_of", lambda sent: read.append(sent) or read_document("a.txt", "a"))
    monkeypatch.setattr(office_room, "read_html", lambda text, **_: read.append(text) or read_html(text))
    key = add_key(tmp_path / "keys.json", "weblate", Limits(requests_per_minute=1, characters_per_minute=1000))
    file = {"files": {"file": ("a.txt", "One.")}} if path == "/translate_file" else {}
    form = {"q": "<p>One.</p>", "text": "<p>One.</p>", "source": "en", "target": "de", "format": "html"}
    form |= {"target_lang": "DE", "tag_handling": "html"}
    with client_of(office_of(engine, keys=ApiKeys.load(tmp_path / "keys.json"))) as client:

        def ask(key: str, **more: str) -> int:
            named = {"api_key": key, "auth_key": key}
            return client.post(path, data={**form, **named, **more}, **file).status_code  # type: ignore[arg-type]

        assert (ask(""), ask("wrong"), read) == (403, 403, [])
        assert (ask(key), len(read)) == (200, 1)
        assert (ask(key), len(read)) == (429, 1)
    if path != "/translate_file":  # whose text is known when it is read; the request itself has a limit of bytes
        with client_of(office_of(engine)) as client:
            assert (ask("", q="x" * 200_000, text="x" * 200_000), len(read)) == (413, 1)


async def answered_meanwhile(office: Office, answered: threading.Event, path: str, **ask: Any) -> int:
    """The status of a request for which something waits until the server has answered another one."""
    transport = httpx.ASGITransport(app=make_app(office, draining=5.0))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        waits = asyncio.ensure_future(client.post(path, **ask))
        await asyncio.sleep(0.2)
        assert (await client.get("/health")).status_code == 200
        answered.set()
        return (await asyncio.wait_for(waits, 20)).status_code


@pytest.mark.parametrize("path", ["/translate", "/translate_file", "/v2/translate"])
@pytest.mark.parametrize("what", ["read", "rebuilt"])
def test_others_are_answered_while_a_document_is_read_and_rebuilt(
    engine: Fake, monkeypatch: pytest.MonkeyPatch, path: str, what: str
) -> None:
    answered, waited = threading.Event(), list[bool]()

    def slow(computed: Callable[..., Any]) -> Callable[..., Any]:
        def waiting(*of: Any, **more: Any) -> Any:
            waited.append(answered.wait(10))
            return computed(*of, **more)

        return waiting

    if what == "read":
        monkeypatch.setattr(libretranslate, "document_of", slow(libretranslate.document_of))
        monkeypatch.setattr(office_room, "read_html", slow(read_html))
    else:
        monkeypatch.setattr(Document, "rebuilt", slow(Document.rebuilt))
    form = {"q": "<p>One.</p>", "text": "<p>One.</p>", "source": "en", "target": "de", "format": "html"}
    asked: dict[str, Any] = {"data": form | {"target_lang": "DE", "source_lang": "EN", "tag_handling": "html"}}
    if path == "/translate_file":
        asked["files"] = {"file": ("a.html", "<p>One.</p>")}
    assert asyncio.run(answered_meanwhile(office_of(engine), answered, path, **asked)) == 200
    assert waited == [True]


@pytest.mark.parametrize("text", ["", " \n", "\U0001f600"])
def test_a_text_without_words_waits_for_nobodys_glossary(engine: Fake, text: str) -> None:
    """It was finished in the loop's thread, which waited for the model: then nobody was answered."""
    office, begun, over = office_of(engine), threading.Event(), threading.Event()
    (offer,) = office.desk.models.offers.values()
    office.desk.models.translator(offer)  # loaded

    def search() -> None:
        """Somebody's, with a glossary; it ends, so that a test that fails does, too."""
        with offer.lock:
            begun.set()
            over.wait(5)

    searching = threading.Thread(target=search)
    searching.start()
    begun.wait(5)
    ask = {"text": text, "source": "en", "terms": [["a", "b"]]}
    assert asyncio.run(answered_meanwhile(office, threading.Event(), "/v1/translate", json=ask)) == 200
    assert searching.is_alive()
    over.set()
    searching.join()


def test_an_order_without_pieces_is_finished_off_the_loop(engine: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, waited, finished = threading.Event(), list[bool](), desk.finished

    def slow(*of: Any) -> Any:
        waited.append(answered.wait(10))
        return finished(*of)

    monkeypatch.setattr(desk, "finished", slow)
    ask = {"text": "", "source": "en"}
    assert asyncio.run(answered_meanwhile(office_of(engine), answered, "/v1/translate", json=ask)) == 200
    assert waited == [True]


def test_what_is_no_file_of_keys_is_said(tmp_path: Path) -> None:
    for content in ("", "[]", '{"keys": [{}]}', '{"keys": 3}'):
        (tmp_path / "keys.json").write_text(content)
        with pytest.raises(ConfigError, match="wanted a file that"):
            ApiKeys.load(tmp_path / "keys.json")


def test_limits_fill_again() -> None:
    counted = Usage()
    for _ in range(2):
        counted.take("a", "requests", 1, 2, now=0.0)
    with pytest.raises(RequestError) as refused:
        counted.take("a", "requests", 1, 2, now=1.0)
    assert refused.value.status == 429
    counted.take("b", "requests", 1, 2, now=1.0)  # another one's
    counted.take("a", "requests", 1, 2, now=31.0)
    with pytest.raises(RequestError, match="the limit of a minute"):
        counted.take("a", "characters", 5, 4, now=1.0)


def test_an_address_has_limits_too(engine: Fake) -> None:
    with client_of(office_of(engine, per_address=Limits(requests_per_minute=1))) as client:
        assert client.post("/translate", json=ASK).status_code == 200
        assert client.post("/translate", json=ASK).status_code == 429


def test_the_answer_comes_in_time_or_not_at_all() -> None:
    go = threading.Event()
    with client_of(office_of(Fake(lambda _: go.wait(20) and None), longest=0.3)) as client:
        begun = time.monotonic()
        answer = client.post("/translate", json=ASK)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert time.monotonic() - begun < 5
        go.set()
        assert client.post("/translate", json=ASK).status_code == 200


def test_too_much_waiting_is_refused_at_once() -> None:
    go = threading.Event()
    office = office_of(Fake(lambda _: go.wait(20) and None), queue=Queue(budget=10, most_waiting=30), workers=1)
    app = make_app(office, draining=5.0)

    async def run() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            asked = [asyncio.ensure_future(client.post("/translate", json=ASK)) for _ in range(20)]
            await asyncio.sleep(0.5)
            go.set()
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    found = asyncio.run(run())
    assert set(found) == {200, 503}


def test_who_leaves_is_not_computed_for() -> None:
    go, seen = threading.Event(), []

    def wait(sources: object) -> None:
        seen.append(sources)
        go.wait(20)

    office = office_of(Fake(wait), workers=1)  # type: ignore[arg-type]
    app = make_app(office, draining=5.0)

    async def request(messages: list[dict[str, object]]) -> None:
        waiting = iter(messages)

        async def receive() -> dict[str, object]:
            return next(waiting, None) or await asyncio.sleep(60) or {}

        async def send(message: dict[str, object]) -> None:
            pass

        await app(dict(SCOPE), receive, send)  # type: ignore[arg-type]

    body = {"type": "http.request", "body": b'{"q": "The clock.", "source": "en", "target": "de"}', "more_body": False}

    async def run() -> None:
        stays = asyncio.ensure_future(request([body]))
        await asyncio.sleep(0.3)
        leaves = asyncio.ensure_future(request([body, {"type": "http.disconnect"}]))
        await asyncio.wait_for(leaves, 10)
        go.set()
        await asyncio.wait_for(stays, 10)

    asyncio.run(run())
    office.desk.workers.end(5)
    assert len(seen) == 1


def test_an_outcome_for_a_loop_that_is_closed_goes_nowhere() -> None:
    """The server may end between a request's last look at its order and the worker's outcome; the worker goes on."""
    mail, closed, open_loop = Mail(), asyncio.new_event_loop(), asyncio.new_event_loop()
    nobody, somebody = closed.create_future(), open_loop.create_future()
    closed.close()
    mail.send(closed, nobody, 1)
    mail.send(open_loop, somebody, 3)
    mail.send(closed, nobody, 2)
    assert open_loop.run_until_complete(somebody) == 3
    open_loop.close()
    assert not nobody.done()


def test_only_this_machine_asks_a_server_on_this_machine(engine: Fake) -> None:
    with client_of(office_of(engine), hosts=HOSTS) as client:
        assert client.get("/health", headers={"Host": "evil.example"}).status_code == 403
        assert client.post("/translate", json=ASK, headers={"Origin": "http://evil.example"}).status_code == 403
        assert client.post("/translate", data=ASK, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/translate", json=ASK).headers["x-content-type-options"] == "nosniff"


def test_another_site_may_ask_where_it_is_named(engine: Fake) -> None:
    site = "https://example.org"
    with client_of(office_of(engine), origins=[site]) as client:
        answer = client.post("/translate", json=ASK, headers={"Origin": site, "Sec-Fetch-Site": "cross-site"})
        assert answer.headers["access-control-allow-origin"] == site
        before = {
            "Origin": site,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        assert client.options("/translate", headers=before).status_code == 200
        assert client.post("/translate", json=ASK, headers={"Origin": "https://other.org"}).status_code == 403


def test_off_this_machine_only_with_keys_or_the_flag() -> None:
    check(ServerSettings(models=["en-de"]))
    with pytest.raises(ConfigError, match="give --keys FILE, or say --open-to-all"):
        check(ServerSettings(models=["en-de"], host="0.0.0.0"))
    check(ServerSettings(models=["en-de"], host="0.0.0.0", open_to_all=True))
    check(ServerSettings(models=["en-de"], host="0.0.0.0", keys=Path("keys.json")))


def test_at_the_end_what_waits_is_answered_and_nothing_new(engine: Fake) -> None:
    office = office_of(engine)
    with client_of(office) as client:
        office.desk.queue.close()
        assert client.post("/translate", json=ASK).status_code == 503
        assert client.get("/ready").status_code == 503


def test_the_least_used_model_makes_room() -> None:
    loaded: list[str] = []

    def load(name: str) -> str:
        loaded.append(name)
        return name

    offers = [Offer(name, "en", name, 10) for name in "abc"]
    models = Models(offers, load, most_memory=20)  # type: ignore[arg-type]
    for offer in (*offers[:2], offers[0], offers[2]):
        models.translator(offer)
    assert loaded == ["a", "b", "c"]
    assert [offer.name for offer in models.loaded] == ["a", "c"]
    with pytest.raises(ConfigError, match="wanted one model a language pair"):
        Models([Offer("x", "en", "de", 1), Offer("y", "en", "de", 1)], load)  # type: ignore[arg-type]


def test_figures_are_prometheus_text(engine: Fake) -> None:
    with client_of(office_of(engine)) as client:
        client.post("/translate", json=ASK)
        client.get("/no/such/<place>")
        text = client.get("/metrics").text
    assert 'glassformer_answers_total{path="/translate",status="200"} 1' in text
    assert 'glassformer_answers_total{path="other",status="404"} 1' in text
    assert "glassformer_sentences_total 1" in text
    assert "clock" not in text


def test_the_page_runs_only_its_own_script(engine: Fake) -> None:
    with client_of(office_of(engine)) as client:
        answer = client.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "'sha256-" in answer.headers["content-security-policy"]
    assert '"pairs": [["en", "de"]]' in answer.text
