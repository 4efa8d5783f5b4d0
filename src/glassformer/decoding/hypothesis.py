"""What decoding finds, and how long and short ones are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

from glassformer.config import DecodingConfig

Length = TypeVar("Length", float, Tensor)


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
    """One a token; the last is eos's if ``finished``."""


def length_penalty(length: Length, config: DecodingConfig) -> Length:
    """What log P is divided by for a target of ``length`` tokens, at least 1, eos counted. A sum over more tokens is
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
