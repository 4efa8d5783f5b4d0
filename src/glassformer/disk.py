"""A folder that at any moment is either not there or complete, and whose every file is what it was when it was written.

It is written under another name and renamed when it is complete; ``manifest.json`` has the SHA-256 of each file, by which
an altered one is known. Needs no torch.
"""

import glob
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from glassformer.errors import CheckpointError, ConfigError
from glassformer.strict_json import parsed

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished-"
REPLACED = ".replaced-"
LONGEST_NAME = 220
"""Bytes of a name to which more can be added: file systems take 255."""
OPEN_MAY_BE_RENAMED = os.name != "nt"
"""On Windows neither a file nor a folder can be renamed while somebody has it open, and a lock has."""
LARGEST_JSON = 2 * 2**20
"""Bytes of a file that says something: a configuration, a card, a manifest."""
LARGEST_TOKENIZER = 64 * 2**20
"""Bytes: room for a million pieces."""
LARGEST = {
    **dict.fromkeys(("config.json", "card.json", "best.json", "training.json", MANIFEST), LARGEST_JSON),
    "tokenizer.model": LARGEST_TOKENIZER,
}
"""By name. Weights are as large as their header says."""


def write_folder(folder: str | Path, files: Mapping[str, bytes], *, replace: bool = False) -> None:
    """Write a folder so that at any moment it is either not there or complete, whatever happens to the machine.

    With ``replace`` one that is there stays until the new one is whole; if the machine stops between its two renames,
    ``put_back`` finds it. Raises FileExistsError when it is there already, without ``replace``.
    """
    folder = Path(folder)
    if folder.is_symlink() or (folder.exists() and not replace):
        raise FileExistsError(f"{folder} is there already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    with unfinished_name(folder) as unfinished:
        unfinished.mkdir(mode=0o700)
        with held(unfinished):
            for name, content in {**files, MANIFEST: json_bytes(hashes)}.items():
                write_durably(unfinished / name, content)
            unfinished.chmod(0o755)
            sync_folder(unfinished)
            old = folder.with_name(f"{REPLACED}{folder.name}")
            if folder.exists():
                folder.rename(old)
            try:
                unfinished.rename(folder)
            except OSError:
                put_back(folder.parent)
                raise
        sync_folder(folder.parent)
        remove(old)


def put_back(parent: Path) -> None:
    """Give folders in ``parent`` their names again that ``write_folder`` was about to replace when it was stopped."""
    for old in parent.glob(f"{REPLACED}*"):
        folder = old.with_name(old.name.removeprefix(REPLACED))
        if folder.exists():
            remove(old)
        else:
            old.rename(folder)


def read_folder(folder: Path, names: Sequence[str] = ()) -> dict[str, bytes]:
    """Read these files of a folder that ``write_folder`` wrote, or all. Raises CheckpointError for one missing or
    altered."""
    hashes = read_json(read_file(folder, MANIFEST), folder / MANIFEST)
    files = {name: read_file(folder, name) for name in names or hashes}
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != hashes.get(name):
            raise altered(folder / name)
    return files


def check_files(folder: Path, names: Sequence[str]) -> None:
    """Read these files as ``read_folder`` does, a piece at a time, and keep nothing of them. Raises as it does."""
    hashes = read_json(read_file(folder, MANIFEST), folder / MANIFEST)
    for path in (folder / name for name in names):
        try:
            check_regular(path)
            found = sha256_of(path)
        except OSError as error:
            raise incomplete(path, error) from None
        if found != hashes.get(path.name):
            raise altered(path)


def incomplete(path: Path, error: OSError) -> CheckpointError:
    """The error for a file that the system does not read."""
    return CheckpointError(f"{path} cannot be read ({reason(error)}): the model is not complete")


def altered(path: Path) -> CheckpointError:
    """The error for a file that the manifest does not know so."""
    return CheckpointError(f"{path} was altered or is damaged: it is not what {MANIFEST} says")


def read_file(folder: Path, name: str, largest: int = 0) -> bytes:
    """A file in ``folder``. Raises CheckpointError for one that is not there, not in the folder, no file (a link out
    of the folder, a device, a pipe) or larger than ``largest`` bytes (0: what a file of its kind may have)."""
    path = folder / name
    if Path(name).name != name or "\0" in name:
        raise CheckpointError(f"{folder / MANIFEST} names {name[:80]!r}: wanted a file of this folder")
    largest = largest or LARGEST.get(name, 0)
    try:
        size = check_regular(path)
        if largest and size > largest:
            raise CheckpointError(f"{path} has {size:,} bytes: wanted at most {largest:,}")
        return path.read_bytes()
    except OSError as error:
        raise incomplete(path, error) from None


def check_regular(path: Path) -> int:
    """The size of a file. Raises CheckpointError where ``path`` leads out of its folder or to no regular file."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or path.resolve(strict=True).parent != path.parent.resolve(strict=True):
        raise CheckpointError(f"{path} leads out of its folder or is no regular file: wanted the file itself")
    return status.st_size


def reason(error: OSError) -> str:
    """The system's reason."""
    return error.strerror or str(error)


def inside(run: Path, folder: Path) -> Path:
    """``folder``, which is to be one of ``run``. Raises CheckpointError where a link leads out of that."""
    if not folder.resolve().is_relative_to(run.resolve()):
        raise CheckpointError(f"{folder} leads out of {run}: wanted a folder in it, and no link")
    return folder


def check_folder_of(path: Path) -> None:
    """Raises ConfigError, before anything is computed, where the folder that is to hold ``path`` is none."""
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}: make it first, or name another file")


def check_replaceable(path: Path, sign: bytes, what: str, *others: bytes) -> None:
    """Raises ConfigError, before anything is written, where there is a file called ``path`` that does not hold ``sign``, or
    one of ``others``: it is somebody's, and no ``what`` of ours; and where there is no folder for it."""
    check_folder_of(path)
    if not (path.exists() or path.is_symlink()):
        return
    ours = path.is_file() and not path.is_symlink()
    content = path.read_bytes() if ours else b""
    if not ours or not any(one in content for one in (sign, *others)):
        raise ConfigError(f"{path} is there already and is no {what}: name another file, nothing was written")


def replace_file(path: Path, content: bytes) -> None:
    """Write one file so that at any moment it is either the old or the new one. A link there is replaced, not followed."""
    with replacing(path) as unfinished:
        write_durably(unfinished, content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """An empty file, for the ``with`` block to write, that takes ``path``'s place when the block ended well, and vanishes
    when it did not."""
    with unfinished_name(path) as unfinished:
        unfinished.touch(exist_ok=False)
        with held(unfinished):
            yield unfinished
            os.replace(unfinished, path)
        sync_folder(path.parent)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """The same for a folder: an empty one, for the ``with`` block to fill. A folder cannot replace a full one in one step:
    the old one is removed first, so that after a power cut in between there is none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_name(folder) as unfinished:
        unfinished.mkdir()
        with held(unfinished):
            yield unfinished
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
        sync_folder(folder.parent)


@contextmanager
def unfinished_name(path: Path) -> Iterator[Path]:
    """The name under which ``path`` is written until it is whole; nothing is left under it. Leavings of a
    killed process under such a name of the same ``path`` go too. An OSError of it names ``path``."""
    name = os.fsencode(path.name)
    beginning = UNFINISHED + (path.name if len(name) <= LONGEST_NAME else hashlib.sha256(name).hexdigest())
    remove_left(path.parent, beginning)
    unfinished = path.with_name(f"{beginning}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield unfinished
    except OSError as error:
        if error.filename is None or str(error.filename).startswith(str(unfinished)):
            raise OSError(error.errno, reason(error), str(path)) from error
        raise
    finally:
        remove(unfinished)


def remove_left(folder: Path, beginning: str = UNFINISHED) -> None:
    """Remove what processes that are gone left unfinished in ``folder``, under names with this ``beginning``."""
    for left in folder.glob(f"{glob.escape(beginning)}*"):
        if left.is_symlink() or not is_held(left):
            remove(left)


def remove(path: Path) -> None:
    """A file, or a folder with what is in it; links are removed and not followed."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """A ``with`` block in which others see that ``path`` is being written. It ends with the process, however it ends."""
    handle = locked(path)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def is_held(path: Path) -> bool:
    """Whether somebody writes it now; where that cannot be known, whether somebody did in the last hour."""
    try:
        handle = locked(path)
        if handle is None:
            return time.time() - path.stat().st_mtime < 3600
        os.close(handle)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def locked(path: Path) -> int | None:
    """A file descriptor that holds ``path``; None where the system or the disk has no locks that fit. Raises BlockingIOError
    where somebody else holds it."""
    if not OPEN_MAY_BE_RENAMED:
        return None
    from filelock import lock_descriptor  # takes a while, and few commands write

    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        free = lock_descriptor(handle, blocking=False)
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    if not free:
        os.close(handle)
        raise BlockingIOError(f"{path} is held by somebody else")
    return handle


def write_durably(path: Path, content: bytes) -> None:
    """Write what a power cut does not take back: it is on the disk itself when this ends."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; its entries are written in order
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_bytes(value: Any) -> bytes:
    """JSON as it lies on disk: indented, in UTF-8, with a line's end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def read_json(content: bytes, path: Path) -> dict[str, Any]:
    """A JSON object. Raises CheckpointError when it is none."""
    try:
        value = parsed(content)
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} is not a JSON object")
    return value
