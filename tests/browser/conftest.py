"""The real page in a real Chromium, driven by Playwright; where one of them is missing the tests are skipped and say why."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import torch

from glassformer.http.listening import address_of, listen
from glassformer.page.built import built_page
from glassformer.page.export import save_page
from glassformer.page.look import ALONE, SAVED, look
from glassformer.page.model import model_body
from glassformer.page.serve import serve
from glassformer.page.service import Service
from glassformer.page.wire import Ask
from glassformer.translator import Translator, shipped_models
from tests.toy_translator import save_toy_translator

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ["attention", "flow", "matrices", "positions", "decoding", "whatif", "compare"]
SENTENCE = "The old clock is slow."
TARGET = "Die alte Uhr geht nach."

if not CHROMIUM:
    collect_reason = "Chromium is not installed: sudo apt install chromium (or your system's package), then again"
elif not built_page():
    collect_reason = "the page is not built: make web"
else:
    collect_reason = ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if collect_reason:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=collect_reason))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "toy"
    save_toy_translator(folder)
    return folder


@pytest.fixture(scope="session")
def translator(toy: Path) -> Translator:
    torch.set_num_threads(1)  # before the fixture that does this for each test
    return Translator.load(toy)


@pytest.fixture(scope="session")
def server(toy: Path) -> str:
    """The address of the page's own server, with a toy translator of its own behind it: what a test switches off in the
    other one must not reach what the server computes at that moment."""
    listener = listen()
    ready = threading.Event()
    service = Service(Translator.load(toy), start=Ask(SENTENCE))
    threading.Thread(target=serve, args=(service, listener, lambda _: ready.set()), daemon=True).start()
    assert ready.wait(20)
    return address_of(listener)


@pytest.fixture(scope="session")
def shipped() -> str:
    """The address of the page with the model that ships: its shapes are what people see, eight heads and 1,024 wide."""
    if "en-de" not in shipped_models():
        pytest.skip("no model ships with this copy")
    listener, ready = listen(), threading.Event()
    service = Service(Translator.load("en-de"), start=Ask(""))
    threading.Thread(target=serve, args=(service, listener, lambda _: ready.set()), daemon=True).start()
    assert ready.wait(60)
    return address_of(listener)


@pytest.fixture(scope="session")
def saved(translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """The address of a saved file of a sentence."""
    folder = tmp_path_factory.mktemp("saved")

    def save(text: str, target: str | None = None, **off: Any) -> str:
        path = folder / f"{abs(hash((text, target, repr(off))))}.html"
        save_page(look(translator, Ask(text, target, **off), live=False, budget=SAVED), path)
        return path.as_uri()

    return save


@pytest.fixture(scope="session")
def alone(translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a file with the model in it: the page's own Worker answers, as the server does."""
    path = tmp_path_factory.mktemp("alone") / "alone.html"
    save_page(look(translator, Ask(SENTENCE), budget=ALONE), path, model_body(translator))
    return path.as_uri()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


ASKED = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))"
"""The frame in which a page asks for what it has not got yet, and the pause of ``session.ts`` before it does."""


@dataclass
class Visit:
    """A page that is open, with what went wrong on it and whom it asked."""

    page: Any
    wrong: list[str]
    asked: list[str]

    def table(self, name: str, nth: int = 0) -> list[list[str]]:
        """The rows of a table twin, opened by its name."""
        twin = self.page.locator("details.twin", has=self.page.locator("summary", has_text=name)).nth(nth)
        if twin.get_attribute("open") is None:
            twin.locator("summary").click()
        twin.locator("tbody tr").first.wait_for()
        return twin.locator("tbody").evaluate(
            "body => [...body.rows].map(row => [...row.cells].map(cell => cell.textContent))"
        )

    def until(self, holds: str, arg: Any = None) -> None:
        """Wait until JavaScript says so. Playwright's own wait_for_function is eval, which the page's policy forbids."""
        deadline = time.monotonic() + 20
        while not self.holds(holds, arg):
            assert time.monotonic() < deadline, f"not within 20 s: {holds}"
            time.sleep(0.02)

    def holds(self, what: str, arg: Any) -> bool:
        """Whether JavaScript says so; not while the page gives way to another, as where another model is chosen."""
        try:
            return bool(self.page.evaluate(what, arg))
        except sync_api.Error as error:
            if "context was destroyed" in str(error):
                return False
            raise

    def go(self, state: str) -> None:
        """Another state of the same page, as its address says it: much quicker than to load it again."""
        self.page.evaluate("state => { location.hash = state }", state)
        self.until("!!document.querySelector('main .view')")
        self.page.evaluate(ASKED)
        self.until("!document.querySelector('.loading, .translation.busy')")

    def state(self) -> str:
        return self.page.evaluate("location.hash")


Open = Callable[..., Visit]


def visits(chromium: Any) -> Iterator[Open]:
    contexts = []

    def open_page(
        address: str,
        state: str = "",
        *,
        width: int = 1280,
        scheme: str = "light",
        locale: str = "en-US",
        offline: bool = False,
        before: Callable[[Any], None] = lambda _: None,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 860}, color_scheme=scheme, locale=locale, offline=offline
        )
        contexts.append(context)
        page = context.new_page()
        found = Visit(page, [], [])
        page.on("pageerror", lambda error: found.wrong.append(str(error)))
        page.on("console", lambda message: found.wrong.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: found.asked.append(request.url))
        before(page)
        page.goto(f"{address}#{state}")
        page.locator("main .view").wait_for()
        found.until("!document.querySelector('.loading, .translation.busy')")
        return found

    yield open_page
    for context in contexts:
        context.close()


visit = pytest.fixture(visits)
visit_once = pytest.fixture(visits, scope="module")
"""Of a page that many tests walk through."""


def link(**state: str) -> str:
    return "&".join(f"{key}={quote_plus(value)}" for key, value in state.items())


def number(text: str) -> float:
    """As the page writes it: a real minus, −∞."""
    return float("-inf") if text == "−∞" else float(text.replace("−", "-"))
