"""What a screen reader is told of the first screen stands in docs/read-aloud.md, and is read again here."""

from tests.browser.conftest import Open, link
from tests.house.test_docs import module_of, text_of


def test_the_first_screen_reads_as_it_is_written_down(visit: Open, server: str) -> None:
    read_aloud = module_of("read_aloud")
    seen = visit(server)
    read = {}
    for language in read_aloud.LANGUAGES:
        seen.go(link(lang=language))
        seen.page.wait_for_load_state("networkidle")
        read[language] = read_aloud.reading(seen.page)
    assert text_of("read-aloud.md") == read_aloud.page(read), "run python docs/read_aloud.py"
