"""The saved page, and the notebook's: alone, inert, and a sentence in it is only text."""

import base64
import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from glassformer.errors import ConfigError, FileFormatError
from glassformer.http.policy import hashes, policy
from glassformer.page.built import built_page
from glassformer.page.export import page_with, save_page
from glassformer.page.look import SAVED, look
from glassformer.page.notebook import CELL, answer, show, sizes
from glassformer.page.service import Service
from glassformer.page.unpack import unpack, unpack_page
from glassformer.page.wire import Ask, Look, Start
from glassformer.translator import Translator
from glassformer.what_if import edges_blocked, heads_off, patch, turned

EVIL = "</script><script>alert(1)</script><!--<script> The lamp & \"it\" 'flickers' \u2028 שלום 🦉"


class Tags(HTMLParser):
    """Every element with its attributes, and what is in each script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script" and data.strip():
            self.scripts.append(data)


@pytest.mark.usefixtures("page")
def test_a_saved_page_holds_the_numbers(translator: Translator, tmp_path: Path) -> None:
    path = tmp_path / "x.html"
    save_page(look(translator, Ask("The lamp flickers.")), path)
    found, trace = unpack_page(path), translator.trace("The lamp flickers.")
    for name in [window.name for window in found.header.windows if window.storage != "none"]:
        assert torch.equal(torch.tensor(found[name]), trace[name].float()), name
    assert isinstance(found.header, Look)
    assert not found.header.live


def test_a_token_cannot_end_the_script(translator: Translator, page: str) -> None:
    packed = look(translator, Ask(EVIL, EVIL))
    text = page_with(packed)
    tags = Tags()
    tags.feed(text)
    kinds = [attributes.get("type") for tag, attributes in tags.found if tag == "script"]
    assert isinstance(packed.header, Look)
    groups = len(packed.header.groups)
    assert kinds == ["application/json", *["application/octet-stream"] * groups, None]
    header = re.search(r'id="look">(.*?)</script>', text)
    assert header
    assert "<" not in header[1]
    assert header[1].isascii()
    assert json.loads(header[1])["source"]["text"] == EVIL
    # the text as the tokens have it, too, and nothing that can run but the page's own script
    assert "".join(json.loads(header[1])["source"]["tokens"]).count("alert") == 1
    assert hashes(text)["script"] == hashes(page)["script"]


def test_a_saved_page_may_run_only_its_script_and_ask_nobody(translator: Translator, page: str) -> None:
    tags = Tags()
    tags.feed(page_with(look(translator, Ask("it"))))
    (rules,) = [
        attributes["content"]
        for tag, attributes in tags.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert rules == policy(page)
    assert "connect-src 'none'" in str(rules)
    assert "unsafe" not in str(rules)
    first_script = next(place for place, (tag, _) in enumerate(tags.found) if tag in ("script", "style"))
    assert [tag for tag, _ in tags.found].index("meta") < first_script  # a policy holds for what follows it
    assert not any("src" in attributes or "href" in attributes for _, attributes in tags.found)


def test_a_script_that_was_altered_has_another_hash(page: str) -> None:
    assert policy(page) != policy(page.replace("document.title", "document.body"))
    content = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert content
    import hashlib

    digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
    assert hashes(page)["script"] == [f"'sha256-{digest}'"]


@pytest.mark.usefixtures("no_page")
def test_without_a_built_page_it_says_how(translator: Translator, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make web"):
        save_page(look(translator, Ask("it")), tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_a_page_without_a_look_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<p>")
    with pytest.raises(FileFormatError, match="has no look in it"):
        unpack_page(tmp_path / "x.html")


# the notebook


@pytest.mark.usefixtures("page")
def test_a_cell_shows_a_sandboxed_frame(translator: Translator) -> None:
    shown = show(translator, EVIL, EVIL)
    tags = Tags()
    tags.feed(shown._repr_html_())
    (tag, attributes), *others = tags.found
    assert tag == "iframe"
    assert [name for name, _ in others] == ["p", "code"]
    assert attributes["sandbox"] == "allow-scripts"  # with allow-same-origin it could reach the notebook
    budget = replace(SAVED, **sizes(CELL)[0])
    assert attributes["srcdoc"] == page_with(look(translator, Ask(EVIL, EVIL), budget=budget))
    assert html.unescape(shown._repr_html_()).count("<iframe") == 1


def ask(service: Service, path: str, body: object, number: int = 7) -> tuple[int, bytes]:
    message, (content,) = answer(service, {"glassformer": 1, "id": number, "path": path, "body": json.dumps(body)})
    assert message["id"] == number
    return message["status"], content


def test_a_widget_answers_as_http_does(service: Service) -> None:
    status, content = ask(service, "/api/look", {"text": "it"})
    assert status == 200
    assert isinstance(unpack(content).header, Look)
    assert json.loads(ask(service, "/api/model", {})[1]).keys() == Start.__dataclass_fields__.keys()
    assert ask(service, "/api/decode", {"text": "it"})[1].count(b"\n") > 1
    status, content = ask(service, "/api/look", {"text": ""})
    assert status == 400
    assert "an empty sentence" in json.loads(content)["error"]
    assert ask(service, "/etc/passwd", {})[0] == 400
    message, _ = answer(service, "hello")
    assert message["status"] == 400


@pytest.mark.usefixtures("page")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_widget(translator: Translator) -> None:
    pytest.importorskip("anywidget", reason="anywidget is in the extra 'notebook'")
    widget = show(translator, "it", height=500).widget()
    assert widget.height == 500
    header = re.search(r'id="look">(.*?)</script>', widget.page)
    assert header
    assert json.loads(header[1])["live"] is True
    sent = []
    widget.send = lambda content, buffers: sent.append((content, buffers))
    widget._handle_custom_msg({"glassformer": 1, "id": 3, "path": "/api/look", "body": '{"text": "it"}'}, [])
    assert sent[0][0] == {"glassformer": 1, "id": 3, "status": 200}


@pytest.mark.usefixtures("page")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rows_of_a_widget_are_of_its_own_pieces(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page gives the translation's text, of which the tokenizer might make other pieces than the model did."""
    pytest.importorskip("anywidget", reason="anywidget is in the extra 'notebook'")
    widget, sent = show(translator, "it").widget(), []
    widget.send = lambda content, buffers: sent.append(content["status"])
    monkeypatch.setattr("glassformer.page.service.see", None)
    asked = {"name": "encoder.memory", "at": [0], "text": "it", "target": translator.translate("it")}
    content = {"glassformer": 1, "id": 3, "path": "/api/rows", "body": json.dumps(asked)}
    widget._handle_custom_msg(content, [])
    assert sent == [200]


def test_without_anywidget_it_says_how(translator: Translator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ConfigError, match=r"pip install 'glassformer\[notebook\]'"):
        show(translator, "it").widget()


def test_in_a_notebook_a_trace_shows_itself(translator: Translator, page: str) -> None:
    shown = translator.trace("The lamp flickers.")._repr_html_()
    assert shown is not None
    assert shown.startswith('<iframe sandbox="allow-scripts"')
    assert "encoder.layers.0.self_attention.weights" in shown
    assert translator.trace_decoding("The lamp flickers.")._repr_html_() is None


def test_a_trace_shows_what_was_off_when_it_was_made(translator: Translator, page: str, tmp_path: Path) -> None:
    head, edge = ("decoder.layers.0.cross_attention", 1), ("decoder.layers.0.self_attention", 2, 1)
    turns = [("encoder.layers.1.self_attention", 0, 2, [1]), ("encoder.layers.1.self_attention", 1, 0, [1, 2])]
    with (
        heads_off(translator.model, [head]),
        edges_blocked(translator.model, edge[0], [edge[1:]]),
        turned(translator.model, *turns[0]),
        turned(translator.model, *turns[1]),
    ):
        trace = translator.trace("The lamp flickers.", "Die Lampe flackert.")
    with patch(translator.model, "encoder.layers.0.self_attention.weights", lambda weights: weights * 0.9):
        dimmed = translator.trace("The lamp flickers.")  # what is written otherwise is no turn
    plain = translator.trace("The lamp flickers.")
    for made, off, blocked, wanted in ((trace, [head], [edge], turns), (plain, [], [], []), (dimmed, [], [], [])):
        tags = Tags()
        tags.feed(made._repr_html_() or "")
        (_, attributes), *_ = tags.found
        (tmp_path / "x.html").write_text(attributes["srcdoc"] or "", encoding="utf-8")
        header = unpack_page(tmp_path / "x.html").header
        assert [(one.attention, one.head) for one in header.heads_off] == off
        assert [tuple(one) for one in header.blocked] == blocked
        assert [tuple(one) for one in header.turned] == wanted


class Words(HTMLParser):
    """What is read where an untrusted notebook lets no frame and no script through."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.usefixtures("page")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_that_is_opened_again_or_not_trusted_says_what_to_do(translator: Translator) -> None:
    pytest.importorskip("anywidget", reason="anywidget is in the extra 'notebook'")
    said = show(translator, "it")
    bundle, _ = said.widget()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for one in (said._repr_mimebundle_(), bundle, {"text/html": translator.trace("it")._repr_html_() or ""}):
        for kind, text in one.items():
            if kind.startswith("text/"):
                words = Words()
                words.feed(text)
                assert "run this cell again" in words.text, kind
                assert "trust this notebook" in words.text, kind
    assert len(repr(said.widget())) < 300


@pytest.mark.usefixtures("page")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("words", [3, 40, 130])
def test_a_cell_has_at_most_so_much_and_says_what_was_left_out(
    translator: Translator, words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = " ".join(["lamp"] * words)
    whole = show(translator, text, text, largest=40_000_000)._repr_html_()
    assert ("learned matrices" in whole) is (words > 100)  # of a long sentence no page that is saved has them
    for largest in (CELL, 1_000_000):
        shown = show(translator, text, text, largest=largest)._repr_html_()
        assert len(shown) <= largest
        assert f"A cell has at most {largest / 1e6:g} MB: the learned matrices are left out" in shown
        assert "All of it: <code>show(…, largest=15_000_000)</code>" in shown
    trace = translator.trace(text, text)._repr_html_()
    assert trace is not None
    assert len(trace) <= CELL
    assert len(show(translator, text, text).widget().page) <= CELL
    monkeypatch.setattr("glassformer.page.notebook.ROOMY", CELL)  # it has as much as there is
    assert "All of it: <code>show(…).widget()</code>" in show(translator, text, text)._repr_html_()
    nothing = show(translator, text, text, largest=5_000)._repr_html_()
    assert "there is no room in it for this sentence" in nothing
    assert "iframe" not in nothing


def test_the_lines_of_the_docs_work_as_they_are_written() -> None:
    pytest.importorskip("anywidget", reason="anywidget is in the extra 'notebook'")
    if not built_page():
        pytest.skip("the page is not built: make web")
    text = (Path(__file__).parents[2] / "docs" / "using.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks[-1].endswith(".widget()\n")
    words = [sys.executable, "-c", "".join(blocks)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
