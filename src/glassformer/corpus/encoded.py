"""The corpus as ids on disk: written once, streaming, then read in blocks, so that its size costs disk and not memory.

A folder holds ``ids.bin`` (each pair's source ids, then its target ids, without bos and eos, uint16 where the
vocabulary fits), ``starts.bin`` (int64: where each pair begins in it), ``source_lengths.bin``, ``target_lengths.bin``
(int32), where some pairs are marked (``corpus/marks.py``) ``marks.bin`` (int64: pair, the word that looks, the word that it
looks at, by pair), all little-endian, and ``pairs.json``. It gets its name only when it is complete.
"""

import hashlib
import json
import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from glassformer.brief import brief
from glassformer.corpus.marks import NONE, between_token_words
from glassformer.corpus.read import EMPTY, CorpusReport
from glassformer.disk import replacing_folder, sha256_of
from glassformer.errors import CorpusError
from glassformer.text.tokenizer import Tokenizer

Array = npt.NDArray[Any]

VERSION = 1
FACTS = "pairs.json"
ID_TYPES = ("<u2", "<u4")
CHUNK = 4096
"""Pairs encoded together."""


@dataclass(frozen=True)
class Facts:
    """The facts in ``pairs.json`` about the files beside it."""

    version: int
    id_type: str
    pairs: int
    source_tokens: int
    target_tokens: int
    longest_source: int
    longest_target: int
    max_tokens: int
    tokenizer: str
    fingerprint: str
    marks: int = 0
    marked_pairs: int = 0

    def sizes(self) -> dict[str, int]:
        """The bytes that each file must have."""
        tokens = self.source_tokens + self.target_tokens
        return {
            "ids.bin": tokens * np.dtype(self.id_type).itemsize,
            "starts.bin": self.pairs * 8,
            "source_lengths.bin": self.pairs * 4,
            "target_lengths.bin": self.pairs * 4,
            **({"marks.bin": self.marks * 24} if self.marks else {}),
        }


@brief
class PairBlock(NamedTuple):
    """Consecutive pairs in memory: from ``ids[starts[i]]`` on source_lengths[i] source ids, then the target's."""

    ids: Array
    starts: npt.NDArray[np.int64]
    source_lengths: npt.NDArray[np.int32]
    target_lengths: npt.NDArray[np.int32]
    marks: npt.NDArray[np.int64]
    """[mark, 3]: the pair's place in the block, the word that looks, the word that it looks at; by pair."""


class EncodedPairs:
    """Sentence pairs as ids in a folder. Make one with ``write`` or ``open``. Lengths count neither bos nor eos."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        """Use ``open``, which checks the folder."""
        self.folder = folder
        self.facts = facts
        self._ids = self._mapped("ids.bin", facts.id_type)
        self._starts = self._mapped("starts.bin", "<i8")
        self.source_lengths: npt.NDArray[np.int32] = self._mapped("source_lengths.bin", "<i4")
        self.target_lengths: npt.NDArray[np.int32] = self._mapped("target_lengths.bin", "<i4")
        self._marks = self._mapped("marks.bin", "<i8").reshape(-1, 3) if facts.marks else NONE

    @classmethod
    def write(
        cls,
        folder: str | Path,
        pairs: Iterable[tuple[str, str]],
        tokenizer: Tokenizer,
        *,
        max_tokens: int,
        report: CorpusReport,
        progress: Callable[[int], None] | None = None,
    ) -> "EncodedPairs":
        """Encode ``pairs`` into ``folder``, replacing what an earlier ``write`` left there.

        A pair with a side of more than ``max_tokens`` tokens, or of none, is left out and counted in ``report``.
        ``progress`` is called every few thousand pairs with the number taken so far.

        Raises CorpusError when no pair is left, and when ``folder`` holds something else. An error, whosever it is,
        leaves no new folder and the old one as it was.
        """
        folder = Path(folder)
        if folder.exists() and not (folder / FACTS).exists():
            raise CorpusError(f"{folder}: is there already and holds no encoded sentence pairs; name another folder")
        with replacing_folder(folder) as unfinished:
            facts = _write(unfinished, pairs, tokenizer, max_tokens, report, progress or (lambda done: None))
            if not facts.pairs:
                reasons = "; ".join(report.messages()[1:-1]) or "there were none"
                raise CorpusError(f"no sentence pairs left to train on ({reasons}): give others, or raise max_tokens")
            with (unfinished / FACTS).open("w", encoding="utf-8") as file:
                json.dump(asdict(facts), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | Path) -> "EncodedPairs":
        """Raises CorpusError when the folder is not there, or is not what ``write`` left."""
        folder = Path(folder)
        try:
            facts = Facts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
            sizes = {name: (folder / name).stat().st_size for name in facts.sizes()}
        except (OSError, ValueError, TypeError) as error:
            raise CorpusError(f"{folder}: holds no encoded sentence pairs ({error}); encode them again") from error
        if facts.pairs < 1 or facts.id_type not in ID_TYPES:
            raise CorpusError(f"{folder / FACTS}: {facts.pairs} pairs of {facts.id_type!r}: encode them again")
        if facts.version != VERSION:
            raise CorpusError(f"{folder}: version {facts.version}, wanted {VERSION}; encode the sentence pairs again")
        for name, wanted in facts.sizes().items():
            if sizes[name] != wanted:
                raise CorpusError(
                    f"{folder / name}: {sizes[name]:,} bytes, wanted {wanted:,}; delete the folder and encode again"
                )
        return cls(folder, facts)

    def __len__(self) -> int:
        return self.facts.pairs

    def __repr__(self) -> str:
        return f"EncodedPairs({str(self.folder)!r}: {len(self):,} pairs, {self.tokens:,} tokens)"

    @property
    def tokens(self) -> int:
        """Tokens of both sides, without bos and eos; ``facts`` has them, and the longest lengths, side by side."""
        return self.facts.source_tokens + self.facts.target_tokens

    @property
    def fingerprint(self) -> str:
        """A hash of the tokenizer and of every id: it changes when the corpus or the vocabulary does."""
        return self.facts.fingerprint

    def whole(self) -> bool:
        """Whether the ids and lengths on disk are those that were written: all of them are read."""
        names = ["ids.bin", "source_lengths.bin", "target_lengths.bin", *(["marks.bin"] if self.facts.marks else [])]
        hashes = [sha256_of(self.folder / name) for name in names]
        lengths = self.source_lengths.astype(np.int64) + self.target_lengths
        starts_fit = np.array_equal(self._starts, np.cumsum(lengths) - lengths)
        return starts_fit and fingerprint_of([self.facts.tokenizer, *hashes]) == self.fingerprint

    def pair(self, number: int) -> tuple[Array, Array]:
        """Source and target ids of one pair, without bos and eos, each [position]; IndexError beyond the last."""
        if not 0 <= number < len(self):
            raise IndexError(f"pair {number}: wanted 0 to {len(self) - 1}")
        start = int(self._starts[number])
        middle = start + int(self.source_lengths[number])
        end = middle + int(self.target_lengths[number])
        return np.array(self._ids[start:middle]), np.array(self._ids[middle:end])

    def block(self, first: int, end: int) -> PairBlock:
        """Pairs ``first`` to ``end`` - 1, read into memory.

        Read and not mapped: pages of a mapped file stay in the process's memory, in the end the whole corpus.
        """
        starts = self._read("starts.bin", "<i8", first, end)
        source_lengths, target_lengths = self.lengths(first, end)
        last = int(starts[-1]) + int(source_lengths[-1]) + int(target_lengths[-1])
        ids = self._read("ids.bin", self.facts.id_type, int(starts[0]), last)
        return PairBlock(ids, starts - starts[0], source_lengths, target_lengths, self._marks_of(first, end))

    def _marks_of(self, first: int, end: int) -> npt.NDArray[np.int64]:
        """The marks of pairs ``first`` to ``end`` - 1, read into memory: a few pages are looked at to find them."""
        if not self.facts.marks:
            return NONE
        since, until = (bisect_left(self._marks[:, 0], number) for number in (first, end))
        found = self._read("marks.bin", "<i8", 3 * since, 3 * until).reshape(-1, 3)
        return found - np.array([first, 0, 0])

    def lengths(self, first: int, end: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Source and target lengths of pairs ``first`` to ``end`` - 1, each [pair], read into memory."""
        return (
            self._read("source_lengths.bin", "<i4", first, end),
            self._read("target_lengths.bin", "<i4", first, end),
        )

    def _mapped(self, name: str, number_type: str) -> Any:
        return np.memmap(self.folder / name, dtype=number_type, mode="r")

    def _read(self, name: str, number_type: str, first: int, end: int) -> Any:
        offset = first * np.dtype(number_type).itemsize
        return np.fromfile(self.folder / name, dtype=number_type, count=end - first, offset=offset)


class _Column:
    """A file of numbers that only grows, with what is known of them without reading it again."""

    def __init__(self, path: Path, number_type: str) -> None:
        self.count = self.total = self.largest = 0
        self.hash = hashlib.sha256()
        self._type = number_type
        self._file = path.open("wb")

    def append(self, values: Iterable[int] | Array) -> Array:
        array = np.fromiter(values, dtype=self._type)
        self.count += len(array)
        self.total += int(array.sum())
        self.largest = max(self.largest, int(array.max()))
        data = array.tobytes()
        self.hash.update(data)
        self._file.write(data)
        return array

    def __enter__(self) -> "_Column":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())


def _write(
    folder: Path,
    pairs: Iterable[tuple[str, str]],
    tokenizer: Tokenizer,
    max_tokens: int,
    report: CorpusReport,
    progress: Callable[[int], None],
) -> Facts:
    """Everything but the facts themselves, which say that the rest is complete."""
    id_type = ID_TYPES[max(len(tokenizer), len(tokenizer.target)) > 2**16]
    with (
        _Column(folder / "ids.bin", id_type) as ids,
        _Column(folder / "starts.bin", "<i8") as starts,
        _Column(folder / "source_lengths.bin", "<i4") as sources,
        _Column(folder / "target_lengths.bin", "<i4") as targets,
        _Column(folder / "marks.bin", "<i8") as marks,
    ):
        remaining, taken, marked_pairs = iter(pairs), 0, 0
        while chunk := list(islice(remaining, CHUNK)):
            if kept := list(_encoded(chunk, tokenizer, max_tokens, report)):
                rows = [ids for _, ids in kept]
                found = [list(between_token_words(pair, source, tokenizer)) for pair, (source, _) in kept]
                if any(found):
                    marked_pairs += sum(map(bool, found))
                    marks.append(n for i, some in enumerate(found, starts.count) for mark in some for n in (i, *mark))
                lengths = sources.append(len(source) for source, _ in rows).astype(np.int64)
                lengths += targets.append(len(target) for _, target in rows)
                starts.append(ids.count + np.cumsum(lengths) - lengths)
                ids.append(chain.from_iterable(chain.from_iterable(rows)))
            taken += len(chunk)
            progress(taken)
    if not marks.count:
        (folder / "marks.bin").unlink()
    columns = (ids, sources, targets, marks) if marks.count else (ids, sources, targets)
    parts = [tokenizer.fingerprint, *(column.hash.hexdigest() for column in columns)]
    return Facts(
        version=VERSION,
        id_type=id_type,
        pairs=starts.count,
        source_tokens=sources.total,
        target_tokens=targets.total,
        longest_source=sources.largest,
        longest_target=targets.largest,
        max_tokens=max_tokens,
        tokenizer=tokenizer.fingerprint,
        fingerprint=fingerprint_of(parts),
        marks=marks.count // 3,
        marked_pairs=marked_pairs,
    )


def fingerprint_of(parts: list[str]) -> str:
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _encoded(
    chunk: list[tuple[str, str]], tokenizer: Tokenizer, max_tokens: int, report: CorpusReport
) -> Iterator[tuple[tuple[str, str], tuple[list[int], list[int]]]]:
    """Those pairs that can be used, with their ids."""
    sources = tokenizer.encode_batch(source for source, _ in chunk)
    targets = tokenizer.target.encode_batch(target for _, target in chunk)
    for pair, source, target in zip(chunk, sources, targets, strict=True):
        if not source or not target:
            report.skip(EMPTY)
        elif max(len(source), len(target)) > max_tokens:
            report.skip(f"a side is longer than {max_tokens:,} tokens")
        else:
            yield pair, (source, target)
