"""What was published as a gain and is not in the house: put into it from outside, to be measured by ``recipe.py``."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glassformer.config import ModelConfig, TrainingConfig
from glassformer.model import Transformer
from glassformer.model.attention import MultiHeadAttention
from glassformer.model.transformer import Input
from glassformer.training import state
from glassformer.training.averaging import Average

CUT = 0.1
"""The share of the positions that Cutoff makes 0."""


@contextmanager
def qk_norm() -> Iterator[None]:
    """Queries and keys of length √d_k before they meet, each dimension times a gain that is learnt. Henry et al. (2020) have
    length 1 and one gain in place of √d_k."""
    made = MultiHeadAttention.__init__

    def init(self: MultiHeadAttention, config: ModelConfig) -> None:
        made(self, config)
        self.query_gain, self.key_gain = (nn.Parameter(torch.ones(config.d_k)) for _ in range(2))
        self.queries.register_forward_hook(lambda _, _given, q: F.rms_norm(q, (self.d_k,), self.query_gain, 1e-6))
        self.keys.register_forward_hook(lambda _, _given, k: F.rms_norm(k, (self.d_k,), self.key_gain, 1e-6))

    with patch.object(MultiHeadAttention, "__init__", init):
        yield


class Rows(nn.Embedding):
    """An embedding whose table is one of several in a tensor."""

    def __init__(self, tables: Tensor, which: int) -> None:
        nn.Module.__init__(self)  # no weight of its own
        self.embedding_dim = tables.size(-1)
        self.__dict__["table"] = tables[which]

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.__dict__["table"])


@contextmanager
def untied() -> Iterator[None]:
    """A table for the source, one for the target and one for the output, where §3.4 has one for all."""
    made, look_up = Transformer.__init__, Input.forward

    def init(self: Transformer, config: ModelConfig) -> None:
        made(self, config)
        # In one tensor of three axes, for then the optimisers take it for what it is: no matrix, so not Muon's.
        self.tables = nn.Parameter(torch.randn(2, config.vocabulary_size, config.d_model) * config.d_model**-0.5)
        for which, side in enumerate((self.encoder, self.decoder)):
            side.input.__dict__["of"] = (self, which)  # not as a submodule, which it is the other way round
        self.encoder.memory.register_forward_hook(lambda _, _given, m: m)  # watched: the lean model knows one table

    def forward(self: Input, ids: Tensor, embedding: nn.Embedding, start: int = 0) -> Tensor:
        model, which = self.__dict__["of"]
        return look_up(self, ids, Rows(model.tables, which), start)

    with patch.object(Transformer, "__init__", init), patch.object(Input, "forward", forward):
        yield


@contextmanager
def cutoff() -> Iterator[None]:
    """Token Cutoff (Shen et al. 2020): in training a tenth of the positions are 0, others in each of R-Drop's two passes,
    whose divergence makes them agree."""
    made = Input.__init__

    def cut(window: nn.Module, _given: object, x: Tensor) -> Tensor:
        return x * (torch.rand(*x.shape[:2], 1, device=x.device) >= CUT) if window.training else x

    def init(self: Input, config: ModelConfig) -> None:
        made(self, config)
        self.x.register_forward_hook(cut)

    with patch.object(Input, "__init__", init):
        yield


class ScheduleFree(torch.optim.Optimizer):
    """Schedule-free Adam (Defazio et al. 2024): z makes Adam's steps without momentum, x is the mean of the z, by the
    squares of their rates, and the gradients are taken between the two, at y = β₁ x + (1 − β₁) z: the model's weights."""

    def __init__(self, parameters: list[nn.Parameter], config: TrainingConfig) -> None:
        super().__init__(parameters, {"lr": config.learning_rate})
        self.betas, self.epsilon = (config.beta_1, config.beta_2), config.epsilon
        for parameter in parameters:
            z, x = parameter.detach().clone(), parameter.detach().clone()
            counted = {"step": torch.zeros(()), "squares": torch.zeros(())}  # a run that goes on counts on
            self.state[parameter] = {"z": z, "x": x, "exp_avg_sq": torch.zeros_like(z), **counted}
            parameter.averaged = x  # type: ignore[attr-defined]

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        beta_1, beta_2 = self.betas
        for group in self.param_groups:
            for parameter in group["params"]:
                z, x, square, step, squares = self.state[parameter].values()
                step += 1
                squares += group["lr"] ** 2
                square.mul_(beta_2).addcmul_(parameter.grad, parameter.grad, value=1 - beta_2)
                length = (square / (1 - beta_2 ** int(step))).sqrt_().add_(self.epsilon)
                z.addcdiv_(parameter.grad, length, value=-group["lr"])
                x.lerp_(z, group["lr"] ** 2 / max(float(squares), 1e-30))
                parameter.copy_(z.lerp(x, beta_1))


@contextmanager
def schedule_free() -> Iterator[None]:
    """What is validated and kept is x, the optimiser's own average, instead of the house's."""

    def optimizers_for(model: Transformer, config: TrainingConfig) -> list[torch.optim.Optimizer]:
        return [ScheduleFree(list(model.parameters()), config)]

    def update(self: Average, model: nn.Module, step: int) -> None:
        torch._foreach_copy_(self.weights, [parameter.averaged for parameter in model.parameters()])  # type: ignore[misc]

    with (
        patch.object(state, "optimizers_for", optimizers_for),
        patch.object(Average, "update", torch.no_grad()(update)),
    ):
        yield


CANDIDATES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "qk-norm": qk_norm,
    "untied": untied,
    "cutoff": cutoff,
    "schedule-free": schedule_free,
}
