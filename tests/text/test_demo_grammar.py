"""The demo's grammar speaks correct English and German."""

import re

from glassformer.text import demo_grammar
from glassformer.text.demo_grammar import ANIMALS, PLACES, sentences

SOME = sentences(3000)


def test_the_same_sentences_each_time_and_none_twice() -> None:
    assert sentences(3000) == SOME
    assert len({sentence.pair for sentence in SOME}) == 3000
    assert all(
        a[0].isupper() and b[0].isupper() and a.endswith(".") and b.endswith(".") for a, b in (s.pair for s in SOME)
    )


def test_articles_agree_with_their_nouns() -> None:
    genders = {noun.german: noun.gender for noun in [*ANIMALS, *PLACES]}
    plurals = {noun.german_plural for noun in [*ANIMALS, *PLACES] if noun.german_plural != noun.german}
    allowed = {"m": {"der", "den"}, "f": {"die"}, "n": {"das"}}
    seen = set()
    for sentence in SOME:
        words = {key: word.rstrip(",").lower() for word, key in sentence.target}
        for key in ("subject", "object"):
            noun, article = words[key].capitalize(), words[f"{key} article"]
            if noun in genders:
                assert article in allowed[genders[noun]], sentence.pair
                seen.add(article)
            else:
                assert noun in plurals
                assert article == "die"
    assert seen == {"der", "die", "das", "den"}


def test_the_pronoun_has_the_gender_of_what_it_stands_for() -> None:
    told = [sentence for sentence in SOME if sentence.meant]
    assert len(told) > 500
    pronouns = {"m": "er", "f": "sie", "n": "es"}
    genders = {noun.german: noun.gender for noun in [*ANIMALS, *PLACES]}
    for sentence in told:
        words = {key: word.rstrip(",") for word, key in sentence.target}
        assert words["it"] == pronouns[genders[words[sentence.meant]]]
        of = demo_grammar.OF_ANIMALS if sentence.meant == "subject" else demo_grammar.OF_PLACES
        assert words["property"] in of.values()


def test_german_puts_the_verb_last_in_its_clauses() -> None:
    for source, target in (sentence.pair for sentence in SOME):
        if " because " in source:
            assert re.search(r", weil \w+ .* (war|waren)\.$", target)
        if source.split()[0] in ("Yesterday", "Today", "Then", "Often"):
            assert target.split()[1].islower()
            assert target.split()[2] in ("der", "die", "das")
