"""A Transformer made of glass. Everything that a user of the library needs has its name here; nothing heavy is imported
until it is used."""

import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from glassformer.config import (
        PRESETS,
        DataConfig,
        DecodingConfig,
        ModelConfig,
        RunConfig,
        TrainingConfig,
        base,
        big,
        fast,
        small,
        tiny,
    )
    from glassformer.errors import (
        CheckpointError,
        ConfigError,
        ConversionError,
        CorpusError,
        DecodingError,
        FileFormatError,
        ForeignModelError,
        GlassformerError,
        NothingAllowedError,
        ShapeError,
        TraceFileError,
        TrainingError,
        TranslationWarning,
        VocabularyError,
        WhatIfError,
    )
    from glassformer.model import Transformer
    from glassformer.page.notebook import show
    from glassformer.runs.run import Run, train
    from glassformer.scores import Score, bleu, chrf
    from glassformer.trace import Trace, record
    from glassformer.translator import Alignment, Translation, Translator
    from glassformer.what_if import edges_blocked, heads_off, patch, rank_heads, turned

_HOMES = {
    "translator": ("Alignment", "Translation", "Translator"),
    "runs.run": ("Run", "train"),
    "model": ("Transformer",),
    "trace": ("Trace", "record"),
    "what_if": ("edges_blocked", "heads_off", "patch", "rank_heads", "turned"),
    "scores": ("Score", "bleu", "chrf"),
    "page.notebook": ("show",),
    "config": (
        *("ModelConfig", "DecodingConfig", "TrainingConfig", "DataConfig", "RunConfig"),
        *("PRESETS", "tiny", "small", "fast", "base", "big"),
    ),
    "errors": (
        *("GlassformerError", "ConfigError", "ShapeError", "VocabularyError", "NothingAllowedError", "WhatIfError"),
        *(
            "FileFormatError",
            "ForeignModelError",
            "TraceFileError",
            "CheckpointError",
            "CorpusError",
            "DecodingError",
            "ConversionError",
        ),
        *("TrainingError", "TranslationWarning"),
    ),
}
"""The module in which each public name is defined, in the order of docs/python.md."""

__all__ = [
    "PRESETS",
    "Alignment",
    "CheckpointError",
    "ConfigError",
    "ConversionError",
    "CorpusError",
    "DataConfig",
    "DecodingConfig",
    "DecodingError",
    "FileFormatError",
    "ForeignModelError",
    "GlassformerError",
    "ModelConfig",
    "NothingAllowedError",
    "Run",
    "RunConfig",
    "Score",
    "ShapeError",
    "Trace",
    "TraceFileError",
    "TrainingConfig",
    "TrainingError",
    "Transformer",
    "Translation",
    "TranslationWarning",
    "Translator",
    "VocabularyError",
    "WhatIfError",
    "__version__",
    "base",
    "big",
    "bleu",
    "chrf",
    "edges_blocked",
    "fast",
    "heads_off",
    "patch",
    "rank_heads",
    "record",
    "show",
    "small",
    "tiny",
    "train",
    "turned",
]


def __getattr__(name: str) -> Any:  # PEP 562: torch takes seconds to import, and `import glassformer` must not
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            if name == "Translator" and "IPython" in sys.modules:
                import_module("glassformer.page.notebook")  # so that a trace shows itself there
            return getattr(import_module(f"glassformer.{home}"), name)
    raise AttributeError(f"module 'glassformer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
