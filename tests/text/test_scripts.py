"""A text in a script that the model was not trained on is noticed."""

import pytest

from glassformer.text.scripts import LANGUAGES, NAMES, common_scripts, foreign, scripts_of, scripts_of_language


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("Hello, 3 cats!", {"Latin": 9}),
        ("你好 Tom", {"Han": 2, "Latin": 3}),
        ("これは猫", {"Kana": 3, "Han": 1}),
        ("कमल", {"Devanagari": 3}),
        ("Ｈｉ ﬁ ℌ", {"Latin": 4}),
        ("مرحبا", {"Arabic": 5}),
        ("안녕", {"Hangul": 2}),
        ("123 😀 …", {}),
        ("", {}),
        ("\ud800", {}),
    ],
)
def test_scripts(text, scripts):
    assert scripts_of(text) == scripts


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("你在哪里？", "en", "the text is Chinese characters (Han); this model reads English (Latin)"),
        ("我喜欢 Python", "en-GB", "the text is mostly Chinese characters (Han); this model reads English (Latin)"),
        ("Где ты?", "de", "the text is Cyrillic letters; this model reads German (Latin)"),
        ("Where are you now?", "zh", "the text is Latin letters; this model reads Chinese (Han)"),
        ("ひらがなだけ", "zh", "the text is Japanese kana; this model reads Chinese (Han)"),
    ],
)
def test_a_foreign_script_is_said(text, language, said):
    assert foreign(text, language=language) == said


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello there", "en"),
        ("π ≈ 3.14", "en"),
        ("The sign 出口 means exit in this town", "en"),
        ("USB", "zh"),
        ("我用 Python 写程序", "zh"),
        ("今日は良い天気", "ja"),
        ("12:30 😀", "en"),
        ("", "en"),
        ("你好", "xx"),
        ("你好", ""),
    ],
)
def test_what_is_not_foreign(text, language):
    assert foreign(text, language=language) == ""


def test_scripts_that_were_measured_come_before_the_language():
    assert foreign("你好", ["Latin", "Han"], "en") == ""
    assert foreign("你好", ["Latin"]) == "the text is Chinese characters (Han); this model reads Latin"
    assert common_scripts(["Hello there my friend. " * 20, "你"]) == ["Latin"]
    assert common_scripts(["我用 Python", "你好吗朋友"]) == ["Han", "Latin"]


def test_languages():
    assert scripts_of_language("ja") == {"Han", "Kana"}
    assert scripts_of_language("deu") == {"Latin"}
    assert scripts_of_language("xx") == frozenset()
    named = {code for codes in LANGUAGES.values() for code in codes.split()}
    assert set(NAMES) <= named
