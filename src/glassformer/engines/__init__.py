"""Who computes a translation: PyTorch, or CTranslate2, behind the same door. ``open_engine`` chooses."""

from glassformer.engines.engine import Engine
from glassformer.engines.open import ENGINES, open_engine

__all__ = ["ENGINES", "Engine", "open_engine"]
