"""Where the sentence pairs are, and what is made of them."""

from dataclasses import dataclass, field

from glassformer.config.settings import Settings, require
from glassformer.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DataConfig(Settings):
    """Where the sentence pairs are. Files may be plain, .gz, .xz or .zst; ``-`` is standard input (as TSV)."""

    source: list[str] = field(default_factory=list)
    """The files of the source sides, or, without ``target``, files of two columns (TSV)."""
    target: list[str] = field(default_factory=list)
    """The files of the target sides, in the same order."""
    marks: list[str] = field(default_factory=list)
    """For each of ``source`` a file of marks for training.guided_attention, or - for none. Line n holds ``i-j`` for each
    mark: word i of source line n is to look at word j. White space separates words, which count from 0."""
    valid_source: str = ""
    """The validation pairs; without them some are held out of the training pairs."""
    valid_target: str = ""
    """The validation pairs' target side; without it ``valid_source`` is a TSV."""
    columns: list[int] = field(default_factory=list)
    """In a TSV with more than two columns, the source's and the target's column, from 1; empty: the TSV has two."""
    weights: list[float] = field(default_factory=list)
    """How often an epoch trains on the pairs of each source file: below 1 on a sample of them, above 1 repeatedly; 2.5 means
    twice, and a half of them a third time. Empty: once."""
    augmentation: float = 0.0
    """The share of the training pairs that are also added in a modified form: in lower case, without final punctuation, with
    typos, with a link, number or placeholder to copy, or joined with others. Longer ones than 5,000 characters are not."""
    placeholders: bool = True
    """Whether signs replace links, e-mail addresses, emoji, tags, {names} and their like, where both sides of a pair have
    them. The model learns to copy the signs, and a translation contains the originals unchanged."""
    skip_bad_lines: bool = False
    """Whether lines that are not UTF-8, and lines of a TSV without the wanted columns, are left out and counted; otherwise
    such a line stops the run."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.augmentation <= 1, f"augmentation={self.augmentation}: wanted a share from 0 to 1")
        require(bool(self.source), "no training data: give a source and a target file, or one file of two columns")
        check_columns(self.columns)
        self.check_weights()
        if self.target:
            sides = f"{len(self.source)} source and {len(self.target)} target files"
            require(len(self.source) == len(self.target), f"{sides}: wanted pairs of files, in the same order")
        if self.marks:
            counted = f"{len(self.marks)} files of marks and {len(self.source)} source files"
            require(
                len(self.marks) == len(self.source),
                f"{counted}: wanted one for each source file, in the same order, and - for one without marks",
            )
        require(
            bool(self.valid_source) or not self.valid_target,
            "a validation target without a validation source: give both, or one file of two columns as the source",
        )
        if self.columns and self.target and (self.valid_target or not self.valid_source):
            raise ConfigError(f"columns={self.columns} without a TSV: the sides are files of their own; leave it out")

    def check_weights(self) -> None:
        given, files = len(self.weights), len(self.source)
        require(
            given in (0, files),
            f"{given} weights and {files} source files: wanted one weight for each file, in the same order",
        )
        for weight in self.weights:
            require(
                0 < weight <= MOST_WEIGHT,
                f"weight {weight:g}: wanted more than 0, at most {MOST_WEIGHT:,} (to leave a file out, do not name it)",
            )


MOST_WEIGHT = 1000
"""Times that a file's pairs are repeated at most: they are written to the disk as often."""


def check_columns(columns: list[int]) -> None:
    """Raises ConfigError unless these are two different columns, from 1, or none."""
    fits = len(columns) in (0, 2) and all(number >= 1 for number in columns) and len(set(columns)) == len(columns)
    require(fits, f"columns={columns}: wanted the source's and the target's, two different ones from 1, such as 1,2")
