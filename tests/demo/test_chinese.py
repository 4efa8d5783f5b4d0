"""The demo's sentences in Chinese: the same balance; each word is one that its list has."""

import re
from collections import Counter
from itertools import islice

from glassformer.demo import it_sentences, read_rows
from glassformer.demo.chinese import chinese_repertoire, words
from glassformer.demo.lexicon import nouns, predicates
from tests.house.source import ROOT

SOME = list(islice(it_sentences(3, read_rows(ROOT / "benchmarks" / "it.tsv"), language="zh"), 1500))


def test_they_are_chinese_and_say_the_noun_or_it() -> None:
    counted: Counter[str] = Counter()
    for sentence in SOME:
        assert not set("abcdefghijklmnopqrstuvwxyz{}~ ,.?|") & set(sentence.target.lower()), sentence.target
        assert sentence.target[-1] in "。？"
        noun = sentence.source.split()[sentence.marks[0][1]].strip(".,?")
        chinese = [word for english, word in words("nouns").items() if english.split()[-1] == noun]
        assert any(word in sentence.target for word in chinese), sentence.pair
        counted["it" if "它" in sentence.target else "noun"] += 1
    assert min(counted.values()) > 300


def test_every_word_is_one_of_the_lexicon() -> None:
    assert words("nouns").keys() <= nouns().keys()
    assert words("predicates").keys() <= predicates().keys()
    known = {f"{one.verb.english} {one.verb.preposition} {one.verb.infinitive}" for one in chinese_repertoire().scenes}
    assert words("verbs").keys() == known


def test_subject_and_object_are_meant_as_often() -> None:
    subject = sum(sentence.about == 0 for sentence in SOME)
    assert abs(subject / len(SOME) - 0.5) < 0.02


def test_a_whole_phrase_has_no_degree_before_it() -> None:
    whole = [one for one in SOME if "爆胎了" in one.target or "坏了" in one.target]
    assert whole
    assert not any(re.search("[很太]爆胎了|[很太]坏了", one.target) for one in whole)
