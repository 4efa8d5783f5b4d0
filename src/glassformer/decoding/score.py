"""The probability of given translations: teacher forcing, all tokens at once."""

from collections.abc import Callable, Sequence

import torch

from glassformer.decoding.batches import evaluating, pad
from glassformer.errors import ShapeError
from glassformer.hypothesis import by_length
from glassformer.model import Transformer

POSITIONS_AT_ONCE = 512
"""Positions whose logits are held at a time: with 32,000 tokens 64 MB in float32."""


def score(
    model: Transformer,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    *,
    batch_tokens: int = 4096,
    progress: Callable[[int], None] | None = None,
) -> list[list[float]]:
    """The natural log-probability of each token of each target, eos's the last: one more than the target has ids.

    Both sides are ids without bos and eos. ``batch_tokens`` counts padded tokens of the longer side; ``progress`` is
    called after each batch with the number of sentences in it. It computes where the model's parameters are and leaves
    the model's mode as it was.

    Raises ShapeError for sides of different length and VocabularyError for an id that is not in the vocabulary.
    """
    if len(sources) != len(targets):
        raise ShapeError(f"{len(sources)} sources and {len(targets)} targets: wanted pairs")
    lengths = [max(len(source), len(target)) + 1 for source, target in zip(sources, targets, strict=True)]
    found: dict[int, list[float]] = {}
    with evaluating(model):
        for numbers in by_length(lengths, 1, batch_tokens):
            scores = score_batch(model, [sources[n] for n in numbers], [targets[n] for n in numbers])
            found.update(zip(numbers, scores, strict=True))
            if progress is not None:
                progress(len(numbers))
    return [found[number] for number in range(len(lengths))]


def score_batch(
    model: Transformer, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[list[float]]:
    """The same for sentences that are computed together."""
    special, device = model.config, model.embedding.weight.device
    source_ids = pad([special.source(source) for source in sources], special.pad_id, device)
    target_ids = pad([[special.bos_id, *target] for target in targets], special.pad_id, device)
    labels = pad([[*target, special.eos_id] for target in targets], special.pad_id, device)
    states = model.decode(target_ids, model.encode(source_ids), model.allowed(source_ids))  # [batch, target, d_model]
    at_once = max(1, POSITIONS_AT_ONCE // states.size(0))
    parts = [
        model.predict(some).float().log_softmax(dim=-1).gather(2, ids[:, :, None])[:, :, 0]
        for some, ids in zip(torch.split(states, at_once, dim=1), torch.split(labels, at_once, dim=1), strict=True)
    ]
    rows = torch.cat(parts, dim=1).tolist()
    return [row[: len(target) + 1] for row, target in zip(rows, targets, strict=True)]
