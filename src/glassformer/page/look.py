"""One pair of sentences, seen whole: the trace, stored by PAGE's rules, and what goes with it."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from glassformer.brief import brief
from glassformer.errors import ConfigError
from glassformer.page import wire
from glassformer.page.body import Packed
from glassformer.page.facts import group_of, learned, model_facts, norms, side_of, stations
from glassformer.page.pack import POOLED, Packer, described, exact, pooled
from glassformer.trace import Trace, Window
from glassformer.translator import Translator
from glassformer.what_if import edges_blocked, heads_off, turned

Asked = TypeVar("Asked", bound=wire.Ask | wire.RowsAsk)
CHOICES = 8
EXACT_TOKENS = 64
"""Tokens on the longer side up to which all is exact; the weights are dense up to DENSE_TOKENS."""
DENSE_TOKENS = 256


@dataclass(frozen=True)
class Budget:
    """How many bytes, before deflating, each kind of window may take together. More are left out (``none``), or, of
    the weights of long sentences, fewer of each row are kept."""

    states: int = 32_000_000
    """All that is no attention weight, of a sentence up to EXACT_TOKENS: float32 if all of it fits, else bfloat16."""
    long_states: int = 4_000_000
    """The same of a longer sentence, in bfloat16."""
    weights: int = 9_000_000
    """Of sentences over DENSE_TOKENS."""
    vocabulary: int = 262_144
    """Each of logits and probabilities."""
    learned: int = 0
    """The learned matrices, as far as WHOLE lets them."""
    whole: int = 64_000_000
    exact_tokens: int = EXACT_TOKENS
    dense_tokens: int = DENSE_TOKENS


LIVE = Budget()
SAVED = Budget(states=6_500_000, learned=6_500_000, whole=13_000_000)
"""A file of at most 15 MB, whatever the model: deflating and base64 together make little difference."""
ALONE = Budget(states=0, vocabulary=0)
"""A file that has its model: the attention is seen at once, all else is computed when it is looked at."""
FIRST = ("x", "embeddings", "positions", "memory", "norm", "queries", "keys", "values", "scores", "z", "output")
"""Which states travel before others where not all of them fit, by the last part of their names."""


@brief
@dataclass(frozen=True)
class Seen:
    """A trace with the norms' outputs of a pre-norm model in it."""

    trace: Trace
    text: str
    source_ids: list[int]
    """Ending with eos."""
    target_ids: list[int]
    """Beginning with bos."""


@contextmanager
def changed(translator: Translator, ask: wire.Ask | wire.RowsAsk) -> Iterator[None]:
    """A ``with`` block in which the heads of ``ask`` are off or turned, and its edges blocked. Raises WhatIfError for
    a head or a token that is not there."""
    by_attention: dict[str, list[tuple[int, int]]] = {}
    for attention, query, key in ask.blocked:
        by_attention.setdefault(attention, []).append((query, key))
    last = {turn[:3]: turn for turn in ask.turned}
    with ExitStack() as stack:
        stack.enter_context(heads_off(translator.model, ask.heads_off))
        for attention, edges in by_attention.items():
            stack.enter_context(edges_blocked(translator.model, attention, edges))
        for turn in last.values():
            stack.enter_context(turned(translator.model, *turn))
        yield


def see(translator: Translator, ask: wire.Ask | wire.RowsAsk, longest: int = 0) -> Seen:
    """Every number for ``ask``. Raises ConfigError for a sentence without words, or with over ``longest`` tokens."""
    check_length(translator, ask, longest)
    seen: dict[str, Window] = {}

    def look(name: str, _: Any, __: Any, value: Tensor) -> None:
        seen[name] = Window(value[0].detach(), ("position", "d_model"), "§3.1, layer normalization, of pre-norm models")

    with changed(translator, ask):
        source_ids, target_ids = translator.ids_of(ask.text, ask.target, None)
    ask = settled(ask, target_ids)
    with changed(translator, ask):
        handles = [norm.register_forward_hook(partial(look, name)) for name, norm in norms(translator).items()]
        try:
            trace = translator.recorded(source_ids, target_ids)
        finally:
            for handle in handles:
                handle.remove()
    trace.steps[0] |= seen
    about = translator.about(ask.text, source_ids, target_ids)
    return Seen(trace, about["source"], about["source_ids"], about["target_ids"])


def seen_of(translator: Translator, trace: Trace) -> Seen:
    """The numbers of a trace of ``Translator.trace``, whatever was changed in the model then. The norms of a pre-norm model
    are computed from their inputs."""
    of_norm = norms(translator)
    extra = {
        station.input: Window(of_norm[station.input](trace[station.residual]).detach(), ("position", "d_model"), "§3.1")
        for station in stations(translator)
        if station.input in of_norm
    }
    about, steps = trace.about, [dict(step) for step in trace.steps]
    steps[0] |= extra
    return Seen(Trace(steps, about), about["source"], about["source_ids"], about["target_ids"])


def within(edges: list[wire.Edge], target: int) -> list[wire.Edge]:
    """The edges that a translation of ``target`` tokens has: with some blocked it may be shorter than the one that
    was on the page when they were chosen."""
    return [
        (attention, query, key)
        for attention, query, key in edges
        if attention.startswith("encoder") or (query < target and ("cross" in attention or key < target))
    ]


def changed_trace(translator: Translator, ask: wire.Ask) -> Trace:
    """``Translator.trace``, with what ``ask`` changes."""
    with changed(translator, ask):
        ask = settled(ask, translator.ids_of(ask.text, ask.target, None)[1])
    with changed(translator, ask):
        return translator.trace(ask.text, ask.target)


def settled(ask: Asked, target_ids: list[int]) -> Asked:
    """``ask`` with what its own translation, ``target_ids``, has: what was chosen for a word that does not come is dropped.
    A translation that was given is taken as it is."""
    if ask.target is not None:
        return ask
    target = len(target_ids) + 1
    turns = [turn for turn in ask.turned if turn[0].startswith("encoder") or turn[2] < target]
    return replace(ask, blocked=within(ask.blocked, target), turned=turns)


def check_length(translator: Translator, ask: wire.Ask | wire.RowsAsk, longest: int) -> None:
    """Raises ConfigError for a sentence without words, or a side of over ``longest`` tokens (0: any length)."""
    if not ask.text.strip():
        raise ConfigError("an empty sentence: wanted at least one word")
    for what, text in (("sentence", ask.text), ("translation", ask.target or "")):
        tokens = len(translator.tokenizer.encode(text)) + 1 if longest else 0
        if tokens > longest:
            raise ConfigError(f"this {what} has {tokens:,} tokens: wanted at most {longest:,}, so make it shorter")


def look(
    translator: Translator,
    ask: wire.Ask,
    *,
    live: bool = False,
    budget: Budget = SAVED,
    checkpoint: str = "",
    level: int = 9,
    seen: Seen | None = None,
) -> Packed:
    """The Look that answers ``ask``. Raises as ``see``, and as the translator does."""
    seen = seen or see(translator, ask)
    packer = Packer()
    windows = pack_windows(packer, seen, budget)
    left = budget.whole - sum(window.length for window in windows)
    matrices = pack_learned(
        packer, translator, min(left, budget.learned if longest_of(seen) <= budget.dense_tokens else 0)
    )
    groups, blobs = packer.deflated(level)
    header = wire.Look(
        version=wire.VERSION,
        model=model_facts(translator, checkpoint),
        source=side_of(translator, seen.text, seen.text, seen.source_ids),
        target=side_of(
            translator, seen.text, translator.written(seen.text, seen.target_ids), seen.target_ids, target=True
        ),
        foreign=bool(translator.reader.foreigner(seen.text)),
        stations=stations(translator),
        windows=windows,
        weights=matrices,
        groups=groups,
        steps=steps_of(translator, seen),
        target_given=ask.target is not None,
        heads_off=[wire.HeadName(*head) for head in ask.heads_off],
        blocked=list(ask.blocked),
        turned=list(ask.turned),
        live=live,
    )
    return Packed(header, blobs)


def longest_of(seen: Seen) -> int:
    return max(len(seen.source_ids), len(seen.target_ids))


def pack_windows(packer: Packer, seen: Seen, budget: Budget) -> list[wire.PackedWindow]:
    """Up to EXACT_TOKENS all exact; the weights dense to DENSE_TOKENS; above, the largest of each row, and a map."""
    all_windows = {name: seen.trace.window(name) for name in seen.trace}
    storages = choose_storages(all_windows, longest_of(seen), budget)
    top, side = fit_top([w.tensor for name, w in all_windows.items() if storages[name] == "top"], budget.weights)
    placed = []
    for name, window in all_windows.items():
        blank = described(name, window.axes, window.place, group_of(name))
        storage = storages[name]
        placed.append(packer.add(blank, window.tensor, storage, top=min(top, window.tensor.size(-1))))
        if storage == "top":
            map_of = described(f"{name}.pooled", window.axes, f"{window.place}; means of blocks", group_of(name))
            placed.append(packer.add(map_of, pooled(window.tensor, side), "root8"))
    return placed


def choose_storages(windows: dict[str, Window], tokens: int, budget: Budget) -> dict[str, wire.Storage]:
    chosen: dict[str, wire.Storage] = {}
    states = {}
    for name, window in windows.items():
        size = window.tensor.numel()
        if name.endswith(".weights"):
            dense: wire.Storage = "root8" if tokens <= budget.dense_tokens else "top"
            chosen[name] = "float32" if tokens <= budget.exact_tokens else dense
        elif "vocabulary" in window.axes:
            chosen[name] = "float32" if 4 * size <= budget.vocabulary else "none"
        elif name.endswith(".concatenated") or (name.endswith(".scores") and tokens > budget.exact_tokens):
            chosen[name] = "none"  # concatenated is z in another order, which the page can do itself
        elif len(window.axes) == 1:
            chosen[name] = "float32"  # ids and positions
        else:
            states[name] = size
    short = tokens <= budget.exact_tokens
    in_order = dict(sorted(states.items(), key=lambda item: rank(item[0])))
    return chosen | spend(in_order, budget.states if short else budget.long_states, exact=short)


def rank(name: str) -> int:
    last = name.rsplit(".", 1)[-1]
    return FIRST.index(last) if last in FIRST else len(FIRST)


def spend(sizes: dict[str, int], budget: int, *, exact: bool = True) -> dict[str, wire.Storage]:
    """How windows of these sizes are stored within ``budget`` bytes: all in float32 where that fits (and is
    ``exact``), else in bfloat16, in their order, as many as there is room for."""
    if exact and 4 * sum(sizes.values()) <= budget:
        return dict.fromkeys(sizes, "float32")
    chosen: dict[str, wire.Storage] = {}
    for name, size in sizes.items():
        chosen[name] = "bfloat16" if 2 * size <= budget else "none"
        budget -= 2 * size if chosen[name] == "bfloat16" else 0
    return chosen


def fit_top(tensors: Iterable[Tensor], size: int) -> tuple[int, int]:
    """How many of each row, and rows and columns of a map, so that all of it is within ``size`` bytes."""
    tensors = list(tensors)
    maps, rows = sum(tensor.size(0) for tensor in tensors), sum(tensor.numel() // tensor.size(-1) for tensor in tensors)
    if not rows:
        return 0, POOLED
    side = POOLED
    while side > 16 and maps * side * side > size / 3:
        side //= 2
    return max(1, int(((size - maps * side * side) / rows - 4) // 3)), side


def pack_learned(packer: Packer, translator: Translator, budget: int) -> list[wire.PackedWindow]:
    matrices = learned(translator)
    storages = spend({name: tensor.numel() for name, (tensor, _) in matrices.items()}, budget)
    return [
        packer.add(described(name, axes, "learned", f"learned.{group_of(name)}"), tensor, storages[name])
        for name, (tensor, axes) in matrices.items()
    ]


def steps_of(translator: Translator, seen: Seen) -> list[wire.DecodingStep]:
    """The choices of each row of the decoder, all at once."""
    probabilities = seen.trace["probabilities"].float()
    chosen = [*seen.target_ids[1:], translator.model.config.eos_id]
    return [step_of(translator, seen.text, row, id) for row, id in zip(probabilities, chosen, strict=True)]


def step_of(translator: Translator, source: str, probabilities: Tensor, chosen: int) -> wire.DecodingStep:
    """``probabilities`` [vocabulary]; ``source``: the sentence that is translated."""
    values, ids = probabilities.topk(min(CHOICES, probabilities.numel()))
    both = [chosen, *ids.tolist()]
    numbers = [float(probabilities[chosen]), *values.tolist()]
    reader = translator.reader
    tokens = reader.shown(reader.whole(source), translator.tokenizer.target.tokens(both))
    choices = [wire.NextToken(*parts) for parts in zip(tokens, both, numbers, strict=True)]
    return wire.DecodingStep(choices[0], choices[1:])


def numbers_of(name: str, axes: tuple[str, ...], place: str, tensor: Tensor) -> Packed:
    """One window, exact."""
    packer = Packer()
    window = packer.add(described(name, axes, place, "numbers"), tensor, exact(tensor))
    groups, blobs = packer.deflated(1)
    return Packed(wire.Numbers([window], groups), blobs)


def fixed(tensor: Tensor, axes: tuple[str, ...], at: list[int], name: str) -> tuple[Tensor, tuple[str, ...]]:
    """The first axes fixed at ``at``. Raises ConfigError for a place outside."""
    if len(at) > tensor.dim():
        raise ConfigError(
            f"{name} has the axes {' '.join(axes)}: wanted at most {tensor.dim()} numbers in at, got {len(at)}"
        )
    for axis, size, index in zip(axes, tensor.shape, at, strict=False):
        if not 0 <= index < size:
            raise ConfigError(f"{name} has no {axis} {index}: wanted 0 … {size - 1}")
    return torch.as_tensor(tensor[tuple(at)]), axes[len(at) :]
