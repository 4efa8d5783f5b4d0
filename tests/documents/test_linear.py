"""Reading a file, and putting it together again, takes time in proportion to its length, whatever is in it: a server reads
what strangers send."""

import itertools
import random
import re
import time
from collections.abc import Callable, Sequence

import pytest

from glassformer.documents import blocks
from glassformer.documents.blocks import AlignedWord, Block, Looks, Tag, Taken, best_run, marked_up
from glassformer.documents.files import read_document
from glassformer.documents.html import DEEPEST, read_html
from glassformer.errors import ConfigError
from glassformer.translator import Translation
from glassformer.translator.spans import Aligned

SMALL, TIMES = 1000, 10
ONCE = [
    *(
        "<a ",
        "<a/",
        "<a b='",
        "<a x='<a ' ",
        "</",
        "<!--",
        "<![CDATA[",
        "<?",
        "<!",
        "<code>",
        "<script>",
        "<b>",
        "<",
        "&",
        "&#",
    ),
    *(
        "*",
        "_",
        "`",
        "[",
        "[](",
        "![",
        "|",
        "|a\\|",
        "> ",
        "- ",
        "\\",
        "a  \n",
        "a\\\n",
        " ",
        "\t",
        "\n",
        " \n",
        "\r\n",
        "\r",
    ),
    *("-->", "0 --> 1\n", "0 --> 1\nx\n", 'msgid "a"\n', 'msgid "', '\\"', '"', '"a",', "."),
]
"""What a run of it might make slow."""
AROUND = {
    ".html": [("", ""), ("<p>a", "b</p>")],
    ".md": [("", ""), ("x ", " y"), ("|a|\n|-|\n|", "|\n")],
    ".srt": [("1\n00:00 --> 00:01\n", "x"), ("", "")],
    ".po": [("", ""), ('msgid "', '"\nmsgstr ""\n')],
    ".json": [('["', '"]'), ("[", "1]")],
    ".txt": [("", "")],
}


def seconds(computed: Callable[[], object]) -> float:
    """Of this thread's processor: others use the machine, too."""
    begun = time.thread_time()
    computed()
    return time.thread_time() - begun


def grows_evenly(small: Callable[[], object], large: Callable[[], object]) -> bool:
    """Whether ``large``, which has TIMES as much to do, takes about TIMES as long, and not the square of that. In between is
    much room for chance."""
    taken = seconds(large)
    return taken < 0.03 or min(taken, seconds(large)) < 3 * TIMES * seconds(small) + 0.03


def read(ending: str, content: str) -> None:
    try:
        assert read_document(f"a{ending}", content).texts is not None
    except ConfigError:
        assert ending == ".json"


@pytest.mark.parametrize("ending", list(AROUND))
def test_a_run_of_anything_is_read_in_time(ending: str) -> None:
    for (before, after), one in itertools.product(AROUND[ending], ONCE):
        small, large = (f"{before}{one * (size // len(one))}{after}" for size in (SMALL, SMALL * TIMES))
        assert grows_evenly(lambda: read(ending, small), lambda: read(ending, large)), (ending, before, one)  # noqa: B023


@pytest.mark.parametrize("ending", [".html", ".md", ".srt"])
@pytest.mark.parametrize("one", ["<a ", " ", "\n", " \n"])
def test_a_large_file_of_nothing_takes_less_than_a_second(ending: str, one: str) -> None:
    for before in ("", "1\n00:00 --> 00:01\nx"):
        content = before + one * (200_000 // len(one)) + "x"
        assert seconds(lambda: read(ending, content)) < 1.0  # noqa: B023


def in_sentences(count: int) -> tuple[Block, list[Aligned]]:
    """``count`` words with a tag each, in sentences of ten whose words look at all of their sentence."""
    (block,) = read_html("<b>word</b> <img> " * count).blocks
    spans = [match.span() for match in re.finditer(r"\S+", block.text)]
    weights = [[float(n == m) + 0.01 for m in range(10)] for n in range(10)]
    return block, [Aligned(spans[at : at + 10], spans[at : at + 10], weights) for at in range(0, count, 10)]


def test_many_tags_are_placed_in_time() -> None:
    (small, few), (large, many) = in_sentences(40), in_sentences(40 * TIMES)
    assert grows_evenly(
        lambda: marked_up(small, small.text, few, "de"), lambda: marked_up(large, large.text, many, "de")
    )


def test_a_run_of_marks_in_a_tag_is_placed_in_time() -> None:
    def placed(size: int) -> None:
        text = "." * size + "x"
        aligned = [Aligned([(0, len(text))], [(0, len(text))], [[1.0]])]
        block = Block(text + " y", [Tag("<b>", "</b>", 0, len(text))])
        assert marked_up(block, text + " y", aligned, "de").startswith("<b>.")

    assert grows_evenly(lambda: placed(2000), lambda: placed(2000 * TIMES))


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_tags_deep_in_each_other_are_no_error(ending: str) -> None:
    opening, closing = ("<b>", "</b>") if ending == ".html" else ("*a ", "b* ")
    content = f"{opening * 3000}word{closing * 3000}"
    document = read_document(f"a{ending}", content)
    assert document.rebuilt([Translation(text, 0, 0, [], True) for text in document.texts], "de") == content
    less = f"{'<b>' * DEEPEST}word{'</b>' * DEEPEST}"
    assert len(read_html(less).blocks[0].tags) == 1


def slow_run(tag: Tag, words: Sequence[AlignedWord], taken: set[int]) -> tuple[int, int]:
    """The best run among all words, tried one by one."""
    free = [number for number in range(len(words)) if number not in taken]
    if not free:
        return len(words), len(words)
    shares = {number: words[number].share(tag.start, tag.end) for number in free}
    runs = [(first, last) for first in free for last in range(first + 1, len(words) + 1)]
    runs = [run for run in runs if all(number in shares for number in range(*run))]
    gains = {run: sum(shares[number] - 0.5 for number in range(*run)) for run in runs}
    most = max(gains.values())
    if most > 1e-9:
        best = [run for run in runs if gains[run] > most - 1e-9]
        return min(best, key=lambda run: (run[1], -run[0]))
    word = max(free, key=lambda number: (shares[number], -number))
    return word, word + 1


def test_the_run_among_near_words_is_the_best_of_all() -> None:
    by_chance = random.Random(1)
    for _ in range(500):
        words = []
        for number in range(by_chance.randint(1, 12)):
            sentence = number // 4 * 40
            looks = [(sentence + n * 10, sentence + n * 10 + 8, by_chance.choice([0.25, 0.5, 1.0])) for n in range(4)]
            words.append(AlignedWord(number * 5, number * 5 + 4, by_chance.sample(looks, by_chance.randint(0, 4))))
        start = by_chance.randint(1, 100)
        tag = Tag("<b>", "</b>", start, start + by_chance.randint(1, 30))
        room = (0, len(words))
        taken = Taken(room)
        for _ in range(by_chance.randint(0, 2)):
            first = by_chance.randrange(len(words))
            taken.take((first, min(first + 2, len(words))))
        found = best_run(tag, "x" * 200, Looks(words), room, taken)
        assert found == slow_run(tag, words, taken.words)


def test_the_growth_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check above can fail."""
    monkeypatch.setattr(blocks.Looks, "around", lambda self, start, end, room: range(*room))
    (small, few), (large, many) = in_sentences(40), in_sentences(40 * TIMES)
    assert not grows_evenly(
        lambda: marked_up(small, small.text, few, "de"), lambda: marked_up(large, large.text, many, "de")
    )
