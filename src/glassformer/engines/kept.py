"""Conversions are made once and kept: beside the model, or, where that is not ours to write to, in the user's cache.

A conversion's name holds a hash of what it was made of: the weights, the tokenizer, CTranslate2's version. One that failed
its check is remembered too, so that the next call does not try again.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import glassformer
from glassformer.engines.ctranslate2 import FILES, CTranslate2
from glassformer.errors import CheckpointError, ConversionError
from glassformer.folders import MANIFEST, Description, json_bytes, read_folder, read_json, write_folder

if TYPE_CHECKING:
    from glassformer.engines.native import Native

LAYOUT = 2
"""Changes when ``conversion`` makes something else of the same model."""
CHECK = "check.json"


def load_fast(
    folder: Path,
    about: Description,
    native: "Callable[[], Native]",
    *,
    quantization: str,
    threads: int,
    tell: Callable[[str], None],
) -> CTranslate2:
    """The engine for the model in ``folder``, from a kept conversion or a new one.

    Raises ConversionError when the conversion fails its check, or did so before.
    """
    files = kept(folder, quantization)
    if files is None:
        tell(f"making the model ready for CTranslate2 ({quantization}), once …")
        files = keep(folder, quantization, tell)
    if "refused" in (check := read_json(files.pop(CHECK), folder / CHECK)):
        raise ConversionError(check["refused"])
    tokens = about.tokenizer.tokens(range(len(about.tokenizer)))
    return CTranslate2(files, about.config, tokens, threads=threads, native=native)


def kept(folder: Path, quantization: str) -> dict[str, bytes] | None:
    """The files of a kept conversion; None where there is none, or a damaged one, which is removed."""
    for place in places(folder):
        path = place / name_of(folder, quantization)
        if not path.is_dir():
            continue
        try:
            files = read_folder(path, [CHECK])
            refused = "refused" in read_json(files[CHECK], path / CHECK)
            return files if refused else read_folder(path, [*FILES, CHECK])
        except CheckpointError:
            shutil.rmtree(path, ignore_errors=True)
    return None


def keep(folder: Path, quantization: str, tell: Callable[[str], None]) -> dict[str, bytes]:
    """Convert, check, and write it down where that is possible."""
    from glassformer.checkpoint import load_model
    from glassformer.engines.check import checked, validation_pairs

    try:
        files, check = checked(load_model(folder), quantization, validation_pairs(folder))
        files[CHECK] = check.to_json()
        tell(f"checked: {check}")
    except ConversionError as error:
        files = {CHECK: json_bytes({"refused": str(error)})}
    for place in places(folder):
        try:
            write_folder(place / name_of(folder, quantization), files)
        except FileExistsError:  # somebody else was quicker
            break
        except OSError:
            continue
        break
    return files


def places(folder: Path) -> list[Path]:
    """Where conversions of this model may be: beside it unless it came with the package, then in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassformer"
    package = Path(glassformer.__file__).parent
    return [cache] if folder.resolve().is_relative_to(package) else [folder, cache]


def name_of(folder: Path, quantization: str) -> str:
    """A conversion's name: another one for other weights, another program or other numbers."""
    import ctranslate2

    hashes = read_json((folder / MANIFEST).read_bytes(), folder / MANIFEST)
    made_of = [hashes.get(name) for name in ("config.json", "model.safetensors", "tokenizer.model")]
    text = repr((LAYOUT, ctranslate2.__version__, quantization, made_of))
    return f"ctranslate2-{quantization}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
