"""Situations written out: what their files may hold, and the sentences made of them."""

import re
from itertools import islice
from pathlib import Path

import pytest

from glassformer.demo import read_rows
from glassformer.demo.held_out import HeldOut
from glassformer.demo.schemas import Schema, possible, read_schemas, schema_sentences, schemas
from glassformer.errors import CorpusError
from tests.house.source import ROOT

ROWS = read_rows(ROOT / "benchmarks" / "it.tsv")
SOME = list(islice(schema_sentences(5, ROWS), 4000))
LADDER = """\
The {x} won't reach the {y} = {x} wird {y:a} nicht erreichen
x: ladder=die Leiter, hose=der Schlauch
y: roof=das Dach
x> , since {it} is too short = , da {er} zu kurz ist
y> . {It} is too high for us = . {Er} ist uns zu hoch
"""


def read(tmp_path: Path, text: str) -> list[Schema]:
    file = tmp_path / "some.txt"
    file.write_text(text, encoding="utf-8")
    return read_schemas(file)


def test_a_schema_makes_each_of_its_sentences_once(tmp_path: Path) -> None:
    made = list(schema_sentences(1, [], read(tmp_path, LADDER)))
    assert sorted(one.source for one in made) == [
        "The hose won't reach the roof, since it is too short.",
        "The hose won't reach the roof. It is too high for us.",
        "The ladder won't reach the roof, since it is too short.",
        "The ladder won't reach the roof. It is too high for us.",
    ]
    assert sorted(one.target for one in made) == [
        "Der Schlauch wird das Dach nicht erreichen, da er zu kurz ist.",
        "Der Schlauch wird das Dach nicht erreichen. Es ist uns zu hoch.",
        "Die Leiter wird das Dach nicht erreichen, da sie zu kurz ist.",
        "Die Leiter wird das Dach nicht erreichen. Es ist uns zu hoch.",
    ]
    looks = {
        tuple(one.source.lower().replace(".", "").split()[place] for place in mark)
        for one in made
        for mark in one.marks
    }
    assert looks == {("it", "hose"), ("it", "ladder"), ("it", "roof")}
    assert all(one.target_marks and one.twins for one in made)


def test_words_for_the_noun_that_is_meant(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "I saw {a x} in {a y} = Ich sah {ein x:a} in {y:d}\n"
        "x: owl=die Eule, bear=der Bär*\n"
        "y: cave=die Höhle, apple tree=der Apfelbaum\n"
        "x> and followed {it} to {its} nest = und folgte {ihm} zu {sein}em Nest\n"
        "y= Do you know {a y}? {Its} owner, the {x} sold {it}."
        " = Kennst du {euer y:a}? {Sein} Herr, {bare x}, verkaufte {ihn}, {der}, {den}, {dem}.\n",
    )
    pairs = dict(one.pair for one in schema_sentences(1, [], made))
    assert pairs["I saw a bear in a cave and followed it to its nest."] == (
        "Ich sah einen Bären in der Höhle und folgte ihm zu seinem Nest."
    )
    assert pairs["I saw an owl in an apple tree and followed it to its nest."] == (
        "Ich sah eine Eule im Apfelbaum und folgte ihr zu ihrem Nest."
    )
    assert pairs["Do you know a cave? Its owner, the bear sold it."] == (
        "Kennst du eure Höhle? Ihr Herr, Bär, verkaufte sie, die, die, der."
    )


def test_a_preposition_and_its_article_are_one_word_before_nouns_only(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "In the {x}, near the {y} = In {x:d}, bei {y:d}\n"
        "x: house=das Haus\n"
        "y: tower=der Turm\n"
        "x> , is a room. I live in {it} = , ist ein Zimmer. Ein Haus, in {dem} ich wohne\n"
        "y> and to {it} = und zu {dem}, zu {y:d}\n",
    )
    assert [one.target for one in schema_sentences(1, [], made)] == [
        "Im Haus, beim Turm, ist ein Zimmer. Ein Haus, in dem ich wohne.",
        "Im Haus, beim Turm und zu dem, zum Turm.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x> , since", "z> , since", "line 4: a line begins with"),
        ("ladder=die Leiter", "ladder=Leiter", "line 2: 'ladder=Leiter' is not like dog=der Hund"),
        ("{er} zu kurz", "{es} zu kurz", "line 4: the German side knows no {es}"),
        ("{It} is", "{They} are", "line 5: the English side knows no {They}"),
        ("{x} wird", "{er} wird", "line 1: the main clause has {x} and {y} only"),
        (" = , da", " - , da", "line 4: wanted English = German"),
        ("{er} zu kurz", "{er zu kurz", "line 4: a brace"),
        ("y> . {It} is too high for us = . {Er} ist uns zu hoch\n", "", "line 1: the schema wants"),
    ],
)
def test_a_fault_is_named_by_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(CorpusError, match=re.escape(said)):
        read(tmp_path, LADDER.replace(old, new))


def test_the_same_sentences_for_the_same_seed_and_none_twice() -> None:
    assert list(islice(schema_sentences(5, ROWS), 200)) == SOME[:200]
    assert len({sentence.source for sentence in SOME}) == len(SOME)


def test_they_are_sentences_with_their_pronoun_marked() -> None:
    for sentence in SOME:
        for text in sentence.pair:
            assert re.fullmatch(r"[A-ZÄÖÜ„\"][^{}|^_\ue000-\ue1ff]*[.?!][\"“]?", text), text
            assert "  " not in text
            assert " ," not in text
        words = sentence.source.split()
        for it, noun in sentence.marks:
            assert words[it].strip('.,;:?!"').lower() == "it"
            assert words[noun] not in {"it", "the"}


def test_nothing_that_is_held_out() -> None:
    held = HeldOut(ROWS)
    assert not any(held(sentence.source) for sentence in SOME)


def test_each_german_noun_has_one_gender_in_each_sense() -> None:
    genders: dict[tuple[str, str], set[str]] = {}
    for schema in schemas():
        for noun in [*schema.nouns[0], *schema.nouns[1]]:
            genders.setdefault((noun.english, noun.german), set()).add(noun.gender)
    assert {noun: some for noun, some in genders.items() if len(some) > 1} == {}


def test_there_are_many_and_both_nouns_are_meant_equally_often() -> None:
    assert len(schemas()) > 1000
    assert sum(map(possible, schemas())) > 80_000
    first = sum(sentence.about == 0 for sentence in SOME) / len(SOME)
    assert 0.47 < first < 0.53
