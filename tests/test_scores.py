"""Scores: sacreBLEU's figures, whatever the text; its intervals and tests, without its failures."""

import random
import unicodedata
from collections.abc import Sequence

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from glassformer.errors import ConfigError
from glassformer.scores import (
    MEASURES,
    CorpusMetric,
    bleu,
    bleu_measure,
    chrf,
    chrf_measure,
    compared,
    counted,
    papers_bleu,
    resampled,
    scored,
    ter_measure,
)

WORDS = [
    "ein",
    "kleiner",
    "Vogel",
    "singt",
    "am",
    "Morgen",
    "auf",
    "dem",
    "Dach",
    "und",
    "die",
    "Nachbarn",
    "öffnen",
    "leise",
    "ihre",
    "Fenster",
]


def noisy(lines: Sequence[str], share: float, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [
        " ".join(word if chance.random() > share else chance.choice(WORDS) for word in line.split()) for line in lines
    ]


@pytest.fixture
def references() -> list[str]:
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=chance.randint(4, 12))) for _ in range(45)]


def test_scores_carry_their_recipe(references: list[str]) -> None:
    perfect = bleu(references, references, resamples=100)
    assert perfect.value == pytest.approx(100)
    assert "case:mixed" in perfect.signature
    assert "version:" in perfect.signature
    assert perfect.low == pytest.approx(100)
    assert chrf(references, references).value == pytest.approx(100)
    shouted = [line.upper() for line in references]
    assert bleu(shouted, references).value < 50
    papers = papers_bleu(shouted, references, "de")
    assert papers.value == pytest.approx(100)
    assert "lowercased+moses" in papers.signature


def test_the_papers_figure_is_of_a_language_that_moses_knows() -> None:
    """Of another one it took English's rules, and the signature said otherwise."""
    assert "moses-tokenised(de)" in papers_bleu(["Ein Haus"], ["Ein Haus"], "DEU").signature
    for language in ("xx", "en-de", "german", "tr", "zh", "jpn"):
        with pytest.raises(ConfigError, match=r"choose one of as bn .* such as en"):
            papers_bleu(["Ein Haus"], ["Ein Haus"], language)


def test_what_cannot_be_scored_is_refused() -> None:
    for hypotheses, sides in (
        (["a"], []),
        ([], [[]]),
        (["a", "b"], [["a"]]),
        (["a"], [["a"], ["a", "b"]]),
        (["▁ein ▁Vo gel"], [["ein Vogel"]]),
        (["ein Vogel"], [["ein Vogel"], ["ein Vo@@ gel"]]),
    ):
        with pytest.raises(ConfigError):
            bleu(hypotheses, *sides)


@pytest.mark.parametrize("measure", [bleu_measure(), chrf_measure(), chrf_measure(2), ter_measure()])
def test_intervals_and_tests_are_sacrebleus(measure: CorpusMetric, references: list[str]) -> None:
    first, second = noisy(references, 0.2, seed=1), noisy(references, 0.25, seed=2)
    found = scored(measure, first, [references], resamples=200)
    theirs = measure.metric.corpus_score(first, [references], n_bootstrap=200)
    assert found.value == pytest.approx(theirs.score)
    assert found.low == pytest.approx(theirs._mean - theirs._ci, abs=1e-3)  # theirs is in float32
    assert found.high == pytest.approx(theirs._mean + theirs._ci, abs=1e-3)
    sides = [counted(measure, side, [references]) for side in (first, second)]
    comparison = compared(measure, *sides, resamples=300, trials=700)
    expected = []
    for kind, samples in (("bs", 300), ("ar", 700)):
        test = PairedTest(
            [("one", first), ("other", second)], {"it": measure.metric}, [references], kind, n_samples=samples
        )
        expected.append(test()[1][measure.name][1].p_value)
    assert [comparison.p_bootstrap, comparison.p_randomisation] == pytest.approx(expected, abs=1e-9)
    assert comparison.difference == pytest.approx(
        scored(measure, second, [references]).value - scored(measure, first, [references]).value
    )


def test_a_resample_that_shares_nothing_is_a_figure() -> None:
    """One of two lines is nothing like its reference: a resample may hold it twice, which crashed."""
    hypotheses, references = ["Der Vogel singt laut.", "xyz"], ["Der Vogel singt laut.", "Ja"]
    for name, measure in MEASURES.items():
        found = scored(measure("13a"), hypotheses, [references], resamples=100)
        assert found.low is not None, name
        assert found.high is not None, name
        assert 0 <= found.low <= found.high, name


@pytest.mark.parametrize(
    ("hypotheses", "references"),
    [
        (["Der Vogel singt laut.", "Ja."], ["Der Vogel singt laut.", ""]),
        (["", ""], ["Der Vogel singt.", "Ja."]),
        (["", ""], ["", ""]),
        (["Der Vogel."], [""]),
        (["\u00a0"], ["\u3000"]),
        (["。"], ["鳥"]),
    ],
)
def test_empty_sides_are_figures(hypotheses: list[str], references: list[str]) -> None:
    for measure in MEASURES.values():
        found = scored(measure("13a"), hypotheses, [references], resamples=50)
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= found.high
        assert found.value >= 0


def test_intervals_stay_on_the_scale(references: list[str]) -> None:
    """Their half width is put around a mean near an end."""
    nearly = [*references[:-2], "gar nichts davon", "auch nicht"]
    found = bleu(nearly, references, resamples=200)
    assert found.high == 100.0
    nothing = ["völlig anderes hier"] * len(references)
    nothing[0] = references[0]
    found = bleu(nothing, references, resamples=200)
    assert found.low is not None
    assert found.low >= 0.0


def test_text_is_compared_in_nfc() -> None:
    composed = "Schöne Grüße aus Köln am Rhein"
    apart = unicodedata.normalize("NFD", composed)
    assert apart != composed
    assert bleu([apart], [composed]).value == pytest.approx(100)
    for score in (bleu([apart], [composed]), chrf([composed], [apart]), papers_bleu([apart], [composed], "de")):
        assert "unicode:NFC" in score.signature.split("|")


def test_several_references() -> None:
    hypotheses = ["Der Vogel singt am frühen Morgen.", "Sie öffnet leise das alte Fenster."]
    one, other = [hypotheses[0], "Das Fenster macht sie ohne Lärm auf."], ["Am Morgen hört man ihn.", hypotheses[1]]
    assert bleu(hypotheses, one).value < 60
    both = bleu(hypotheses, one, other)
    assert both.value == pytest.approx(100)
    assert both.signature.startswith("nrefs:2|")
    assert BLEU().corpus_score(hypotheses, [one, other]).score == pytest.approx(both.value)


def test_equal_figures_are_no_difference(references: list[str]) -> None:
    counts = counted(bleu_measure(), references, [references])
    comparison = compared(bleu_measure(), counts, counts, resamples=10, trials=10)
    assert (comparison.difference, comparison.p_bootstrap, comparison.p_randomisation) == (0, 1, 1)


def test_resampling_holds_one_sample_at_a_time() -> None:
    """sacreBLEU's wants samples × sentences × counts numbers at once: 7 GB for 100,000 sentences."""
    import tracemalloc

    import numpy as np

    counts = np.ones((20_000, 18))
    tracemalloc.start()
    assert sum(1 for _ in resampled(counts, 20)) == 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_sentences_figure_leaves_the_test_sets_alone(references: list[str]) -> None:
    measure = bleu_measure()
    counts = counted(measure, noisy(references, 0.3, seed=4), [references])
    before = measure.value(counts.sum(axis=0))
    short = counted(measure, ["Ja genau"], [["Ja genau"]])
    assert measure.sentence(short[0]) == pytest.approx(100)  # has no 4-grams
    assert measure.value(counts.sum(axis=0)) == before
