"""A Transformer made of glass. Nothing heavy is imported until it is used."""

import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from glassformer.model import Transformer
    from glassformer.trace import Trace, record
    from glassformer.translator import Translator

__all__ = ["Trace", "Transformer", "Translator", "__version__", "record"]

_HOMES = {
    "Trace": "glassformer.trace",
    "Transformer": "glassformer.model",
    "Translator": "glassformer.translator",
    "record": "glassformer.trace",
}


def __getattr__(name: str) -> Any:  # PEP 562: torch takes seconds to import, and `import glassformer` must not
    if name in _HOMES:
        from importlib import import_module

        if name == "Translator" and "IPython" in sys.modules:
            import_module("glassformer.page.notebook")  # so that a trace shows itself there
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'glassformer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
