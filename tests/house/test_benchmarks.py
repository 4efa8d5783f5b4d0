"""The benchmarks' own measuring code works, on sizes that take no time, and needs no peer for it."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from glassformer.config import TrainingConfig, tiny
from glassformer.trace import record
from glassformer.training.loss import loss_of
from glassformer.training.state import State
from tests.house.source import ROOT

NAMES = [
    "attention_kernels",
    "candidates",
    "decoding_speed",
    "products",
    "rows",
    "tables",
    "training_speed",
    "turns",
    "workload",
]


@pytest.fixture(scope="module")
def benchmarks() -> Iterator[dict[str, ModuleType]]:
    """The modules as they see each other when one of them is started; forgotten afterwards."""
    folder = ROOT / "benchmarks"
    sys.path.insert(0, str(folder))
    yield {name: importlib.import_module(name) for name in NAMES}
    sys.path.remove(str(folder))
    for path in folder.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_batches_are_what_the_loop_gets(benchmarks: dict[str, ModuleType]) -> None:
    for batch in benchmarks["workload"].training_batches(512):
        rows, source = batch.source_ids.shape
        assert rows * max(source, batch.target_ids.size(1)) <= 512
        assert batch.source_tokens == int((batch.source_ids != 0).sum())
        assert batch.tokens == int((batch.target_ids[:, 1:] != 0).sum())
        assert (batch.target_ids[:, 0] == 1).all()
        assert ((batch.source_ids == 2).sum(dim=1) == 1).all()
        assert ((batch.target_ids == 2).sum(dim=1) == 1).all()


def test_the_products_are_those_of_a_whole_step(benchmarks: dict[str, ModuleType]) -> None:
    # in bfloat16, where these short sentences take the plain products: PyTorch does not count those in its fused kernel
    turn = benchmarks["training_speed"].ours("tiny", 0.1, "bfloat16", 256)
    with FlopCounterMode(display=False) as counter:
        loss = turn()
    config = benchmarks["workload"].model_config("tiny")
    batches = benchmarks["workload"].training_batches(256)
    counted = sum(benchmarks["products"].operations(config, batch) for batch in batches)
    assert counter.get_total_flops() == counted
    assert 8.5 < loss < 11  # log 8,000 = 9.0: untrained

    alone = benchmarks["products"].products_alone(config, batches, torch.bfloat16)
    with FlopCounterMode(display=False) as counter:
        alone()
    assert counter.get_total_flops() == counted


def test_we_say_as_many_words_as_are_asked(benchmarks: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    door: Any = importlib.import_module("glassformer.decoding.decode")
    monkeypatch.setattr(door, "make_sentence", door.make_sentence)  # so that it is as before afterwards
    speed = benchmarks["decoding_speed"]
    said = speed.ours("tiny", 2, 4, "float32")()
    assert [len(ids) for ids in said] == [speed.LENGTH] * 4
    assert not {0, 1, 2} & {word for ids in said for word in ids}


def test_turns_go_on_when_a_contender_fails(benchmarks: dict[str, ModuleType]) -> None:
    config = benchmarks["workload"].model_config("tiny")
    batches = benchmarks["workload"].training_batches(64)
    contenders = {
        "missing": (benchmarks["training_speed"].peer, ("no such peer", "paper", "tiny", 0.1, "float32", 64)),
        "products": (benchmarks["products"].products_alone, (config, batches, torch.float32)),
    }
    turns = benchmarks["turns"].take_turns(contenders, rounds=3, threads=1)
    assert turns.failed["missing"].startswith("KeyError: 'no such peer'")
    assert len(turns.seconds["products"]) == len(turns.wall_seconds["products"]) == 3
    row = turns.row("products", 100)
    assert row["slowest"] <= row["per_second"] <= row["fastest"]


@pytest.mark.parametrize("name", ["qk-norm", "untied", "cutoff", "schedule-free"])
def test_a_candidate_is_what_it_is_called(benchmarks: dict[str, ModuleType], name: str) -> None:
    config, settings = tiny(40, dropout=0.0, encoder_layers=1, decoder_layers=1), TrainingConfig(learning_rate=1e-2)
    ids = torch.randint(3, 40, (2, 9), generator=torch.Generator().manual_seed(1))
    begun = State.new(config, settings, torch.device("cpu"))
    with benchmarks["candidates"].CANDIDATES[name]():
        state = State.new(config, settings, torch.device("cpu"))
        model = state.model.train()
        for step in range(1, 4):
            loss_of(model, ids, ids, 0.1, r_drop=1.0).smoothed.backward()
            state.move(1e-2)
            state.average.update(model, step)
        with record(model.eval(), "encoder.*") as seen:
            model.encode(ids)
    x = seen["encoder.input.x"]
    if name == "qk-norm":
        lengths = seen["encoder.layers.0.self_attention.queries"].square().mean(-1)
        assert (lengths - 1).abs().max() < 0.1  # but for the gain, which has moved by three steps
    elif name == "untied":
        assert not torch.equal(state.model.tables[0], state.model.tables[1])
        assert all(moment.startswith("adam") for moment in state.moments())
    elif name == "cutoff":
        assert x.abs().sum(-1).min() > 0  # not when it translates
        with record(model.train(), "encoder.input.x") as seen:
            model.encode(ids.repeat(50, 1))
        assert 0.05 < float((seen["encoder.input.x"].abs().sum(-1) == 0).float().mean()) < 0.15
    else:
        kept = dict(zip(state.average.names, state.average.weights, strict=True))
        z = state.moments()["schedulefree.z.embedding.weight"]
        assert torch.allclose(model.embedding.weight, z.lerp(kept["embedding.weight"], settings.beta_1))
        assert not torch.equal(kept["embedding.weight"], begun.model.embedding.weight)
        assert float(state.moments()["schedulefree.step.embedding.weight"]) == 3  # saved, so that a run goes on with it
    again = State.new(config, settings, torch.device("cpu"))
    assert again.model.state_dict().keys() == begun.model.state_dict().keys()  # nothing of it stays
    assert type(again.optimizers[0]) is torch.optim.Adam


def test_attention_is_measured_in_every_kind(
    benchmarks: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernels = benchmarks["attention_kernels"]
    monkeypatch.setattr(kernels, "SECONDS", 0.0)
    monkeypatch.setattr(kernels, "TOKENS", 32)
    for training, kind in ((False, "padding"), (False, "step"), (True, "causal")):
        row = kernels.measure(kind, torch.bfloat16, 16, 8, training=training)
        assert row["paper_ms"] > 0
        assert row["fused_ms"] > 0
        assert row["chosen"] in kernels.FORMS
    curve = [{"length": n, "paper_over_fused": ratio} for n, ratio in ((16, 1.2), (32, 0.9), (64, 1.1), (128, 2.0))]
    assert kernels.crossover(curve) == "from 64 tokens on"
    assert kernels.crossover(curve[:2]) == "nowhere"


def test_the_tables_show_the_newest_rows(
    benchmarks: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(benchmarks["rows"], "RESULTS", tmp_path)
    row = {
        "model": "small",
        "at_once": 1,
        "threads": 1,
        "cpu": "a processor",
        "torch": "2",
        "commit": "abc",
        "load": 1,
        "clock": "wall",
    }
    row |= {
        "tokens": 25,
        "version": "",
        "slowest": 1.0,
        "fastest": 3.0,
        "over_best_peer": 2.0,
        "contender": "glassformer",
    }
    lines = [row | {"date": date, "per_second": speed} for date, speed in (("2026-01-01", 1.5), ("2026-02-02", 2.5))]
    (tmp_path / "decoding_speed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (group,) = benchmarks["tables"].newest("decoding_speed", "model", "at_once", "threads")
    shown = benchmarks["tables"].decoding(group)
    assert "| **glassformer** | 2.5 | 1 … 3 | 2.00 × |" in shown
    assert "1.5" not in shown
    assert benchmarks["tables"].newest("nothing") == []


def test_a_part_is_held_against_the_recipe_of_its_seed(benchmarks: dict[str, ModuleType]) -> None:
    def row(variant: str, seed: int, bleu: float, budget: int = 900, **changes: float) -> dict[str, Any]:
        return {
            "variant": variant,
            "seed": seed,
            "target": "de",
            "steps_budget": budget,
            "changes": changes,
            "papers_BLEU": bleu,
            "valid_loss": 60 / bleu,
        }

    made = [row("recipe", 1, 30), row("recipe", 2, 32), row("adam", 1, 29), row("adam", 2, 30), row("adam", 3, 50)]
    made += [
        row("r-drop-1", 1, 31.5, 450, **{"training.r_drop": 1.0}),
        row("older", 7, 20),
        row("small-model", 2, 31, 300),
    ]
    (table,) = benchmarks["tables"].parts(made)
    assert "BLEU 30.00 (seed 1), 32.00 (seed 2)" in table
    adam, small, r_drop = table.splitlines()[-3:]
    assert adam == "| adam | 29.00 / 30.00 | −1.50 | −1.00 / −2.00 | +0.097 |"
    assert small.startswith("| small-model | 31.00 | −1.00 |")
    assert r_drop.startswith("| r-drop-1 | 31.50 | +1.50 |")
    assert "older" not in table
