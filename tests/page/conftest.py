"""The toy translator behind the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glassformer.engines.native import Native
from glassformer.page import built
from glassformer.page.app import make_app
from glassformer.page.service import Service
from glassformer.translator import Translator
from tests.toy_translator import toy

PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <style>p { color: red }</style>
  </head>
  <body>
    <!--look-->
    <script>document.title = "<\\/script>";</script>
  </body>
</html>
"""


@pytest.fixture
def translator() -> Translator:
    saved = toy()
    return Translator(Native(saved.model), saved.tokenizer, dict(saved.card), "toy")


@pytest.fixture
def service(translator: Translator) -> Service:
    return Service(translator)


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(make_app(service), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small page in place of the built one, which a checkout need not have."""
    (tmp_path / "built").mkdir()
    (tmp_path / "built" / "index.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(built, "built_folder", lambda: tmp_path / "built")
    return PAGE


@pytest.fixture
def no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built, "built_folder", lambda: tmp_path / "nowhere")
