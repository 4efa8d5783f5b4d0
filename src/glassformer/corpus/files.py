"""The files of a corpus: whether they are still what they were, and what came by standard input."""

import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassformer.config import DataConfig
from glassformer.corpus.marks import NO_MARKS
from glassformer.disk import sha256_of
from glassformer.errors import CorpusError
from glassformer.strict_json import parsed
from glassformer.text.lines import is_pipe, name_of

VALIDATION = "validation.json"
"""The validation pairs, in a run's ``data``."""
STANDARD_INPUT = "standard-input.tsv"
"""The name of standard input's content, in a run's ``data``."""
COMPRESSED = {"gz", "xz", "zst", "tsv", "txt"}
"""Endings of names that say no language."""


def files_of(config: DataConfig) -> list[str]:
    """All files that the settings name, the validation pairs' and the marks' too."""
    pairs = [*config.source, *config.target, config.valid_source, config.valid_target]
    return [path for path in pairs if path] + mark_files(config)


def mark_files(config: DataConfig) -> list[str]:
    """The files of marks that the settings name."""
    return [path for path in config.marks if path not in NO_MARKS]


def stamp(path: str) -> dict[str, Any]:
    """By which a file is known to be as it was, without reading it; its size is -1 where there is none."""
    try:
        status = Path(path).stat()
    except OSError:
        return {"path": path, "size": -1, "time": 0}
    regular = stat.S_ISREG(status.st_mode)
    return {"path": path, "size": status.st_size if regular else 0, "time": status.st_mtime_ns if regular else 0}


def changed(before: dict[str, Any]) -> bool:
    """Whether the file is there and holds something else: one that was copied or touched is read to find out."""
    now = stamp(before["path"])
    if now["size"] != before["size"]:
        return bool(now["size"] >= 0)
    return now["time"] != before["time"] and sha256_of(Path(before["path"])) != before["sha256"]


def keep_standard_input(folder: Path, config: DataConfig) -> DataConfig:
    """The corpus is read more than once, and standard input can be read only once: keep it in the run's folder."""
    if "-" not in config.source:
        return config
    if config.source != ["-"] or config.target:
        raise CorpusError(
            "standard input as a corpus is one stream of two columns (TSV): give it alone, without a target"
        )
    with (folder / STANDARD_INPUT).open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return as_kept(folder, config)


def as_kept(folder: Path, config: DataConfig) -> DataConfig:
    """Where the pairs can be read again: what came by standard input lies in ``folder``."""
    return replace(config, source=[str(folder / STANDARD_INPUT)]) if config.source == ["-"] else config


def check_readable_again(paths: list[str]) -> None:
    """Raises CorpusError for a pipe: what is read more than once would be empty from the second time on."""
    for path in paths:
        if is_pipe(path):
            raise CorpusError(f"{path} can be read only once, and is needed more often: write it into a file")


def languages(config: DataConfig) -> str:
    """``en-de`` for train.en and train.de (also train.lc.en.gz): the last endings in which the two names differ; without
    such, the files' first name."""
    names = [Path(side[0]).name.split(".")[:0:-1] for side in (config.source, config.target) if side]  # from the end
    ends = [[part for part in parts if part.isalpha() and len(part) <= 3 and part not in COMPRESSED] for parts in names]
    if len(ends) == 2 and all(ends):
        both = list(zip(*ends, strict=False))
        return "-".join(next((pair for pair in both if pair[0] != pair[1]), both[0]))
    return Path(name_of(config.source[0])).name.split(".")[0] or "run"


def kept_validation(data: Path) -> list[tuple[str, str]]:
    """The validation pairs in a run's ``data``. Raises CorpusError where they are not there, or something else is."""
    path = data / VALIDATION
    try:
        value = parsed(path.read_bytes())
        if isinstance(value, list) and all(
            isinstance(pair, list) and list(map(type, pair)) == [str, str] for pair in value
        ):
            return [(source, target) for source, target in value]
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror or error}): the run is not complete") from None
    except ValueError:
        pass
    raise CorpusError(f"{path} holds no pairs of sentences: the run is damaged, begin another with --out")
