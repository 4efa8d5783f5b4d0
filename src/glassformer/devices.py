"""Where to compute, and which form of attention is the faster one there."""

import math

import torch

from glassformer.errors import ConfigError


def find_device(name: str) -> torch.device:
    """The device of this name; "" is a GPU if there is one. Raises ConfigError for a device that is not there."""
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        there = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
        raise ConfigError(f"no device {name!r}: there is {', '.join(there)}") from error
    return device


def fused_attention_from(queries: torch.Tensor) -> float:
    """The number of keys from which on the fused kernel is faster than the plain products ([batch, head, query, d_k]), as
    measured by benchmarks/attention_kernels.py (journal, 2026-11-24). For the single query of a step it never is."""
    if queries.device.type != "cpu":
        return 0
    if queries.size(2) == 1:
        return math.inf
    wide = queries.size(3) >= 64
    if queries.dtype == torch.float32:
        return 32 if queries.requires_grad and not wide else 0
    if queries.requires_grad:
        return 512
    return 256 if wide else 128
