"""A foreign model's reader, by what lies there."""

from pathlib import Path

from glassformer.errors import ForeignModelError
from glassformer.interop.argos import read_argos
from glassformer.interop.ctranslate2_folder import read_ctranslate2
from glassformer.interop.huggingface_folder import read_huggingface
from glassformer.interop.imported import Imported, Languages
from glassformer.interop.known import HUGGINGFACE, kind_of, why_not
from glassformer.interop.places import Folder


def read_foreign(path: Path, languages: Languages) -> Imported:
    """The model that lies there, as ours. Raises ForeignModelError, in one line and with the way that works where there is
    one, for what is damaged or of another kind."""
    if not path.exists():
        raise ForeignModelError(f"there is nothing at {path}: wanted a package or a folder")
    kind = kind_of(path, {one.name for one in path.iterdir()}) if path.is_dir() else path.suffix
    if kind in (".argosmodel", ".zip", "argos"):
        return read_argos(path, languages)
    if kind == "ctranslate2":
        return read_ctranslate2(Folder(path), languages)
    if kind in (*HUGGINGFACE, "pegasus"):
        return read_huggingface(path, languages)
    raise ForeignModelError(f"{path}: {why_not(kind)}")
