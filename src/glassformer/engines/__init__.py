"""Who computes a translation: PyTorch, or CTranslate2, behind the same door. ``open_engine`` chooses."""

from glassformer.engines.engine import ENGINES, Engine, open_engine

__all__ = ["ENGINES", "Engine", "open_engine"]
