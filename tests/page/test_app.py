"""The page over HTTP: whom it answers, what it refuses, and that its answers are the model's."""

import asyncio
import json
import os
import threading
from collections.abc import Callable

import httpx
import pytest
import torch
from starlette.testclient import TestClient

from glassformer.http.guard import LARGEST_BODY
from glassformer.http.parse import from_json
from glassformer.http.policy import hashes, policy
from glassformer.page import app, built, wire
from glassformer.page.app import WAITING, make_app
from glassformer.page.look import see
from glassformer.page.service import Service
from glassformer.page.unpack import unpack
from glassformer.translator import Translator
from glassformer.what_if import heads_off, turned

SENTENCE = "The train stopped because it was snowing."
HEAD = ("decoder.layers.0.cross_attention", 1)
JSON = {"content-type": "application/json"}


def test_the_page_runs_only_its_own_script(client: TestClient, page: str) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.text == page
    rules = answer.headers["content-security-policy"]
    for kind, found in hashes(page).items():
        assert len(found) == 1
        assert f"{kind}-src {found[0]};" in rules
    assert "default-src 'none'" in rules
    assert "connect-src 'self'" in rules
    assert "frame-ancestors 'none'" in rules
    assert "unsafe" not in rules
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_is_read_and_hashed_once_a_build(
    client: TestClient, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty clients who asked for it again and again, and did not read, kept everybody else waiting for 19 seconds."""
    asked: list[str] = []
    monkeypatch.setattr(app, "policy", lambda *words, **more: (asked.append(""), policy(*words, **more))[1])
    app.page_of.cache_clear()
    answers = [client.get("/") for _ in range(5)]
    assert len(asked) == 1
    assert {answer.text for answer in answers} == {page}
    assert len({answer.headers["content-security-policy"] for answer in answers}) == 1
    place = built.built_folder() / "index.html"
    place.write_text("<html>another</html>", encoding="utf-8")
    os.utime(place, ns=(0, 12345))
    assert client.get("/").text == "<html>another</html>"


@pytest.mark.usefixtures("no_page")
def test_without_a_built_page_it_says_how(client: TestClient) -> None:
    answer = client.get("/")
    assert "make web" in answer.text
    assert "script-src 'none'" in answer.headers["content-security-policy"]


def test_the_model(client: TestClient) -> None:
    start = from_json(wire.Start, client.get("/api/model").content)
    assert (start.version, start.model.name, start.model.heads, start.longest) == (1, "toy", 2, 256)


def test_a_look_is_the_trace(client: TestClient, translator: Translator) -> None:
    answer = client.post("/api/look", json={"text": SENTENCE})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found, trace = unpack(answer.content), translator.trace(SENTENCE)
    assert isinstance(found.header, wire.Look)
    assert found.header.live
    for name in [window.name for window in found.header.windows if window.storage != "none"]:
        assert torch.equal(torch.tensor(found[name]), trace[name].float()), name


def test_a_head_off_is_off_for_this_question_only(client: TestClient, translator: Translator) -> None:
    before = client.post("/api/look", json={"text": SENTENCE, "target": "Der Zug."}).content
    off = unpack(client.post("/api/look", json={"text": SENTENCE, "target": "Der Zug.", "heads_off": [HEAD]}).content)
    with heads_off(translator.model, [HEAD]):
        trace = translator.trace(SENTENCE, "Der Zug.")
    assert torch.equal(torch.tensor(off["probabilities"]), trace["probabilities"])
    assert client.post("/api/look", json={"text": SENTENCE, "target": "Der Zug."}).content == before


def test_a_turn_is_of_this_question_only(client: TestClient, translator: Translator) -> None:
    ask = {"text": SENTENCE, "target": "Der Zug."}
    turn = (HEAD[0], HEAD[1], 1, [3])
    before = client.post("/api/look", json=ask).content
    found = unpack(client.post("/api/look", json={**ask, "turned": [turn]}).content)
    with turned(translator.model, *turn):
        trace = translator.trace(SENTENCE, "Der Zug.")
    assert torch.equal(torch.tensor(found["probabilities"]), trace["probabilities"])
    rows = {**ask, "name": f"{HEAD[0]}.weights", "at": [HEAD[1], 1]}
    for body, row in (({**rows, "turned": [turn]}, trace[f"{HEAD[0]}.weights"][HEAD[1], 1]), (rows, None)):
        exact = torch.tensor(unpack(client.post("/api/rows", json=body).content, wire.Numbers)[rows["name"]])
        assert (row is None and exact[3] < 1) or torch.equal(exact, row)
    assert client.post("/api/look", json=ask).content == before


def test_decoding_streams_a_step_a_line(client: TestClient, translator: Translator) -> None:
    with client.stream("POST", "/api/decode", json={"text": SENTENCE}) as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        steps = [from_json(wire.DecodingStep, line) for line in answer.iter_lines()]
    ids = [step.chosen.id for step in steps]
    assert translator.tokenizer.decode(ids) == "Der Zug hielt, weil es schneite."
    assert ids[-1] == translator.tokenizer.eos_id
    assert all(len(step.choices) == 8 for step in steps)
    assert client.get("/api/model").status_code == 200  # the model is free again


def test_a_ranking_is_every_head_off_alone(client: TestClient, translator: Translator) -> None:
    answer = from_json(wire.Ranking, client.post("/api/rank", json={"text": SENTENCE}).content)
    assert len(answer.heads) == 12
    assert answer.change == sorted(answer.change)
    target = "Der Zug hielt, weil es schneite."
    (whole,) = translator.score([SENTENCE], [target])
    assert sum(answer.log_probabilities) == pytest.approx(whole, rel=1e-3)
    for name, change, row in zip(answer.heads[:3], answer.change, answer.per_token, strict=False):
        with heads_off(translator.model, [(name.attention, name.head)]):
            (without,) = translator.score([SENTENCE], [target])
        assert change == pytest.approx(without - whole, rel=1e-3, abs=1e-4)
        assert sum(row) == pytest.approx(change)


def test_one_head_after_the_other_ranks_alike(
    service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = service.rank(wire.Ask(SENTENCE))
    monkeypatch.setattr("glassformer.page.service.RANKED_AT_ONCE", 0)
    slowly = service.rank(wire.Ask(SENTENCE))
    assert slowly.heads == at_once.heads
    assert torch.allclose(torch.tensor(slowly.per_token), torch.tensor(at_once.per_token), atol=1e-4)


def test_a_learned_matrix_comes_exactly(client: TestClient, translator: Translator) -> None:
    name = "decoder.layers.1.feed_forward.w_2.weight"
    found = unpack(client.post("/api/weights", json={"name": name}).content, wire.Numbers)
    assert found.window(name).axes == ["d_model", "d_ff"]
    assert torch.equal(torch.tensor(found[name]), translator.model.decoder.layers[1].feed_forward.w_2.weight)


def test_rows_come_exactly(client: TestClient, translator: Translator) -> None:
    name = "encoder.layers.1.self_attention.weights"
    body = {"name": name, "at": [1, 3], "text": SENTENCE}
    found = unpack(client.post("/api/rows", json=body).content, wire.Numbers)
    assert found.window(name).axes == ["key"]
    assert torch.equal(torch.tensor(found[name]), translator.trace(SENTENCE)[name][1, 3])
    body = {"name": "embedding.weight", "at": [17]}
    row = unpack(client.post("/api/rows", json=body).content, wire.Numbers)["embedding.weight"]
    assert torch.equal(torch.tensor(row), translator.model.embedding.weight[17])


def test_rows_of_what_the_model_said_are_of_its_own_pieces(service: Service, translator: Translator) -> None:
    """The page gives the translation's text; the model may have cut it into other pieces than the tokenizer would."""
    service.look(wire.Ask("Two owls"))
    (seen,) = service.kept.values()
    said = translator.tokenizer.decode(seen.target_ids)
    assert service.seen(wire.RowsAsk("logits", [], "Two owls", said)) is seen
    assert service.seen(wire.RowsAsk("logits", [], "Two owls", said, [HEAD])) is not seen
    for number in range(6):
        service.seen(wire.Ask("it", "a" * number))
    assert len(service.kept) == 4


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/api/look", {"text": ""}, 400, "an empty sentence"),
        ("/api/look", {}, 400, "Ask has no text"),
        ("/api/look", {"text": "owl " * 300}, 400, "tokens: wanted at most 256"),
        ("/api/look", {"text": "it", "target": "owl " * 300}, 400, "this translation has"),
        ("/api/look", {"text": "it", "heads_off": [["encoder", 1]]}, 400, "no attention 'encoder'"),
        ("/api/look", {"text": "it", "blocked": [[HEAD[0], 0, 99]]}, 400, "no edge \\(0, 99\\)"),
        ("/api/decode", {"text": "owl " * 300}, 400, "wanted at most 256"),
        ("/api/decode", {"text": "it", "heads_off": [[HEAD[0], 9]]}, 400, "no head 9"),
        ("/api/look", {"text": "it", "turned": [[HEAD[0], 9, 0, [0]]]}, 400, "no head 9"),
        ("/api/decode", {"text": "it", "turned": [[HEAD[0], 0, 0, [99]]]}, 400, "no key 99"),
        ("/api/look", {"text": "it", "turned": [["encoder.layers.0.self_attention", 0, 99, [0]]]}, 400, "no query 99"),
        ("/api/look", {"text": "it", "turned": [[HEAD[0], 0, 0, []]]}, 400, "a key or more"),
        ("/api/look", {"text": "it", "turned": [[HEAD[0], 0, 0, 0]]}, 400, "wanted a list, each entry a whole number"),
        ("/api/rank", {"text": " "}, 400, "an empty sentence"),
        ("/api/weights", {"name": "encoder.w"}, 400, "no learned matrix 'encoder.w'"),
        ("/api/rows", {"name": "encoder.memory", "at": [99], "text": "it"}, 400, "no position 99: wanted 0 … "),
        ("/api/rows", {"name": "encoder.memory", "at": [0, 0, 0], "text": "it"}, 400, "at most 2 numbers"),
        ("/api/rows", {"name": "memory", "at": [], "text": "it"}, 400, "no window 'memory'"),
        ("/api/rows", {"name": "embedding.weight", "at": []}, 400, "too much"),
        ("/api/nothing", {}, 404, "not found"),
        ("/", {}, 405, "method not allowed"),
    ],
)
def test_an_error_is_one_sentence(client: TestClient, path: str, body: object, status: int, message: str) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == status
    problem = from_json(wire.Problem, answer.content)
    with pytest.raises(ValueError, match=message):
        raise ValueError(problem.error)
    assert "\n" not in problem.error
    assert client.get("/api/model").status_code == 200


def test_a_bug_of_ours_says_nothing_of_the_inside(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> bytes:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(service, "look", broken)
    answer = client.post("/api/look", json={"text": "it"})
    assert answer.status_code == 500
    assert answer.json() == {"error": "something went wrong in glassformer: its terminal says what"}
    assert client.get("/api/model").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:8000"}, 403),
        ({"host": "user@127.0.0.1@evil.example"}, 403),
        ({"host": "[::1"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}, 200),
        ({"host": "localhost:8000", "origin": "http://localhost:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
    ],
)
def test_only_this_machines_own_page_is_answered(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.post("/api/look", content='{"text": "it"}', headers=JSON | headers)
    assert answer.status_code == status
    if status != 200:
        assert from_json(wire.Problem, answer.content).error
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("path", "changes", "status"),
    [
        ("/", {}, 200),
        ("/", {"sec-fetch-site": "same-site"}, 200),
        ("/", {"sec-fetch-dest": "iframe"}, 403),
        ("/", {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}, 403),
        ("/", {"host": "evil.example"}, 403),
        ("/", {"origin": "http://evil.example"}, 403),
        ("/api/model", {}, 403),
    ],
)
def test_a_link_elsewhere_opens_the_page_and_nothing_else(
    client: TestClient, path: str, changes: dict[str, str], status: int
) -> None:
    clicked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get(path, headers=clicked | changes).status_code == status
    assert client.post(path, content="{}", headers=JSON | clicked).status_code == 403


def test_a_large_body_is_refused_before_it_is_read(client: TestClient) -> None:
    sent = 0

    def parts() -> object:
        nonlocal sent
        for _ in range(100):
            sent += 1024
            yield b" " * 1024

    answer = client.post("/api/look", content=parts(), headers=JSON)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert f"more than {LARGEST_BODY:,} bytes" in answer.json()["error"]
    assert client.post("/api/look", content=json.dumps({"text": "it"}) + " " * 60_000, headers=JSON).status_code == 200


def test_the_first_sentence_is_looked_at_before_the_page_asks(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the browser starts; once alone, and the same."""
    wanted = service.look(wire.Ask(SENTENCE, None, [HEAD]))
    service.kept.clear()
    service.start = wire.Ask(SENTENCE, None, [HEAD])
    looks = []
    monkeypatch.setattr("glassformer.page.service.see", lambda *given: looks.append(given) or see(*given))
    with TestClient(make_app(service), base_url="http://127.0.0.1:8000") as client:
        client.get("/api/model")  # waits for its turn, behind that look
        assert len(looks) == 1
        found = client.post("/api/look", json={"text": SENTENCE, "heads_off": [HEAD]}).content
    assert len(looks) == 1
    assert found == wanted


def test_a_first_look_that_takes_too_long_is_left(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question is not refused because of it."""
    monkeypatch.setattr("glassformer.page.app.LONGEST_AHEAD", 0.3)
    monkeypatch.setattr("glassformer.page.app.LONGEST_WAIT", 20.0)
    service.start = wire.Ask(SENTENCE)
    norm = service.translator.model.decoder.norm

    def endless(*_: object) -> None:
        while True:
            norm(torch.zeros(1, service.translator.model.config.d_model))

    monkeypatch.setattr(service, "seen", endless)
    with TestClient(make_app(service), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/api/model").status_code == 200


def test_who_ends_the_server_does_not_wait_for_the_first_look(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.start = wire.Ask(SENTENCE)
    begun = threading.Event()

    def endless(*_: object) -> None:
        begun.set()
        while True:
            service.translator.model.decoder.norm(torch.zeros(1, service.translator.model.config.d_model))

    monkeypatch.setattr(service, "seen", endless)
    with TestClient(make_app(service), base_url="http://127.0.0.1:8000") as client:
        assert begun.wait(20)
        assert client.get("/").status_code == 200
    assert not service.kept


def in_process(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(make_app(service)), base_url="http://127.0.0.1:8000")


def test_when_too_many_wait_the_next_is_told_to_come_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    go, together, most = threading.Event(), [0], [0]

    def slow(_: wire.Ask) -> bytes:
        together[0] += 1
        most[0] = max(most[0], together[0])
        assert go.wait(20)
        together[0] -= 1
        return b"done"

    monkeypatch.setattr(service, "look", slow)

    async def ask_all() -> list[httpx.Response]:
        async with in_process(service) as client:
            asked = [asyncio.create_task(client.post("/api/look", json={"text": "it"})) for _ in range(WAITING + 1)]
            await asyncio.sleep(1)  # one is answered, the others wait
            refused = await client.post("/api/look", json={"text": "it"})
            go.set()
            return [refused, *await asyncio.gather(*asked)]

    refused, *answered = asyncio.run(ask_all())
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert f"{WAITING} questions wait" in refused.json()["error"]
    assert [answer.status_code for answer in answered] == [200] * (WAITING + 1)
    assert most == [1]


def test_whoever_leaves_a_stream_frees_the_model(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    step = wire.DecodingStep(wire.NextToken("it", 1, 0.5), [])
    ended = threading.Event()

    def endless(_: wire.Ask, told: Callable[[wire.DecodingStep], bool]) -> None:
        while told(step):
            ended.wait(0.01)
        ended.set()

    monkeypatch.setattr(service, "decode", endless)

    async def leave() -> None:
        app, lines, body = make_app(service), 0, [b'{"text": "it"}']
        left = asyncio.Event()

        async def receive() -> dict[str, object]:
            if body:
                return {"type": "http.request", "body": body.pop(), "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            nonlocal lines
            if message["type"] == "http.response.body":
                lines += 1
                if lines == 3:
                    left.set()

        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/api/decode", "headers": headers, "query_string": b""}
        await app({**scope, "asgi": {"spec_version": "2.3"}}, receive, send)  # type: ignore[arg-type]
        assert lines >= 3
        assert await asyncio.to_thread(ended.wait, 10)

    asyncio.run(asyncio.wait_for(leave(), 20))


@pytest.mark.parametrize(
    ("host", "size", "status"), [("evil.example", 3000, 403), ("127.0.0.1", LARGEST_BODY + 1, 413)]
)
def test_a_refusal_waits_until_its_body_was_sent(service: Service, host: str, size: int, status: int) -> None:
    """The connection is closed after it: on somebody who still sends it would be reset, and the answer lost."""
    left, happened = [b" " * (size // 3)] * 2 + [b" " * (size - size // 3 * 2)], []
    headers = [(b"host", host.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/look", "headers": headers, "query_string": b""}

    async def receive() -> dict[str, object]:
        happened.append("received")
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, object]) -> None:
        happened.append(message.get("status", "sent"))

    asyncio.run(make_app(service)(scope, receive, send))  # type: ignore[arg-type]
    assert happened[:4] == ["received", "received", "received", status]


@pytest.mark.parametrize("pieces", [lambda: b" " * 4096, lambda: None], ids=["endless", "silent"])
def test_a_refusal_does_not_wait_for_ever(service: Service, pieces: Callable[[], bytes | None]) -> None:
    scope = {"type": "http", "method": "POST", "path": "/api/look", "headers": [(b"host", b"evil.example")]}
    statuses = []

    async def receive() -> dict[str, object]:
        if (piece := pieces()) is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: dict[str, object]) -> None:
        statuses.append(message.get("status"))

    async def within_seconds() -> None:
        async with asyncio.timeout(20):
            await make_app(service)(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(within_seconds())
    assert statuses[0] == 403
