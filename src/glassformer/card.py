"""A model's card: written here, and read here.

A card is a JSON object that comes from strangers. ``Card.of`` reads what the house acts on, each with its type and the value
that holds where a card says nothing; ``check_card`` refuses a file with another type. Other names may hold any JSON: they
are kept, and only shown.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
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


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_training(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) or is_number(one) for one in value.values())


WORDS: dict[Callable[[Any], bool], str] = {
    is_text: "a text",
    is_count: "a whole number from 0",
    is_truth: "true or false",
    are_texts: "a list of texts",
    are_figures: "a list of figures, each with name, value and signature",
    is_number: "a number",
    is_object: "an object",
    is_training: "numbers by name",
}


@dataclass(frozen=True)
class Card:
    """The facts about a model. ``of`` reads one; ``to_dict`` is what is written."""

    languages: str = ""
    """Source and target, such as en-de."""
    data: tuple[str, ...] = ()
    """The files, or what they hold, that it was trained on."""
    longest: int = 0
    """Tokens of the longest sentence in training, on either side; 0: not known."""
    split_above: int = 0
    """The same in older cards."""
    sentences: int = 0
    """Sentences that a line of the training data had at most, nine times of ten; as many are translated together. 0:
    no limit."""
    plain_case: bool = True
    """Whether shouted and titled lines are read in small letters."""
    source_scripts: tuple[str, ...] = ()
    """The scripts of the sources in training."""
    bleu_tokenizer: str = ""
    """The tokenizer that BLEU is counted with; "": the one for the target's language and script."""
    alignment_layer: int | None = None
    """The decoder layer whose cross-attention aligns words best."""
    taught: Mapping[str, Any] = field(default_factory=dict)
    """Which head was taught where to look (``head``), up to which step, how strongly, by how many pairs."""
    rounded: float = 0.0
    """How far the weights were rounded: the root mean square of what was lost, as a share of the weights' own."""
    command: str = ""
    """The command that trained it."""
    teachers: tuple[str, ...] = ()
    glassformer: str = ""
    """The version that trained it."""
    parameters: int = 0
    pairs: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    """The step, the epoch, the seconds and the validation scores of this checkpoint."""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Card":
        """The card that ``said`` is as JSON; a field that is not there, or of another type, has its default."""
        return cls(
            **{name: read(said[name]) for name, (fits, read) in READ.items() if name in said and fits(said[name])}
        )

    @property
    def source(self) -> str:
        """The source's language, as a code; "" where it is not known."""
        return self.languages.partition("-")[0]

    @property
    def target(self) -> str:
        return self.languages.partition("-")[2]

    @property
    def limit(self) -> int:
        """Tokens of the longest sentence in training, in cards of any age; 0: not known."""
        return self.longest or self.split_above

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, without what says nothing."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        silent: tuple[Any, ...] = ("", [], {}, 0, None)
        kept = ("alignment_layer", "plain_case")  # of which 0 and false say something
        return {
            name: value for name, value in told.items() if value not in silent or (name in kept and value is not None)
        }


READ: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    **dict.fromkeys(("languages", "command", "glassformer", "bleu_tokenizer"), (is_text, str)),
    **dict.fromkeys(("data", "teachers", "source_scripts"), (are_texts, tuple)),
    **dict.fromkeys(("longest", "split_above", "sentences", "parameters", "pairs", "alignment_layer"), (is_count, int)),
    "plain_case": (is_truth, bool),
    "rounded": (is_number, float),
    "taught": (is_object, dict),
    "training": (is_training, dict),
}
"""By field, whether a value fits, and what is made of it."""


def check_card(card: dict[str, Any], path: Path) -> None:
    """Raises CheckpointError, naming ``path``, for a known name with a value of another type."""
    for name, fits in {"scores": are_figures, **{name: fits for name, (fits, _) in READ.items()}}.items():
        if name in card and not fits(card[name]):
            raise CheckpointError(f"{path}: {name} is {repr(card[name])[:60]}: wanted {WORDS[fits]}")
