"""The windows of ``trace``, written to: what would the model do if this head were off, if it looked at another word?

Each is a ``with`` block; they can be nested, and a ``record`` inside shows the consequences.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from glassformer.brief import brief
from glassformer.errors import NothingAllowedError, WhatIfError
from glassformer.model import Transformer
from glassformer.model.attention import MultiHeadAttention
from glassformer.probe import Probe

Head = tuple[str, int]
"""An attention's name and the number of one of its heads, from 0: ("encoder.layers.5.self_attention", 3)."""
Turn = tuple[str, int, int, list[int]]
"""An attention, one of its heads, a query, and the keys that get all of this query's weight."""


@contextmanager
def patch(model: nn.Module, window: str, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Replace what passes ``window`` by ``change`` of it ([batch, …its axes]). Raises WhatIfError for an unknown window."""
    probe = dict(model.named_modules()).get(window)
    if not isinstance(probe, Probe):
        raise WhatIfError(f"no window {window!r} in this model: glassformer.trace.record shows all of them")
    handle = probe.register_forward_hook(lambda _, __, value: change(value))
    try:
        yield
    finally:
        handle.remove()


def attentions(model: nn.Module) -> dict[str, MultiHeadAttention]:
    """Every attention by name, from the first encoder layer to the last decoder layer."""
    return {name: module for name, module in model.named_modules() if isinstance(module, MultiHeadAttention)}


def find_attention(model: nn.Module, name: str, heads: Iterable[int] = ()) -> MultiHeadAttention:
    """The attention of this name. Raises WhatIfError where it, or one of ``heads``, is not there."""
    known = attentions(model)
    if name not in known:
        raise WhatIfError(f"no attention {name!r}: there are {', '.join(known)}")
    for head in heads:
        if not 0 <= head < known[name].heads:
            raise WhatIfError(f"no head {head} in {name}: its heads are 0 … {known[name].heads - 1}")
    return known[name]


@contextmanager
def heads_off(model: nn.Module, heads: Iterable[Head], replace: Literal["zero", "mean"] = "zero") -> Iterator[None]:
    """Switch heads off: their z is made zero before W^O (so the bias of W^O and the other heads stay as they are).

    ``mean`` puts the head's mean over the sentence in place of each row instead: the head still says what it says on
    average, but not about this word. That needs the whole sentence at once: decoding one word at a time raises WhatIfError.
    """
    if replace not in ("zero", "mean"):
        raise WhatIfError(f"replace={replace!r}: wanted 'zero' or 'mean'")
    by_attention: dict[str, list[int]] = {}
    for name, head in heads:
        find_attention(model, name, [head])
        by_attention.setdefault(name, []).append(head)

    def change(z: Tensor, off: list[int]) -> Tensor:  # [batch, head, query, d_v]
        z = z.clone()
        if replace == "mean":
            if z.size(2) == 1:
                raise WhatIfError("a mean over one word changes nothing: give the whole target at once, or use 'zero'")
            z[:, off] = z[:, off].mean(dim=2, keepdim=True)
        else:
            z[:, off] = 0
        return z

    with ExitStack() as stack:
        for name, off in by_attention.items():
            stack.enter_context(patch(model, f"{name}.z", partial(change, off=off)))
        yield


@contextmanager
def edges_blocked(
    model: nn.Module, attention: str, edges: Iterable[tuple[int, int]], heads: Sequence[int] | None = None
) -> Iterator[None]:
    """The query at position q may not look at the key at position k, for each edge (q, k), in these heads (default: all).

    The other weights of the row share what is left, as the softmax does. While decoding one word at a time q counts from
    the beginning of the sentence. Raises WhatIfError for a position that the sentence does not have, and
    NothingAllowedError when a query is left with nothing to look at.
    """
    module = find_attention(model, attention, heads or ())
    which = list(range(module.heads)) if heads is None else list(heads)
    edges = list(edges)
    side, first = attention.split(".", 1)[0], [0]

    def note_start(pos: Tensor) -> Tensor:  # where this pass begins: later than 0 when decoding one word at a time
        first[0] = int(pos[0, 0])
        return pos

    def change(scores: Tensor) -> Tensor:  # [batch, head, query, key]
        scores = scores.clone()
        queries, keys = scores.shape[2:]
        for query, key in edges:
            whole = first[0] == 0 and queries > 1
            known = whole or not (side == "decoder" and attention.endswith("self_attention"))  # these keys still grow
            if query < 0 or key < 0 or (whole and query >= queries) or (known and key >= keys):
                raise WhatIfError(f"no edge ({query}, {key}) in {attention}: it has {queries} queries and {keys} keys")
            if first[0] <= query < first[0] + queries and key < keys:
                scores[:, which, query - first[0], key] = -torch.inf
        if bool(scores.isneginf().all(dim=-1).any()):
            raise NothingAllowedError(f"with these edges blocked a query of {attention} has nothing left to look at")
        return scores

    with patch(model, f"{side}.input.pos", note_start), patch(model, f"{attention}.scores", change):
        yield


@contextmanager
def turned(model: nn.Module, attention: str, head: int, query: int, key: int | Sequence[int]) -> Iterator[None]:
    """Turn a head to another word: the query at position ``query`` gives all its weight in this head to ``key``.

    Its weight there becomes 1 and the others of its row 0. Several keys (the pieces of a word) share the 1 as they
    shared what they had; where they had nothing, equally. A word that looks and is of several pieces takes a turn for
    each. Other queries and other heads stay as they are.

    Positions count in each sentence by itself, also where several are computed together. While decoding, every row that
    grows is turned (each hypothesis of a beam), and ``query`` counts from the beginning of the target; what was said
    before the decoder came to ``query`` stays. Of two turns of one query the inner one holds.

    Raises WhatIfError for a head that the model does not have, for a position that a sentence does not have, and where
    the query may not look at the key: a later word of the target, or an edge that an outer ``edges_blocked`` forbids.
    """
    find_attention(model, attention, [head])
    turn = Turning(attention, head, query, [key] if isinstance(key, int) else list(key))
    with (
        patch(model, f"{turn.side}.input.pos", turn.note_start),
        patch(model, f"{attention}.scores", turn.check),
        patch(model, f"{attention}.weights", turn.change),
    ):
        yield


class Turning:
    """The change that ``turned`` makes at each of its three windows. Raises WhatIfError for what no sentence could do."""

    def __init__(self, attention: str, head: int, query: int, keys: list[int]) -> None:
        if not keys or min(query, *keys) < 0:
            raise WhatIfError(
                f"{query} cannot be turned to {keys} in {attention}: wanted positions from 0, a key or more"
            )
        self.attention, self.head, self.query = attention, head, query
        self.keys = list(dict.fromkeys(keys))
        self.side, kind = attention.split(".", 1)[0], attention.rsplit(".", 1)[1]
        if self.side == "decoder" and kind == "self_attention" and max(keys) > query:
            raise WhatIfError(
                f"{query} may not look at {max(keys)} in {attention}: a word of the target sees no later one"
            )
        self.first = 0
        """Where this pass begins: later than 0 when decoding one word at a time."""

    def note_start(self, pos: Tensor) -> Tensor:
        """Of the side's positions the first one."""
        self.first = int(pos[0, 0])
        return pos

    def row(self, queries: int) -> int | None:
        """The query's row in a pass with this number of rows; None where it comes later, or was before."""
        whole = self.side == "encoder" or (self.first == 0 and queries > 1)
        if whole and self.query >= queries:
            raise WhatIfError(f"no query {self.query} in {self.attention}: it has {queries}")
        return self.query - self.first if self.first <= self.query < self.first + queries else None

    def check(self, scores: Float[Tensor, "batch head query key"]) -> Tensor:
        """−∞ is a key at which the query may not look; where no query may, there is padding."""
        row = self.row(scores.size(2))
        if row is None:
            return scores
        if max(self.keys) >= scores.size(3):
            raise WhatIfError(f"no key {max(self.keys)} in {self.attention}: it has {scores.size(3)}")
        if bool(scores[:, self.head, row][:, self.keys].isneginf().any()):
            keys = ", ".join(map(str, self.keys))
            raise WhatIfError(
                f"{self.query} may not look at {keys} in {self.attention}: a sentence ends before, or the edge is blocked"
            )
        if self.side == "encoder" and bool(scores[:, self.head, :, self.query].isneginf().all(dim=-1).any()):
            raise WhatIfError(f"no query {self.query} in {self.attention}: a sentence of the batch ends before")
        return scores

    def change(self, weights: Float[Tensor, "batch head query key"]) -> Tensor:
        """The query's row with the keys' shares, the rest of it 0."""
        row = self.row(weights.size(2))
        if row is None:
            return weights
        weights = weights.clone()
        had = weights[:, self.head, row][:, self.keys]
        total = had.sum(dim=-1, keepdim=True)
        shares = torch.where(total > 0, had / total, torch.full_like(had, 1 / len(self.keys)))
        weights[:, self.head, row] = 0
        weights[:, self.head, row, self.keys] = shares
        return weights


@contextmanager
def embedding_replaced(
    model: Transformer,
    position: int,
    embedding: Float[Tensor, " d_model"],
    side: Literal["encoder", "decoder"] = "encoder",
) -> Iterator[None]:
    """Put another vector in place of one token's embedding (times √d_model, before the position is added)."""
    first = [0]

    def note_start(pos: Tensor) -> Tensor:
        first[0] = int(pos[0, 0])
        return pos

    def change(embeddings: Tensor) -> Tensor:  # [batch, position, d_model]
        row = position - first[0]
        if position < 0 or (first[0] == 0 and embeddings.size(1) > 1 and row >= embeddings.size(1)):
            raise WhatIfError(f"no position {position}: the sentence has {embeddings.size(1)} tokens")
        if 0 <= row < embeddings.size(1):
            embeddings = embeddings.clone()
            embeddings[:, row] = embedding.to(embeddings)
        return embeddings

    with patch(model, f"{side}.input.pos", note_start), patch(model, f"{side}.input.embeddings", change):
        yield


@brief
@dataclass(frozen=True)
class HeadRanking:
    """The worth of each head for one pair of sentences."""

    heads: list[Head]
    """Every head of the model, most important first: by the sum of its row of ``change``, lowest first."""
    change: Float[Tensor, "head position"]
    """Row i: log P of each target token with ``heads[i]`` off, minus the same with all heads on. Negative: it helped."""
    log_probabilities: Float[Tensor, " position"]
    """log P of each target token with all heads on."""


@torch.inference_mode()
def rank_heads(
    model: Transformer, source_ids: Int[Tensor, "1 source"], target_ids: Int[Tensor, "1 target"]
) -> HeadRanking:
    """Switch every single head off, each in its own row of one batch, and see how log P of the target's tokens changes.

    ``target_ids`` begins with bos; the log-probabilities are those of the tokens after it, so ``change`` has one column
    less. Takes a batch of all heads + 1 sentences. Raises as the model does.
    """
    heads = [(name, head) for name, module in attentions(model).items() for head in range(module.heads)]
    row_of = {head: row for row, head in enumerate(heads)}

    def switch_off(z: Tensor, name: str) -> Tensor:  # row i of the batch misses head i; the last row misses none
        z = z.clone()
        for head in range(z.size(1)):
            z[row_of[name, head], head] = 0
        return z

    rows = len(heads) + 1
    with ExitStack() as stack:
        for name in attentions(model):
            stack.enter_context(patch(model, f"{name}.z", partial(switch_off, name=name)))
        stack.callback(model.train, model.training)  # dropout would be seen as a change
        logits = model.eval()(source_ids.expand(rows, -1), target_ids.expand(rows, -1)[:, :-1])
    wanted = target_ids[:, 1:, None].expand(rows, -1, 1)
    log_probabilities = logits.float().log_softmax(dim=-1).gather(2, wanted)[:, :, 0]
    change = log_probabilities[:-1] - log_probabilities[-1]
    order = change.sum(dim=1).argsort(stable=True)
    return HeadRanking([heads[i] for i in order.tolist()], change[order], log_probabilities[-1])
