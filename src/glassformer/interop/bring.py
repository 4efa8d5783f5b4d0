"""``glassformer import``: a foreign model becomes a folder of ours, checked; and once for all in the user's cache."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import glassformer
from glassformer.checkpoint import save_model
from glassformer.disk import reason, remove_left
from glassformer.engines.conversion_cache import cache, whose
from glassformer.errors import ConfigError, ForeignModelError
from glassformer.interop.check import check
from glassformer.interop.find import read_foreign
from glassformer.interop.imported import Imported, Languages

LAYOUT = 1
"""Changes when the same files become another model of ours."""


def import_model(path: Path, out: Path, languages: Languages | None = None) -> Imported:
    """Write ``out`` for the foreign model at ``path``, and give what its check found. Raises ForeignModelError, before
    anything is written, for a model that is damaged, of another kind, or not what CTranslate2 makes of it; ConfigError for
    an ``out`` that is there already."""
    if out.exists():
        raise ConfigError(f"{out} is there already: name a new folder")
    found = read_foreign(path, languages or Languages())
    check(found, path)
    card = {
        "plain_case": False,
        **found.saved.card,
        "glassformer": glassformer.__version__,
        "imported": {"from": path.name, "format": found.format, "rounded": found.rounded, "check": found.said},
        "parameters": sum(weight.numel() for weight in found.saved.model.parameters()),
    }
    found.saved = replace(found.saved, card=card)
    save_model(out, found.saved)
    return found


def imported(path: Path, tell: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of ours for the foreign model at ``path``, made when it is first asked for and kept in the user's cache.
    Raises as ``import_model``, and ForeignModelError where there is no cache that can be trusted."""
    place = cache() / f"imported-{name_of(path)}"
    if place.is_dir() and not whose(cache()):
        return place
    tell(f"importing {path}, once …")
    try:
        cache().mkdir(mode=0o700, parents=True, exist_ok=True)
        if why := whose(cache()):
            raise PermissionError(13, why)
        remove_left(cache())
        with suppress(FileExistsError):  # somebody else was quicker
            tell(import_model(path, place).said)
    except OSError as error:
        raise ForeignModelError(
            f"{path} cannot be kept in {cache()} ({reason(error)}): glassformer import {path} --out FOLDER puts it elsewhere"
        ) from None
    return place


def name_of(path: Path) -> str:
    """Another one for other files, as far as their names, sizes and times say."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    seen = [(str(one), one.stat().st_size, one.stat().st_mtime_ns) for one in files]
    return hashlib.sha256(repr((LAYOUT, str(path.resolve()), seen)).encode()).hexdigest()[:16]
