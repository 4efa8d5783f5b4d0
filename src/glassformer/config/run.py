"""The settings of a run before its recipe chooses the rest."""

from dataclasses import dataclass

from glassformer.config.model import PRESETS
from glassformer.config.settings import Settings, require


@dataclass(frozen=True, kw_only=True)
class RunConfig(Settings):
    """The settings before the recipe chooses the rest."""

    preset: str = ""
    """A preset's name; empty: by the corpus's size."""
    vocabulary_size: int = 0
    """Pieces of words; 0: by the corpus's size."""
    start_from: str = ""
    """A model whose weights and vocabulary the run begins with; empty: random ones, and a vocabulary of its own."""
    new_vocabulary: bool = False
    """With ``start_from``: make a vocabulary for these pairs instead, whose new pieces begin as the mean of the old ones
    that spelt them. It costs much of what the model knew where the corpus is small."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.preset in ("", *PRESETS), f"unknown preset {self.preset!r}: choose {', '.join(PRESETS)}")
        require(
            self.new_vocabulary or not (self.start_from and self.vocabulary_size),
            f"vocabulary_size={self.vocabulary_size}: a model that starts from {self.start_from} keeps that one's "
            "vocabulary; leave the size out, or say --new-vocabulary",
        )
        require(
            bool(self.start_from) or not self.new_vocabulary,
            "new_vocabulary without start_from: a run that begins with random weights always makes its own; leave it out",
        )
        fits = self.vocabulary_size == 0 or self.vocabulary_size >= 300
        require(
            fits,
            f"vocabulary_size={self.vocabulary_size}: wanted at least 300 (256 bytes, 4 special ids, some letters)",
        )
