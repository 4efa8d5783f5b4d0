"""Where a foreign model lies: a folder, or a zip archive (an Argos package). Files are read by name and within bounds."""

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from glassformer.card import check_card
from glassformer.disk import LARGEST_JSON, read_file, read_json, reason
from glassformer.errors import CheckpointError, ForeignModelError

LARGEST_TEXT = 64 * 2**20
"""Bytes of a file that is no matrix: a vocabulary, a SentencePiece model, settings."""
LARGEST_WEIGHTS = 16 * 2**30
CARD = "card.json"
MOST_ENTRIES = 10_000
MOST_TIMES = 200
"""A compressed file may grow by this factor, and by SLACK bytes: weights become at most twice as large."""
SLACK = 2**20


class Place(Protocol):
    """Files by their names."""

    @property
    def name(self) -> str: ...
    def names(self) -> set[str]: ...
    def read(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        """Raises ForeignModelError for a file that is not there, larger than ``largest`` bytes, or none."""


class Folder:
    """The files of a folder, and no links out of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)

    def names(self) -> set[str]:
        return {path.name for path in self.path.iterdir() if path.is_file()}

    def read(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        try:
            return read_file(self.path, name, largest)
        except CheckpointError as error:
            raise ForeignModelError(str(error)) from None


class Files:
    """Files that are not written yet, read as if they lay in a folder of this name."""

    def __init__(self, name: str, files: Mapping[str, bytes]) -> None:
        self.name, self.files = name, files

    def names(self) -> set[str]:
        return set(self.files)

    def read(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        if name not in self.files or len(self.files[name]) > largest:
            raise ForeignModelError(f"{self.name} has no {name} of at most {largest:,} bytes")
        return self.files[name]


class Package:
    """The files of a zip archive's one folder, without unpacking it anywhere."""

    def __init__(self, path: Path, inside: str = "") -> None:
        """``inside``: the folder in the archive's own folder. Raises ForeignModelError for an archive that is none, or whose
        names are not those of one folder."""
        self.path, self.name = path, f"{path}{f' ({inside})' if inside else ''}"
        try:
            with zipfile.ZipFile(path) as archive:
                self.entries = entries_of(archive, path, inside)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise ForeignModelError(f"{path} is not a zip archive that can be read ({why})") from None

    def names(self) -> set[str]:
        return set(self.entries)

    def inside(self, folder: str) -> "Package":
        return Package(self.path, folder)

    def read(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        if name not in self.entries:
            raise ForeignModelError(f"{self.name} has no {name}: the model is not complete, or of another kind")
        entry = self.entries[name]
        if entry.file_size > min(largest, MOST_TIMES * entry.compress_size + SLACK):
            raise ForeignModelError(
                f"{self.name}: {name} becomes {entry.file_size:,} bytes of {entry.compress_size:,}: wanted at most "
                f"{largest:,}, and no more than {MOST_TIMES} times as many"
            )
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(entry) as file:
                content = file.read(entry.file_size + 1)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, EOFError, RuntimeError) as error:
            raise ForeignModelError(f"{self.name}: {name} cannot be read ({' '.join(str(error).split())})") from None
        except Exception as error:  # zlib's, lzma's and bz2's own
            raise ForeignModelError(f"{self.name}: {name} is damaged ({type(error).__name__})") from None
        if len(content) != entry.file_size:
            raise ForeignModelError(
                f"{self.name}: {name} has {len(content):,} bytes where {entry.file_size:,} are promised"
            )
        return content


def card_in(place: Place) -> dict[str, Any]:
    """The card of a model that glassformer exported; nothing where there is no card. Raises ForeignModelError for a
    card that is none."""
    if CARD not in place.names():
        return {}
    try:
        card = read_json(place.read(CARD, LARGEST_JSON), Path(place.name) / CARD)
        check_card(card, Path(place.name) / CARD)
    except CheckpointError as error:
        raise ForeignModelError(str(error)) from None
    return card


def entries_of(archive: zipfile.ZipFile, path: Path, inside: str) -> dict[str, zipfile.ZipInfo]:
    """The files right in the folder. Every name of the archive is checked, also those that are not read."""
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES:
        raise ForeignModelError(f"{path} has {len(infos):,} files: wanted at most {MOST_ENTRIES:,}")
    seen, roots = set[str](), set[str]()
    for info in infos:
        parts = PurePosixPath(info.filename).parts
        wrong = (
            not parts
            or info.filename.startswith("/")
            or ".." in parts
            or any(sign in info.filename for sign in "\\:\0")
        )
        if wrong or info.filename in seen or stat.S_ISLNK(info.external_attr >> 16):
            raise ForeignModelError(
                f"{path} names {info.filename[:60]!r}: wanted names inside the package, each once, and no links"
            )
        seen.add(info.filename)
        roots.add(parts[0])
    if len(roots) != 1:
        raise ForeignModelError(f"{path} has {len(roots)} folders and files at its top: wanted one folder, the package")
    folder = [roots.pop(), *([inside] if inside else [])]
    found = ((PurePosixPath(info.filename).parts, info) for info in infos if not info.is_dir())
    return {parts[-1]: info for parts, info in found if list(parts[:-1]) == folder}
