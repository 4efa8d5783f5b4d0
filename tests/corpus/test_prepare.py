import gzip
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from glassformer.config import DataConfig, TrainingConfig
from glassformer.corpus.files import languages
from glassformer.corpus.prepare import prepare
from glassformer.errors import ConfigError, CorpusError
from tests.made_up import toy_pairs

CONFIG = TrainingConfig(held_out=10)


def test_validation_pairs_are_held_out_of_training(corpus: DataConfig, tmp_path: Path) -> None:
    data = prepare(tmp_path / "data", corpus, CONFIG)
    assert len(data.pairs) + len(data.validation) == 300
    assert len(data.validation) == 10
    encoded = {tuple(data.pairs.pair(i)[0].tolist()) for i in range(len(data.pairs))}
    for source, _ in data.validation:
        assert tuple(data.tokenizer.encode(source)) not in encoded
    assert "10 pairs held out for validation" in data.messages[-1]
    assert "300 pairs read" in data.messages[0]


def test_a_prepared_corpus_is_opened_again_without_its_files(corpus: DataConfig, tmp_path: Path) -> None:
    first = prepare(tmp_path / "data", corpus, CONFIG)
    (tmp_path / "train.en").unlink()
    again = prepare(tmp_path / "data", corpus, CONFIG)
    assert again.pairs.fingerprint == first.pairs.fingerprint
    assert again.validation == first.validation
    assert again.messages == first.messages


def test_several_files_and_given_validation_pairs(corpus: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "more.tsv.gz").write_bytes(gzip.compress(b"A cat.\tEin Kater.\n\tleer\n"))
    both = DataConfig(source=[str(tmp_path / "train.en"), str(tmp_path / "more.en")], target=["x", "y"])
    assert both.source[1].endswith("more.en")
    config = DataConfig(source=[str(tmp_path / "more.tsv.gz")], valid_source=str(tmp_path / "valid.tsv"))
    (tmp_path / "valid.tsv").write_text("A dog.\tEin Hund.\n", encoding="utf-8")
    data = prepare(tmp_path / "data", config, CONFIG)
    assert data.validation == [("A dog.", "Ein Hund.")]
    assert len(data.pairs) == 1
    assert any("1 pair skipped: one side is empty" in message for message in data.messages)


def test_pairs_that_are_too_long_are_counted_and_told(corpus: DataConfig, tmp_path: Path) -> None:
    for name, word in (("train.en", "dog "), ("train.de", "Hund ")):
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(word * 500 + "\n")
    data = prepare(tmp_path / "data", corpus, CONFIG)
    assert data.messages[0].startswith("301 pairs read from")
    assert data.messages[1:] == [
        "1 pair skipped: a side is longer than 256 tokens",
        "10 pairs held out for validation: one in 30",
    ]


def test_standard_input_is_kept_because_it_is_read_more_than_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"{source}\t{target}\n" for source, target in toy_pairs(100))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    data = prepare(tmp_path / "data", DataConfig(source=["-"]), CONFIG)
    assert len(data.pairs) + len(data.validation) == 100


def test_what_cannot_be_used_is_said(corpus: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "train.de").write_text("nur eine Zeile\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="300"):
        prepare(tmp_path / "data", corpus, CONFIG)
    assert not (tmp_path / "data" / "prepared.json").exists()
    with pytest.raises(ConfigError, match="no training data"):
        DataConfig()
    with pytest.raises(ConfigError, match="2 source and 1 target files"):
        DataConfig(source=["a", "b"], target=["c"])
    few = tmp_path / "few.tsv"
    few.write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="too few to hold some out"):
        prepare(tmp_path / "other", DataConfig(source=[str(few)]), CONFIG)
    with pytest.raises(ConfigError, match="held_out=0 leaves no pairs to validate with"):
        prepare(tmp_path / "other", DataConfig(source=[str(few)]), TrainingConfig(held_out=0))
    (tmp_path / "pieces.tsv").write_text("a d@@ og\tein Hu@@ nd\n" * 100, encoding="utf-8")
    with pytest.raises(CorpusError, match="target sentences are subword pieces"):
        prepare(tmp_path / "other", DataConfig(source=[str(tmp_path / "pieces.tsv")]), CONFIG)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CorpusError, match="pipe can be read only once"):
        prepare(tmp_path / "other", DataConfig(source=[str(tmp_path / "pipe")]), CONFIG)


@pytest.mark.parametrize(
    ("source", "target", "name"),
    [
        ("a/train.en", "a/train.de", "en-de"),
        ("train.en.gz", "train.fr.zst", "en-fr"),
        ("pairs.tsv.gz", None, "pairs"),
        ("train.lc.norm.tok.en", "train.lc.norm.tok.de", "en-de"),
        ("train.en.tok", "train.de.tok.gz", "en-de"),
        ("old.en", "new.en", "en-en"),
        ("x", "y", "x"),
    ],
)
def test_a_run_is_named_after_its_languages(source: str, target: str | None, name: str) -> None:
    assert languages(DataConfig(source=[source], target=[target] if target else [])) == name


def test_what_was_prepared_is_plain_json(corpus: DataConfig, tmp_path: Path) -> None:
    prepare(tmp_path / "data", corpus, CONFIG)
    assert json.loads((tmp_path / "data" / "prepared.json").read_bytes())["messages"]


def test_a_run_tells_what_it_added_and_holds_out_only_real_pairs(corpus: DataConfig, tmp_path: Path) -> None:
    config = DataConfig(source=corpus.source, target=corpus.target, augmentation=0.5)
    data = prepare(tmp_path / "data", config, TrainingConfig(held_out=10))
    assert len(data.pairs) == pytest.approx(290 * 1.5, rel=0.15)
    assert len(data.validation) == 10
    assert all(source.startswith("The ") and source[4:].islower() for source, _ in data.validation)
    assert any("changed copies added" in message for message in data.messages)
    with pytest.raises(ConfigError, match="augmentation=2: wanted a share"):
        DataConfig(source=["a"], augmentation=2)


def test_how_many_sentences_a_line_holds(tmp_path: Path) -> None:
    for count, name in ((1, "single"), (3, "joined")):
        source = [" ".join(pair[0] for pair in toy_pairs(200)[n : n + count]) for n in range(150)]
        target = [" ".join(pair[1] for pair in toy_pairs(200)[n : n + count]) for n in range(150)]
        for language, lines in (("en", source), ("de", target)):
            (tmp_path / f"{name}.{language}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        config = DataConfig(source=[str(tmp_path / f"{name}.en")], target=[str(tmp_path / f"{name}.de")])
        assert prepare(tmp_path / f"data-{name}", config, CONFIG).usual_sentences(0.9) == count


@pytest.mark.parametrize(("shouted", "plain_case"), [(0, True), (2, True), (60, False)])
def test_a_corpus_that_shouts_is_known(tmp_path: Path, shouted: int, plain_case: bool) -> None:
    pairs = [(a.upper(), b.upper()) if n < shouted else (a, b) for n, (a, b) in enumerate(toy_pairs(200))]
    (tmp_path / "train.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    data = prepare(tmp_path / "data", DataConfig(source=[str(tmp_path / "train.tsv")]), CONFIG)
    assert data.plain_case is plain_case


def test_bleu_of_chinese_is_counted_in_chinese_words_and_told(tmp_path: Path) -> None:
    """Validation's BLEU was 0.00, and so decided nothing, though nearly all lines were right."""
    nouns, verbs = ("狗", "猫", "鸟", "鱼", "人"), ("看见", "听见", "喜欢", "找到", "画")
    lines = [f"{a} {v} {b}\t老{a}在花园里{v}了小{b}。" for a in nouns for v in verbs for b in nouns]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = DataConfig(source=[str(tmp_path / "pairs.tsv")])
    data = prepare(tmp_path / "data", config, CONFIG, vocabulary_size=300)
    assert data.bleu_tokenizer == "zh"
    assert any("sacreBLEU's tokenizer zh" in message for message in data.messages)
    assert prepare(tmp_path / "data", config, CONFIG, vocabulary_size=300).bleu_tokenizer == "zh"
    other = prepare(tmp_path / "other", config, replace(CONFIG, bleu_tokenizer="char"), vocabulary_size=300)
    assert other.bleu_tokenizer == "char"
    with pytest.raises(ConfigError, match="'mecab' is no tokenizer of sacreBLEU's"):  # before the corpus is read
        prepare(tmp_path / "none", DataConfig(source=["nowhere"]), replace(CONFIG, bleu_tokenizer="mecab"))
    assert not (tmp_path / "none").exists()


def test_bleu_of_german_is_counted_as_usual(corpus: DataConfig, tmp_path: Path) -> None:
    data = prepare(tmp_path / "data", corpus, CONFIG)
    assert data.bleu_tokenizer == "13a"
    assert not any("tokenizer" in message for message in data.messages)
