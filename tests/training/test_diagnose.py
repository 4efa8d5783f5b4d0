"""Each diagnosis on a corpus, a course or translations that were made to have the fault, and none on healthy ones."""

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from glassformer.demo import first_sentences
from glassformer.training import diagnose_corpus
from glassformer.training.diagnose_corpus import examine_corpus, language_of
from glassformer.training.diagnose_run import examine_course, examine_translations, unknown_characters
from glassformer.training.finding import Finding
from glassformer.training.learning_curve import BOTTOM, TOP, learning_curve, ticks

Pair = tuple[str, str]
EN_DE = ("en", "de")


@pytest.fixture(scope="module")
def healthy() -> list[Pair]:
    return [sentence.pair for sentence in first_sentences(12_000, seed=3)]


@pytest.fixture(scope="module")
def validation() -> list[Pair]:
    return [(f"{a[:-1]}, he said.", f"{b[:-1]}, sagte er.") for a, b in (s.pair for s in first_sentences(100, seed=4))]


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose_corpus, "WINDOW", 250)  # enough for a hundred words, and fast


def faults(findings: list[Finding]) -> dict[str, str]:
    assert all(finding.says for finding in findings)
    return {finding.fault: finding.weight for finding in findings}


def test_a_healthy_corpus_has_nothing(healthy: list[Pair], validation: list[Pair]) -> None:
    assert faults(examine_corpus(healthy, validation, EN_DE)) == {}


def test_too_little_data(healthy: list[Pair], validation: list[Pair]) -> None:
    assert faults(examine_corpus(healthy[:3000], validation, EN_DE)) == {"too little data": "bad"}


def test_swapped_sides(healthy: list[Pair], validation: list[Pair]) -> None:
    turned = [(b, a) for a, b in healthy]
    assert faults(examine_corpus(turned, validation, EN_DE)) == {
        "sides swapped": "bad",
        "validation sides swapped": "bad",
    }
    turned_validation = [(b, a) for a, b in validation]
    assert faults(examine_corpus(healthy, turned_validation, EN_DE)) == {"validation sides swapped": "bad"}
    assert "wrong language" in faults(examine_corpus(healthy, validation, ("en", "fr")))


@pytest.mark.parametrize("lines", [1, -2])
def test_sides_shifted_from_the_middle_on(healthy: list[Pair], lines: int) -> None:
    half = len(healthy) // 2
    moved = [(healthy[n][0], healthy[n - lines][1]) for n in range(half, len(healthy) - 2)]
    found = diagnose_corpus.shifted([*healthy[:half], *moved])
    assert found is not None
    where = "1 line later" if lines == 1 else "2 lines earlier"
    assert where in found.says
    assert 6000 < int(found.says.split("pair ")[1].split(" ")[0].replace(",", "")) < 9000


def test_lines_in_the_other_language(healthy: list[Pair], validation: list[Pair]) -> None:
    some_wrong = [(a, f"And {a[0].lower()}{a[1:]}" if n % 12 == 0 else b) for n, (a, b) in enumerate(healthy)]
    found = examine_corpus(some_wrong, validation, EN_DE)
    assert faults(found) == {"wrong language in a side": "watch"}
    assert "the target lines" in found[0].says


def test_copies_repetitions_and_uneven_lengths(healthy: list[Pair], validation: list[Pair]) -> None:
    copies = [(a, a if n % 8 == 0 else b) for n, (a, b) in enumerate(healthy)]
    assert faults(examine_corpus(copies, validation, EN_DE))["copies"] == "bad"
    assert faults(examine_corpus([*healthy, *healthy[:6000]], validation, EN_DE)) == {"repeated pairs": "watch"}
    uneven = [(a, b[: len(b) // 4] if n % 4 == 0 else b) for n, (a, b) in enumerate(healthy)]
    assert faults(examine_corpus(uneven, validation, EN_DE))["length ratio"] == "bad"


def test_test_sentences_that_were_trained_on(healthy: list[Pair], validation: list[Pair]) -> None:
    leaked = [(a.upper().rstrip("."), b) for a, b in validation[:20]]
    found = examine_corpus([*healthy, *leaked], validation, EN_DE)
    assert faults(found) == {"validation seen in training": "bad"}
    assert "20 of 100" in found[0].says


def test_a_language_is_told_by_its_commonest_words() -> None:
    assert language_of(["Le chat est dans la maison et il dort.", "Je ne sais pas que vous dire."]) == "fr"
    assert language_of(["12345 67890"]) == ""


def course(*points: tuple[float, float, float]) -> list[dict[str, Any]]:
    """Rows of metrics: (training loss, validation loss, BLEU) every 100 steps."""
    rows: list[dict[str, Any]] = []
    for number, (training, loss, bleu) in enumerate(points, start=1):
        rows.append({"kind": "step", "step": 100 * number, "loss": training})
        rows.append({"kind": "validation", "step": 100 * number, "loss": loss, "bleu": bleu})
    return rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (course((4, 3, 10), (3, 2.5, 20), (2.7, 2.2, 25), (2.6, 2.19, 25.1), (2.5, 2.19, 25.2)), {}),
        (course((4, 3, 10), (3, 2.5, 20), (2.7, 2.2, 25)), {"still learning": "watch"}),
        (course((4, 3, 10), (3, 2.5, 20), (2, 2.7, 20), (1.5, 2.9, 19)), {"overfit": "bad"}),
        (course((6.9, 6.8, 0), (6.8, 6.8, 0), (6.8, 6.8, 0)), {"does not learn": "bad"}),
        ([], {"not validated": "watch"}),
    ],
)
def test_the_course_of_a_run(rows: list[dict[str, Any]], expected: dict[str, str]) -> None:
    assert faults(examine_course(rows, 1000)) == expected


def test_translations(healthy: list[Pair]) -> None:
    sources, references = [a for a, _ in healthy[:100]], [b for _, b in healthy[:100]]
    assert faults(examine_translations(sources, references, references, gain=2.0)) == {}
    looping = [*references[:90], *(f"{text[:-1]} nicht nicht nicht nicht nicht." for text in references[90:])]
    assert faults(examine_translations(sources, references, looping)) == {"repetition loops": "bad"}
    assert "copies the source" in faults(examine_translations(sources, references, [*references[:60], *sources[60:]]))
    english = [*references[:60], *(f"Yes, {text}" for text in sources[60:])]
    assert "translations in the wrong language" in faults(examine_translations(sources, references, english))
    assert "says the same for everything" in faults(examine_translations(sources, references, ["Der Hund."] * 100))
    short = [text[: len(text) // 2] for text in references]
    assert "length of translations" in faults(examine_translations(sources, references, short))
    assert faults(examine_translations(sources, references, references, gain=0.1)) == {"ignores the source": "bad"}


def test_unknown_characters() -> None:
    assert unknown_characters([["▁a", "▁dog"]] * 50, "source") is None
    found = unknown_characters([["▁a", "<0xF0>", "<0x9F>"], *([["▁a", "▁dog"]] * 9)], "source")
    assert found is not None
    assert "in 1 of 10 lines" in found.says


def test_the_learning_curve_is_a_picture() -> None:
    picture = learning_curve(course((4, 3, 10), (3, 2.5, 20), (2.7, 2.2, 25)), "a <run>")
    root = ElementTree.fromstring(picture)
    lines = [path.get("class", "") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    assert sum("training" in name for name in lines) == 2  # the curve and its key
    assert ElementTree.fromstring(learning_curve([], "nothing yet")) is not None


def test_a_random_models_loss_does_not_lay_the_curve_flat() -> None:
    rows = course(*[(9.5, 9.0, 0)], *[(3 - n / 20, 2 - n / 20, n) for n in range(19)])
    root = ElementTree.fromstring(learning_curve(rows, "run"))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"1", "3", "validation loss 1.10"} <= set(words)
    assert "9" not in words
    (line,) = [path for path in root.iter("{http://www.w3.org/2000/svg}path") if "clip-path" in path.attrib][1:2]
    heights = [float(point.split()[1]) for point in line.attrib["d"].removeprefix("M").split("L")]
    assert (
        heights[0] < TOP < heights[1] < heights[-1] < BOTTOM
    )  # above the picture, where it is cut off; then falling in it


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (1.48, 3.4, [1, 1.5, 2, 2.5, 3, 3.5]),
        (0, 43.5, [0, 10, 20, 30, 40, 50]),
        (2, 2, [2, 2.02, 2.04, 2.06, 2.08, 2.1]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected
