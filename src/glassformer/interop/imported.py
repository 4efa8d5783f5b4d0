"""A foreign model as a reader gives it: ours, and remarks on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from glassformer.checkpoint import Saved, load_weights, shapes_of, without_numbers
from glassformer.config import ModelConfig
from glassformer.errors import ConfigError, ForeignModelError
from glassformer.model import Transformer
from glassformer.text.pieces import TablePieces
from glassformer.text.tokenizer import Tokenizer


@dataclass
class Imported:
    """A foreign model as ours."""

    saved: Saved
    format: str
    """Such as ``CTranslate2 (version 6)``."""
    rounded: str
    """The number format of its weights before they came: float32, float16, bfloat16, int16, int8."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Of CTranslate2: the very files, by which the import is checked."""
    by_their_class: Callable[[], str] | None = None
    """Of Hugging Face's: the check by their own class."""
    said: str = ""
    """The check's result."""


@dataclass(frozen=True)
class Languages:
    """The languages that a multilingual model reads and writes, by the codes of its own tokens; "" for those it has not."""

    source: str = ""
    target: str = ""


def made(
    config: ModelConfig, weights: dict[str, Tensor], tokenizer: Tokenizer, card: dict[str, Any], where: object
) -> Saved:
    """Our model with these weights. Raises ForeignModelError for weights that do not fit."""
    model = Transformer(config)
    load_weights(model, weights, str(where))
    return Saved(model.eval(), tokenizer, card)


def settings(values: dict[str, Any], where: object) -> ModelConfig:
    """Raises ForeignModelError for sizes that cannot be."""
    try:
        return ModelConfig.from_dict(values)
    except ConfigError as error:
        raise ForeignModelError(f"{where}: {error}") from None


def shapes(config: ModelConfig) -> dict[str, list[int]]:
    """Of our model's tensors, without making them."""
    return shapes_of(without_numbers(config).state_dict())


def sides(
    models: tuple[bytes, bytes],
    tokens: tuple[list[str], list[str]],
    special: dict[str, int],
    around: tuple[list[int], list[int]] = ([], []),
    prefix: list[int] | None = None,
    *,
    shared: bool,
) -> Tokenizer:
    """The tokenizer of both sides: ``models`` cut and join, ``tokens`` are the tables. ``around``: ids before and after each
    source; ``prefix``: before each target."""
    source = TablePieces(models[0], tokens[0], special, *around)
    if shared and models[0] == models[1] and not any(around) and not prefix:
        return Tokenizer.of_sides(source)
    return Tokenizer.of_sides(source, TablePieces(models[1], tokens[1], special, prefix or []))
