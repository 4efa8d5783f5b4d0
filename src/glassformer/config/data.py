"""Where the sentence pairs are, and what is made of them."""

from dataclasses import dataclass, field

from glassformer.config.settings import Settings, require
from glassformer.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DataConfig(Settings):
    """Where the sentence pairs are. Files may be plain, .gz, .xz or .zst; ``-`` is standard input (as TSV)."""

    source: list[str] = field(default_factory=list)
    """The source sides' files, or, without ``target``, files of two columns (TSV)."""
    target: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    """For each of ``source`` a file that says which of its words are to look at which (training.guided_attention), or - for
    none. Line n holds ``i-j`` for each: word i of source line n looks at word j, counted from 0 between white space."""
    valid_source: str = ""
    """The validation pairs; without them some are held out of the training pairs."""
    valid_target: str = ""
    """The validation pairs' target side; without it ``valid_source`` is a TSV."""
    columns: list[int] = field(default_factory=list)
    """Of TSVs with more than two columns, the source's and the target's, from 1; empty: there are two."""
    weights: list[float] = field(default_factory=list)
    """How often the pairs of each source file are trained on in an epoch: below 1 a sample of them, above 1 repeated; 2.5
    is twice, and a half of them a third time. Empty: once."""
    augmentation: float = 0.0
    """The share of the training pairs that are also added in a modified form: in lower case, without final punctuation, with
    typos, with a link, number or placeholder to copy, or joined with others."""
    placeholders: bool = True
    """Links, e-mail addresses, emoji, tags, {names} and their like, where both sides of a pair have them, become signs that
    the model learns to copy; in a translation they come out as they went in."""
    skip_bad_lines: bool = False
    """Leave out, and count, lines that are not UTF-8 instead of stopping."""

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
