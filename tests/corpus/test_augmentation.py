"""The copies that make a model used to what people type."""

import random
import re
from collections import Counter

import pytest

from glassformer.corpus import augmentation
from glassformer.corpus.augmentation import augmented
from glassformer.text.protected import SIGNS, protected_pair

PAIRS = [(f"The dog number {i} sees the cat.", f"Der Hund Nummer {i} sieht die Katze.") for i in range(2000)]


def test_every_pair_stays_and_a_share_comes_again_changed() -> None:
    counts = Counter[str]()
    made = list(augmented(PAIRS, 0.3, 1, counts))
    assert [pair for pair in made if pair in set(PAIRS)] == PAIRS
    assert len(made) - len(PAIRS) == counts.total() == pytest.approx(600, rel=0.1)
    assert set(counts) == {*augmentation.KINDS, augmentation.JOINED}
    assert counts["with typos"] / counts.total() == pytest.approx(3 / 7, rel=0.15)
    assert list(augmented(PAIRS, 0.0, 1)) == PAIRS


def test_the_copies_are_the_same_each_time() -> None:
    assert list(augmented(PAIRS, 0.3, 1)) == list(augmented(iter(PAIRS), 0.3, 1))


def test_another_seed_copies_other_pairs_in_other_ways() -> None:
    one, other = set(augmented(PAIRS, 0.3, seed=1)) - set(PAIRS), set(augmented(PAIRS, 0.3, seed=2)) - set(PAIRS)
    assert len(one & other) < len(one) / 4


def test_a_line_that_no_batch_takes_is_not_copied() -> None:
    long = ("word " * 1001, "Wort")
    assert list(augmented([long] * 20, 1.0, seed=1)) == [long] * 20


def test_what_each_kind_changes() -> None:
    chance = random.Random(1)
    pair = ("The cat's here.", "Die Katze ist hier.")
    lower = {augmentation.lower_case(("The CAT's Here.", pair[1]), chance) for _ in range(20)}
    assert lower == {("the cat's here.", pair[1]), ("The cat's here.", pair[1])}
    assert augmentation.no_final_punctuation(pair, chance) == ("The cat's here", "Die Katze ist hier")
    assert augmentation.no_final_punctuation(("...", "Nun ja."), chance) == ("...", "Nun ja.")
    for _ in range(50):
        source, target = augmentation.typos(pair, chance)
        assert target == pair[1]
        assert abs(len(source) - len(pair[0])) <= 2
        assert source[0] == "T" or source[1] == "T"
    for _ in range(50):
        source, target = augmentation.at_an_end(pair, chance)
        assert source.replace("The cat's here", "") == target.replace("Die Katze ist hier", "") != "."


def test_what_is_copied_stands_on_both_sides_also_within_the_sentence():
    chance = random.Random(1)
    pair = ("Tom sees 12 dogs.", "Tom sieht 12 Hunde.")
    made = [augmentation.copied_through(pair, chance) for _ in range(200)]
    for source, target in made:
        assert source.replace("sees", "").replace("dogs", "") == target.replace("sieht", "").replace("Hunde", "")
    assert any("sees <" in source for source, _ in made)
    assert any("</" in source for source, _ in made)
    signs = [protected_pair(*pair, number) for number, pair in enumerate(made)]
    assert {sign for source, _ in signs for sign in source if sign in SIGNS} == set(SIGNS)
    for source, target in signs:
        assert sorted(filter(SIGNS.__contains__, source)) == sorted(filter(SIGNS.__contains__, target))


def test_joined_pairs_are_whole_sentences_in_the_same_order_on_both_sides() -> None:
    made = list(augmented(PAIRS, 1.0, 1))
    joined = [pair for pair in made if pair[0].count("The dog") > 1]
    assert joined
    for source, target in joined:
        assert re.findall(r"\d+", source) == re.findall(r"\d+", target)
        assert 2 <= source.count("The dog") <= augmentation.MOST_JOINED


def test_a_language_without_capitals_is_not_doubled_unchanged() -> None:
    made = list(augmented([("你好。", "您好。")] * 50, 1.0, 1))
    assert sum(pair == ("你好。", "您好。") for pair in made) == 50
