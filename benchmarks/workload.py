"""What the speed benchmarks compute with: sentence pairs whose lengths are spread as in translation corpora, random words.

Lengths are log-normal (σ 0.45, 25 tokens on average, eos counted); a target is as long as its source give or take 12 %.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from glassformer.config import PRESETS, ModelConfig
from glassformer.corpus.batches import Batch

VOCABULARY = 8000
POOL = 4000


def model_config(preset: str, **changes: object) -> ModelConfig:
    return PRESETS[preset](VOCABULARY, **changes)


def lengths(count: int, chance: torch.Generator) -> Tensor:
    """Tokens of ``count`` source sentences, eos counted."""
    normal = torch.randn(count, generator=chance)
    return torch.exp(normal * 0.45 + math.log(22.5)).round().clamp(4, 100).long()


def words(count: int, chance: torch.Generator) -> list[int]:
    """Ids of ordinary tokens: what comes before 4 is special."""
    return torch.randint(4, VOCABULARY, (count,), generator=chance).tolist()


PLACES = {1: (0.55,), 3: (0.3, 0.55, 0.85)}
"""Where in the pool, which is sorted by length, so many batches begin."""


def training_batches(tokens: int, count: int = 3) -> list[Batch]:
    """Batches of at most ``tokens`` padded tokens a side: a middling one, or three from short to long."""
    chance = torch.Generator().manual_seed(0)
    sources = lengths(POOL, chance)
    targets = (sources * torch.exp(torch.randn(POOL, generator=chance) * 0.12)).round().clamp(4, 110).long()
    widths, order = torch.maximum(sources, targets + 1).sort()
    made = []
    for place in PLACES[count]:
        start = int(place * POOL)
        fits = widths[start:] * torch.arange(1, POOL - start + 1) <= tokens
        rows = order[start : start + int(fits.sum())]
        made.append(batch(sources[rows], targets[rows], chance))
    return made


def peer_turn(
    model: nn.Module, loss_of: Callable[[Batch], Tensor], batches: Sequence[Batch], device: str, *, bfloat16: bool
) -> Callable[[], float]:
    """A turn of a peer's training on ``batches``: PyTorch's fused Adam, the gradient's norm clipped to 1. The last loss."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)

    def turn() -> float:
        for batch in batches:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device, dtype=torch.bfloat16, enabled=bfloat16):
                loss = loss_of(batch)
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return float(loss.detach())

    return turn


def batch(sources: Tensor, targets: Tensor, chance: torch.Generator) -> Batch:
    """Pairs of these lengths (eos counted) as the training loop gets them: pad 0, bos 1, eos 2."""
    rows = len(sources)
    source_ids = torch.zeros(rows, int(sources.max()), dtype=torch.long)
    target_ids = torch.zeros(rows, int(targets.max()) + 1, dtype=torch.long)
    for row, (source, target) in enumerate(zip(sources.tolist(), targets.tolist(), strict=True)):
        source_ids[row, :source] = torch.tensor([*words(source - 1, chance), 2])
        target_ids[row, : target + 1] = torch.tensor([1, *words(target - 1, chance), 2])
    return Batch(source_ids, target_ids, torch.arange(rows), int(sources.sum()), int(targets.sum()))


def sentences(count: int) -> list[list[int]]:
    """Source sentences without eos, the shortest first."""
    chance = torch.Generator().manual_seed(1)
    return [words(length - 1, chance) for length in lengths(count, chance).sort().values.tolist()]
