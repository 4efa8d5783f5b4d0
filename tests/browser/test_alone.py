"""A file with its model in it, opened from disk without a network, and a site: everything works, and nobody is asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glassformer.page.export import save_model_page
from glassformer.page.site import Offered, write_site
from glassformer.page.wire import Ask
from glassformer.translator import Translator
from glassformer.what_if import heads_off
from tests.browser.conftest import SENTENCE, TARGET, Open, link
from tests.static_files import served

OTHER, ITS = "The lamp flickers.", "Die Lampe flackert."
OFF = [("decoder.layers.0.cross_attention", 0), ("decoder.layers.1.cross_attention", 1)]


MADE = Path(__file__).parents[2] / "site"
"""What ``make site`` writes."""


@pytest.fixture
def site(translator: Translator, tmp_path: Path) -> Iterator[str]:
    """A site with two models, on a server of files."""
    models = [Offered(replace(translator, name=name), Ask(SENTENCE)) for name in ("first", "second")]
    write_site(tmp_path / "site", models, lambda *_: None)
    with served(tmp_path / "site") as address:
        yield address


def translation(wanted: str) -> str:
    return f"document.querySelector('.translation').textContent === {wanted!r}"


def test_a_file_with_its_model_does_everything_without_a_network(
    visit: Open, alone: str, translator: Translator
) -> None:
    seen = visit(alone, offline=True)
    assert seen.page.locator(".translation").first.inner_text() == TARGET
    seen.page.locator("textarea.source").fill(OTHER)
    seen.until(translation(ITS))
    assert "The model is in this page" in seen.page.locator("footer").inner_text()
    with heads_off(translator.model, OFF):
        without = translator.tokenizer.decode(translator.ids_of(OTHER, None, None)[1])
    seen.go(link(sentence=OTHER, view="whatif", off=",".join(f"{name}:{head}" for name, head in OFF)))
    seen.until(translation(without))
    seen.go(link(sentence=OTHER, view="whatif"))
    seen.page.get_by_role("button", name="Rank").click()
    seen.page.locator(".ranking").first.wait_for()
    seen.go(link(sentence=OTHER, view="compare", other=SENTENCE))
    seen.page.locator("main", has_text=TARGET).wait_for()
    seen.go(link(sentence=OTHER, view="decoding"))
    assert seen.page.locator(".produced").inner_text().split()[-1] == "</s>"
    assert [url for url in seen.asked if not url.startswith((alone, "data:", "blob:"))] == []
    assert seen.wrong == []


def test_a_copy_that_the_browser_saved_has_its_numbers_and_says_that_it_has_no_model(
    visit: Open, alone: str, tmp_path: Path
) -> None:
    seen = visit(alone, link(sentence=OTHER), offline=True)
    seen.until(translation(ITS))
    (tmp_path / "copy.html").write_text(seen.page.content(), encoding="utf-8")
    assert (tmp_path / "copy.html").stat().st_size < Path(alone.removeprefix("file://")).stat().st_size
    copy = visit((tmp_path / "copy.html").as_uri(), offline=True)
    copy.until(translation(TARGET))
    assert "a new sentence needs glassformer look" in copy.page.locator("footer").inner_text()
    # what was drawn stands in the copy with its styles, which the policy forbids; then the page draws it again
    assert [one for one in copy.wrong if "inline style" not in one] == []


def test_where_webassembly_is_forbidden_it_computes_in_javascript(visit: Open, alone: str, tmp_path: Path) -> None:
    path = tmp_path / "strict.html"
    text = Path(alone.removeprefix("file://")).read_text("utf-8")
    path.write_text(text.replace(" 'wasm-unsafe-eval'", "", 1), encoding="utf-8")
    seen = visit(path.as_uri(), link(sentence=OTHER), offline=True)
    seen.until(translation(ITS))


def test_a_site_offers_its_models(visit: Open, site: str) -> None:
    seen = visit(site, width=390)
    seen.until(translation(TARGET))
    choice = seen.page.get_by_label("model", exact=True)
    assert choice.locator("option").all_inner_texts() == ["first", "second"]
    seen.page.locator("textarea.source").fill(OTHER)
    seen.until(translation(ITS))
    assert [url for url in seen.asked if not url.startswith((site, "data:", "blob:"))] == []
    choice.select_option("second")
    seen.until("location.hash.includes('model=second')")
    seen.page.locator("footer", has_text="second").wait_for()
    assert seen.page.evaluate("document.cookie") == ""
    assert seen.wrong == []


def test_a_file_that_was_saved_without_pytorch_computes_when_it_is_opened(
    visit: Open, translator: Translator, tmp_path: Path
) -> None:
    save_model_page(Offered(translator, Ask(SENTENCE, heads_off=OFF)), tmp_path / "model.html")
    seen = visit((tmp_path / "model.html").as_uri(), offline=True)
    with heads_off(translator.model, OFF):
        seen.until(translation(translator.tokenizer.decode(translator.ids_of(SENTENCE, None, None)[1])))
    assert seen.wrong == []


@pytest.mark.skipif(not (MADE / "index.html").is_file(), reason="make site has not been run: it writes site/")
def test_the_project_s_own_site_translates(visit: Open) -> None:
    with served(MADE) as address:
        seen = visit(address)
        seen.until("document.querySelector('.translation')?.textContent.includes('Tier')")
        assert seen.wrong == []


SMALL = "Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 0.1 });"
TOLD = """
const look = () => {
  const said = document.querySelector(".problem");
  if (!said) return setTimeout(look, 20);
  window.told = said.textContent;
  said.querySelector("button").click();
};
look();
"""


def test_a_model_too_large_for_the_device_is_told_before_it_is_loaded(visit: Open, site: str) -> None:
    seen = visit(site, before=lambda page: page.add_init_script(SMALL + TOLD))
    assert "this device has 100 MB in all" in seen.page.evaluate("window.told")
    seen.until(translation(TARGET))
