"""What a model's card may say, and of which type: it comes from strangers, and is read all over the house.

Names that are not listed here may hold any JSON: they are only shown.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glassformer.errors import CheckpointError

LARGEST = 10**15
"""No count, and no figure, is larger."""


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST and math.isfinite(value)


def is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_text, value))


def are_figures(value: Any) -> bool:
    """Scores as ``evaluate`` gives them: each with its name, its value and its recipe."""
    return isinstance(value, list) and all(map(is_figure, value))


def is_figure(value: Any) -> bool:
    if not isinstance(value, dict) or not is_number(value.get("value")) or not is_text(value.get("signature")):
        return False
    words = all(is_text(value.get(name, "")) for name in ("name", "test"))
    return words and all(value.get(name) is None or is_number(value[name]) for name in ("low", "high"))


def is_training(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) or is_number(one) for one in value.values())


WORDS: dict[Callable[[Any], bool], str] = {
    is_text: "a text",
    is_count: "a whole number from 0",
    is_truth: "true or false",
    are_texts: "a list of texts",
    are_figures: "a list of figures, each with name, value and signature",
    is_training: "numbers by name",
}
KNOWN: dict[str, Callable[[Any], bool]] = {
    "languages": is_text,
    "command": is_text,
    "glassformer": is_text,
    "data": are_texts,
    "teachers": are_texts,
    "longest": is_count,
    "split_above": is_count,
    "sentences": is_count,
    "parameters": is_count,
    "pairs": is_count,
    "alignment_layer": is_count,
    "plain_case": is_truth,
    "scores": are_figures,
    "training": is_training,
}


def check_card(card: dict[str, Any], path: Path) -> None:
    """Raises CheckpointError, naming ``path``, for a known name with a value of another type."""
    for name, fits in KNOWN.items():
        if name in card and not fits(card[name]):
            raise CheckpointError(f"{path}: {name} is {repr(card[name])[:60]}: wanted {WORDS[fits]}")
