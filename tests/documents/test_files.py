"""Each kind of file with other text in it: everything but the text stays, as that format's own readers see it."""

import json
import re
from html.parser import HTMLParser

import pytest

from glassformer.documents.blocks import Block, Document, Tag, marked_up
from glassformer.documents.files import KINDS, read_document
from glassformer.documents.html import read_html
from glassformer.errors import ConfigError
from glassformer.translator import Translation
from glassformer.translator.spans import Aligned

HTML = """<!DOCTYPE html><html lang=en><head><title>A &amp; B</title><style>p{}</style></head><body>
<p class="x" title="a>b">The <b>red <i>house</i></b> is <code>x = 1</code> big.<br>Second line <img src="a.png"> here.</p>
<!-- a comment --><p>Caf&eacute;&nbsp;open <a href="/x?a=1&amp;b=2">now</a>, 3 &lt; 4.</p>
<ul><li>One<li>Two <b>bold<p>text</b></ul><p translate="no">Keep <b>this</b></p><p><i class="notranslate">So</i> is it</p>
<script>if (a<b) {}</script></body></html>
"""
MARKDOWN = """---
title: Stays
---

# The *red* house

A paragraph with **bold text** and `code` and
a [link here](http://x.example "T") end.\x20\x20
A new line.

- item one
- item *two*

> quoted text

| head a | head b |
|---|---|
| one | two **bold** |

```
code stays
```

![an image](a.png) and <b>HTML</b> stay.
"""
SRT = """1
00:00:01,000 --> 00:00:02,000
Hello <i>my dear</i>
friend of mine.

2
00:00:03,500 --> 00:00:04,000
I don't know & care.
"""
VTT = (
    "WEBVTT\n\nNOTE stays\n\n1\n00:01.000 --> 00:02.000 align:start\n<v A>Hello there\n\n00:03.000 --> 00:04.000\nBye\n"
)
PO = """# A comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

#: a.c:1
#, c-format
msgid "Hello %s\\n"
msgstr ""

msgctxt "menu"
msgid ""
"long "
"\\"text\\""
msgstr ""

msgid "One file"
msgid_plural "%d files"
msgstr[0] ""
msgstr[1] ""

msgid "Done"
msgstr "Fertig"
"""
JSON = '{\n  "a": "Hello world",\n  "b": [1.50, "x\\u00e9 y", {"c d": "e f"}],\n  "n": null, "id": "42"\n}\n'
SAMPLES = {
    ".html": HTML,
    ".md": MARKDOWN,
    ".srt": SRT,
    ".vtt": VTT,
    ".po": PO,
    ".json": JSON,
    ".txt": "One.\n\n  Two.\n",
}


def again(text: str, change: str = "") -> Translation:
    """A translation that says each word again, and knows that it does."""
    shown = " ".join(f"{word}{change}" for word in text.split(" ")) if change else text
    source, target = ([match.span() for match in re.finditer(r"\S+", one)] for one in (text, shown))
    weights = [[float(n == m) for m in range(len(source))] for n in range(len(target))]
    return Translation(shown, 0.0, 0.0, [], True, aligned=[Aligned(source, target, weights)])


def translated(name: str, content: str, change: str = "") -> str:
    document = read_document(name, content)
    return document.rebuilt([again(text, change) for text in document.texts], "de")


@pytest.mark.parametrize("ending", [".html", ".vtt", ".json", ".txt"])
def test_the_same_text_gives_the_same_file(ending: str) -> None:
    assert translated(f"a{ending}", SAMPLES[ending]) == SAMPLES[ending]


class Structure(HTMLParser):
    """All of a page but its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))


def test_html_has_the_same_tags_round_other_words() -> None:
    changed = translated("a.html", HTML, "ko")
    assert Structure(changed).found == Structure(HTML).found
    assert "<b>redko <i>houseko</i></b>" in changed
    assert "<code>x = 1</code>" in changed
    assert "if (a<b) {}" in changed
    assert "<b>this</b>" in changed
    assert "3ko &lt;ko 4.ko" in changed


def test_markdown_reads_back_with_the_same_blocks() -> None:
    from markdown_it import MarkdownIt

    def kinds(text: str) -> list[object]:
        found: list[object] = []
        for token in MarkdownIt("commonmark").enable("table").parse(text):
            found.append((token.type, token.markup, token.tag, token.content if token.type == "fence" else ""))
            found += [
                (child.type, child.attrs.get("href"), child.attrs.get("src"))
                for child in token.children or []
                if child.type not in ("text", "softbreak")
            ]
        return found

    changed = translated("a.md", MARKDOWN, "ko")
    assert kinds(changed) == kinds(MARKDOWN)
    assert changed.startswith("---\ntitle: Stays\n---\n")
    assert "**boldko textko**" in changed
    assert "[linkko hereko](http://x.example" in changed


def test_html_with_mistakes_is_cut_as_browsers_cut_it() -> None:
    for content, texts in (
        ("<p>One <![foo bar[ two</p>", ["One"]),
        ("<p>One &#" + "9" * 5000 + ";</p>", ["One \ufffd"]),
        ("<p>A &#0000000000000066; &#x43;</p>", ["A B C"]),
        ("<p>One <a href='x>two</a></p>", ["One two"]),
        ('<p>One <a href="x>y" title=z/>two</a></p>', ["One two"]),
        ("<script>a <b>c</b></script ><p>One</p>", ["One"]),
        ("<p>One</p><script>two", ["One"]),
        ("<p>One &# two <b>three</b></p>", ["One &# two three"]),
    ):
        assert read_html(content).texts == texts, content
    assert translated("a.html", "<p>1 <b or not", "ko") == "<p>1ko &lt;bko orko notko"


def test_a_tag_without_its_other_half_does_not_cut_the_sentence() -> None:
    for content, texts in (
        ("<p>Click <b>here now.</p><p>Then go.</p>", ["Click here now.", "Then go."]),
        ("<p>Click here</b> now.</p>", ["Click here now."]),
        ("<p><b>One <i>two</b> three.</p>", ["One two three."]),
        ("<p><a>one <a>two</a> three</p>", ["one two three"]),
        ("<p><b>one <i>two</b> three</i> four</p>", ["one", "two", "three", "four"]),  # they cross each other
    ):
        assert read_html(content).texts == texts, content
        assert re.findall("<.*?>", translated("a.html", content, "ko")) == re.findall("<.*?>", content)
    assert placed("Click <b>here now", "Jetzt klick hier", [2, 0, 1]) == "Jetzt klick <b>hier"
    assert placed("Click here</b> now", "Jetzt klick hier", [2, 0, 1]) == "</b>Jetzt klick hier"


def test_text_that_looks_like_markup_is_escaped_in_markdown() -> None:
    document = read_document("a.md", "one two\n")
    assert (
        document.rebuilt([Translation("# a *b* [c] 1. <d>", 0, 0, [], True)], "de")
        == "\\# a \\*b\\* \\[c\\] 1. \\<d>\n"
    )
    assert document.rebuilt([Translation("1. a_b", 0, 0, [], True)], "de") == "1\\. a_b\n"


def test_a_backslash_at_the_end_of_a_line_is_a_line_break() -> None:
    """The line behind it was lost."""
    assert translated("a.md", "one two\\\nthree\nfour\n", "ko") == "oneko twoko\\\nthreeko fourko\n"
    for content, texts in (
        ("a\\\\\nb\n", ["a\\ b"]),
        ("a\\ \nb\n", ["a\\  b"]),
        ("a   \nb\n", ["a", "b"]),
        ("one\\\n", ["one\\"]),
        ("`a\\\nb` c\n", []),  # what looks like a break is none in code: the paragraph stays
    ):
        assert read_document("a.md", content).texts == texts, content


def test_a_cell_with_an_escaped_line_in_it_stays_one_cell() -> None:
    table = "| a | b |\n|---|---|\n| one \\| two | `x\\|y` three |\n| \0 \\| | four |\n"
    assert read_document("a.md", table).texts[2:] == ["one | two", "\uf000 three", "four"]
    assert translated("a.md", table, "ko").splitlines()[2:] == [
        "| oneko |ko twoko | `x|y`ko threeko |".replace("|ko", "\\|ko").replace("x|y", "x\\|y"),
        "| \0 \\| | fourko |",
    ]


def test_subtitles_keep_numbers_times_and_lines() -> None:
    pysubs2 = pytest.importorskip("pysubs2", reason="pysubs2 is in the extra 'test'")
    for ending, sample in ((".srt", SRT), (".vtt", VTT)):
        before = pysubs2.SSAFile.from_string(sample, ending[1:])
        after = pysubs2.SSAFile.from_string(translated(f"a{ending}", sample, "ko"), ending[1:])
        assert [(one.start, one.end) for one in after] == [(one.start, one.end) for one in before]
        assert [one.text.count("\\N") for one in after] == [one.text.count("\\N") for one in before]
        assert all("ko" in one.text for one in after)


def test_a_cue_ends_where_the_next_one_begins() -> None:
    """Without an empty line between, or with no text, the next cue was in its text, and then came again."""
    for content, texts in (
        ("1\n00:00 --> 00:01\nOne\n2\n00:01 --> 00:02\nTwo\n", ["One", "Two"]),
        ("00:00 --> 00:01\nOne\nmore\n00:01 --> 00:02\nTwo", ["One more", "Two"]),
        ("1\r\n00:00 --> 00:01\r\n\r\n2\r\n00:01 --> 00:02\r\nTwo\r\n\r\n", ["Two"]),
        ("1\n00:00 --> 00:01\n1984\n2\n00:01 --> 00:02\n   \nno text\n", ["1984"]),
    ):
        assert read_document("a.srt", content).texts == texts
        assert translated("a.srt", content) == content.replace("One\nmore", "One\nmore")


def test_po_has_its_translations_where_there_were_none() -> None:
    polib = pytest.importorskip("polib", reason="polib is in the extra 'test'")
    before, after = polib.pofile(PO), polib.pofile(translated("a.po", PO, "ko"))
    assert [entry.msgid for entry in after] == [entry.msgid for entry in before]
    assert [entry.comment for entry in after] == [entry.comment for entry in before]
    assert after.metadata == before.metadata
    assert [entry.msgstr or entry.msgstr_plural for entry in after] == [
        "Helloko %s\nko", 'longko "text"ko', {0: "Oneko fileko", 1: "%dko filesko"}, "Fertig",
    ]  # fmt: skip


def test_json_keeps_all_but_its_texts() -> None:
    changed = json.loads(translated("a.json", JSON, "ko"))
    assert changed == {"a": "Helloko worldko", "b": [1.5, "xéko yko", {"c d": "eko fko"}], "n": None, "id": "42"}
    assert "x\\u00e9ko" in translated("a.json", JSON, "ko")


def test_what_is_no_such_file_is_said() -> None:
    for name, content in (("a.exe", ""), ("a", ""), ("a.json", "{")):
        with pytest.raises(ConfigError):
            read_document(name, content)


@pytest.mark.parametrize("ending", list(KINDS))
@pytest.mark.parametrize("content", ["", " ", "\n\n", "1", "<", "&", "a", "-->", "msgid", '"', "[]", "|", "```"])
def test_what_is_hardly_a_file_stays_as_it_is(ending: str, content: str) -> None:
    try:
        assert translated(f"x{ending}", content) == content
    except ConfigError:
        assert ending == ".json"


def placed(html: str, translation: str, looks: list[int], target: str = "de") -> str:
    """``html`` with a translation whose word n looks at source word ``looks[n]``."""
    (block,) = read_html(html).blocks
    source, words = ([match.span() for match in re.finditer(r"\w+|\S", one)] for one in (block.text, translation))
    weights = [[float(place == at) for place in range(len(source))] for at in looks]
    return marked_up(block, translation, [Aligned(source, words, weights)], target)


def test_a_tag_follows_the_words_that_looked_at_its_words() -> None:
    assert placed("I <b>often</b> read books", "Bücher lese ich oft", [3, 2, 0, 1]) == "Bücher lese ich <b>oft</b>"
    assert placed("the <i>white</i> <b>house</b>", "la maison blanche", [0, 2, 1]) == "la <b>maison</b> <i>blanche</i>"
    assert placed("a <b>big <i>red</i> dog</b> ran", "lief ein großer roter Hund", [4, 0, 1, 2, 3]) == (
        "lief ein <b>großer <i>roter</i> Hund</b>"
    )


def test_marks_stay_outside_where_they_were_outside() -> None:
    assert placed("see <a>here</a>.", "sieh hier.", [0, 1, 2]) == "sieh <a>hier</a>."
    assert placed("<b>Stop!</b> now", "Halt! jetzt", [0, 1, 2]) == "<b>Halt!</b> jetzt"


def test_of_languages_without_blanks_characters_carry_the_tag() -> None:
    block = Block("red house", [Tag("<b>", "</b>", 0, 3)])
    aligned = Aligned([(0, 3), (4, 9)], [(0, 2), (2, 4)], [[1.0, 0.0], [0.0, 1.0]])
    assert marked_up(block, "红色房子", [aligned], "zh") == "<b>红色</b>房子"


def test_every_tag_comes_out_once_whatever_the_attention() -> None:
    html = "a <b>b <i>c</i></b> <img> d <u>e</u>"
    for looks in ([0] * 5, [4] * 5, [4, 3, 2, 1, 0], [2, 2, 0, 0, 4]):
        changed = placed(html, "v w x y z", looks)
        for tag in ("<b>", "</b>", "<i>", "</i>", "<img>", "<u>", "</u>"):
            assert changed.count(tag) == 1, changed
        assert re.sub(r"<[^>]*>", "", changed).split() == ["v", "w", "x", "y", "z"]


def test_a_document_is_its_pieces() -> None:
    document = Document(["<p>", Block("a"), "</p>"])
    assert document.texts == ["a"]
    assert not document.has_tags


def test_a_full_stop_behind_a_word_does_not_draw_its_tag_away() -> None:
    block = Block("I see a dog.", [Tag("<b>", "</b>", 8, 11)])
    source, target = [(0, 1), (2, 5), (6, 7), (8, 11), (11, 12)], [(0, 3), (4, 8), (9, 14), (15, 19), (19, 20)]
    weights = [[0.9, 0.1, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0.99, 0.01], [0, 0, 0, 0.95, 0.05], [0, 0, 0, 0, 1]]
    found = marked_up(block, "Ich sehe einen Hund.", [Aligned(source, target, weights)], "de")
    assert found == "Ich sehe <b>einen Hund</b>."  # einen has the gender from dog


def test_an_adjective_that_looks_at_its_noun_leaves_the_nouns_tag_to_it() -> None:
    block = Block("The black cat eats.", [Tag("<b>", "</b>", 10, 13)])
    source, target = [(0, 3), (4, 9), (10, 13), (14, 18)], [(0, 3), (4, 12), (13, 18), (19, 23)]
    weights = [[0.3, 0, 0.7, 0], [0, 0.4, 0.6, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert marked_up(block, "Die schwarze Katze isst.", [Aligned(source, target, weights)], "de") == (
        "Die schwarze <b>Katze</b> isst."
    )
