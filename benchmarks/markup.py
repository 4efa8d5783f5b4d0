"""Do tags stay on their words? 200 snippets of HTML, translated by ``glassformer serve`` and, with the same model, LibreTranslate.

    python benchmarks/markup.py                            # ours
    python benchmarks/markup.py --libretranslate PYTHON    # and LibreTranslate, from the environment of that python
    python benchmarks/markup.py --show                     # the ones that went wrong

Each snippet is made here: a sentence of which the German of every content word is known, with tags around some of its words,
nested ones, with attributes, entities, comments, scripts. A tag is *right* when what it holds in the translation has the
German of each word that it held, and of no other word of the sentence. A snippet is right when all its tags are. *The same
form*: the same elements with the same attributes in each other, the same comments and scripts. A snippet whose translation lacks
the German of a word cannot be judged by it; it counts as wrong, and ``not judged`` says how many these are.
"""

import argparse
import html
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

COUNT = 200
GERMAN = {
    "man": "Mann|Männ", "woman": "Frau", "child": "Kind", "dog": "Hund", "cat": "Katze", "house": "Haus|Häus", "car": "Auto|Wagen",
    "book": "Buch|Büch", "letter": "Brief", "table": "Tisch", "garden": "Garten", "water": "Wasser", "bread": "Brot", "milk": "Milch",
    "door": "Tür", "window": "Fenster", "city": "Stadt|Städt", "train": "Zug|Züge", "teacher": "Lehrer", "friend": "Freund", "doctor": "Arzt|Ärzt|Doktor",
    "hotel": "Hotel", "school": "Schule", "picture": "Bild", "key": "Schlüssel", "tree": "Baum|Bäum", "bird": "Vogel|Vögel", "fish": "Fisch",
    "old": "alt", "young": "jung", "red": "rot", "green": "grün", "small": "klein", "big": "groß|größ", "new": "neu", "black": "schwarz",
    "white": "weiß", "good": "gut", "cold": "kalt", "fresh": "frisch", "expensive": "teuer", "tired": "müde", "happy": "glücklich",
    "sees": "sieht|seh", "reads": "liest|les", "buys": "kauf", "drinks": "trink", "eats": "isst|ess|friss|fress", "sells": "verkauf", "opens": "öffne|mach",
    "closes": "schließ|mach", "writes": "schreib", "knows": "kenn|weiß", "likes": "mag|gefällt|möchte", "today": "heute",
    "tomorrow": "morgen", "yesterday": "gestern", "often": "oft|häufig", "always": "immer", "never": "nie|niemals",
    "here": "hier|hierher", "there": "dort|da", "two": "zwei", "three": "drei",
}  # fmt: skip
"""The beginnings of the German words that a content word may become."""
SENTENCES = (
    "The old man reads a book.", "The young woman writes a letter.", "The small dog sees the cat.", "My friend buys a red car.",
    "The teacher opens the door.", "The child drinks cold milk.", "The doctor often reads the letter.", "The black cat never eats fish.",
    "A white bird sees the tree.", "The woman sells the old house.", "Today the man buys fresh bread.", "The new hotel is very expensive.",
    "The big tree is in the garden.", "The green book is on the table.", "My friend always drinks water.", "The child sees three birds.",
    "The old teacher knows the city.", "Tomorrow the woman opens the window.", "The tired man never closes the door.",
    "The happy child eats bread.", "The young doctor buys a new house.", "The small key is here.", "The train is often late today.",
    "The man likes the small garden.", "The school is in the old city.", "The woman often sees the red picture.",
    "The dog drinks fresh water there.", "Two cats see the black bird.", "My teacher reads two books.", "The good friend writes three letters.",
)  # fmt: skip
ATTRIBUTES = (
    'class="x"',
    'id="a1" data-n="1 &lt; 2"',
    "lang=en",
    'title="a &quot;b&quot;"',
    "hidden",
    'style="color: red"',
)
INLINE = ("b", "i", "em", "strong", "u", "span", "mark", "small")
KEPT = (
    "<!-- a <b>comment</b> -->", "<script>if (a < b) { run('old house'); }</script>", "<style>p > b { color: red }</style>",
    '<img src="a.png" alt="">', "<hr>", "<code>x = 1</code>", "<!-- -->",
)  # fmt: skip


@dataclass
class Snippet:
    """One piece of HTML, with what each of its numbered tags holds."""

    source: str
    words: list[str]
    """The content words of the sentence, in order."""
    tagged: list[list[str]] = field(default_factory=list)
    """For each tag, by its ``data-t``: the content words in it."""
    kind: str = ""


def content_word(token: str) -> str:
    """The key in GERMAN of a word as it stands; "" for one that only makes grammar."""
    word = token.lower().strip(".,!?")
    singular = word.removesuffix("s")
    return word if word in GERMAN else singular if singular in GERMAN else f"{word}s" if f"{word}s" in GERMAN else ""


def snippets(count: int = COUNT, seed: int = 1) -> list[Snippet]:
    """The same ones for the same seed."""
    chance = random.Random(seed)
    kinds: Sequence[Callable[[random.Random, list[str]], Snippet]] = (one_tag, phrase, nested, two_tags, whole_page)
    return [kinds[number % len(kinds)](chance, chance.choice(SENTENCES).split(" ")) for number in range(count)]


def wrapped(tokens: list[str], spans: Sequence[tuple[int, int, str]], kind: str) -> Snippet:
    """``tokens`` with a tag around each span (from, to before, name and attributes), the outer ones first."""
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for number, (start, end, tag) in enumerate(spans):
        opens.setdefault(start, []).append(f'<{tag} data-t="{number}">')
        closes.setdefault(end - 1, []).insert(0, f"</{tag.split()[0]}>")
    written = []
    for number, token in enumerate(tokens):
        mark = token[-1] if token[-1] in ".,!?" else ""
        word = html.escape(token.removesuffix(mark), quote=False)
        written.append("".join([*opens.get(number, []), word, *closes.get(number, []), mark]))
    tagged = [[found for token in tokens[start:end] if (found := content_word(token))] for start, end, _ in spans]
    words = [found for token in tokens if (found := content_word(token))]
    return Snippet(" ".join(written), words, tagged, kind)


def named(chance: random.Random) -> str:
    """A tag's name, sometimes with attributes."""
    name = chance.choice(INLINE)
    return f"{name} {chance.choice(ATTRIBUTES)}" if chance.random() < 0.5 else name


def content_places(tokens: list[str]) -> list[int]:
    return [number for number, token in enumerate(tokens) if content_word(token)]


def one_tag(chance: random.Random, tokens: list[str]) -> Snippet:
    place = chance.choice(content_places(tokens))
    return wrapped(tokens, [(place, place + 1, named(chance))], "one word")


def phrase(chance: random.Random, tokens: list[str]) -> Snippet:
    """A noun with its article and adjective, as a link."""
    start = chance.choice([n for n, token in enumerate(tokens) if token.lower() in ("the", "a", "my", "two", "three")])
    end = start + 2
    while end < len(tokens) and content_word(tokens[end - 1]) in ADJECTIVES:
        end += 1
    return wrapped(tokens, [(start, end, 'a href="/x?a=1&amp;b=2"')], "phrase")


def nested(chance: random.Random, tokens: list[str]) -> Snippet:
    found = phrase_with_adjective(chance, tokens)
    if found is None:
        return one_tag(chance, tokens)
    start, end = found
    inner = chance.randrange(start, end)
    spans = [(start, end, named(chance)), (inner, inner + 1, f'a href="#{inner}"')]
    return wrapped(tokens, spans, "nested")


def phrase_with_adjective(chance: random.Random, tokens: list[str]) -> tuple[int, int] | None:
    """An adjective and its noun."""
    places = [
        n for n in range(len(tokens) - 1) if content_word(tokens[n]) in ADJECTIVES and content_word(tokens[n + 1])
    ]
    return (place := chance.choice(places), place + 2) if places else None


def two_tags(chance: random.Random, tokens: list[str]) -> Snippet:
    first, second = sorted(chance.sample(content_places(tokens), 2))
    return wrapped(tokens, [(first, first + 1, named(chance)), (second, second + 1, named(chance))], "two tags")


def whole_page(chance: random.Random, tokens: list[str]) -> Snippet:
    """Blocks, comments, scripts and entities around a sentence with a tag."""
    made = chance.choice([one_tag, nested, two_tags])(chance, tokens)
    before, after = chance.choice(KEPT), chance.choice(KEPT)
    made.source = chance.choice([
        f"<div {chance.choice(ATTRIBUTES)}>{before}<p>{made.source}</p>{after}</div>",
        f"<ul><li>{made.source}</li><li>Caf&eacute; &amp; Bar&nbsp;5 &lt; 6</li></ul>{after}",
        f"<h2>{made.source}</h2>{before}<p>Yes.<br>No.</p>",
        f"{before}\n<table><tr><td>{made.source}</td><td>&euro; 10</td></tr></table>\n",
    ])  # fmt: skip
    made.kind = "page"
    return made


ADJECTIVES = frozenset(
    [
        "old",
        "young",
        "red",
        "green",
        "small",
        "big",
        "new",
        "black",
        "white",
        "good",
        "cold",
        "fresh",
        "expensive",
        "tired",
        "happy",
    ]
)
VOID = frozenset(["img", "br", "hr", "input", "meta", "link", "wbr"])


class Tree(HTMLParser):
    """Elements in each other, with the text that those with ``data-t`` hold."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root: list[Any] = []
        self.open: list[tuple[str, list[Any], str]] = []
        self.held: dict[str, str] = {}
        self.wrong = ""
        self.feed(text)
        self.close()
        if self.open:
            self.wrong = f"<{self.open[-1][0]}> does not close"

    @property
    def here(self) -> list[Any]:
        return self.open[-1][1] if self.open else self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inner: list[Any] = []
        self.here.append((tag, tuple((name, value or "") for name, value in attrs), inner))
        if tag not in VOID:
            number = dict(attrs).get("data-t") or ""
            self.open.append((tag, inner, number))
            if number:
                self.held.setdefault(number, "")

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        elif tag not in VOID:
            self.wrong = self.wrong or f"</{tag}> closes nothing"

    def handle_comment(self, data: str) -> None:
        self.here.append(("comment", data))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] in ("script", "style"):
            self.here.append(("raw", data))
        for _, _, number in self.open:
            if number:
                self.held[number] += data


def form_of(nodes: list[Any]) -> Any:
    """What is in each other, in any order: words move, and their tags with them."""
    made = [(node[0], node[1], form_of(node[2])) if len(node) == 3 else node for node in nodes]
    return tuple(sorted(made, key=repr))


def has(text: str, word: str) -> bool:
    """Whether the German of ``word`` is in ``text``."""
    return re.search(rf"(?<!\w)(?:{GERMAN[word]})", text, re.IGNORECASE) is not None


@dataclass
class Verdict:
    """Of one translated snippet."""

    same_form: bool
    judged: bool
    right: int
    """Tags."""
    wrong: int


def verdict(snippet: Snippet, translated: str) -> Verdict:
    """Whether ``translated`` has the snippet's form, and its tags on the right words."""
    before, after = Tree(snippet.source), Tree(translated)
    same = not after.wrong and form_of(before.root) == form_of(after.root)
    plain = re.sub(
        r"<script.*?</script>|<style.*?</style>|<!--.*?-->|</?(?:p|code|div|td|li|h2|br|img|hr)\b[^>]*>",
        " ",
        translated,
    )
    plain = " ".join(re.sub(r"<[^>]*>", "", plain).split())
    judged = all(has(plain, word) for word in snippet.words)
    right = 0
    for number, held in enumerate(snippet.tagged):
        text = after.held.get(str(number), "")
        others = [word for word in snippet.words if word not in held]
        right += all(has(text, word) for word in held) and not any(has(text, word) for word in others)
    return Verdict(same, judged, right, len(snippet.tagged) - right)


def row(who: str, made: Sequence[Snippet], translated: Sequence[str]) -> dict[str, Any]:
    found = [verdict(*pair) for pair in zip(made, translated, strict=True)]
    good = [one for one in found if one.judged and one.wrong == 0]
    return {
        "what": who,
        "snippets": len(made),
        "same_form": sum(one.same_form for one in found) / len(made),
        "all_tags_right": len(good) / len(made),
        "not_judged": sum(not one.judged for one in found),
        "tags": sum(len(one.tagged) for one in made),
        "tags_right": sum(one.right for one in found if one.judged) / sum(len(one.tagged) for one in made),
    }


def main() -> None:
    import rows
    from serving import ask_once, libretranslate, server

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--libretranslate", default="", help="the python of an environment with libretranslate")
    parser.add_argument("--show", action="store_true", help="print what went wrong, write no rows")
    options = parser.parse_args()
    made = snippets()
    with server(beam=4) as (port, _):
        translated = [ask_once(port, one.source, "html") for one in made]
    found = [row("glassformer serve", made, translated)]
    if options.show:
        for snippet, text in zip(made, translated, strict=True):
            one = verdict(snippet, text)
            if one.wrong or not one.judged or not one.same_form:
                print(f"{snippet.kind}: {one}\n  {snippet.source}\n  {text}")
        print(found)
        return
    if options.libretranslate:
        with libretranslate(options.libretranslate) as (port, _):
            found.append(row("LibreTranslate", made, [ask_once(port, one.source, "html") for one in made]))
    rows.write("markup", found)


if __name__ == "__main__":
    main()
