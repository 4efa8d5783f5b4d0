"""benchmarks/opennmt.py gives OpenNMT-py our pairs, pieces and time; its trainer and translator are stood in for here."""

import importlib
import itertools
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.house.source import ROOT

ENGLISH = ["Choose Insert.", "Good morning!"]
CHINESE = ["选择「插入」。", "早上好！"]


@pytest.fixture
def opennmt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The benchmark, with its rows in ``tmp_path``."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("opennmt")
    monkeypatch.setattr(module.rows, "RESULTS", tmp_path)
    yield module
    for path in (ROOT / "benchmarks").glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, part in itertools.product(("tatoeba-en-zh", "libreoffice-help-en-zh"), ("train", "valid", "test")):
        (tmp_path / name).mkdir(exist_ok=True)
        for side, lines in (("en", ENGLISH), ("zh", CHINESE)):
            (tmp_path / name / f"{part}.{side}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path


def batch() -> tuple[dict[str, torch.Tensor], int]:
    return {"srclen": torch.tensor([4, 3]), "tgtlen": torch.tensor([6, 2])}, 0


def test_batches_end_when_the_time_is_up(opennmt: ModuleType) -> None:
    ticks = itertools.count(0.0, 1.0)
    until = opennmt.Until(7, lambda: next(ticks))
    given = list(until.over(batch() for _ in range(100)))
    assert 0 < len(given) < 8
    assert (until.sentences, until.tokens) == (2 * len(given), 15 * len(given))
    assert until.first_batch_seconds == 1


def test_it_has_our_sizes_pieces_and_quotes(opennmt: ModuleType, data: Path, tmp_path: Path) -> None:
    pair = (data / "tatoeba-en-zh" / "train.en", data / "tatoeba-en-zh" / "train.zh")
    config = opennmt.prepare(tmp_path, [pair], opennmt.MODELS / "en-zh", {"warmup_steps": 800})
    made = json.loads(config.read_text(encoding="utf-8"))
    assert (made["enc_layers"], made["dec_layers"], made["hidden_size"], made["transformer_ff"]) == (6, 2, 192, 768)
    assert (made["warmup_steps"], made["learning_rate"], made["decay_method"]) == (800, 2, "noam")
    assert Path(made["data"]["corpus0"]["path_tgt"]).read_text(encoding="utf-8") == "选择“插入”。\n早上好！\n"
    assert Path(made["data"]["corpus0"]["path_src"]).read_text(encoding="utf-8").splitlines() == ENGLISH
    pieces = Path(made["src_vocab"]).read_text(encoding="utf-8").split("\n")[:-1]
    assert len(pieces) == len(set(pieces)) > 4900
    assert not {"<s>", "</s>", "<unk>", ""} & set(pieces)


def test_a_setting_is_a_number_a_list_or_a_word(opennmt: ModuleType) -> None:
    assert opennmt.settings(["warmup_steps=800", "accum_count=[4]", "optim=sgd"]) == {
        "warmup_steps": 800,
        "accum_count": [4],
        "optim": "sgd",
    }


def test_every_checkpoint_is_validated_and_the_last_is_tested(
    opennmt: ModuleType, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings, translators = [], []

    def trainer(config: Path, until: Any) -> None:
        trainings.append(list(until.over([batch()])))
        for step in (1000, 200):
            (config.parent / f"model_step_{step}.pt").touch()

    def translator(arguments: list[str]) -> None:
        said = dict(zip(arguments[::2], arguments[1::2], strict=True))
        translators.append(Path(said["-model"]).name)
        shutil.copy(data / "tatoeba-en-zh" / "test.zh", said["-output"])

    monkeypatch.setattr(opennmt, "run_trainer", trainer)
    monkeypatch.setattr(opennmt, "run_translator", translator)
    monkeypatch.setattr(opennmt.training_peers, "import_opennmt", lambda: None)
    monkeypatch.setattr(opennmt.importlib.metadata, "version", lambda name: "3.5.1")
    monkeypatch.setattr(opennmt.torch, "set_num_threads", lambda threads: None)
    pair = ["--source", str(data / "tatoeba-en-zh/train.en"), "--target", str(data / "tatoeba-en-zh/train.zh")]
    monkeypatch.setattr(sys, "argv", ["opennmt.py", *pair, "--data", str(data), "--out", str(tmp_path / "run")])
    opennmt.main()
    opennmt.main()  # once more: translates, and does not train
    assert len(trainings) == 1
    assert translators == ["model_step_200.pt", *["model_step_1000.pt"] * 3] * 2
    rows = [json.loads(line) for line in (tmp_path / "opennmt.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["test"], row["name"], row["step"]) for row in rows[:6]] == [
        ("tatoeba-en-zh valid", "BLEU", 200),
        ("tatoeba-en-zh valid", "BLEU", 1000),
        *[(f"{name}-en-zh test", kind, 1000) for name in ("tatoeba", "libreoffice-help") for kind in ("BLEU", "chrF2")],
    ]
    for row in rows:
        assert "tok:zh" in row["signature"] or row["name"] == "chrF2"
        assert (row["contender"], row["pairs"], row["steps"], row["changed"]) == ("OpenNMT-py 3.5.1", 2, 1000, {})
        assert 0 < row["value"] < 100  # the references have our quotes, what was said has not
