"""The number format of the products: bfloat16 where the processor multiplies it faster, else float32."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import torch

from glassformer.config import TrainingConfig


def precision(training: TrainingConfig, device: str = "") -> str:
    """``bfloat16`` or ``float32``: what the products are computed in on ``device``, ``cpu`` or ``cuda``; where none is
    said, on the GPU if there is one."""
    if training.precision != "auto":
        return training.precision
    if device == "cuda" or (not device and torch.cuda.is_available()):
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bfloat16" if faster_in_bfloat16(torch.cpu.get_capabilities()) else "float32"


def faster_in_bfloat16(capabilities: Mapping[str, Any]) -> bool:
    """Whether a processor with these ``torch.cpu.get_capabilities`` multiplies bfloat16 faster than float32. Known by
    name, not timed: a run that goes on must not decide otherwise. Intel's AVX-512 alone, where a virtual machine hides
    AMX, is slower at it (80 against 140 GFLOP/s), AMD's twice as fast (journal)."""
    intel = "Intel" in str(capabilities.get("cpu_name"))
    return bool(capabilities.get("amx_bf16") or (capabilities.get("avx512_bf16") and not intel))


def products_in(config: TrainingConfig, where: torch.device) -> AbstractContextManager[Any]:
    """A ``with`` block in which matrix products are computed in that precision."""
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=precision(config, where.type) == "bfloat16")
