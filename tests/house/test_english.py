"""Plain English in what people read of the package: docstrings, comments, messages and help texts."""

import io
import re
import tokenize

import pytest

from tests.house.source import PACKAGE, parsed

WORST = {
    "told": "called with, reported, printed: what happens, and not who hears of it",
    "whoever": "the client, the caller, the user: whom it is",
    "whosoever": "the client, the caller, the user",
    "so many": "the number itself",
    "no number any more": "NaN or infinite",
    "lost is said": "raise_if_peer_lost",
}
"""The words that hid the subject of a sentence most often, and what to say instead."""
PATTERN = re.compile(rf"\b(?:{'|'.join(WORST)})\b", re.IGNORECASE)
HIDDEN = re.compile(r"""(?:^[rf]?["']+|^# ?|[.:] )((?:Who|What|So) [a-z`][^.?]*)(?=[.]|$)""")
"""A sentence that hides its subject behind Who, What or So: say the noun. A question is none."""
SENTENCES_OF_ITS_OWN = "demo/"
"""The room whose strings are sentences that people translate."""


def worst_words(text: str) -> list[str]:
    """Each such word in a comment or a string, with its line and what to say."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            words = " ".join(token.string.split())
            found += [
                f"line {token.start[0]}: {hidden[1][:50]}: say the noun"
                for hidden in HIDDEN.finditer(words)
                if not hidden.string[hidden.end() :].startswith("?")
            ]
            found += [
                f"line {token.start[0]}: {word[0]}: say {WORST[word[0].lower()]}" for word in PATTERN.finditer(words)
            ]
    return found


@pytest.mark.parametrize("path", [path for path in parsed() if not path.startswith(SENTENCES_OF_ITS_OWN)])
def test_the_worst_words_are_not_used(path: str) -> None:
    assert not worst_words((PACKAGE / path).read_text(encoding="utf-8"))


PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", *(f"docs/{name}.md" for name in (
    "README", "architecture", "commands", "figures", "gallery", "models", "python", "serving", "settings", "using",
    "windows",
))]  # fmt: skip
"""The tours and the recipe have questions and quotations; generated rows of tests and the journal are records."""


@pytest.mark.parametrize("page", PAGES)
def test_the_worst_words_are_not_on_the_pages(page: str) -> None:
    text = (PACKAGE.parents[1] / page).read_text(encoding="utf-8")
    assert not [word[0] for word in PATTERN.finditer(text)]


def test_they_are_found() -> None:
    sample = 'told = 1  # Whoever asks\ndef f():\n    """Is\n    told so\n    many things."""\n'
    assert [line.split(":")[1] for line in worst_words(sample)] == [" Whoever", " told", " so many"]
    sample = '# So it is\n"""What it is."""\n"Ask: what is it? Why so?"\n'
    assert [line.split(":")[1] for line in worst_words(sample)] == [" So it is", " What it is"]
