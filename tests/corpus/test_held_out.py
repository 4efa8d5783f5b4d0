"""Weights of files, and held-out pairs of which no copy is trained on."""

from collections import Counter
from pathlib import Path

import pytest

from glassformer.config import DataConfig, TrainingConfig
from glassformer.corpus.held_out import weighted
from glassformer.corpus.prepare import Data, prepare
from glassformer.corpus.units import folded
from glassformer.errors import ConfigError, CorpusError
from tests.made_up import toy_pairs

CONFIG = TrainingConfig(held_out=10)
Pair = tuple[str, str]


def put(path: Path, pairs: list[Pair]) -> str:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")
    return str(path)


def trained_on(data: Data) -> Counter[str]:
    """How often each source stands among the encoded pairs."""
    numbers = range(len(data.pairs))
    return Counter(data.tokenizer.decode(data.pairs.pair(number)[0].tolist()) for number in numbers)


def test_a_file_is_read_as_often_as_its_weight_says(tmp_path: Path) -> None:
    general, own = toy_pairs(300)[:200], toy_pairs(300)[200:]
    files = [put(tmp_path / "general.tsv", general), put(tmp_path / "own.tsv", own)]
    valid = put(tmp_path / "valid.tsv", [("A bird sings.", "Ein Vogel singt.")])
    config = DataConfig(source=files, valid_source=valid, weights=[0.5, 2.5])
    data = prepare(tmp_path / "data", config, CONFIG)
    found = trained_on(data)
    sampled = [found[source] for source, _ in general]
    assert set(sampled) == {0, 1}
    assert 80 <= sum(sampled) <= 120
    repeated = [found[source] for source, _ in own]
    assert set(repeated) == {2, 3}
    assert 230 <= sum(repeated) <= 270
    assert f"{files[0]}: {sum(sampled)} pairs an epoch (weight 0.5)" in data.messages
    assert f"{files[1]}: {sum(repeated)} pairs an epoch (weight 2.5)" in data.messages
    again = prepare(tmp_path / "again", config, CONFIG)
    assert again.pairs.fingerprint == data.pairs.fingerprint
    other = prepare(tmp_path / "other", config, TrainingConfig(held_out=10, seed=2))
    assert other.pairs.fingerprint != data.pairs.fingerprint


def test_the_sample_of_a_file_is_chosen_by_number() -> None:
    pairs = [(str(number), "x") for number in range(1000)]
    few = {source for source, _ in weighted([pairs], [0.2], seed=5)}
    more = {source for source, _ in weighted([pairs], [0.4], seed=5)}
    assert few < more
    assert few == {source for source, _ in weighted([pairs], [0.2], seed=5, held_out={"no such"})}
    left = {source for source, _ in weighted([pairs], [0.2], seed=5, held_out={"3", "4"})}
    assert left == few - {"3", "4"}  # the others stay where they were


def test_no_copy_of_a_held_out_pair_is_trained_on(tmp_path: Path) -> None:
    pairs = toy_pairs(300)
    shouted = [(source.upper().rstrip("."), f"{target[:-1]} !") for source, target in pairs]
    files = [put(tmp_path / "one.tsv", pairs * 2), put(tmp_path / "two.tsv", shouted)]
    data = prepare(tmp_path / "data", DataConfig(source=files, weights=[1, 3]), CONFIG)
    held_out = {folded(source) for source, _ in data.validation}
    assert held_out
    assert not held_out & {folded(source) for source in trained_on(data)}
    assert len(data.pairs) == (300 - len(held_out)) * 5  # twice, and three times shouted
    assert f"and left out with {3 * len(held_out) - len(data.validation)} more" in data.messages[-1]


def test_a_corpus_that_repeats_itself_validates_on_each_pair_once(tmp_path: Path) -> None:
    data = prepare(tmp_path / "data", DataConfig(source=[put(tmp_path / "all.tsv", toy_pairs(40) * 10)]), CONFIG)
    assert 0 < len(data.validation) == len(set(data.validation))


def test_a_sentence_that_is_very_common_is_for_learning(tmp_path: Path) -> None:
    pairs = [pair for some in toy_pairs(200) for pair in (some, ("Yes.", "Ja."))]
    data = prepare(tmp_path / "data", DataConfig(source=[put(tmp_path / "all.tsv", pairs)]), CONFIG)
    assert data.validation
    assert ("Yes.", "Ja.") not in data.validation
    assert trained_on(data)["Yes."] == 200
    same = DataConfig(source=[put(tmp_path / "same.tsv", [("Yes.", "Ja.")] * 400)])
    with pytest.raises(CorpusError, match="no pairs are left to train on: all 400 have the source sentence of one"):
        prepare(tmp_path / "nothing", same, CONFIG)


def test_several_files_without_weights_say_what_each_gives(tmp_path: Path) -> None:
    pairs = toy_pairs(300)
    files = [put(tmp_path / "one.tsv", pairs[:250]), put(tmp_path / "two.tsv", pairs[250:])]
    data = prepare(tmp_path / "data", DataConfig(source=files), CONFIG)
    told = [line for line in data.messages if line.endswith("pairs an epoch")]
    assert len(told) == 2
    assert sum(int(line.split(": ")[1].split()[0]) for line in told) == len(data.pairs) == 290


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ([1.0], "1 weights and 2 source files: wanted one weight for each file"),
        ([1, 0], "weight 0: wanted more than 0, at most 1,000"),
        ([1, -2.0], "weight -2"),
        ([1, 1e9], "weight 1e.09"),
        ([1, float("nan")], "weights=nan: wanted float, and a finite one"),
        ([1, None], "weights=None: wanted float"),
    ],
)
def test_wrong_weights(weights: list[float], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        DataConfig(source=["a.tsv", "b.tsv"], weights=weights)


def test_what_an_earlier_version_prepared_is_still_the_same_request(tmp_path: Path) -> None:
    config = DataConfig(source=[put(tmp_path / "all.tsv", toy_pairs(100))])
    prepare(tmp_path / "data", config, CONFIG)
    path = tmp_path / "data" / "prepared.json"
    text = path.read_text(encoding="utf-8")
    older = text.replace('"columns": [], ', "").replace('"weights": [], ', "")
    assert older != text
    path.write_text(older, encoding="utf-8")
    (tmp_path / "all.tsv").unlink()
    assert len(prepare(tmp_path / "data", config, CONFIG).pairs) == 95


def test_columns_of_a_corpus_and_of_its_validation_pairs(tmp_path: Path) -> None:
    for name, pairs in (("all", toy_pairs(50)), ("valid", toy_pairs(60)[50:])):
        lines = "".join(f"{n}\t{target}\t{source}\n" for n, (source, target) in enumerate(pairs))
        (tmp_path / f"{name}.tsv").write_text(lines, encoding="utf-8")
    source, valid = str(tmp_path / "all.tsv"), str(tmp_path / "valid.tsv")
    data = prepare(tmp_path / "data", DataConfig(source=[source], valid_source=valid, columns=[3, 2]), CONFIG)
    assert data.validation == toy_pairs(60)[50:]
    with pytest.raises(ConfigError, match=r"columns=\[1, 2\] without a TSV"):
        DataConfig(source=["a"], target=["b"], columns=[1, 2])
    for columns in ([1], [0, 1], [2, 2], [1, 2, 3]):
        with pytest.raises(ConfigError, match="wanted the source's and the target's, two different ones from 1"):
            DataConfig(source=["a"], columns=columns)
