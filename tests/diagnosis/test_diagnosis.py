"""Each diagnosis on a corpus, a course or translations that were made to have the fault, and none on healthy ones."""

import itertools
import random
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from glassformer.demo import first_sentences
from glassformer.diagnosis import corpus as diagnose_corpus
from glassformer.diagnosis import lines as diagnose_lines
from glassformer.diagnosis.corpus import examine_corpus
from glassformer.diagnosis.course import examine_course, examine_translations, unknown_characters
from glassformer.diagnosis.finding import Finding
from glassformer.diagnosis.learning_curve import BOTTOM, TOP, learning_curve, ticks
from glassformer.diagnosis.score import score_beside_loss
from glassformer.diagnosis.sides import language_of, profiles_of, swapped_in_part, validation_swapped

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
    silent = faults(examine_translations(sources, references, [*references[:60], *[""] * 40]))
    assert silent["writes nothing"] == "bad"
    assert "copies the source" not in silent
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
    rare = unknown_characters([["▁a", "<0xF0>", "<0x9F>"], *([["▁a", "▁dog"]] * 9)], "source", new=0.0)
    assert rare is not None
    assert (rare.fault, rare.weight) == ("characters without a piece", "watch")


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


NOUNS = """cat 猫 แมว, dog 狗 สุนัข, teacher 老师 ครู, bird 鸟 นก,
child 孩子 เด็ก, friend 朋友 เพื่อน, doctor 医生 หมอ, king 国王 กษัตริย์"""
VERBS = "sees 看见 เห็น, buys 买 ซื้อ, likes 喜欢 ชอบ, paints 画 วาด, hears 听见 ได้ยิน, finds 找到 พบ"
THINGS = """the_boat 那条船 เรือ, a_letter 一封信 จดหมาย, the_house 那座房子 บ้าน, a_flower 一朵花 ดอกไม้,
the_red_car 那辆红车 รถสีแดง, an_old_book 一本旧书 หนังสือเก่า, two_apples 两个苹果 แอปเปิลสองลูก"""
TIMES = "today 今天 วันนี้, at_night 晚上 ตอนกลางคืน, every_day 每天 ทุกวัน, again 又 อีกครั้ง"


def unspaced_pairs(language: int, count: int = 1300) -> list[Pair]:
    """English and Chinese (1) or Thai (2) sentences of the same grammar, in an order of chance."""
    words = [[entry.split() for entry in kind.split(",")] for kind in (NOUNS, VERBS, THINGS, TIMES)]
    every = [
        (
            f"The {n[0]} {v[0]} {o[0]} {t[0]}.".replace("_", " "),
            f"{n[1]}{t[1]}{v[1]}{o[1]}。" if language == 1 else f"{n[2]}{v[2]}{o[2]}{t[2]}",
        )
        for n, v, o, t in itertools.product(*words)
    ]
    random.Random(5).shuffle(every)
    return every[:count]


ZH, TH = ("en", "zh"), ("en", "th")


@pytest.mark.parametrize(("language", "names"), [(1, ZH), (2, TH)])
def test_languages_without_blanks(language: int, names: tuple[str, str]) -> None:
    pairs = unspaced_pairs(language)
    pairs, validation = pairs[:1200], pairs[1200:]
    few = {"too little data": "bad"}
    assert faults(examine_corpus(pairs, validation, names)) == few
    turned = [(b, a) for a, b in pairs]
    swapped_too = {"sides swapped": "bad", "validation sides swapped": "bad"}
    assert faults(examine_corpus(turned, validation, names)) == few | swapped_too
    assert "wrong language" in faults(examine_corpus(pairs, validation, ("en", "ja")))
    half = len(pairs) // 2
    moved = [*pairs[:half], *((pairs[n][0], pairs[n - 1][1]) for n in range(half, len(pairs)))]
    assert faults(examine_corpus(moved, validation, names))["shifted"] == "bad"
    mixed = [(a, pairs[n - 1][0] if n % 12 == 0 else b) for n, (a, b) in enumerate(pairs)]
    assert faults(examine_corpus(mixed, validation, names)) == few | {"wrong language in a side": "watch"}
    assert "in the other side's language" not in str(examine_corpus(pairs, validation, names))
    references = [b for _, b in validation]
    sources = [a for a, _ in validation]
    assert faults(examine_translations(sources, references, references, gain=2.0)) == {}
    looping = [*references[:80], *(text[:3] * 5 for text in references[80:])]
    assert "repetition loops" in faults(examine_translations(sources, references, looping))
    english = [*references[:60], *(f"Yes, {text}" for text in sources[60:])]
    assert "translations in the wrong language" in faults(examine_translations(sources, references, english))
    leaked = [*pairs, *((a, b.rstrip("。")) for a, b in validation[:20])]
    assert "validation seen in training" in faults(examine_corpus(leaked, validation, names))


@pytest.mark.parametrize("share", [2, 5, 25])
@pytest.mark.parametrize("language", [0, 1, 2])
def test_sides_that_are_exchanged_in_some_pairs(healthy: list[Pair], share: int, language: int) -> None:
    pairs = unspaced_pairs(language) if language else healthy[:1300]
    turned = [(b, a) if n % share == 1 else (a, b) for n, (a, b) in enumerate(pairs)]
    found = examine_corpus(turned, turned[:100:7], None)
    names = faults(found)
    assert names.pop("sides swapped in part") == "bad"
    assert set(names) <= {"too little data", "validation seen in training"}  # and nothing that only follows from it
    told = next(finding for finding in found if finding.fault == "sides swapped in part")
    assert abs(int(told.says.split("in ")[1].split(" %")[0]) - 100 / share) <= 4
    number = int(told.says.split("pair ")[1].split(":")[0].replace(",", "")) - 1
    assert told.says.endswith(f"“{turned[number][0][:40]}” → “{turned[number][1][:40]}”")
    if share > 2:  # of the halves neither is the right one
        assert turned[number] != pairs[number]


def test_pairs_of_two_other_languages_are_not_exchanged(healthy: list[Pair]) -> None:
    """Half of a corpus French to Spanish: 43 % were said to be turned round."""
    strange = [(f"les chats {n} dorment ici", f"el gato {n} duerme") for n in range(650)]
    mixed = [pair for both in zip(healthy[:650], strange, strict=True) for pair in both]
    assert swapped_in_part(mixed) is None
    assert swapped_in_part(mixed[:300]) is None


def test_one_line_beside_many_others_is_said(healthy: list[Pair], validation: list[Pair]) -> None:
    for side in (0, 1):
        nothing = [
            (("N/A", b) if side == 0 else (a, "N/A")) if n % 10 == 0 else (a, b) for n, (a, b) in enumerate(healthy)
        ]
        found = next(one for one in examine_corpus(nothing, [], None) if one.fault == "one line again and again")
        assert found.weight == "watch"
        assert f"the same {('source', 'target')[side]}, “N/A”" in found.says
    assert diagnose_lines.same_line([]) is None
    assert diagnose_lines.same_line([healthy[0]] * 100) is None  # repetitions are another fault


def test_text_that_was_read_in_the_wrong_encoding_is_said(healthy: list[Pair], validation: list[Pair]) -> None:
    wrong = [(a, f"{b} Schön größer!".encode().decode("latin-1")) for a, b in healthy]
    found = next(one for one in examine_corpus(wrong, validation, EN_DE) if one.fault == "wrongly decoded")
    assert found.weight == "bad"
    assert "100 % of the target lines" in found.says
    lines = ["It’s “good”…", "schlÃ¤ft", "Ã–l", "Itâ€™s", "bad \ufffd", "NÃO, AMANHÃ…", "Âme Ãle größer", "naïve — £5"]
    assert [bool(diagnose_lines.WRONGLY_DECODED.search(line)) for line in lines] == [
        False, True, True, True, True, False, False, False,
    ]  # fmt: skip


def test_html_s_references_and_tags_of_one_side_are_said(healthy: list[Pair], validation: list[Pair]) -> None:
    for changed, fault, says in (
        ([(f"{a} Tom &amp; Mary", b) for a, b in healthy], "HTML's references", "100 % of the source lines"),
        (
            [(a, f"{b} &#39;ja&#39;") if n % 20 == 0 else (a, b) for n, (a, b) in enumerate(healthy)],
            "HTML's references",
            "5 %",
        ),
        ([(a, f"<b>{b}</b>") for a, b in healthy], "tags on one side", "100 % of the target lines"),
    ):
        found = next(one for one in examine_corpus(changed, validation, EN_DE) if one.fault == fault)
        assert says in found.says
        assert found.weight == ("watch" if "5 %" in says else "bad")
    for line in ("schl&auml;ft", "&hellip; &copy;", "&#128512; &#x1F600;", "&frac12;"):
        assert diagnose_lines.with_references([(line, "x")])
    for line in (
        "a < b and c > d",
        "AT&T; R&D",
        "x <- y, 3 <4",
        "Q&A;",
        "?a=1&lt=2",
        "<user@example.com>",
        "<https://a.b>",
    ):
        assert diagnose_lines.with_references([(line, "x")]) is None
        assert diagnose_lines.tags_on_one_side([(line, "x")]) is None
    for both in (("<b>{}</b>", "<b>{}</b>"), ("cp <file> {}", "cp <文件> {}"), ("A1: <Empty> {}", "A1: <1> {}")):
        assert diagnose_lines.tags_on_one_side([(both[0].format(a), both[1].format(b)) for a, b in healthy]) is None


def test_lines_that_were_cut_are_said(healthy: list[Pair], validation: list[Pair]) -> None:
    length = sorted(len(b) for _, b in healthy)[-len(healthy) // 10]
    found = next(
        one
        for one in examine_corpus([(a, b[:length]) for a, b in healthy], validation, EN_DE)
        if one.fault == "cut off"
    )
    assert found.weight == "bad"
    assert f"target lines have {length} characters, none has more" in found.says
    cut = [(" ".join(a.split()[:5]), b) for a, b in healthy]
    assert "source lines have 5 words" in str(diagnose_lines.cut_off(cut))
    short = [(a, b) for a, b in healthy if len(a.split()) <= 7]  # chosen by length, and whole
    assert diagnose_lines.cut_off(short) is None
    assert "target lines have 30 characters" in str(
        diagnose_lines.cut_off([(a, b if len(b) <= 30 else f"{b[:27]}...") for a, b in healthy])
    )
    for unmarked in (
        [(a.lower().rstrip("."), b) for a, b in healthy if len(a.split()) <= 7],  # what speech recognition writes
        [(f"“{a}”", f"„{b}“") for a, b in healthy if len(b) <= 40],
        healthy,
        [],
    ):
        assert diagnose_lines.cut_off(unmarked) is None


def test_sides_of_one_language_are_not_exchanged(healthy: list[Pair]) -> None:
    for pairs in (healthy[:1300], unspaced_pairs(1)):
        for side in (0, 1):
            other = [(pair[side], pairs[n - 7][side]) for n, pair in enumerate(pairs)]
            assert swapped_in_part(other) is None
            assert swapped_in_part([(line, line) for line, _ in other]) is None
            assert validation_swapped(other[:200], profiles_of(other)) is None
    some_one_sided = [(a, healthy[n - 1][0] if n % 6 == 0 else b) for n, (a, b) in enumerate(healthy[:1300])]
    assert swapped_in_part(some_one_sided) is None


def test_validation_pairs_of_which_some_are_exchanged() -> None:
    pairs = unspaced_pairs(1)
    some = [(b, a) if n % 4 == 0 else (a, b) for n, (a, b) in enumerate(pairs[1200:])]
    found = examine_corpus(pairs[:1200], some, ZH)
    assert faults(found) == {"too little data": "bad", "validation sides swapped in part": "bad"}
    assert "25 of 100" in found[1].says


def scored(bleu: float, loss: float, tokenizer: str = "13a") -> list[dict[str, Any]]:
    return [{"kind": "validation", "step": 100, "loss": loss, "bleu": bleu, "signature": f"nrefs:1|tok:{tokenizer}"}]


def test_a_bleu_of_0_beside_a_low_loss() -> None:
    chinese, german = [b for _, b in unspaced_pairs(1)[:100]], [s.pair[1] for s in first_sentences(100, seed=8)]
    found = score_beside_loss(scored(0, 0.06), chinese, [*chinese[:90], *chinese[:10]])
    assert found is not None
    assert found.fault == "score by words where there are none"
    assert found.weight == "watch"  # the model is good
    assert "90 of 100 translations are the reference itself" in found.says
    words = ["Haus", "grüne Tür", "drei", "der Hund"] * 25
    lower = [text.lower().rstrip(".") for text in german]
    cases: list[tuple[list[str], list[str], str]] = [
        (words, words, "sentences too short for BLEU"),
        (german, lower, "right but for case and marks"),
        (german, german, "score of another time"),
        (german, [""] * 100, "wrong when left alone"),
        (chinese, [""] * 100, "score by words where there are none"),
    ]
    for references, translations, fault in cases:
        found = score_beside_loss(scored(0, 0.06), references, translations)
        assert found is not None
        assert found.fault == fault
    assert score_beside_loss(scored(0, 6.5), german, [""] * 100) is None  # it has not learnt: others say that
    assert score_beside_loss(scored(38, 0.06), german, german) is None
    assert score_beside_loss([], german, german) is None
    by_character = score_beside_loss(scored(0, 0.06, "zh"), chinese, [""] * 100)
    assert by_character is not None
    assert by_character.fault == "wrong when left alone"
