"""The parts of the loop, each against its definition."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from glassformer.config import ModelConfig, TrainingConfig, tiny
from glassformer.errors import ConfigError
from glassformer.model import Transformer
from glassformer.runs.recipe import TRAINING, recipe
from glassformer.runs.start import recipe_for
from glassformer.training import loss as loss_room
from glassformer.training.averaging import Average
from glassformer.training.loss import fused_loss, loss_of, smoothed_loss
from glassformer.training.precision import faster_in_bfloat16, precision
from tests.toy_translator import save_toy_translator

CONFIG = ModelConfig(vocabulary_size=31, d_model=16, heads=2, d_ff=24, encoder_layers=1, decoder_layers=1)


@pytest.mark.parametrize("r_drop", [0.0, 5.0])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("tokens", "at_once", "in_cache"),
    [(37, 1, 1), (37, 16 * 31, 5 * 31), (37, 1 << 22, 1 << 22), (1033, 500 * 31, 50 * 31)],
)
def test_the_fused_loss_and_its_gradients_are_those_of_the_obvious_one(
    monkeypatch: pytest.MonkeyPatch, tokens: int, at_once: int, in_cache: int, bias: bool, r_drop: float
) -> None:
    monkeypatch.setattr(loss_room, "LOGITS_AT_ONCE", at_once)  # 16 rows at a time, and all in one
    monkeypatch.setattr(loss_room, "IN_CACHE", in_cache)  # of these one for each core, five or two, and all
    torch.manual_seed(3)
    wanted = torch.randint(0, 31, (tokens,)).repeat(2)
    found = []
    for way in ("obvious", "fused"):
        torch.manual_seed(4)
        states, weight, by = (torch.randn(*size) for size in ((2 * tokens, 8), (31, 8), (31,)))
        if way == "obvious":  # exactly: how float32 rounds its last digits depends on the processor
            states, weight, by = states.double(), weight.double(), by.double()
        states, weight, by = (x.requires_grad_() for x in (states, weight, by))
        some = by if bias else None
        loss = (
            smoothed_loss(F.linear(states, weight, some), wanted, 0.1, r_drop)
            if way == "obvious"
            else fused_loss(states, weight, some, wanted, 0.1, r_drop)
        )
        (3 * loss.smoothed).backward()
        found.append((*loss, *(x.grad for x in (states, weight, by))))
    for obvious, fused in zip(*found, strict=True):
        if obvious is None:  # no bias, no gradient
            assert fused is None
        else:
            assert (fused - obvious).abs().max() < 1e-6 * obvious.abs().max()


class Sizes(TorchDispatchMode):
    """How many rows, columns and inner numbers the products of a block have, and how many rows its softmaxes."""

    def __init__(self) -> None:
        super().__init__()
        self.of_products: set[int] = set()
        self.of_softmaxes: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.mm.default:
            self.of_products |= {*args[0].shape, *args[1].shape}
        if func is torch.ops.aten._softmax.default:
            self.of_softmaxes.append(len(args[0]))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("tokens", [1024, 1100, 1535, 2000])
def test_the_products_of_the_fused_loss_have_few_different_shapes(monkeypatch: pytest.MonkeyPatch, tokens: int) -> None:
    """Each number of rows is compiled anew on some processors."""
    monkeypatch.setattr(loss_room, "LOGITS_AT_ONCE", 700 * 31)
    states, weight = (torch.randn(*size, requires_grad=True) for size in ((tokens, 8), (31, 8)))
    with Sizes() as sizes:
        fused_loss(states, weight, None, torch.zeros(tokens, dtype=torch.int64), 0.1).smoothed.backward()
    rows = sizes.of_products - {8, 31}
    assert rows
    assert all(number % 64 == 0 for number in rows)


def test_each_core_takes_what_its_cache_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_room, "IN_CACHE", 10 * 31)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    with Sizes() as sizes:
        fused_loss(torch.randn(70, 8), torch.randn(31, 8), None, torch.zeros(70, dtype=torch.int64), 0.1)
    assert sizes.of_softmaxes == [30, 30, 10]


def test_the_fused_loss_knows_a_token_of_almost_no_probability() -> None:
    logits = torch.tensor([[300.0, 0.0, -300.0]])
    loss = fused_loss(torch.ones(1, 1), logits.mT.contiguous(), None, torch.tensor([2]), 0.0)
    assert loss.plain == pytest.approx(600.0)


def test_r_drop_is_half_of_both_losses_and_the_divergence_between_them() -> None:
    one, other = torch.randn(2, 5, 31)
    wanted = torch.randint(0, 31, (5,))
    loss = smoothed_loss(torch.cat([one, other]), wanted.repeat(2), 0.1, 5.0)
    entropies = [F.cross_entropy(logits, wanted, label_smoothing=0.1, reduction="sum") for logits in (one, other)]
    p, q = (torch.distributions.Categorical(logits=logits) for logits in (one, other))
    divergence = (torch.distributions.kl_divergence(p, q) + torch.distributions.kl_divergence(q, p)).sum() / 2
    torch.testing.assert_close(loss.smoothed, (sum(entropies) + 5 * divergence) / 2)


def test_r_drop_needs_two_dropouts() -> None:
    model = Transformer(CONFIG)
    ids = torch.tensor([[5, 6, 2]]), torch.tensor([[1, 7, 8, 2, 0]])
    torch.testing.assert_close(loss_of(model.eval(), *ids, 0.1, 5.0), loss_of(model, *ids, 0.1))
    model.train()
    torch.manual_seed(1)
    first = loss_of(model, *ids, 0.1, 5.0)
    torch.manual_seed(1)
    assert loss_of(model, *ids, 0.1, 1.0).smoothed < first.smoothed


def test_whoever_watches_the_logits_sees_them_while_training() -> None:
    model = Transformer(CONFIG)
    seen: list[torch.Tensor] = []
    handle = model.logits.register_forward_hook(lambda module, given, value: seen.append(value))
    loss_of(model, torch.tensor([[5, 2]]), torch.tensor([[1, 7, 2, 0]]), 0.1)
    handle.remove()
    assert [list(value.shape) for value in seen] == [[2, 31]]


def test_the_loss_is_label_smoothed_cross_entropy_of_real_tokens() -> None:
    model = Transformer(CONFIG).eval()
    source = torch.randint(4, 31, (3, 6))
    target = torch.tensor([[1, 7, 8, 2, 0, 0], [1, 9, 2, 0, 0, 0], [1, 5, 6, 7, 8, 2]])
    loss = loss_of(model, source, target, 0.1)
    logits = model(source, target[:, :-1])
    expected = F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=0.1, reduction="sum"
    )
    torch.testing.assert_close(loss.smoothed, expected)
    plain = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, reduction="sum")
    torch.testing.assert_close(loss.plain, plain)
    wider = F.pad(target, (0, 4))
    torch.testing.assert_close(loss_of(model, F.pad(source, (0, 3)), wider, 0.1).smoothed, expected)


def test_the_average_follows_the_weights() -> None:
    model = Transformer(CONFIG)
    average = Average(model, decay=0.5)
    expected = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for step in (1, 2, 30):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        decay = min(0.5, step / (step + 10))
        average.update(model, step)
        for name, parameter in model.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * parameter.detach()
            torch.testing.assert_close(average.state()[name], expected[name])


@pytest.mark.parametrize(
    ("pairs", "preset"), [(5_000, "tiny"), (29_000, "tiny"), (200_000, "small"), (5_000_000, "base")]
)
def test_the_recipe_follows_the_size_and_says_why(pairs: int, preset: str) -> None:
    chosen = recipe(pairs, 8000)
    assert chosen.choices[0].value == preset
    assert all(choice.reason for choice in chosen.choices)
    assert f"{pairs:,} pairs" in chosen.choices[0].reason


def test_a_larger_model_on_few_pairs_is_not_trained_at_a_tiny_ones_rate() -> None:
    student = recipe(29_000, 1000, preset="fast")
    assert (student.model.norm, student.model.dropout) == ("pre", 0.3)
    assert student.training.learning_rate == recipe(200_000, 8000).training.learning_rate
    assert recipe(5_000_000, 32_000).model.norm == "post"
    assert recipe(200_000, 8000).model.dropout == 0.1


def test_dropout_grows_in_a_tiny_run_unless_somebody_sets_it() -> None:
    growing = recipe(29_000, 8000)
    assert (growing.training.first_dropout, growing.training.dropout_epochs, growing.model.dropout) == (0.1, 40, 0.3)
    assert {choice.setting for choice in growing.choices} >= {"first_dropout", "dropout_epochs", "dropout"}
    even = recipe(29_000, 8000, model={"dropout": 0.25})
    assert (even.training.dropout_epochs, even.model.dropout) == (0, 0.25)
    assert not {"first_dropout", "dropout_epochs"} & {choice.setting for choice in even.choices}
    both = recipe(29_000, 8000, model={"dropout": 0.25}, training={"dropout_epochs": 10})
    assert (both.training.dropout_epochs, both.model.dropout) == (10, 0.25)
    assert recipe(29_000, 8000, started={"d_model": 128}).training.dropout_epochs == 0
    assert recipe(200_000, 8000).training.dropout_epochs == 0


def test_why_the_vocabulary_has_its_size(tmp_path: Path) -> None:
    save_toy_translator(tmp_path / "toy")

    def reason(**run: Any) -> str:
        _, choose = recipe_for({"run": run, "model": {}, "training": {}, "data": {}}, tmp_path / "run")
        return next(one.reason for one in choose(300, 400).choices if one.setting == "vocabulary_size")

    assert reason() == "pieces that 300 pairs hold often enough"
    assert reason(vocabulary_size=400) == "as you set it"
    assert reason(start_from=str(tmp_path / "toy")) == "as in the model it starts from"
    assert reason(start_from=str(tmp_path / "toy"), new_vocabulary=True) == reason()


def test_what_the_user_sets_goes_before_the_recipe() -> None:
    chosen = recipe(29_000, 1000, preset="small", model={"heads": 4}, training={"learning_rate": 0.5, "seed": 3})
    assert (chosen.model.d_model, chosen.model.heads) == (256, 4)
    assert (chosen.training.learning_rate, chosen.training.seed) == (0.5, 3)
    said = {choice.setting: choice.reason for choice in chosen.choices}
    assert said["learning_rate"] == said["heads"] == said["seed"] == "as you set it"
    begun = recipe(29_000, 1000, model={"heads": 4}, started={"heads": 2, "norm": "post"})
    assert (begun.model.heads, begun.model.norm) == (4, "post")
    reasons = {choice.setting: choice.reason for choice in begun.choices}
    assert (reasons["heads"], reasons["norm"]) == ("as you set it", "as in the model it starts from")
    assert (begun.training.learning_rate, begun.training.decay_share) == (2e-3, 1.0)
    assert "falls from the warm-up on" in reasons["decay_share"]
    few = recipe(1_000, 1000, started={"heads": 2})
    assert (few.training.learning_rate, few.training.decay_share) == (1e-4, TRAINING["tiny"]["decay_share"])
    assert "forgets" in {choice.setting: choice.reason for choice in few.choices}["learning_rate"]
    assert recipe(1_000, 1000).training.learning_rate == TRAINING["tiny"]["learning_rate"]
    assert "its sizes are those of the model it starts from" in few.choices[0].reason
    with pytest.raises(ConfigError, match="unknown preset 'huge': choose tiny"):
        recipe(29_000, 1000, preset="huge")
    with pytest.raises(ConfigError, match="did you mean d_model"):
        recipe(29_000, 1000, model={"d_modl": 4})
    with pytest.raises(ConfigError, match="did you mean learning_rate"):
        recipe(29_000, 1000, training={"learning_rat": 4})


@pytest.mark.parametrize(
    ("capabilities", "faster"),
    [
        ({"avx512_bf16": True, "amx_bf16": True, "cpu_name": "Intel Xeon"}, True),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": "Intel Xeon"}, False),  # a virtual machine may hide AMX
        ({"avx512_bf16": True, "cpu_name": "AMD EPYC"}, True),
        ({"avx512_f": True, "cpu_name": "AMD EPYC"}, False),
        ({}, False),
    ],
)
def test_bfloat16_is_taken_where_it_is_faster(capabilities: dict[str, bool | str], faster: bool) -> None:
    assert faster_in_bfloat16(capabilities) is faster


def test_the_device_says_whose_products_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that is there and not used says nothing; one that only emulates bfloat16 gets float32."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    found = [precision(TrainingConfig(), device) for device in ("", "cuda", "cpu")]
    assert found == ["float32", "float32", "bfloat16"]


def test_settings_check_themselves() -> None:
    with pytest.raises(ConfigError, match="learning_rate=0: wanted more than 0"):
        TrainingConfig(learning_rate=0)
    with pytest.raises(ConfigError, match="batch_tokens='4096': wanted int"):
        TrainingConfig.from_dict({"batch_tokens": "4096"})
    assert math.isclose(tiny(1000).dropout, 0.3)
