"""The corpus of a run: read, counted, given a vocabulary, held out of, and encoded once into the run's folder."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from glassformer.config import DataConfig, TrainingConfig
from glassformer.errors import CorpusError
from glassformer.folders import replace_file
from glassformer.text.corpus import CorpusReport, read_pairs
from glassformer.text.lines import name_of
from glassformer.text.pairs import EncodedPairs
from glassformer.text.tokenizer import Tokenizer, vocabulary_size_for

Pair = tuple[str, str]
Doing = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not known)."""


@dataclass(frozen=True)
class Data:
    """What a run trains on, and what it is validated with."""

    pairs: EncodedPairs
    tokenizer: Tokenizer
    validation: list[Pair]
    messages: list[str]
    """What was read, kept and left out, in sentences."""

    def usual_length(self, share: float) -> int:
        """Tokens that this share of the lines, of the longer sides, do not exceed (of the first million pairs)."""
        source, target = self.pairs.lengths(0, min(len(self.pairs), 1_000_000))
        return int(np.quantile(np.maximum(source, target), share))


def prepare(
    folder: Path, config: DataConfig, training: TrainingConfig, *, vocabulary_size: int = 0, doing: Doing | None = None
) -> Data:
    """Read the corpus into ``folder`` (a run's ``data``), or open what an earlier call left there.

    ``vocabulary_size`` 0 takes the size from the number of pairs. Raises CorpusError for data that cannot be used.
    """
    doing = doing or (lambda what, done, total: None)
    asked = {
        **config.to_dict(),
        "max_tokens": training.max_tokens,
        "held_out": training.held_out,
        "size": vocabulary_size,
    }
    if prepared(folder).get("asked") != asked:
        folder.mkdir(parents=True, exist_ok=True)
        config = keep_standard_input(folder, config)
        reports: list[CorpusReport] = []
        count = 0
        for _ in all_pairs(config, reports):
            count += 1
            if count % 10_000 == 0:
                doing("reading", count, 0)
        held_out = every_nth(count, training.held_out) if not config.valid_source else 0
        size = vocabulary_size or vocabulary_size_for(count)
        doing(f"finding {size:,} pieces of words", 0, 0)
        tokenizer = Tokenizer.train((side for pair in all_pairs(config) for side in pair), vocabulary_size=size)
        replace_file(folder / "tokenizer.model", tokenizer.to_bytes())
        validation = list(validation_pairs(config, held_out))
        replace_file(folder / "validation.json", json.dumps(validation, ensure_ascii=False).encode())
        wanted = (pair for i, pair in enumerate(all_pairs(config)) if not is_held_out(i, held_out))
        long_ones = CorpusReport()
        EncodedPairs.write(
            folder / "train",
            wanted,
            tokenizer,
            max_tokens=training.max_tokens,
            report=long_ones,
            progress=lambda done: doing("encoding", done, count),
        )
        messages = [
            line for report in [*reports, long_ones] for line in report.messages() if report.files or report.skipped
        ]
        if held_out:
            messages.append(f"{len(validation):,} pairs held out for validation: every {held_out:,}th")
        replace_file(folder / "prepared.json", json.dumps({"asked": asked, "messages": messages}).encode())
    return Data(
        EncodedPairs.open(folder / "train"),
        Tokenizer.load(folder / "tokenizer.model"),
        [(source, target) for source, target in json.loads((folder / "validation.json").read_bytes())],
        prepared(folder)["messages"],
    )


def prepared(folder: Path) -> dict[str, Any]:
    """What an earlier ``prepare`` was asked for, and told; empty when it did not come to its end."""
    path = folder / "prepared.json"
    return dict(json.loads(path.read_bytes())) if path.is_file() else {}


def all_pairs(config: DataConfig, reports: list[CorpusReport] | None = None) -> Iterator[Pair]:
    """The pairs of all files, one file after the other. ``reports`` gets the account of each."""
    targets: list[str | None] = [*config.target] or [None] * len(config.source)
    for source, target in zip(config.source, targets, strict=True):
        report = CorpusReport()
        yield from read_pairs(source, target, report=report, skip_bad_lines=config.skip_bad_lines)
        if reports is not None:
            reports.append(report)


def validation_pairs(config: DataConfig, held_out: int) -> Iterator[Pair]:
    if config.valid_source:
        yield from read_pairs(config.valid_source, config.valid_target or None, skip_bad_lines=config.skip_bad_lines)
    else:
        yield from (pair for i, pair in enumerate(all_pairs(config)) if is_held_out(i, held_out))


def every_nth(pairs: int, wanted: int) -> int:
    """How far apart held-out pairs stand: ``wanted`` of them, but at most one of 20; 0 holds none out."""
    if not wanted:
        return 0
    if pairs < 20:
        raise CorpusError(f"{pairs} sentence pairs: too few to hold some out for validation; give validation files")
    return max(20, pairs // wanted)


def is_held_out(number: int, nth: int) -> bool:
    return nth > 0 and number % nth == nth // 2


def keep_standard_input(folder: Path, config: DataConfig) -> DataConfig:
    """The corpus is read more than once, and standard input can be read only once: keep it in the run's folder."""
    if "-" not in config.source:
        return config
    if config.source != ["-"] or config.target:
        raise CorpusError(
            "standard input as a corpus is one stream of two columns (TSV): give it alone, without a target"
        )
    kept = folder / "standard-input.tsv"
    with kept.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return replace(config, source=[str(kept)])


def languages(config: DataConfig) -> str:
    """``en-de`` for train.en and train.de (also train.en.gz); without such endings, the files' first name."""
    ends = [Path(side[0]).name.split(".")[1:] for side in (config.source, config.target) if side]
    words = [
        next((part for part in parts if part.isalpha() and len(part) <= 3 and part not in COMPRESSED), "")
        for parts in ends
    ]
    if len(words) == 2 and all(words):
        return "-".join(words)
    return Path(name_of(config.source[0])).name.split(".")[0] or "run"


COMPRESSED = {"gz", "xz", "zst", "tsv", "txt"}
