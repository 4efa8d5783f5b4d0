"""The engines that compute a translation: PyTorch, or CTranslate2, behind the same door. ``open_engine`` chooses."""

from glassformer.engines.engine import Engine, Submitted
from glassformer.engines.open import ENGINES, native_opener, open_engine

__all__ = ["ENGINES", "Engine", "Submitted", "native_opener", "open_engine"]
