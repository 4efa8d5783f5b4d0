"""The file with its model in Firefox: everything works there, too."""

from pathlib import Path

import pytest

from glassformer.translator import Translator
from glassformer.what_if import heads_off
from tests.browser.conftest import SENTENCE, TARGET, link
from tests.browser.firefox import PROGRAM, firefox

OTHER, ITS = "The lamp flickers.", "Die Lampe flackert."
OFF = [("decoder.layers.0.cross_attention", 0), ("decoder.layers.1.cross_attention", 1)]
SAYS = "document.querySelector('.translation:not(.busy)')?.textContent === arguments[0]"


@pytest.mark.skipif(not PROGRAM, reason="Firefox is not installed: sudo apt install firefox-esr, then again")
def test_a_file_with_its_model_does_everything_in_firefox(alone: str, translator: Translator, tmp_path: Path) -> None:
    with firefox(tmp_path / "profile") as page:
        page.go(alone)
        page.until(SAYS, TARGET)
        page.type("textarea.source", OTHER)
        page.until(SAYS, ITS)

        def go(**state: str) -> None:
            page.run("location.hash = arguments[0]", link(sentence=OTHER, **state))

        with heads_off(translator.model, OFF):
            without = translator.tokenizer.decode(translator.ids_of(OTHER, None, None)[1])
        go(view="whatif", off=",".join(f"{name}:{head}" for name, head in OFF))
        page.until(SAYS, without)
        go(view="whatif")
        page.until(SAYS, ITS)
        page.run("document.querySelector('[data-ask=\"rank.ask\"]').click()")
        page.until("document.querySelector('.ranking li')")
        go(view="compare", other=SENTENCE)
        page.until("document.querySelector('main').textContent.includes(arguments[0])", TARGET)
        go(view="decoding")
        page.until("document.querySelector('.produced')?.textContent.trim().endsWith('</s>')")
        go(view="matrices")
        page.until("document.querySelector('main canvas')")
        assert page.run("return document.querySelectorAll('.problem, [role=alert]').length") == 0
