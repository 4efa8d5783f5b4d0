"""``make bench-gpu`` is run once, on a machine that nobody has at hand: here it is tried on the processor."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.source import ROOT


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The benchmark, with its rows in ``tmp_path``."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    module = importlib.import_module("gpu")
    monkeypatch.setattr(module.rows, "RESULTS", tmp_path)
    monkeypatch.setattr(module, "in_a_process", lambda function, arguments, limit: answer(module, function, arguments))
    yield module
    for path in (ROOT / "benchmarks").glob("*.py"):
        sys.modules.pop(path.stem, None)


def answer(module: ModuleType, function: object, arguments: tuple[object, ...]) -> dict[str, object]:
    """What a process of its own would send, without the seconds that one takes to begin."""
    sent: list[dict[str, object]] = []
    module.told(type("Pipe", (), {"send": staticmethod(sent.append)}), function, arguments)
    return sent[0]


def test_each_contender_has_a_row(gpu: ModuleType, tmp_path: Path) -> None:
    gpu.PRODUCTS["cpu"], gpu.TOKENS["cpu"][""] = (64,), 256
    gpu.LEAST = gpu.WARM_UP = 0
    gpu.measure("cpu", 0.0, ["tiny"], [gpu.OURS, gpu.TORCH], [False])
    rows = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    assert [row["contender"] for row in rows] == [gpu.OURS, gpu.TORCH]
    for row in rows:
        assert "not_measured" not in row, row
        assert row["tokens_per_second"] > 0
        assert row["share_of_matrix_rate"] > 0
        assert 5 < row["loss"] < 15


def test_what_fails_is_a_row_that_says_why(gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("CUDA\nis not here")

    monkeypatch.setattr(gpu, "ours", broken)
    monkeypatch.setattr(gpu, "matrix_rate", broken)
    gpu.measure("cpu", 0.0, ["tiny"], [gpu.OURS], [False])
    (row,) = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    assert row["not_measured"].startswith("RuntimeError: CUDA is not here")
    assert row["matrix_Tflop_per_second"] is None
