"""The input and the result of decoding, with any engine. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from glassformer.brief import brief
from glassformer.config import DecodingConfig, ModelConfig
from glassformer.errors import DecodingError, VocabularyError

if TYPE_CHECKING:
    from torch import Tensor

    Length = TypeVar("Length", float, Tensor)


@dataclass(frozen=True)
class Sentence:
    """One source (eos at its end), the ids with which its target must begin, and the most tokens it may have."""

    source: list[int]
    prefix: list[int]
    limit: int


def make_sentence(
    source: Sequence[int], prefix: Sequence[int], config: DecodingConfig, model_config: ModelConfig
) -> Sentence:
    """Adds eos to the source, as training does, and a language token before the prefix. The limit counts the target's tokens
    with eos: the source's (with eos) plus ``extra_length``, but no more than the model has positions, and always one after
    the prefix.

    Raises DecodingError for a prefix longer than the limit or with pad, bos or eos in it, which no target has inside,
    and VocabularyError for a prefix's id that is not in the vocabulary (the model says it of the source).
    """
    limit = len(source) + 1 + config.extra_length
    if model_config.longest:
        limit = min(limit, model_config.longest)
    if not prefix and not model_config.target_prefix:
        return Sentence(model_config.source(source), [], max(limit, 1))
    if len(prefix) > limit:
        raise DecodingError(
            f"a prefix of {len(prefix)} ids for a source of {len(source)}, whose limit is {limit} target tokens: "
            f"shorten it or set extra_length={config.extra_length} higher"
        )
    if list(prefix[: len(model_config.target_prefix)]) != model_config.target_prefix:
        prefix = [*model_config.target_prefix, *prefix]
    special = {"pad": model_config.pad_id, "bos": model_config.bos_id, "eos": model_config.eos_id}
    for name, special_id in special.items():
        if special_id in prefix and special_id not in model_config.target_prefix:
            raise DecodingError(f"a prefix with {name} ({special_id}) in it: wanted ids of ordinary tokens")
    vocabulary = model_config.target_size
    for token in prefix:
        if not 0 <= token < vocabulary:
            raise VocabularyError(f"id {token} of a prefix is not in the vocabulary: wanted 0 … {vocabulary - 1}")
    return Sentence(model_config.source(source), list(prefix), max(limit, len(prefix) + 1))


def check_numbers(log_probabilities: Iterable[float]) -> None:
    """Raises DecodingError where a log P is not a number: weights that are finite may have products that are not."""
    if any(map(math.isnan, log_probabilities)):
        raise DecodingError(
            "the model computes numbers that are not finite (NaN or infinity), and so no translation: its weights are too "
            "large, damaged, or no model's"
        )


def by_length(lengths: Sequence[int], rows: int, batch_tokens: int) -> Iterator[list[int]]:
    """The sentences' numbers in groups, the longest first (what does not fit in memory fails at once, and the time
    left is never underestimated). A group holds at most ``batch_tokens`` padded tokens, each sentence being ``rows``
    rows, and at least one sentence."""
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    start = 0
    while start < len(order):
        count = max(1, batch_tokens // (rows * lengths[order[start]]))
        yield order[start : start + count]
        start += count


@brief
@dataclass(frozen=True)
class Hypothesis:
    """A target sentence and what the model thinks of it. Probabilities are the model's own: no temperature, nothing
    left out; logarithms are natural."""

    ids: list[int]
    """Without bos and eos."""
    log_probability: float
    """log P(target | source): the sum over the tokens, eos and a forced prefix counted."""
    score: float
    """log_probability / penalty(n), n being the number of tokens, eos counted: what hypotheses are ranked by."""
    finished: bool
    """False when the length limit cut it off before it came to eos."""
    token_log_probabilities: list[float]
    """One a token; the last is eos's if ``finished``. Empty where an engine tells only their sum."""
    attention: list[list[float]] = field(default_factory=list)
    """With ``DecodingConfig.attention``, of the best hypothesis: a row for each of ``ids``, with its weight on each token of
    the source, eos last. Otherwise empty."""


def length_penalty(length: Length, config: DecodingConfig) -> Length:
    """The divisor of log P for a target of ``length`` tokens, at least 1, eos counted. A sum over more tokens is
    smaller, so without it the shortest would win. ``paper``: ((5 + n) / 6)^α (Wu et al. 2016, eq. 14); ``power``: n^α.
    """
    base = (5 + length) / 6 if config.length_penalty_form == "paper" else length
    return base**config.length_penalty


def make_hypothesis(
    tokens: Sequence[int], log_probabilities: Sequence[float], *, finished: bool, config: DecodingConfig
) -> Hypothesis:
    """The hypothesis of these target tokens, the last of which is eos if ``finished``."""
    log_probability = sum(log_probabilities)
    return Hypothesis(
        ids=list(tokens[:-1] if finished else tokens),
        log_probability=log_probability,
        score=log_probability / length_penalty(float(len(tokens)), config),
        finished=finished,
        token_log_probabilities=list(log_probabilities),
    )
