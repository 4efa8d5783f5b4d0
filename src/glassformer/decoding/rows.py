"""Hypotheses that are computed together, a row each, and a choice that does not depend on the others."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.config import DecodingConfig
from glassformer.decoding.lean import LeanTransformer
from glassformer.decoding.sentences import choosable
from glassformer.hypothesis import Hypothesis, make_hypothesis
from glassformer.model import Transformer

LEAVE_AT = 0.75
"""Rows that are done leave when so few of a batch go on: to leave means to copy what the others remember."""


class HypothesisRows:
    """The tokens of each hypothesis so far, their costs, and the model's memory of it.

    Begins with a row a source sentence and no token but bos.
    """

    def __init__(self, model: Transformer | LeanTransformer, source_ids: Int[Tensor, "batch source"]) -> None:
        self.model = model
        self.memory, self.allowed = model.encode(source_ids), model.allowed(source_ids)
        self.cache = model.new_cache()
        self.ids = source_ids.new_full((source_ids.size(0), 1), model.config.bos_id)  # [row, 1 + step]
        self.costs = source_ids.new_zeros((source_ids.size(0), 0), dtype=torch.float32)  # [row, step]

    @property
    def length(self) -> int:
        """The number of tokens after bos."""
        return self.costs.size(1)

    def next(self) -> Float[Tensor, "row vocabulary"]:
        """The log-probability of each token that could come next. To be called once a step."""
        states = self.model.decode(self.ids[:, -1:], self.memory, self.allowed, self.cache)
        # float32 whatever the model's type: in float16 a sum over the vocabulary would lose the small ones
        return self.model.predict(states)[:, -1].float().log_softmax(dim=-1)

    def append(self, ids: Int[Tensor, " row"], costs: Float[Tensor, " row"]) -> None:
        """One token more for each row, with its log-probability."""
        self.ids = torch.cat([self.ids, ids[:, None]], dim=1)
        self.costs = torch.cat([self.costs, costs[:, None]], dim=1)

    def select(self, rows: Int[Tensor, " kept"], *, same_sources: bool = False) -> None:
        """Keep these rows, in this order; a row may be kept twice. ``same_sources``: as in ``Cache.select``."""
        self.ids, self.costs = self.ids[rows], self.costs[rows]
        self.cache.select(rows, same_sources=same_sources)
        if not same_sources:
            self.memory, self.allowed = self.memory[rows], self.allowed[rows]

    def continued(
        self,
        rows: Int[Tensor, " some"],
        ids: Int[Tensor, " some"],
        costs: Float[Tensor, " some"],
        config: DecodingConfig,
    ) -> list[Hypothesis]:
        """These rows with one token more, as plain data. One whose new token is eos is finished."""
        tokens = torch.cat([self.ids[rows, 1:], ids[:, None]], dim=1).tolist()
        all_costs = torch.cat([self.costs[rows], costs[:, None]], dim=1).tolist()
        eos = self.model.config.eos_id
        return [
            make_hypothesis(row, row_costs, finished=row[-1] == eos, config=config)
            for row, row_costs in zip(tokens, all_costs, strict=True)
        ]


def grow(
    rows: HypothesisRows,
    forced: Int[Tensor, "row prefix"],
    limits: Int[Tensor, " row"],
    choose: Callable[[Float[Tensor, "row vocabulary"], Int[Tensor, " row"], int], Int[Tensor, " row"]],
    config: DecodingConfig,
) -> list[Hypothesis]:
    """Each row by itself, a token a step, until it comes to eos or to its limit. ``choose`` is given the log-probabilities
    (−∞ for what may not come), the numbers of the rows that are left, and the step."""
    eos = rows.model.config.eos_id
    numbers = torch.arange(len(limits), device=limits.device)
    going = torch.ones_like(numbers, dtype=torch.bool)
    found: dict[int, Hypothesis] = {}
    while len(found) < len(limits):
        step = rows.length
        log_probabilities = rows.next()
        ids = choose(choosable(log_probabilities, forced[numbers], step, rows.model.config), numbers, step)
        costs = log_probabilities.gather(1, ids[:, None])[:, 0]
        done = going & ((ids == eos) | (limits[numbers] <= step + 1))
        ended = done.nonzero()[:, 0]
        if len(ended):
            hypotheses = rows.continued(ended, ids[ended], costs[ended], config)
            found.update(zip(numbers[ended].tolist(), hypotheses, strict=True))
            going &= ~done
        rows.append(ids, costs)
        if len(ended) and len(limits) - len(found) <= LEAVE_AT * len(numbers):
            left = going.nonzero()[:, 0]
            rows.select(left)
            numbers, going = numbers[left], going[left]
    return [found[number] for number in range(len(limits))]


def largest(
    values: Float[Tensor, "row candidate"], count: int
) -> tuple[Float[Tensor, "row count"], Int[Tensor, "row count"]]:
    """The ``count`` largest of each row and where they are, the largest first, of equals the one further left.

    ``torch.topk`` is as quick as it gets but promises nothing of equals, neither which it takes nor their order. The
    taken are put in order, and where the last taken equals the first left out, all are sorted. (−∞ is no candidate: of
    those it does not matter.)
    """
    count = min(count, values.size(1))
    top, places = values.topk(min(count + 1, values.size(1)), dim=1)
    last, left_out = top[:, count - 1], top[:, -1]
    if top.size(1) > count and bool(((last == left_out) & (last > -math.inf)).any()):
        sorted_values, sorted_places = values.sort(dim=1, descending=True, stable=True)
        return sorted_values[:, :count], sorted_places[:, :count]
    places = places[:, :count].sort(dim=1).values
    top, order = values.gather(1, places).sort(dim=1, descending=True, stable=True)
    return top, places.gather(1, order)
