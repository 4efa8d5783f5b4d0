"""The demo's words are right: genders, plurals and verbs by dictionaries that are not ours; no reason is dead."""

import warnings

import ablaut
import pytest
from german_nouns.lookup import Nouns

from glassformer.demo.draw import changing, frames, known_of
from glassformer.demo.german import noun_form, plural_of
from glassformer.demo.german import present as present_of
from glassformer.demo.lexicon import meant, members_of, nouns, phrases_of, predicate, predicates, weak_forms
from glassformer.demo.situations import Situation, actions, placements, scenes
from glassformer.errors import CorpusError

ALL: tuple[Situation, ...] = (*scenes(), *actions(), *placements())
VERBS = sorted({situation.verb for situation in ALL}, key=lambda verb: (verb.english, verb.infinitive))
NOT_IN_THE_DICTIONARY = {"Müllauto", "Spielzeugauto"}
"""Compounds that it does not have; their last parts are there: Auto."""
OTHER_FORMS = {"Papagei": "the dictionary has only the weak form", "Cello": "Cellos is the other plural of Duden"}
GERMAN_VERBS_THE_LIBRARY_HAS_OTHERWISE = {
    "erschrecken": "the one with an object is weak: erschreckte",
    "hängen": "hing of things, hängte of who hangs them",
    "unterschreiben": "it is not separable",
    "fahren": "with an object it has hatte",
    "rollen": "of a ball it has ist",
    "prallen": "against a wall it has ist",
}
ENGLISH_VERBS_WITH_TWO_FORMS = {
    "show",
    "build",
    "hang",
    "lean",
    "ring",
    "fit",
    "smell",
    "spoil",
    "wake",
    "tear",
    "leave",
}


@pytest.fixture(scope="module")
def dictionary() -> Nouns:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage
        return Nouns()


def test_there_are_as_many_as_promised() -> None:
    assert len(nouns()) > 1_400
    assert len(predicates()) > 2_500
    assert sum(len(phrases_of(noun)) for noun in nouns().values()) > 50_000
    assert len({(verb.english, verb.preposition, verb.infinitive) for verb in VERBS}) > 150
    assert len(frames()) > 60


def test_gender_plural_and_cases_are_those_of_the_dictionary(dictionary: Nouns) -> None:
    for noun in nouns().values():
        entries = [entry for entry in dictionary[noun.german] if entry["lemma"] == noun.german]
        if noun.german in NOT_IN_THE_DICTIONARY:
            assert not entries, "it is there now: take it from the list"
            continue
        right = [
            entry
            for entry in entries
            if noun.gender in [entry.get(f"genus{n}") for n in ("", *(f" {k}" for k in range(1, 5)))]
        ]
        assert right, f"{noun.german} is not {noun.gender}"
        if noun.german in OTHER_FORMS:
            continue
        forms = {
            name: {form for entry in right for key, form in entry["flexion"].items() if key.startswith(name)}
            for name in CASES
        }
        if noun.german_plural and forms["nominativ plural"]:
            assert noun.german_plural in forms["nominativ plural"], noun
            if forms["dativ plural"]:
                assert noun_form(noun, "dat", plural=True) in forms["dativ plural"], noun
        for name, case in (("akkusativ singular", "acc"), ("dativ singular", "dat")):
            if forms[name]:
                assert noun_form(noun, case, plural=False) in forms[name], (noun, case)


GENUS = ("genus", "genus 1", "genus 2", "genus 3", "genus 4")
CASES = ("nominativ plural", "dativ plural", "akkusativ singular", "dativ singular")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.english} {verb.infinitive}")
def test_verbs_have_the_forms_of_a_conjugator(verb) -> None:  # type: ignore[no-untyped-def]
    german = ablaut.conjugate(verb.infinitive)
    if verb.infinitive not in GERMAN_VERBS_THE_LIBRARY_HAS_OTHERWISE:
        assert german.preterite[2] == f"{verb.finite} {verb.prefix}".strip()
        assert german.preterite[5] == f"{plural_of(verb.finite)} {verb.prefix}".strip()
        assert german.past_participle == verb.german_participle
        if verb.infinitive not in PRESENTS_THE_LIBRARY_HAS_OTHERWISE:
            present = [present_of(verb, number) for number in "13p"]
            assert [f"{form} {verb.prefix}".strip() for form in present] == [german.present[n] for n in (0, 2, 3)]
        assert german.auxiliary == {"hatte": "haben", "war": "sein"}[verb.auxiliary]
    if verb.english not in ENGLISH_VERBS_WITH_TWO_FORMS:
        english = ablaut.conjugate(verb.english, lang="eng")
        assert (english.past, english.past_participle) == (verb.past, verb.participle)


PRESENTS_THE_LIBRARY_HAS_OTHERWISE = {"erschrecken", "unterschreiben"}
"""It has *erschrickt*, which nothing frightens, and parts *unterschreiben*."""


def test_weak_verbs_follow_the_rule() -> None:
    assert weak_forms("", "öffnen") == ("öffnete", "geöffnet")
    assert weak_forms("auf", "räumen") == ("räumte", "aufgeräumt")
    assert weak_forms("", "reparieren") == ("reparierte", "repariert")
    assert weak_forms("", "füttern") == ("fütterte", "gefüttert")


@pytest.mark.parametrize("situation", ALL, ids=lambda one: f"{one.verb.english} {one.participants[0][0].english}")
def test_every_reason_can_be_said_of_some_noun(situation: Situation) -> None:
    for side in (situation.against, situation.reasons):
        for number, (some, words) in enumerate(zip(situation.participants, side, strict=True)):
            for english in words:
                assert any(predicate(english, noun) for noun in some), f"{english} fits none of them"
            assert len(set(words)) == len(words), f"twice among the reasons of {number}"


def test_what_changes_is_known() -> None:
    assert changing() - set(predicates()) <= {"too full", "tidy", "bleeding", "unlocked"}


def test_a_name_that_is_nobodys_is_an_error() -> None:
    assert members_of("pet =guinea pig wall") == ["pet", "=guinea pig", "wall"]
    assert {noun.english for noun in meant("pet except =dog =cat")} == {one.english for one in meant("pet")} - {
        "dog",
        "cat",
    }
    with pytest.raises(CorpusError, match="'=unicorn' in 'pet =unicorn' is neither a noun"):
        meant("pet =unicorn")


def test_the_same_word_has_its_german_by_noun() -> None:
    dog, bag = nouns()["dog"], nouns()["bag"]
    full_dog, full_bag = predicate("full", dog), predicate("full", bag)
    assert full_dog
    assert full_bag
    assert (full_dog.german, full_bag.german) == ("satt", "voll")
    assert predicate("ripe", dog) is None


def test_what_everybody_knows_fits_one_of_two() -> None:
    cart, horse, toilet, lift = (nouns()[name] for name in ("cart", "horse", "toilet", "lift"))
    assert "had lost a wheel" in {one.english for one in known_of(cart, horse)}
    assert "had lost a wheel" not in {one.english for one in known_of(cart, nouns()["tricycle"])}
    assert "was out of order" not in {one.english for one in known_of(toilet, lift)}


def test_a_present_is_told_where_there_is_one() -> None:
    said = {one.english: one for some in predicates().values() for one in some}
    assert said["had to be repaired"].has_present
    assert said["was being repaired"].has_present
    assert not said["was towed away"].has_present
    assert not said["would not start"].has_present


def test_german_prefixes_are_told_apart() -> None:
    """*weil es auf die Straße rollte*, but *weil es wegrollte*: the last word of the middle is no prefix."""
    auxiliaries = {"war", "hatte", "wurde", "musste", "konnte", "wollte"}
    for some in predicates().values():
        for one in some:
            if one.phrase and one.finite not in auxiliaries and one.german:
                assert one.german.split()[-1] not in PREFIXES, one


PREFIXES = {
    "an",
    "auf",
    "aus",
    "ab",
    "um",
    "ein",
    "zu",
    "weg",
    "davon",
    "herum",
    "herunter",
    "vorbei",
    "zurück",
    "statt",
    "los",
}
