"""What must come out as it went in."""

import time

import pytest

from glassformer.text.protected import SIGNS, marks_in, protect, protected_pair, restored, signed
from glassformer.text.reading import NAMES, Reader

THINGS = [
    ("Ask bob.o'neil@example.co.uk now", ["bob.o'neil@example.co.uk"]),
    ("At 192.168.0.1:22, fe80::1 or localhost:8080/a.", ["192.168.0.1:22", "fe80::1", "localhost:8080/a"]),
    ("1.2.3-rc.1+build5 is out", ["1.2.3-rc.1+build5"]),
    (r"C:\Program Files\App\x.exe and D:\b", [r"C:\Program Files\App\x.exe", "D:\\b"]),
    ("Call foo.bar() with x_count in C# or C++", ["foo.bar()", "x_count", "C#", "C++"]),
    ("[here](https://a.b/c_(d)).", ["[", "](https://a.b/c_(d))"]),
    ("Tickets OPS-77, CVE-2024-30 and RFC 7231.", ["OPS-77", "CVE-2024-30", "RFC 7231"]),
    ("Merge hotfix/red-lamp into origin/main, k8s", ["hotfix/red-lamp", "origin/main", "k8s"]),
    ("Set depth=12 and app.lamp.colour, List<String>", ["depth=12", "app.lamp.colour", "List<String>"]),
    ("tar -x or ls -l? [Y/n]", ["tar -x", "ls -l", "Y/n"]),
    ("Use git pull --rebase or sudo rm -rf, not -q.", ["git pull --rebase", "sudo rm -rf", "-q"]),
    ("First npm install, then docker compose up -d.", ["npm install", "docker compose up -d"]),
    ("Try git log --since=2024-01-02.", ["git log --since=2024-01-02"]),
    (
        "Use --mode=slow, arXiv:1234.56789 or spotify:track:a1B2",
        ["--mode=slow", "arXiv:1234.56789", "spotify:track:a1B2"],
    ),
    ("Dear <%= name %>, <?php echo 1; ?> is {% if x %}", ["<%= name %>", "<?php echo 1; ?>", "{% if x %}"]),
    ("Huts at 46.5763, 7.9904 and -33.85671,151.21530", ["46.5763, 7.9904", "-33.85671,151.21530"]),
    ("Sail from 54.3213° N, 10.1349° E to 55° S", ["54.3213° N, 10.1349° E", "55° S"]),
    ("At 46°33'12\"N 8°0'19.5\"E it snows", ["46°33'12\"N", "8°0'19.5\"E"]),
    ("At t.me/owls2 or about steam://run/7", ["t.me/owls2", "steam://run/7"]),
    ("Dear [FULL NAME], see [[Owls]]", ["[FULL NAME]", "[[Owls]]"]),
    ("It took 3h07m, see r/owls and u/anna", ["3h07m", "r/owls", "u/anna"]),
    ("A ~~wrong~~ or ||hidden|| word", ["~~", "~~", "||", "||"]),
    ("Add @owl/nest, at SW1A 2AA", ["@owl/nest", "SW1A 2AA"]),
    (r"One\nTwo, \t, \u00e9 and \textbf{x}", [r"\n", r"\t", r"\u00e9", r"\textbf", "{x}"]),
    ("{n, plural, one {# dog} other {# dogs}}", ["{n, plural, one {# dog} other {# dogs}}"]),
    ("Pay to 1A1zP1eP5QGefi2DMPTf, hash e3b0c44298fc", ["1A1zP1eP5QGefi2DMPTf", "e3b0c44298fc"]),
    ("DE89 3704 0044 0532 0130 00 on 12/05/2021", ["DE89 3704 0044 0532 0130 00", "12/05/2021"]),
    ("+49 (0)30 123-456 is not 4111 1111 1111 1111", ["+49 (0)30 123-456", "4111 1111 1111 1111"]),
    ("I love it ❤️ so much", ["❤️"]),
    ("Look 😀 😀👨‍👩‍👧!", ["😀 😀👨‍👩‍👧"]),
    ("We won 🇩🇪 and 👍🏽, yes", ["🇩🇪", "👍🏽"]),
    ("Press 1️⃣ or → to go on", ["1️⃣", "→"]),
    ("See https://example.org/a_(b)?x=1#y, please.", ["https://example.org/a_(b)?x=1#y"]),
    ("(see www.example.org/path).", ["www.example.org/path"]),
    ("Go to example.com, ok?", ["example.com"]),
    ("Mail first.last+tag@mail.example.org.", ["first.last+tag@mail.example.org"]),
    ("Hello {name}, {{ count }} of ${total} or %{x}", ["{name}", "{{ count }}", "${total}", "%{x}"]),
    ("%d of %(total)s, %1$s, %-5.2f and %%", ["%d", "%(total)s", "%1$s", "%-5.2f", "%%"]),
    ("__count__ files by $USER", ["__count__", "$USER"]),
    ("Take $user.name or $x$ of $HOME.", ["$user.name", "$x$", "$HOME"]),
    ('<a href="x.html">Read</a> it<br/>now', ['<a href="x.html">', "</a>", "<br/>"]),
    ("Read [url=x.html]this[/url] and [b]that[/b]", ["[url=x.html]", "[/url]", "[b]", "[/b]"]),
    ("Fish &amp; chips &#8217; &#x27;", ["&amp;", "&#8217;", "&#x27;"]),
    ("At 10:30 or 23:59:59", ["10:30", "23:59:59"]),
    ("On 2024-05-01 we ship 1.2.3-beta and v2", ["2024-05-01", "1.2.3-beta", "v2"]),
    ("Well done :tada: :+1:", [":tada:", ":+1:"]),
    ("Great :fire::fire:, team", [":fire::fire:"]),
    ("Call `make test` in ~/src/app or C:\\Users\\me", ["`make test`", "~/src/app", "C:\\Users\\me"]),
    ("Run it with --no-cache on report.pdf", ["--no-cache", "report.pdf"]),
    ("Thanks @anna, #winning :-)", ["@anna", "#winning", ":-)"]),
    ("She is #1 of #5454, see", ["#1", "#5454"]),
    ("A \ue000 private \U000f0000 sign", ["\ue000", "\U000f0000"]),
    ("He ran 10km in 42min at 12.5km/h with 1.5GB", ["10km", "42min", "12.5km/h", "1.5GB"]),
    ("Foo::bar and std::vector::size() of it", ["Foo::bar", "std::vector::size()"]),
    ("See 10.1000/xyz123. Call (555) 123-4567", ["10.1000/xyz123", "(555) 123-4567"]),
    ("My token eyJzdWIiOiIx.SflKxw-RJ is old", ["eyJzdWIiOiIx.SflKxw-RJ"]),
    (f"The key {'aB3+' * 12}== is new", [f"{'aB3+' * 12}=="]),
]
NOTHING = [
    "The animal didn't cross the street because it was too tired.",
    "It is 100% digital, 50% off, and/or 3/4 of it at 60 km/h.",
    "It costs 1.000.000 euros, e.g. 3.5 or 1,5 in the U.S.A. at 5 p.m.",
    "Wait -- no: x < y and y > z; note: it is 20 °C.",
    "他说：“你好！”（真的）",
    "He said: yes: no.",
    "BORN IN 1999, HE DIED IN 2020.",
    "In- and output - I think - on/off, his/her, read/write-head; x = 5.",
    "[MUSIC] Il part à 6h30 des années 70; Ein- und Ausgang, T-Shirt.",
    "The git is apt to forget it; the digit pushes - in 20° C or 20 °C - are 0.1234, 0.5678, 0.9012.",
    "A [sic] note [1], either/or [/bold].",
    "In the 90s a 5in1 tool at 7pm (no 3D) cost 10p, not 2x as much.",
]


@pytest.mark.parametrize(("text", "things"), THINGS)
def test_things_are_found_whole(text, things):
    found = protect(text)
    assert list(found.things) == things
    assert marks_in(found.text) == list(range(len(things)))
    part, signs, unsigned = signed(found.text, SIGNS)
    assert not unsigned
    assert restored(part, signs, found.things) == (text, [])


@pytest.mark.parametrize("text", NOTHING)
def test_ordinary_text_is_left_alone(text):
    assert protect(text).text == text


def test_each_thing_comes_back_exactly_once():
    found = protect("Hi {a}, see {b} and {c}.")
    text, signs, _ = signed(found.text, SIGNS)
    a, b, c = SIGNS[:3]
    assert text == f"Hi {a}, see {b} and {c}."
    assert restored(f"Siehe {c}, {a} {a} {SIGNS[7]}und.", signs, found.things) == (
        "Siehe {c}, {a} und. {b}",
        ["{b}"],
    )
    assert restored("", signs, found.things) == ("{a} {b} {c}", ["{a}", "{b}", "{c}"])


def test_a_thing_that_stood_apart_stands_apart_again():
    found = protect("See {a} now, {b}s or 5{c}.")
    text, signs, _ = signed(found.text, SIGNS)
    a, b, c = signs
    said = f"Sieh{a}jetzt, {b}s oder 5{c}."
    assert restored(said, signs, found.things, source=text)[0] == "Sieh {a} jetzt, {b}s oder 5{c}."
    assert restored(f"看{a}吧，{b}。{c}", signs, found.things, source=text)[0] == "看{a}吧，{b}。{c}"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Der {} {} geht.", "Der {a} geht."),
        ("Es ist {}, und {} .", "Es ist {a}, und."),
        ("Er geht {} {}", "Er geht {a}"),
    ],
)
def test_a_sign_too_many_leaves_no_blank(said, written):
    text = said.replace("{}", SIGNS[0], 1).replace("{}", SIGNS[1])
    assert restored(text, {SIGNS[0]: 0}, ["{a}"], source=f"It is {SIGNS[0]}.") == (written, [])


@pytest.mark.parametrize(
    "text",
    [
        "-----",
        "* * *",
        "?!?!",
        "|---|---|",
        "\\",
        "{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}",
        " ".join(200 * ["{a}"]),
    ],
)
def test_without_a_word_everything_stays(text, tokenizer):
    reader = Reader.of(tokenizer, {"languages": "en-de"})
    (reading,) = reader.read([text])
    assert not any(part.ids for part in reading.parts)
    assert reader.write(reading, [part.text for part in reading.parts])[:2] == (text, [])


@pytest.mark.parametrize(
    "marker", ["- ", "* ", "# ", "### ", "> ", "a) ", "(ii) ", "iii. ", "2) ", "- [ ] ", "> - ", "+  "]
)
def test_what_begins_a_line_of_a_list_is_set_aside(marker, tokenizer):
    reader = Reader.of(tokenizer, {"languages": "en-de"})
    (reading,) = reader.read([f"{marker}The {{x}} owl.\n{marker}The owl."])
    first, second = reading.parts
    assert (first.head, second.head, second.text) == (marker, marker, "The owl.")
    assert reader.write(reading, [f"Die {SIGNS[0]} Eule.", "Die Eule."]).text == (
        f"{marker}Die {{x}} Eule.\n{marker}Die Eule."
    )
    assert reader.whole(f"{marker}The owl.").parts[0].head == ""  # what is looked into is read as it stands


@pytest.mark.parametrize("text", ["1. Mai war warm.", "I am here.", "A. Smith left.", "-5 is cold.", "1.5 million."])
def test_what_begins_a_sentence_stays_in_it(text, tokenizer):
    (reading,) = Reader.of(tokenizer, {"languages": "en-de"}).read([text])
    assert [part.head for part in reading.parts] == [""] * len(reading.parts)


def test_things_that_stood_side_by_side_do_so_again():
    text, signs, _ = signed(protect("Don't use %s%s and %d %d.").text, SIGNS)
    a, b, c, d = signs
    things = protect("Don't use %s%s and %d %d.").things
    assert restored(f"Nimm {a} {b} und {c} {d}.", signs, things, source=text)[0] == "Nimm %s%s und %d %d."


def test_things_beyond_the_last_sign_are_not_lost():
    found = protect(" and ".join(f"{{n{i}}}" for i in range(14)))
    text, signs, unsigned = signed(found.text, SIGNS)
    assert (len(signs), unsigned) == (10, [10, 11, 12, 13])
    back, lost = restored(text, signs, found.things, unsigned)
    assert lost == ["{n10}", "{n11}", "{n12}", "{n13}"]
    assert all(back.count(thing) == 1 for thing in found.things)


def test_signs_that_are_words_are_not_mistaken_for_each_other():
    signs = {f"X{number + 1}": number for number in range(11)}
    things = tuple(f"{{{number}}}" for number in range(11))
    text = " ".join(signs)
    assert restored(text, signs, things)[0] == " ".join(things)


def test_pairs_learn_to_copy_what_both_sides_have():
    source, target = protected_pair("Mail {name} at 10:30 😀", "Um 10:30 {name} schreiben 😀", 8)
    assert source == f"Mail {SIGNS[8]} at {SIGNS[9]} {SIGNS[0]}"
    assert target == f"Um {SIGNS[9]} {SIGNS[8]} schreiben {SIGNS[0]}"
    assert protected_pair("at 2:30", "um halb drei") == ("at 2:30", "um halb drei")
    assert protected_pair("{a} {a}", "{a}") == ("{a} {a}", "{a}")
    assert protected_pair("{a} x {a}", "{a} {a} y") == (f"{SIGNS[0]} x {SIGNS[1]}", f"{SIGNS[0]} {SIGNS[1]} y")


LONG = {
    "letters before an @": "a" * 100_000 + ": @",
    "labels": "a." * 100_000 + "@",
    "numbers": "1." * 100_000 + "x",
    "a shortcode without an end": ":" + "a" * 100_000,
    "shortcodes": ":ab:" * 25_000 + "x",
    "comments without an end": "<!--" * 25_000,
    "brackets": "https://x" + ")" * 100_000,
    "dashes": "a-" * 100_000 + "@",
    "blanks": "a" + " " * 100_000 + "b",
    "a known word beside a strange letter": "ü " + "b" * 100_000,
    "tags without an end": "<a " * 50_000,
    "hexadecimal groups": "a1:" * 30_000 + "x",
    "underscores": "a_" * 50_000,
    "letters and digits": "a1" * 50_000 + "_",
    "digits in fours": "1234 " * 25_000,
    "calls": "a." * 50_000 + "()",
    "messages without an end": "{a, plural, one {" * 5_000,
    "a message's braces": "{a, plural," + "{x}" * 30_000,
    "paths": "C:\\" + "a b\\" * 25_000 + '"',
    "quotes before an @": "a'" * 50_000 + "@",
    "backslashes": "\\" * 50_000 + "n",
    "links of Markdown": "](https://a(" * 10_000,
    "texts of links": "[a" * 50_000,
    "dotted names": "ab." * 50_000,
    "settings": "a-" * 50_000 + "=",
    "branches": "origin/" * 20_000 + "!",
    "tickets": "AB-" * 50_000,
    "generic names": "A<Ab" * 30_000,
    "domains": "a.b/" * 30_000,
    "templates without an end": "<%= a " * 30_000,
    "options": "git push" + " --a" * 50_000,
    "places": "1.0000 " * 30_000,
    "degrees": "1°1'" * 30_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_line_takes_no_minute(text, tokenizer):
    begun = time.process_time()
    (reading,) = Reader(tokenizer, limit=10**9).read([text])
    assert time.process_time() - begun < 20  # in proportion to its length: one or two seconds on a slow machine
    assert reading.parts


def test_more_things_than_there_are_marks_stay_as_they_are():
    text = "😀 a " * 70_000
    found = protect(text)
    assert len(found.things) == 65_534
    part, signs, unsigned = signed(found.text, SIGNS)
    assert part.count("😀") == 70_000 - 65_534
    assert len(signs) + len(unsigned) == 65_534


def test_an_ellipsis_at_the_end_stays(tokenizer):
    reader = Reader(tokenizer.with_signs(), "en", "de")

    def written(text, *said, reader=reader):
        return reader.write(reader.read([text])[0], said).text

    assert written("Loading {name} ...", f"Laden {SIGNS[0]}.") == "Laden {name}..."
    assert written("wait... 🦉", "Warten") == "Warten... 🦉"
    assert written("wait.....", "请等待。") == "请等待....."
    assert written("wait...", "Warten …") == "Warten …"
    assert written("wait...", "Warten?") == "Warten?"
    assert written("say (wait...)", "sag (warten.)") == "sag (warten.)"
    assert written("wait.", "Warten.") == "Warten."
    assert written("wait...", "Warten.", reader=Reader(tokenizer, protect=False)) == "Warten."


def test_names_that_are_words_of_the_text_do_not_stand_for_things(tokenizer, monkeypatch):
    monkeypatch.setitem(vars(tokenizer), "signs", ())  # a cached property
    reader = Reader(tokenizer)
    (reading,) = reader.read([f"Mend part {NAMES[1]} and {NAMES[0]} of {{name}} now"])
    (part,) = reading.parts
    assert part.signs == {NAMES[2]: 0}
    assert reader.write(reading, [part.text]).text == f"Mend part {NAMES[1]} and {NAMES[0]} of {{name}} now"


def test_private_characters_stay_where_nothing_is_protected(tokenizer):
    (reading,) = Reader(tokenizer, protect=False).read(["the \U000f0000 cat \ue005"])
    assert reading.parts[0].text == "the \U000f0000 cat \ue005"


def test_words_that_the_vocabulary_cannot_spell_stay_at_their_places_among_other_things(tokenizer):
    reader = Reader(tokenizer.with_signs())
    text = "we ate 寿司 at {place} and 天ぷら"
    (reading,) = reader.read([text])
    assert reader.write(reading, [reading.parts[0].text]).text == text
