"""The demo's sentences: correct in both languages, balanced, different, and nothing of what is held out."""

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from glassformer.demo import HeldOut, HeldOutRow, ItSentence, first_sentences, it_sentences, read_rows
from glassformer.demo.first import first_repertoire
from glassformer.demo.german import PRONOUNS, THE, ending
from glassformer.demo.lexicon import Noun, nouns
from glassformer.errors import CorpusError
from tests.house.source import ROOT

ROWS = read_rows(ROOT / "benchmarks" / "it.tsv")
SOME = list(islice(it_sentences(5, ROWS), 4000))
GERMAN: dict[str, list[tuple[Noun, bool]]] = {}
for one in nouns().values():
    GERMAN.setdefault(one.german, []).append((one, False))
    GERMAN.setdefault(one.german_plural, []).append((one, True))


def bare(word: str) -> str:
    return re.sub(r"[^\w’'-]", "", word)


def numbers_of(sentence: ItSentence, role: str) -> set[str]:
    """The genders (p: plural) that the German noun may have, by its form alone."""
    word = bare(sentence.target.split()[sentence.target_keys[role][0]])
    forms = [word, *(word[: -len(end)] for end in ("n", "en") if word.endswith(end))]
    return {"p" if plural else noun.gender for form in forms for noun, plural in GERMAN.get(form, [])}


def test_the_same_sentences_for_the_same_seed_and_none_twice() -> None:
    assert list(islice(it_sentences(5, ROWS), 200)) == SOME[:200]
    assert list(islice(it_sentences(6, ROWS), 200)) != SOME[:200]
    assert len({sentence.source for sentence in SOME}) == len(SOME)


def test_they_are_sentences() -> None:
    for sentence in SOME:
        for text in sentence.pair:
            assert re.fullmatch(r"[A-ZÄÖÜ][\w ,.;:?!'’-]*[.?]", text), text
            assert "  " not in text
            assert " ," not in text
            assert not re.search(r"[\ue000-\ue1ff{}|^_]", text)


SHORT = {"im": "dem", "am": "dem", "vom": "dem", "ins": "das", "ans": "das"}


def test_articles_agree_with_their_nouns() -> None:
    seen = set()
    for sentence in SOME:
        words = [bare(word).lower() for word in sentence.target.split()]
        for role in ("subject", "object"):
            places = sentence.target_keys.get(f"{role} article", [])
            for article in [SHORT.get(words[place], words[place]) for place in places]:
                if article in ("der", "die", "das", "den", "dem"):
                    allowed = {ending(THE, case, number) for case in THE for number in numbers_of(sentence, role)}
                    assert article in allowed, sentence.pair
                    seen.add(article)
    assert seen == {"der", "die", "das", "den", "dem"}


def test_the_pronoun_has_the_gender_of_what_it_stands_for() -> None:
    counted: Counter[str] = Counter()
    for sentence in SOME:
        words = [bare(word).lower() for word in sentence.target.split()]
        for it, _ in sentence.target_marks:
            role = next(role for role in ("subject", "object") if it in sentence.target_keys.get(f"it {role}", []))
            allowed = {ending(PRONOUNS, case, number) for case in PRONOUNS for number in numbers_of(sentence, role)}
            assert words[it] in allowed, sentence.pair
            counted[words[it]] += 1
    assert min(counted[word] for word in ("er", "sie", "es")) > 600
    assert counted["ihn"] > 20


def test_the_marks_lead_from_the_pronoun_to_its_noun() -> None:
    heads = {form.split()[-1] for noun in nouns().values() for form in (noun.english, noun.english_plural) if form}
    for sentence in SOME:
        words = [bare(word).lower() for word in sentence.source.split()]
        assert len(sentence.marks) == len(sentence.target_marks)
        for it, noun in sentence.marks:
            assert words[it] in {"it", "they", "them"}, sentence.source
            assert words[noun] in {head.lower() for head in heads}, sentence.source


def test_german_puts_the_verb_last_in_its_clauses() -> None:
    for sentence in SOME:
        for clause in re.findall(r"\b(?:weil|obwohl|dass|sobald) ([^,.?]*)", sentence.target):
            assert re.search(r"(te|ten|\w+)$", clause)
            assert not re.match(r"\w+ (war|waren|ist|sind|hatte) \w+", clause), sentence.target


def test_subject_and_object_are_meant_as_often_in_every_frame() -> None:
    meant: Counter[tuple[str, int]] = Counter((one.frame, one.about) for one in SOME if one.nouns == 2 and one.marks)
    together = [sum(count for (_, about), count in meant.items() if about == side) for side in (0, 1)]
    assert abs(together[0] - together[1]) < 0.03 * sum(together)
    for frame in {frame for frame, _ in meant}:
        subject, thing = meant[frame, 0], meant[frame, 1]
        if subject + thing > 60:
            assert 0.3 < subject / (subject + thing) < 0.7, frame
    assert len({frame for frame, _ in meant}) > 40


def test_twins_share_their_main_clause_and_differ_in_their_ending() -> None:
    twins: dict[int, list[ItSentence]] = {}
    for sentence in SOME:
        if sentence.twins and sentence.frame == "because":
            twins.setdefault(sentence.twins, []).append(sentence)
    whole = [pair for pair in twins.values() if len(pair) == 2]
    assert len(whole) > 50
    for one, other in whole:
        assert one.source.split(" because ")[0] == other.source.split(" because ")[0]
        assert one.about != other.about


def words_of(text: str) -> str:
    return f" {re.sub('[^a-z -]', ' ', text.lower())} "


def test_nothing_combines_what_the_test_combines() -> None:
    """Not by HeldOut, but by plain reading of the sentences."""
    for row in ROWS:
        nouns_of_row = [words.split()[-1] for words in (row.first, row.second)]
        said = [re.sub(r"^(too|so|not|very) ", "", words) for words in (row.of_first, row.of_second)]
        for sentence in SOME:
            text = words_of(sentence.source)
            there = [word for word in nouns_of_row if f" {word} " in text or f" {word}s " in text]
            assert len(there) < 2, (row, sentence.source)
            assert not (there and any(f" {words} " in text for words in said)), (row, sentence.source)


def test_held_out_words_are_held_out_in_all_their_forms() -> None:
    held = HeldOut([HeldOutRow("mouse", "cross", "street", "high", "too wide")])
    assert held("The mice crossed the road.")
    assert held("The mouse was tall.")  # hoch, like high
    assert held("The wide streets were empty.")
    assert not held("The mouse was wild, and the horse crossed the bridge.")
    assert not held("The mousetrap was wide.")


def test_without_rows_the_article_s_sentence_can_come() -> None:
    held = HeldOut(ROWS)
    assert any(held(sentence.source) for sentence in islice(it_sentences(5), 3000))
    assert not any(held(sentence.source) for sentence in SOME)


def test_a_wrong_line_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("animal\tcross\tstreet\ttired\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"rows.tsv, line 1, has 4 columns, not 5"):
        read_rows(path)


def test_the_end_is_said_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.demo.sentences.PATIENCE", 50)  # 3,000 sentences are made before that
    first = first_repertoire()
    little = replace(first, frames=first.frames[:1], scenes=first.scenes[:1])
    with pytest.raises(CorpusError, match=r"has made [\d,]+ sentences and finds no other"):
        list(it_sentences(1, repertoire=little))


def test_a_first_training_needs_few_words() -> None:
    made = first_sentences(2000)
    for side in (0, 1):
        assert len({bare(word).lower() for one in made for word in one.pair[side].split()}) < 130
    assert {"tired", "wide", "animal", "street"} <= {bare(word) for one in made for word in one.source.split()}


def test_both_languages_tell_in_the_same_tense() -> None:
    now = [one for one in SOME if re.search(r"\b(doesn't|don't|isn't|aren't|does not) ", one.source)]
    assert 0.03 * len(SOME) < len(now) < 0.3 * len(SOME)
    for one in now:
        behind = re.split(r"dass ", one.target, maxsplit=1)[-1]  # She said that …
        assert not re.search(r"\b(war|waren|konnten?|wollten?|wurden?|hatten?)\b", behind), one.pair


def test_what_is_not_so_is_unreal_in_both_languages() -> None:
    for one in SOME:
        if " would have " in one.source:
            assert re.search(
                r"\b(hätten?|wären?)\b.*\bnicht (so|zu) .* gewesen wären?\b|gewesen wären?, ", one.target
            ), one.pair
        elif re.search(" would (?!not )", one.source):  # it would not start: that is so
            assert re.search(r"\bwürden?\b", one.target), one.pair
    assert sum(" would have " in one.source for one in SOME) > 20


def test_the_owner_stands_where_each_language_puts_him() -> None:
    for one in SOME:
        for english, german in {
            "Tom's ": "Toms ",
            "the farmer's ": " des Bauern",
            "the child's ": " des Kindes",
        }.items():
            assert one.source.lower().count(english.lower()) == one.target.count(german), one.pair


def test_a_phrase_has_its_own_verb() -> None:
    """*It had lost its petals*, not *It was had lost*; and many plants did."""
    assert not any(re.search(r"\b(was|is|were|are) (had|has|was|is)\b", one.source) for one in SOME)
    assert sum(bool(re.search(r"\b(had to be|had lost|has to be|has lost)\b", one.source)) for one in SOME) > 80


def test_no_sentence_means_both() -> None:
    """*He hung the picture on the wall and painted it* has two translations."""
    targets: dict[str, set[str]] = {}
    for one in SOME:
        targets.setdefault(one.source, set()).add(one.target)
    assert all(len(some) == 1 for some in targets.values())


def test_what_must_be_done_to_it_stands_in_german_order() -> None:
    """*weil es repariert werden musste*, *es muss repariert werden*."""
    must = [
        one
        for one in SOME
        if re.search(r"\b(had|has|have) to be (repaired|renovated|replaced|washed|painted|translated)\b", one.source)
    ]
    assert len(must) > 10
    for one in must:
        assert re.search(r"werden (muss|müssen|mussten?)\b|\b(muss|müssen|mussten?) .*werden\b", one.target), one.pair
        for clause in re.findall(r"\b(?:weil|obwohl|dass|sobald) ([^,.?]*)", one.target):
            assert not re.match(r"\w+ (muss|müssen|mussten?) ", clause), one.target
