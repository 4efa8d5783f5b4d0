"""A teacher's translations of a corpus, kept in parts."""

from dataclasses import replace
from pathlib import Path

import pytest

from glassformer.config import DecodingConfig
from glassformer.errors import TrainingError
from glassformer.runs import distill
from glassformer.runs import teacher as teaching
from glassformer.translator import Translation, Translator
from tests.toy_translator import ENGLISH, GERMAN, save_toy_translator

BEAM = DecodingConfig(beam_size=2)


@pytest.fixture
def teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Translator:
    monkeypatch.setattr(teaching, "PART", 8)
    save_toy_translator(tmp_path / "teacher")
    return Translator.load(tmp_path / "teacher")


def sides(folder: Path) -> list[list[str]]:
    return [(folder / name).read_text(encoding="utf-8").splitlines() for name in ("train.source", "train.target")]


def test_the_teachers_translations_are_written_line_by_line(teacher: Translator, tmp_path: Path) -> None:
    done: list[int] = []
    assert distill.teach(teacher, ENGLISH, tmp_path / "out", config=BEAM, progress=done.append) == len(ENGLISH)
    assert sum(done) == len(ENGLISH)
    assert sides(tmp_path / "out") == [ENGLISH, teacher.translate(ENGLISH, config=BEAM)]
    assert sides(tmp_path / "out")[1][:5] == GERMAN[:5]


def test_an_interrupted_teacher_goes_on(teacher: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sentences_until_the_power_goes() -> object:
        yield from ENGLISH[:20]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distill.teach(teacher, sentences_until_the_power_goes(), tmp_path / "out", config=BEAM)  # type: ignore[arg-type]
    assert not (tmp_path / "out" / "train.source").exists()
    translated: list[int] = []
    real = Translator.translations

    def counted(self: Translator, texts: list[str], **options: object) -> object:
        translated.append(len(texts))
        return real(self, texts, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Translator, "translations", counted)
    distill.teach(teacher, ENGLISH, tmp_path / "out", config=BEAM)
    assert sum(translated) == len(ENGLISH) - 16  # the two parts that were whole
    assert sides(tmp_path / "out")[0] == ENGLISH


def test_another_teacher_or_other_sentences_need_another_folder(teacher: Translator, tmp_path: Path) -> None:
    distill.teach(teacher, ENGLISH, tmp_path / "out", config=BEAM)
    with pytest.raises(TrainingError, match="another teacher's translations, or made in another way"):
        distill.teach(teacher, ENGLISH, tmp_path / "out", config=DecodingConfig(beam_size=3))
    with pytest.raises(TrainingError, match="translations of other sentences"):
        distill.teach(teacher, ENGLISH[1:], tmp_path / "out", config=BEAM)


def test_what_the_teacher_does_not_finish_is_left_out(teacher: Translator, tmp_path: Path) -> None:
    short = DecodingConfig(beam_size=2, extra_length=1)
    lines = [ENGLISH[0], "a"]
    found = teacher.translations(lines, config=short)
    finished = [line for line, best in zip(lines, found, strict=True) if best[0].finished and best[0].text]
    if finished:
        distill.teach(teacher, lines, tmp_path / "out", config=short)
        assert sides(tmp_path / "out")[0] == finished
    else:
        with pytest.raises(TrainingError, match="finished none"):
            distill.teach(teacher, lines, tmp_path / "out", config=short)


def test_what_the_teacher_writes_nothing_for_is_left_out(
    teacher: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its translation is the source, which a student would learn to copy."""
    real = Translator.translations

    def silent(self: Translator, texts: list[str], **options: object) -> list[list[Translation]]:
        found = real(self, texts, **options)  # type: ignore[arg-type]
        return [
            [replace(one, untranslated=text == ENGLISH[1]) for one in best]
            for text, best in zip(texts, found, strict=True)
        ]

    monkeypatch.setattr(Translator, "translations", silent)
    distill.teach(teacher, ENGLISH[:3], tmp_path / "out", config=BEAM)
    assert sides(tmp_path / "out")[0] == [ENGLISH[0], ENGLISH[2]]
