import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassformer.errors import ConfigError
from glassformer.text.sentences import sentences, split_long, whole_sentences

STORY = 'The old bridge waits. Nobody counts the stars! "Why?" We bake seven loaves of rye, and wait… It rains.\n'


def test_sentences():
    assert sentences(STORY) == [
        "The old bridge waits. ", "Nobody counts the stars! ", '"Why?" ', "We bake seven loaves of rye, and wait… ",
        "It rains.\n",
    ]  # fmt: skip
    assert sentences("你好。再见！「好？」走。") == ["你好。", "再见！", "「好？」", "走。"]
    assert sentences("3.14 and e.g.this") == ["3.14 and e.g.this"]
    assert sentences("") == []


def check(text, tokenizer, limit):
    pieces = split_long(text, tokenizer, limit)
    assert "".join(pieces) == text
    assert all(len(tokenizer.encode(piece)) <= limit for piece in pieces)
    return pieces


def test_short_text_stays_whole(tokenizer):
    assert split_long(STORY, tokenizer, 1000) == [STORY]
    assert split_long("", tokenizer, 16) == [""]


def test_sentences_stay_whole_where_they_fit(tokenizer):
    longest = max(len(tokenizer.encode(sentence)) for sentence in sentences(STORY))
    pieces = check(STORY * 5, tokenizer, longest + 5)
    ends = {sentence[-2:] for sentence in sentences(STORY * 5)}
    assert all(piece[-2:] in ends for piece in pieces)
    assert len(pieces) < len(sentences(STORY * 5))


@pytest.mark.parametrize(
    "text",
    [
        "the grey cat, under the bridge, sings; " * 20,
        "the grey cat " * 100,
        "Donaudampfschiff" * 100,
        "日本語の文です。" * 40,
        "👩‍👩‍👧" * 50,
        "e\u0301" * 300,
        "\u0301" * 300,
        "\U0001d164" * 60,
        "a" + " " * 500 + "b" * 100 + "\u2028\0" * 30,
    ],
)
@pytest.mark.parametrize("limit", [16, 17, 40])
def test_nothing_is_lost_and_the_limit_holds(tokenizer, text, limit):
    pieces = check(text, tokenizer, limit)
    assert len(pieces) <= 4 * len(tokenizer.encode(text)) / limit + 2


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="ab .,!é\u0301。😀\n\ud800", max_size=300), limit=st.integers(16, 60))
def test_any_text(tokenizer, text, limit):
    check(text, tokenizer, limit)


def test_a_very_long_word_takes_no_minute(tokenizer):
    check("rye" * 100_000, tokenizer, 256)


def test_a_limit_too_small(tokenizer):
    with pytest.raises(ConfigError, match="limit=15: wanted at least 16"):
        split_long("a", tokenizer, 15)


def test_so_many_sentences_at_most(tokenizer):
    assert split_long(STORY, tokenizer, 1000, most=2) == [
        "The old bridge waits. Nobody counts the stars! ", '"Why?" We bake seven loaves of rye, and wait… ', "It rains.\n",
    ]  # fmt: skip
    assert split_long(STORY, tokenizer, 1000, most=5) == [STORY]
    pieces = split_long(STORY * 3, tokenizer, 16, most=1)
    assert "".join(pieces) == STORY * 3
    assert all(len(tokenizer.encode(piece)) <= 16 for piece in pieces)


@pytest.mark.parametrize(
    "text", ["Mr. Smith is here. ", "J. R. R. Tolkien wrote it. ", "He said “no.” and left. ", "Frau Dr. Klein kommt. "]
)
def test_an_abbreviation_ends_no_sentence(text):
    assert whole_sentences(text + "It rains.") == [text, "It rains."]
