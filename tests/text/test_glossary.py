"""Terms: where they stand in a text, and whether a translation has them."""

from pathlib import Path

import pytest

from glassformer.errors import ConfigError
from glassformer.text.glossary import Glossary, Term

TERMS = Glossary.of([("cable car", "Seilbahn"), ("car", "Wagen"), ("NATO", "NATO"), ("Polish", "polnisch")])


def test_terms_are_found_as_words_the_longer_first() -> None:
    text = "The Cable  car and the car carry NATO, not nato; polish the Polish cars."
    found = [(match.term.source, text[match.start : match.end]) for match in TERMS.matches(text)]
    assert found == [("cable car", "Cable  car"), ("car", "car"), ("NATO", "NATO"), ("Polish", "Polish")]
    assert Glossary(()).matches(text) == []


@pytest.mark.parametrize(
    ("translation", "has"),
    [
        ("der Wagen", True),
        ("des Wagens.", True),
        ("WAGEN", True),
        ("Wagenheber", False),
        ("Kleinwagen", False),
        ("", False),
    ],
)
def test_a_translation_has_a_term_with_at_most_an_ending(translation: str, has: bool) -> None:
    assert Term("car", "Wagen").is_in(translation) is has


def test_a_file_is_a_line_a_term(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text("# ours\nhouse\tGebäude\n\nbig house \t Villa\n", encoding="utf-8")
    assert Glossary.from_tsv(path) == Glossary.of([("house", "Gebäude"), ("big house", "Villa")])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("house", "line 1: 'house': wanted source term, tab, target term"),
        ("a\tb\tc", "line 1"),
        ("a\tb\na\tc", "→ 'b' and → 'c'"),
        ("...\tb", "wanted words on both sides"),
        (f"{'a' * 300}\tb", "at most 200 characters"),
    ],
)
def test_what_is_no_glossary_is_said(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Glossary.from_text(text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Glossary.from_tsv(tmp_path / "nothing.tsv")
