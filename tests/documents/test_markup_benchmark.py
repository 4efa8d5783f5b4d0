"""The check of ``benchmarks/markup.py`` can fail."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from markup import Snippet, snippets, verdict

SNIPPET = Snippet('The <b data-t="0">old</b> man reads.', ["old", "man", "reads"], [["old"]])


def test_it_sees_what_is_right_and_what_is_wrong() -> None:
    good = verdict(SNIPPET, 'Der <b data-t="0">alte</b> Mann liest.')
    assert (good.same_form, good.judged, good.right, good.wrong) == (True, True, 1, 0)
    for held in ("Mann", "alte Mann", "Der"):
        text = "Der alte Mann liest.".replace(held, f'<b data-t="0">{held}</b>')
        assert verdict(SNIPPET, text).wrong == 1
    assert not verdict(SNIPPET, 'Der <b data-t="0">alte</b> Herr liest.').judged
    for broken in (
        'Der <b data-t="0">alte Mann liest.',
        "Der alte Mann liest.",
        'Der <i data-t="0">alte</i> Mann liest.',
    ):
        assert not verdict(SNIPPET, broken).same_form


def test_each_snippet_judges_itself_well_formed() -> None:
    made = snippets()
    assert len(made) == 200
    assert all(verdict(one, one.source).same_form for one in made)
    assert {one.kind for one in made} == {"one word", "phrase", "nested", "two tags", "page"}
