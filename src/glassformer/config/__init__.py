"""Settings: frozen dataclasses that check themselves. Presets are functions. Needs no torch."""

from glassformer.config.data import DataConfig, check_columns
from glassformer.config.decoding import DecodingConfig, Precision
from glassformer.config.model import (
    PRESETS,
    Activation,
    ModelConfig,
    NormPlace,
    PositionLayout,
    base,
    big,
    fast,
    small,
    tiny,
)
from glassformer.config.run import RunConfig
from glassformer.config.training import HEAD_OF_ENCODER, TrainingConfig

__all__ = [
    "HEAD_OF_ENCODER",
    "PRESETS",
    "Activation",
    "DataConfig",
    "DecodingConfig",
    "ModelConfig",
    "NormPlace",
    "PositionLayout",
    "Precision",
    "RunConfig",
    "TrainingConfig",
    "base",
    "big",
    "check_columns",
    "fast",
    "small",
    "tiny",
]
