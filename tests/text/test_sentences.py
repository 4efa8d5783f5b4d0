from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassformer.errors import ConfigError
from glassformer.text.languages import glue, language_code
from glassformer.text.sentences import clauses, sentences, split_lines, split_long

CASES = sorted(Path(__file__).parent.glob("sentence_cases*.tsv"))
SHARE = 0.95

STORY = 'The old bridge waits. Nobody counts the stars! "Why?" We bake seven loaves of rye, and wait… It rains.\n'


def test_sentences():
    assert sentences(STORY) == [
        "The old bridge waits. ", "Nobody counts the stars! ", '"Why?" ', "We bake seven loaves of rye, and wait… ",
        "It rains.\n",
    ]  # fmt: skip
    assert sentences("你好。再见！「好？」走。") == ["你好。", "再见！", "「好？」", "走。"]
    assert sentences("One.\n\ntwo", "en") == ["One.\n\n", "two"]
    assert sentences("3.14 and e.g.this") == ["3.14 and e.g.this"]
    assert sentences("") == []


def check(text, tokenizer, limit):
    parts = split_long(text, tokenizer, limit)
    assert "".join(parts.texts) == text
    assert all(len(ids) <= limit for ids in parts.ids)
    assert parts.ids == [tokenizer.encode(piece) for piece in parts.texts]
    return parts.texts


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_hard_cases(path):
    """``a |b``: a new sentence begins at the bar."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    right, count = Counter(), Counter()
    for language, _, marked in lines:
        wanted = marked.split("|")
        count[language] += 1
        right[language] += sentences("".join(wanted), language) == wanted
    assert right.total() >= SHARE * count.total(), (right, count)
    assert all(right[language] >= (SHARE - 0.03) * count[language] - 1 for language in count), (right, count)


@pytest.mark.parametrize(
    "text",
    [
        "He came. ",
        "Mr. ",
        "A. ",
        "a… ",
        "“a. ",
        "'a. ",
        '"a. ',
        "(a. ",
        "a. »",
        "你好。",
        "“你好。",
        "!😀",
        ".[1]",
        ".",
        "a.-",
    ],
)
def test_a_long_text_takes_no_minute(text):
    assert "".join(sentences(text * 5_000, "en")) == text * 5_000


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(alphabet="aB1 .!?…,;\"'«»“”„()[]。？！「」（你।ا؟😀\n\u00a0\u0301\ud800", max_size=60),
    language=st.sampled_from(["", "en", "de", "fr", "zh", "hi", "ar", "el", "xx"]),
)
def test_no_character_is_lost(text, language):
    found = sentences(text, language)
    assert "".join(found) == text
    assert all(found)


def test_text_without_capitals_and_without_small_letters():
    assert sentences("i am here. you are there.", "en") == ["i am here. ", "you are there."]
    assert sentences("I SAW MR. HILL. HE SLEPT.", "en") == ["I SAW MR. HILL. ", "HE SLEPT."]


def test_language_codes():
    assert [language_code(code) for code in ("en", "en-GB", "EN_us", "deu", "zh-Hans", "cmn", "", "xx")] == [
        "en", "en", "en", "de", "zh", "zh", "", "xx",
    ]  # fmt: skip


def test_what_joins_sentences():
    assert [glue(code) for code in ("en", "zh", "ja", "ko", "th", "hi", "")] == [" ", "", "", " ", " ", " ", " "]
    assert glue("zh", "他用 Python", "Java 也行") == " "
    assert glue("zh", "你好。", "Java 也行") == ""
    assert glue("", "你好。", "再见。") == ""
    assert glue("", "Hello.", "Bye.") == " "


def test_clauses():
    text = "She came, he saw: nobody – not one – left; the 1,000 lamps at 10:30, too"
    assert clauses(text) == [
        "She came, ", "he saw: ", "nobody – ", "not one – ", "left; ", "the 1,000 lamps at 10:30, ", "too",
    ]  # fmt: skip
    assert clauses("他来了，她走了；10：30、我") == ["他来了，", "她走了；", "10：30、", "我"]
    assert clauses("جاء، ذهب؛ نام") == ["جاء، ", "ذهب؛ ", "نام"]


def test_a_sentence_is_cut_only_above_the_limit(tokenizer):
    sentence = "The grey cat, under the bridge, sings to the old moon. "
    length = len(tokenizer.encode(sentence))
    parts = split_long(sentence * 3, tokenizer, length, most=1, language="en")
    assert (parts.texts, parts.cut) == ([sentence] * 3, False)
    parts = split_long(sentence, tokenizer, length - 1)
    assert parts.cut
    assert parts.texts == ["The grey cat, ", "under the bridge, sings to the old moon. "] or len(parts.texts) == 2


def test_a_long_sentence_is_cut_into_about_equal_parts(tokenizer):
    text = "the grey cat sings, " * 21
    parts = split_long(text, tokenizer, 60)
    lengths = [len(ids) for ids in parts.ids]
    assert min(lengths) > 60 / 3, lengths
    assert all(piece.endswith(", ") for piece in parts.texts)


def test_a_quotation_over_the_limit_is_cut_at_its_sentences(tokenizer):
    text = "She said, “The grey cat sings. The old moon waits. Nobody counts the stars.”"
    assert sentences(text, "en") == [text]
    parts = split_long(text, tokenizer, 16, language="en")
    assert parts.texts[-1] == "Nobody counts the stars.”" or len(parts.texts) > 2
    assert split_long(text, tokenizer, 200, language="en").texts == [text]


def test_lines_together_are_lines_alone(tokenizer):
    lines = [STORY, "", " ", STORY * 5, "the grey cat, " * 50, "你好。再见。"]
    together = split_lines(lines, tokenizer, 30, 2, "en")
    assert together == [split_long(line, tokenizer, 30, 2, "en") for line in lines]


def test_short_text_stays_whole(tokenizer):
    assert split_long(STORY, tokenizer, 1000).texts == [STORY]
    assert split_long("", tokenizer, 16).texts == [""]


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
    assert split_long(STORY, tokenizer, 1000, most=2).texts == [
        "The old bridge waits. Nobody counts the stars! ", '"Why?" We bake seven loaves of rye, and wait… ', "It rains.\n",
    ]  # fmt: skip
    assert split_long(STORY, tokenizer, 1000, most=5).texts == [STORY]
    parts = split_long(STORY * 3, tokenizer, 16, most=1)
    assert "".join(parts.texts) == STORY * 3
    assert all(len(ids) <= 16 for ids in parts.ids)


@pytest.mark.parametrize(
    "text", ["Mr. Smith is here. ", "J. R. R. Tolkien wrote it. ", "He said “no.” and left. ", "Frau Dr. Klein kommt. "]
)
def test_without_a_language_an_abbreviation_ends_no_sentence(text):
    assert sentences(text + "It rains.") == [text, "It rains."]
