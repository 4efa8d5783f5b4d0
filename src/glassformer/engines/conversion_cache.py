"""Conversions are made once and kept: in the user's own cache, and nowhere else.

A model's folder may come from a stranger, who could put a conversion of another model into it: it is never looked for there.
The cache is used while it is the user's own folder, which nobody else may write to. A conversion's name holds a hash of what
it was made of: the weights, whose bytes were compared with it when it was made, the tokenizer, CTranslate2's version. One
that failed its check is remembered too, so that the next call does not try again. The newest KEPT stay.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from glassformer.config import ModelConfig
from glassformer.disk import (
    MANIFEST,
    json_bytes,
    read_file,
    read_folder,
    read_json,
    reason,
    remove,
    remove_left,
    write_folder,
)
from glassformer.engines.ctranslate2 import CTranslate2, both_sides, files_of
from glassformer.errors import CheckpointError, ConversionError, torch_is_there
from glassformer.model_folder import Description
from glassformer.weights import read_weights

if TYPE_CHECKING:
    from glassformer.checkpoint import Saved

LAYOUT = 2
"""Changes when ``conversion`` makes something else of the same model."""
CHECK = "check.json"
KEPT = 16
"""Conversions that stay: each has a quarter of its model's bytes, in int8."""


def load_fast(
    folder: Path,
    about: Description,
    *,
    quantization: str,
    threads: int,
    spread: bool = True,
    tell: Callable[[str], None],
) -> CTranslate2:
    """The engine for the model in ``folder``, from a kept conversion or a new one.

    Raises ConversionError when the conversion fails its check, or did so before.
    """
    files = kept(folder, about.config, quantization)
    if files is None:
        tell(f"making the model ready for CTranslate2 ({quantization}), once …")
        files = keep(folder, about, quantization, tell)
    if "refused" in (check := read_json(files.pop(CHECK), folder / CHECK)):
        raise ConversionError(str(check["refused"]))
    both = both_sides(about.tokenizer)
    return CTranslate2(files, about.config, *both, threads=threads, spread=spread)


def kept(folder: Path, config: ModelConfig, quantization: str) -> dict[str, bytes] | None:
    """The files of a kept conversion; None where there is none, or a damaged one, which is removed."""
    path = cache() / name_of(folder, quantization)
    if not path.is_dir() or whose(cache()):
        return None
    try:
        files = read_folder(path, [CHECK])
        refused = "refused" in read_json(files[CHECK], path / CHECK)
        files = files if refused else read_folder(path, [*files_of(config), CHECK])
    except CheckpointError:
        remove(path)
        return None
    with suppress(OSError):
        os.utime(path)  # so that it stays among the newest
    return files


def keep(folder: Path, about: Description, quantization: str, tell: Callable[[str], None]) -> dict[str, bytes]:
    """Convert, check, and write it down; where that is not possible it is said."""
    from glassformer.engines.check import Unopened, checked, validation_pairs

    try:
        saved: Saved | Unopened
        if torch_is_there():
            from glassformer.checkpoint import load_model

            saved = load_model(folder)
        else:
            saved = Unopened(read_weights(folder, about.config), about.tokenizer, about.card)
        files, check = checked(saved, quantization, validation_pairs(folder))
        files[CHECK] = check.to_json()
        tell(f"checked: {check}")
    except ConversionError as error:
        files = {CHECK: json_bytes({"refused": str(error)})}
    place = cache()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if why := whose(place):
            raise PermissionError(13, why)
        remove_left(place)
        with suppress(FileExistsError):  # somebody else was quicker
            write_folder(place / name_of(folder, quantization), files)
        forget_old(place)
    except OSError as error:
        why = f"it cannot be kept in {place} ({reason(error)}), and is made again each time"
        tell(f"{why}: make room there, or name another folder of your own with XDG_CACHE_HOME")
    return files


def cache() -> Path:
    """The folder of the user's conversions. It need not be there."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassformer"


def whose(place: Path) -> str:
    """Why a folder cannot be trusted with what is computed with later; "" where it is the user's own. One that others may
    only look into, as it was made before, is closed to them."""
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is no folder, or a link"
    if not hasattr(os, "geteuid"):  # Windows: a user's folders are his own
        return ""
    if status.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if status.st_mode & 0o022:
        return "others may write to it: chmod 700 and remove what is in it"
    if status.st_mode & 0o077:
        place.chmod(0o700)
    return ""


def forget_old(place: Path) -> None:
    """Remove the conversions that were not used for the longest, but for the newest KEPT."""
    newest = sorted(place.glob("ctranslate2-*"), key=lambda path: path.lstat().st_mtime, reverse=True)
    for old in newest[KEPT:]:
        remove(old)


def name_of(folder: Path, quantization: str) -> str:
    """A conversion's name: another one for other weights, another program or other numbers."""
    import ctranslate2

    hashes = read_json(read_file(folder, MANIFEST), folder / MANIFEST)
    made_of = [hashes.get(name) for name in ("config.json", "model.safetensors", "tokenizer.model")]
    alone = () if torch_is_there() else ("checked without PyTorch",)  # where that comes later it is checked with it
    text = repr((LAYOUT, ctranslate2.__version__, quantization, made_of, *alone))
    return f"ctranslate2-{quantization}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
