"""The quick looks that most lines end with, beside the long ways that they spare: the same comes out, whatever the line."""

import random
import re
import sys
import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import regex

from glassformer.text import case, normalise, protected, reading, sentence_ends, sentences
from glassformer.text.case import known_in_small, plain
from glassformer.text.normalise import OTHERS, normalised
from glassformer.text.protected import KINDS, MAY_BE, NO_SYMBOLS, QUICK, QUICK_SYMBOLS, SIGNS, Signs
from glassformer.text.reading import Reader, Reading
from glassformer.text.sentence_ends import INSIDE, INSIDE_AT
from tests.made_up import made_up_pairs
from tests.text.test_protected import NOTHING, THINGS

HERE = Path(__file__).parent
EVERYTHING = re.compile("")
_PARTS = """
    the a Tom is was I'm don't O'Brien iPhone DVDs NATO STOP THE US it It HELLO hELLO wITH cAPS zIgZaG
    Zürich über größer straße STRAßE ÄÖÜ äöü Ärger naïve façade l'été L'ÉTÉ d'accord Дом дом ДОМ είναι
    Ελλάδα 你好 日本 寿司 x X i I a A ǅ ᾳ ﬁ Mr. e.g. p.m. z.B. etc. U.S. 3. 1.5 1,000.50 10.12.2020 v2 v
    v1.0.3-beta 5th 7pm MP3 2nd ² ½ ٣ ٣٤ AB٣٣٣ ٣:٣٤ 1234 5678 12 99 https://a.b/c_(d) http:// www.x.y
    WWW. x@y.org a.b@c ftp mailto:me tel:5 localhost localhost:80 example.com a.b .com {x} {{y}} {} { }
    ${z} $HOME $5 $ %s %d %% % 50% %(n)s `c` ` <b> </b> <a < > <3 x<y & &amp; &#8217; &x; \\n \\u00e9 \\
    C:\\x [b] [/b] [ ] [1] ](http://x) ( ) () f() foo.bar() x_y __x__ _ # #1 #tag #ffcc00 @me @ C++ C#
    ++ + +49 (0)30 :x: :tada: : :: ::1 :-) ;) 8) = == - -- --no-cache – — … . .. ... ! ? ?! ; , : / //
    /usr/bin ~/x ../y a/b and/or 12/05/2021 2024-05-01 10:30 1-2 x.py x.PDF 0xFF
    git push npm install apt-get ls make 46.5763, 7.9904 54.3213° 55° N 46°33'12"N
    -v -rf OPS-7 RFC 723 AB 12 ~~ ~ || | y/n r/owls k8s a=1 ab.cd.ef A<Ab> 3h07m t.me/x 0x deadbeef
    e3b0c44298fc 123e4567-e89b-12d3-a456-426614174000 DE89 3704 0044 0532 <!-- --> {n,plural,one{#}}
    fe80::1 1.2.3.4 ❤️ 😀 👍🏽 🇩🇪 1️⃣ → ☂ ™ © ® ° ‼ ⁉ № § \ue000 \ue005 \ue00a \U000f0000 \U00100000 \ufffd
    \ud800 \xad \u200b \u200d \ufeff \u0301 e\u0301 “ ” „ ‚ ‘ ’ « » ' " 。 ！ 」 ؟ ।
"""
PARTS = _PARTS.split()
NEAR = (
    """
    Say git push here.|See rm -rf here.|It is 46.5763 7.9904 here.|Sail 55° N here.|
    Wait -- it is late.|It has 12 3456 parts.|Write c++ here.|Call it () here.|The localhost is here.|Version 1.2.3 is out.|
    It is 5th in line.|It is v5 in line.|Pages 4-5 are gone.|See a.b here.|I. Äöü äöü are here.|I A. Then äöü are here.|
    l'A b äö c|I'M SO tired of it.|O'B O'C O'D are names|I'M D'A we|Äöü Öäü and x|X äöü Y ß z|aß'A b c äö
""".replace("\n    ", "")
    .strip()
    .split("|")
)
"""Each has one sign alone that a quick look has to see."""
BETWEEN = ["", *4 * [" "], "  ", "\t", "\n", "\r\n", "\xa0", "\u3000", "\u2028", " \n\n ", ".", ". ", ", ", "; ", "! "]


def mixtures(count: int, seed: int = 0) -> Iterator[str]:
    """Lines of words, things and signs in any order."""
    chance = random.Random(seed)
    for _ in range(count):
        yield "".join(chance.choice(PARTS) + chance.choice(BETWEEN) for _ in range(chance.randint(1, 12)))
    letters = [chr(code) for code in range(32, 0x2FF)]
    for _ in range(count // 4):
        yield "".join(chance.choice(letters) for _ in range(chance.randint(1, 30)))
    for _ in range(count // 4):  # any signs of ASCII
        yield "".join(
            chance.choice("aAbB  .:-_'@#/()[]{}<>%$&`\\=+0123;8|xv~*!?") for _ in range(chance.randint(1, 25))
        )


def cases() -> list[str]:
    """The lines of the other tests: hard ones, made-up ones, and each thing within and behind sentences."""
    files = [path.read_text(encoding="utf-8").splitlines() for path in sorted(HERE.glob("sentence_cases*.tsv"))]
    hard = [line.split("\t")[-1].replace("|", "") for lines in files for line in lines]
    made_up = [f"{text.capitalize()}." for pair in made_up_pairs(300) for text in pair]
    things = [text for text, _ in THINGS]
    together = [f"{one} {other}" for one, other in product(things[::3], [*things[1::3], *NOTHING])]
    return [
        *NEAR,
        *hard,
        *made_up,
        *things,
        *NOTHING,
        *together,
        *map(str.upper, hard[::5]),
        *map(str.title, hard[::5]),
    ]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return [*cases(), *mixtures(6000)]


def test_whether_a_line_may_have_things(lines: list[str]) -> None:
    for line in lines:
        slow = bool(QUICK.search(line) or (not line.isascii() and QUICK_SYMBOLS.search(line)))
        assert protected.may_have_things(line) == slow, line


def test_the_kinds_one_by_one_find_what_all_find_together(lines: list[str]) -> None:
    together = protected.all_kinds()
    for line in lines:
        slow = [(found.lastgroup, found.span()) for found in together.finditer(line)]
        assert [(name, found.span()) for name, found in protected.things_in(line)] == slow, line


def test_no_kind_is_where_its_quick_look_says_that_it_is_not(lines: list[str]) -> None:
    assert list(MAY_BE) == list(KINDS)  # of two things at one place the first kind's is taken
    said_no = 0
    for line in lines:
        for name in (name for name, may_be in MAY_BE.items() if not may_be(Signs(line))):
            said_no += 1
            assert protected._kind(name).search(line) is None, (name, line)
    assert said_no > 15 * len(lines)  # or the quick looks would be good for nothing


def test_each_symbol_is_one_to_the_quick_look() -> None:
    symbol = regex.compile(protected.SYMBOLS + r"|\p{RI}|\u20E3")
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    assert [one for one in every if symbol.match(one) and not NO_SYMBOLS.search(one)] == []
    private = regex.compile(KINDS["private_use"])
    assert [one for one in every if private.match(one) and one < "\ue000"] == []


@pytest.mark.parametrize("language", ["en", "de", "fr", "tr", "el", ""])
def test_lines_that_stand_as_they_are(language: str, lines: list[str], tokenizer, monkeypatch) -> None:
    known = known_in_small(tokenizer)
    some = [line for line in lines[::2] if case.stands_as_it_is(line)]
    monkeypatch.setattr(case, "stands_as_it_is", lambda line: False)
    for line in some:
        assert plain(line, language) == plain(line, language, known) == line


def test_most_plain_lines_stand_as_they_are() -> None:
    assert case.stands_as_it_is("The animal didn't cross the street because it was too tired.")
    assert case.stands_as_it_is("Das Tier überquerte die Straße nicht.".replace("ß", "ss"))
    assert not case.stands_as_it_is("THE animal")


def test_whether_a_text_has_several_sentences(lines: list[str]) -> None:
    for line in lines:
        assert (INSIDE_AT.search(line) is None) == (INSIDE.search(line) is None), line


def test_texts_that_are_in_one_spelling(lines: list[str], monkeypatch) -> None:
    quick = list(map(normalised, lines))
    monkeypatch.setattr(normalise, "OTHERS", EVERYTHING)
    assert quick == list(map(normalised, lines))


def test_characters_that_are_in_one_spelling_beside_any_other(monkeypatch) -> None:
    """NFC puts nothing together with them that stands before or behind: no decomposition has one at another place than the
    first, and none of them is changed."""
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    safe = {one for one in every if not OTHERS.search(one)}
    behind = {
        chr(int(code, 16))
        for one in every
        if (parts := unicodedata.decomposition(one)) and not parts.startswith("<")
        for code in parts.split()[1:]
    }
    assert not safe & behind
    assert all(unicodedata.combining(one) == 0 for one in safe)
    monkeypatch.setattr(normalise, "OTHERS", EVERYTHING)
    assert all(normalised(one) == one for one in safe)


def read_slowly(reader: Reader, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """As ``Reader.read``, each text by itself and without a quick look."""

    def all_together(text: str) -> Iterator[tuple[str, object]]:
        return ((str(found.lastgroup), found) for found in kinds.finditer(text))

    kinds = protected.all_kinds()
    with monkeypatch.context() as slow:
        slow.setattr(case, "stands_as_it_is", lambda line: False)
        slow.setattr(normalise, "OTHERS", EVERYTHING)
        slow.setattr(sentence_ends, "INSIDE_AT", INSIDE)
        slow.setattr(protected, "things_in", all_together)
        slow.setattr(protected, "may_have_things", lambda text: bool(QUICK.search(text) or QUICK_SYMBOLS.search(text)))
        return [reader.read([text])[0] for text in texts]


@pytest.mark.parametrize("signs", [True, False])
def test_reading_is_the_same_without_quick_looks(signs: bool, lines: list[str], tokenizer, monkeypatch) -> None:
    reader = Reader(tokenizer.with_signs() if signs else tokenizer, "en", "de", limit=40, most=2)
    texts = lines[::3]
    quick = reader.read(texts)
    assert quick == read_slowly(reader, texts, monkeypatch)
    assert any(one.things for one in quick)
    assert any(len(one.parts) > 1 for one in quick)


def test_writing_is_the_same_without_quick_looks(lines: list[str], tokenizer, monkeypatch) -> None:
    reader = Reader(tokenizer.with_signs(), "en", "de", limit=40, most=2)
    found = reader.read(lines[::3])
    chance = random.Random(2)

    def translations(reading: Reading) -> list[str]:
        stray = chance.choice(["", "", "", f" {SIGNS[chance.randrange(10)]}", SIGNS[3], " ", "ü"])
        return [part.text + stray for part in reading.parts]

    said = [translations(one) for one in found]
    quick = [reader.write(*both) for both in zip(found, said, strict=True)]
    monkeypatch.setattr(reading, "has_signs", lambda text: True)
    assert quick == [reader.write(*both) for both in zip(found, said, strict=True)]


def test_a_sentence_that_is_short_enough_is_the_line(lines: list[str], tokenizer) -> None:
    """The way of all other lines gives it, too."""
    for line in lines[::3]:
        fast = sentences.split_long(line, tokenizer, 40, 2, "en")
        of_line = sentences.sentences(line, "en") or [line]
        encoded = [(one, tokenizer.encode(one)) for one in of_line]
        units, inside = sentences._units(encoded, tokenizer, 40)
        groups = sentences._groups(units, 40, 2)
        joined = iter(tokenizer.encode("".join(unit.text for unit in group)) for group in groups if len(group) > 1)
        assert fast == sentences._parts(groups, joined, 40, inside), line


def test_texts_are_encoded_alike_alone_and_together(lines: list[str], tokenizer) -> None:
    texts = lines[:2500]
    alone = [tokenizer.encode(text) for text in texts]
    for count in (3, len(texts)):  # one by one, and in threads
        assert tokenizer.encode_batch(texts[:count]) == alone[:count]


@pytest.mark.parametrize("signs", [True, False])
def test_ids_are_spelt_as_sentencepiece_spells_them(signs: bool, lines: list[str], tokenizer) -> None:
    one = tokenizer.with_signs() if signs else tokenizer
    chance = random.Random(4)
    few = [id for id, token in enumerate(one.tokens(range(len(one)))) if len(token) < 2] + [0, 1, 2, 3, 270]
    rows = [one.encode(line) for line in lines[::3]]
    rows += [[chance.randrange(len(one)) for _ in range(chance.randrange(8))] for _ in range(3000)]
    rows += [[chance.choice(few) for _ in range(chance.randrange(5))] for _ in range(3000)]
    assert one.decode_batch(rows) == [one._decoded(row) for row in rows]
    assert one.decode_batch(map(iter, rows)) == [one.decode(row) for row in rows]
    assert sum(one._quickly(row) is not None for row in rows) > len(rows) / 5
