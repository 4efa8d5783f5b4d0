"""The OpenAPI document is of the routes that are there, and nothing that fits it, or nearly, breaks the server."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route
from starlette.testclient import TestClient

from glassformer.serve.app import make_app
from glassformer.serve.openapi import description
from tests.serve.conftest import Fake, office_of

DOCUMENT = description()
FILE = b'Content-Disposition: form-data; name="file"; filename="a.srt"'
ASKED = [(path, body) for path, ways in DOCUMENT["paths"].items() for body in [ways.get("post")] if body]


def test_every_route_is_in_it_and_nothing_else() -> None:
    office = office_of(Fake())
    routes = {route.path for route in make_app(office).routes if isinstance(route, Route)}
    assert set(DOCUMENT["paths"]) == routes - {"/", "/openapi.json"}
    office.desk.workers.end(5)


def test_the_server_gives_it(fake: TestClient) -> None:
    assert fake.get("/openapi.json").json() == json.loads(json.dumps(DOCUMENT))


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What fits a schema, and often what nearly does."""
    if "anyOf" in schema:
        return st.one_of(*(values(one) for one in schema["anyOf"]))
    if schema.get("type") == "array":
        return st.lists(values(schema["items"]) if "items" in schema else st.text(max_size=5), max_size=4)
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), st.text(max_size=5))
    texts = st.one_of(
        st.text(max_size=40), st.sampled_from(["en", "de", "auto", "The <b>old</b> clock.", "\ud800", "\0", "<p"])
    )
    return {
        "string": texts,
        "integer": st.integers(-3, 20),
        "number": st.floats(allow_nan=False),
        "boolean": st.booleans(),
        "null": st.none(),
        "object": st.just({}),
    }[schema["type"]]


@pytest.mark.parametrize(("path", "operation"), ASKED, ids=[path for path, _ in ASKED])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_breaks_it(fake: TestClient, path: str, operation: dict[str, Any], data: st.DataObject) -> None:
    """Never a 5xx, always JSON (or lines of it), whatever the fields hold."""
    schema = next(iter(operation["requestBody"]["content"].values()))["schema"]
    fields = {name: values(one) for name, one in schema["properties"].items()}
    fields["target"] = st.sampled_from(["de", "de", "xx", ""])
    body = data.draw(st.one_of(st.fixed_dictionaries({}, optional=fields), st.fixed_dictionaries(fields)))
    if body.get("word_scores") is True:
        body["word_scores"] = False  # they ask for a model in PyTorch, which this server only pretends to have
    answer = fake.post(path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code < 500, (body, answer.text)
    for line in answer.text.splitlines():
        json.loads(line)
    if answer.status_code >= 400:
        assert set(json.loads(answer.text)) == {"message" if path.startswith("/v2/") else "error"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b'{"q": NaN}'),
        ("application/json", b"[" * 5000),
        ("application/json", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"\xff"),
        ("application/x-www-form-urlencoded", b"q=%ff&source=en"),
        ("application/x-www-form-urlencoded", b"&".join(b"q=1" for _ in range(5000))),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b"--b\r\n" + FILE + b"\r\n\r\n\xff\r\n--b--\r\n"),
        ("text/plain", b"q"),
        ("", b"q=1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/translate", "/translate_file", "/v2/translate", "/v1/translate"])
def test_bodies_that_are_nothing_are_refused(fake: TestClient, path: str, kind: str, body: bytes) -> None:
    answer = fake.post(path, content=body, headers={"content-type": kind} if kind else {})
    assert 400 <= answer.status_code < 500, answer.text
