"""What the products are computed in: bfloat16 where the processor multiplies it natively, else float32."""

from contextlib import AbstractContextManager
from typing import Any

import torch

from glassformer.config import TrainingConfig


def precision(training: TrainingConfig) -> str:
    """``bfloat16`` or ``float32``: what the products are computed in on this machine."""
    if training.precision != "auto":
        return training.precision
    if torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "float32"


def products_in(config: TrainingConfig, where: torch.device) -> AbstractContextManager[Any]:
    """A ``with`` block in which matrix products are computed in that precision."""
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=precision(config) == "bfloat16")
