"""Quotes, dashes and ligatures that a vocabulary lacks are read as those that it has."""

import pytest

from glassformer.text.tokenizer import Tokenizer
from glassformer.text.typography import Plainer
from tests.toy_translator import ENGLISH, GERMAN

KNOWN = Plainer.of(["▁the", "“", "„", "’", "–", '"', "'", "-"])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("“I love you.”", '"I love you."'),  # ” is not known, so “ does not stay either
        ("«I love you.»", '"I love you."'),
        ("‘Yes,’ he said, it’s his.", "'Yes,' he said, it’s his."),
        ("It’s the dogs’ house.", "It’s the dogs’ house."),
        ("I don`t, he didn´t.", "I don't, he didn't."),
        ("him—he was tired—and we left", "him – he was tired – and we left"),
        ("He left — at last.", "He left – at last."),
        ("Monday–Friday, 1914–1918, and – so", "Monday-Friday, 1914-1918, and – so"),
        ("the ﬁrst ofﬁce, a non‑stop train", "the first office, a non-stop train"),
        ("it is −5 °C, 5 × 3, a … and ½", "it is −5 °C, 5 × 3, a … and ½"),
    ],
)
def test_what_the_vocabulary_lacks_is_read_plainer(text: str, read: str) -> None:
    assert KNOWN(text) == read
    assert KNOWN(read) == read


def test_what_it_has_stays() -> None:
    chinese = Plainer.of(["“", "”", "—", "‘", "’"])
    assert chinese("他说：“你好”—‘是’，我—他") == "他说：“你好”—‘是’，我—他"


def test_a_tokenizer_tells_its_own() -> None:
    table = Tokenizer.train([*ENGLISH, *GERMAN, "„Ja“, sagte er."], vocabulary_size=400).plainer.table
    assert table["”"] == table["“"] == '"'
    assert table["—"] == "-"
