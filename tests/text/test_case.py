"""Lines in UPPER CASE and Title Case, read as plain ones."""

import pytest

from glassformer.text.case import plain, shouted, titled


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("THE ANIMAL DIDN'T CROSS THE STREET.", "The animal didn't cross the street."),
        ("STOP! WHO IS THERE?", "Stop! Who is there?"),
        ("MR. SMITH IS HERE.", "Mr. Smith is here."),
        ("“GO AWAY!”", "“Go away!”"),
        ("GRÖSSE ÄNDERN", "Grösse ändern"),
        ("PRESS F1 TO GO ON", "Press f1 to go on"),
        ("The Animal Didn't Cross The Street", "The animal didn't cross the street"),
        ("Tom Is Here.", "Tom is here."),
        ("1. Who Is There?", "1. Who is there?"),
    ],
)
def test_shouted_and_titled_lines_become_sentences(line: str, read: str) -> None:
    assert plain(line) == read
    assert plain(read) == read


@pytest.mark.parametrize(
    "line",
    [
        "",
        "   ",
        "123",
        "USA",
        "STOP!",
        "A 4",
        "The animal didn't cross the street.",
        "New York City",
        "Thank You!",
        "The Lord of the Rings",
        "I am SO tired",
        "iPhone And Its Makers",
        "你好。您好。",
        "мир и Война",
        "שלום לכולם כאן עכשיו.",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert plain(line) == line
    assert not shouted(line)
    assert not titled(line)


def test_no_letter_is_lost() -> None:
    line = "ΟΔΌΣ ΚΑΙ ΣΠΊΤΙ, STRASSE №7 (A–B)"
    assert shouted(line)
    assert plain(line).upper() == line.upper()
    assert titled("Война И Мир, Том Первый")
