"""Everything that glassformer raises on purpose.

GlassformerError                 catch this to catch them all; its text says in one line what came, what was wanted
├── ConfigError                  a setting that cannot be: heads that do not divide d_model, an unknown key
├── ShapeError                   tensors that do not fit: sides of different batch size, ids not [batch, position]
├── VocabularyError              an id outside the vocabulary
├── NothingAllowedError          a query that may attend to nothing, so that its softmax would be NaN
├── WhatIfError                  an intervention that names a head, a position or a window that is not there
├── FileFormatError              a file that is not what it should be
│   ├── TraceFileError           … a saved trace
│   ├── CheckpointError          … a model's or a run's folder
│   └── ForeignModelError        … a model of another program, or one of a kind that is not this Transformer
├── CorpusError                  sentence pairs that cannot be used: sides of different length, broken UTF-8, none
├── DecodingError                a way of decoding that cannot be: a prefix longer than the limit
├── ConversionError              a model that another program would not compute as PyTorch does
└── TrainingError                a run that cannot start or go on
"""

from importlib.util import find_spec

NEEDS_TORCH = "this needs PyTorch, which is not installed: pip install 'glassformer[train]' brings it"
"""The message where torch is missing; translating and looking in the browser need none."""


def torch_is_there() -> bool:
    """Whether PyTorch is installed, asked without importing it."""
    try:
        return find_spec("torch") is not None
    except (ImportError, ValueError):
        return False


class GlassformerError(Exception):
    """The root of every error that glassformer raises on purpose."""


class ConfigError(GlassformerError, ValueError):
    """A setting that cannot be."""


class ShapeError(GlassformerError, ValueError):
    """Tensors that do not fit together."""


class VocabularyError(GlassformerError, IndexError):
    """An id outside the vocabulary."""


class NothingAllowedError(GlassformerError, ValueError):
    """A query that may attend to nothing."""


class WhatIfError(GlassformerError, ValueError):
    """An intervention that names something that is not there."""


class FileFormatError(GlassformerError, ValueError):
    """A file that is not what it should be."""


class TraceFileError(FileFormatError):
    """A saved trace that is truncated, altered or something else."""


class CheckpointError(FileFormatError):
    """A model's or a run's folder that is incomplete, altered or something else."""


class ForeignModelError(FileFormatError):
    """A model of another program that is damaged, or of a kind that is not this Transformer."""


class CorpusError(GlassformerError, ValueError):
    """Sentence pairs that cannot be used."""


class DecodingError(GlassformerError, ValueError):
    """A way of decoding that cannot be."""


class ConversionError(GlassformerError, RuntimeError):
    """A model that another program would not compute as PyTorch does."""


class TrainingError(GlassformerError, RuntimeError):
    """A run that cannot start or go on."""


class TranslationWarning(UserWarning):
    """Something that people should know of a text that they had translated."""
