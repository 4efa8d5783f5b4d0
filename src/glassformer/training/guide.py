"""Guided attention: one head of the encoder is taught to look where marks of the corpus say (``corpus/marks.py``).

Chen et al. 2016 (arXiv 1607.01628) and Garg et al. 2019 (arXiv 1909.02074, §4.2) teach attention from the target to
the source by word alignments; here it is from the source to the source, such as from *it* to its noun. As with Garg et
al. one head is taught, and the others learn what they like.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from glassformer.config import HEAD_OF_ENCODER, ModelConfig, TrainingConfig
from glassformer.config.recipe import Recipe
from glassformer.corpus.encoded import Facts
from glassformer.corpus.marks import NO_MARKS
from glassformer.errors import ConfigError
from glassformer.model import Transformer
from glassformer.trace import record
from glassformer.training.state import RunProgress


def guided_loss(
    queries: Float[Tensor, "batch head query d_k"],
    keys: Float[Tensor, "batch head key d_k"],
    head: int,
    real: Bool[Tensor, "row source"],
    looks: Int[Tensor, "look 3"],
) -> Float[Tensor, ""]:
    """How far ``head`` is from looking where ``looks`` (row, query, key) says, in nats, summed over the sentences:

        −log Σ_k softmax(q Kᵀ / √d_k)_k     over the keys k that the query is to look at, in sum

    and of a sentence with several such queries, the pieces of a word or several words, the mean. Each marked sentence
    adds one number, as each target token does to the loss beside it: both are divided by the step's target tokens, in
    all its batches and processes together. ``real`` is False on padding. Of a batch that was computed twice (R-Drop:
    twice as many queries as rows) it is the mean of both.
    """
    rows, places = torch.unique(looks[:, 0], return_inverse=True)
    q, k = (
        x.view(-1, len(real), *x.shape[1:])[:, rows, head].float() for x in (queries, keys)
    )  # [copy, place, …, d_k]
    scores = (q @ k.mT / math.sqrt(q.size(-1))).masked_fill(~real[rows][:, None], -math.inf)
    aimed = torch.zeros(scores.shape[1:], dtype=torch.bool, device=scores.device)  # [place, query, key]
    aimed[places, looks[:, 1], looks[:, 2]] = True
    asked = aimed.any(dim=-1)  # [place, query]
    logs = scores.log_softmax(dim=-1)[:, asked].masked_fill(~aimed[asked], -math.inf).logsumexp(dim=-1)  # [copy, asked]
    share = (asked / asked.sum(dim=-1, keepdim=True))[asked]
    return -(logs * share).sum() / len(q)


@contextmanager
def queries_and_keys(model: Transformer, config: TrainingConfig, wanted: bool) -> Iterator[list[Tensor]]:
    """A ``with`` block after which the list holds the queries and the keys of the taught head's attention, on the
    autograd graph, if they are ``wanted``. Its weights are not asked for: the attention may stay the fused one."""
    found: list[Tensor] = []
    if not wanted:
        yield found
        return
    attention, _ = head_of(config)
    with record(model, f"{attention}.[qk]*", keep_graph=True) as trace:
        yield found
    found += [trace[f"{attention}.queries"], trace[f"{attention}.keys"]]


def head_of(config: TrainingConfig) -> tuple[str, int]:
    """The attention's name and the head's number."""
    attention, _, number = config.guided_attention.rpartition(":")
    return attention, int(number)


def teaches(progress: RunProgress, config: TrainingConfig) -> bool:
    """Whether the head is taught in ``progress.step``, which is noted there. Once its share of the run is over it stays
    so, also where the run's end, which a time limit only lets estimate, is planned anew."""
    if not config.guided_attention or progress.guide_ended:
        return False
    planned = progress.planned_steps
    progress.guide_ended = bool(config.guided_until < 1 and planned and progress.step > config.guided_until * planned)
    if not progress.guide_ended:
        progress.guided_to = progress.step
    return not progress.guide_ended


def taught(progress: RunProgress, config: TrainingConfig, facts: Facts) -> dict[str, Any]:
    """The card's entry: which head was taught, up to which step so far, how strongly, by how many marked pairs; and
    the same of the model that the run began with. Empty where nothing was taught."""
    before = {**progress.taught_before, "in": "the run it started from"} if progress.taught_before else {}
    if not progress.guided_to:
        return before
    said: dict[str, Any] = {"head": config.guided_attention, "until_step": progress.guided_to}
    said |= {"weight": config.guided_weight, "marked_pairs": facts.marked_pairs}
    return {**said, "before": before} if before else said


def check_guide(recipes: Iterable[Recipe], marks: Iterable[str]) -> None:
    """Raises ConfigError when a head is to be taught that none of these recipes' models has, or by no marks."""
    chosen = [(recipe.training, recipe.model) for recipe in recipes]
    if not chosen[0][0].guided_attention:
        return
    if all(path in NO_MARKS for path in marks):
        raise ConfigError(
            f"guided_attention={chosen[0][0].guided_attention!r} and no marks: say with --marks (data.marks) which words "
            "are to look at which, or leave it out"
        )
    if not any(has_head(*one) for one in chosen):
        check_head(*max(chosen, key=lambda one: one[1].encoder_layers))


def has_head(config: TrainingConfig, model: ModelConfig) -> bool:
    found = HEAD_OF_ENCODER.fullmatch(config.guided_attention)
    return found is not None and int(found[1]) < model.encoder_layers and int(found[2]) < model.heads


def check_head(config: TrainingConfig, model: ModelConfig) -> None:
    """Raises ConfigError when a head is to be taught that the model does not have."""
    if config.guided_attention and not has_head(config, model):
        layers, heads = model.encoder_layers, model.heads
        raise ConfigError(
            f"guided_attention={config.guided_attention!r}: the model has no such head: wanted one of "
            f"encoder.layers.0.self_attention:0 to encoder.layers.{layers - 1}.self_attention:{heads - 1}"
        )


def check_marked(config: TrainingConfig, facts: Facts) -> str:
    """A sentence where pairs are marked and nobody is taught by them. Raises ConfigError when a head is to be taught
    and no pair is marked."""
    if config.guided_attention and not facts.marks:
        raise ConfigError(
            f"guided_attention={config.guided_attention!r}: no pair of the corpus is marked: give --marks (data.marks) "
            "with marks in it, or leave it out"
        )
    unused = facts.marks and not config.guided_attention
    return "the corpus is marked and no head is taught by it: set training.guided_attention" if unused else ""
