"""Ancestral sampling: each next token is drawn with the probability that the model gives it.

``temperature`` divides the logits, then only the ``top_k`` likeliest may be drawn (Fan et al. 2018), then of those the
fewest that together hold ``top_p`` (Holtzman et al. 2020). A sentence has its own random numbers, made from the seed
and its ids on the CPU before the first step, so its samples depend on neither the batch nor the device.
"""

import hashlib

import torch
from jaxtyping import Float, Int
from torch import Tensor

from glassformer.config import DecodingConfig
from glassformer.decoding.lean import LeanTransformer
from glassformer.decoding.rows import HypothesisRows, grow, largest
from glassformer.decoding.sentences import Sentences
from glassformer.hypothesis import Hypothesis, Sentence
from glassformer.model import Transformer


def sample(
    model: Transformer | LeanTransformer, sentences: list[Sentence], config: DecodingConfig
) -> list[list[Hypothesis]]:
    """n_best samples of each sentence, in the order in which they were drawn (the first is as random as the last)."""
    batch = Sentences.of(sentences, model.config.pad_id, model.embedding.weight.device)
    rows = HypothesisRows(model, batch.source_ids)
    count = config.n_best
    if count > 1:
        rows.select(torch.arange(len(sentences), device=batch.limits.device).repeat_interleave(count))
    forced, limits = (values.repeat_interleave(count, dim=0) for values in (batch.forced, batch.limits))
    draws = random_numbers(sentences, config).to(limits.device)  # [row, step]
    found = grow(rows, forced, limits, lambda open_, row, step: draw(open_, draws[row, step], config), config)
    return [found[first : first + count] for first in range(0, len(found), count)]


def random_numbers(sentences: list[Sentence], config: DecodingConfig) -> Float[Tensor, "row step"]:
    """Numbers from 0 to below 1, one a sample (n_best rows a sentence) and step; 0 after the sentence's limit."""
    numbers = torch.zeros(len(sentences), config.n_best, max(sentence.limit for sentence in sentences))
    for number, sentence in enumerate(sentences):
        text = repr((config.seed, sentence.source)).encode()
        seed = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1  # as much as a generator takes
        generator = torch.Generator().manual_seed(seed)
        numbers[number, :, : sentence.limit] = torch.rand(config.n_best, sentence.limit, generator=generator)
    return numbers.flatten(0, 1)


def draw(
    log_probabilities: Float[Tensor, "row vocabulary"], numbers: Float[Tensor, " row"], config: DecodingConfig
) -> Int[Tensor, " row"]:
    """The token at which the sum of the probabilities so far exceeds the random number (inverse transform)."""
    values, ids = log_probabilities / config.temperature, None
    if config.top_k:
        values, ids = largest(values, config.top_k)
    elif config.top_p < 1:
        values, ids = values.sort(dim=1, descending=True, stable=True)
    probabilities = values.softmax(dim=1)
    if config.top_p < 1:
        before = probabilities.cumsum(dim=1) - probabilities
        probabilities = probabilities.where(before < config.top_p, 0)
    sums = probabilities.cumsum(dim=1)
    places = torch.searchsorted(sums, numbers[:, None] * sums[:, -1:], right=True).clamp_(max=sums.size(1) - 1)
    # Rounding in the sums may point at a token of probability 0, or past the last: then the likeliest.
    is_possible = probabilities.gather(1, places) > 0
    places = torch.where(is_possible, places, probabilities.argmax(dim=1, keepdim=True))
    return (places if ids is None else ids.gather(1, places))[:, 0]
