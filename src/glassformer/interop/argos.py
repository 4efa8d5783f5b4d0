"""Argos Translate's packages: a zip of one folder with ``metadata.json``, ``model/`` (CTranslate2) and SentencePiece."""

from pathlib import Path
from typing import Any

from glassformer.errors import ForeignModelError
from glassformer.interop.ctranslate2_folder import read_ctranslate2
from glassformer.interop.imported import Imported, Languages
from glassformer.interop.places import Folder, Package, Place, card_in
from glassformer.strict_json import parsed

CODE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def read_argos(path: Path, languages: Languages) -> Imported:
    """A package, or the folder that Argos Translate makes of one. Raises ForeignModelError for what is damaged, or not a
    Transformer with SentencePiece."""
    place: Place
    if path.is_dir():
        place, model = Folder(path), Folder(path / "model")
    else:
        package = Package(path)
        place, model = package, package.inside("model")  # type: ignore[assignment]
    about = metadata(place)
    names = place.names()
    if "sentencepiece.model" not in names:
        others = "bpe.model, which Moses' tokenizer goes with" if "bpe.model" in names else "no sentencepiece.model"
        raise ForeignModelError(f"{place.name} has {others}: wanted a package with sentencepiece.model")
    found = read_ctranslate2(model, languages, (place.read("sentencepiece.model"),) * 2)
    version = str(about.get("package_version") or "?")[:20]
    found.format = f"Argos package {version}, {found.format}"
    codes = f"{code(about, 'from_code', place)}-{code(about, 'to_code', place)}"
    found.saved.card |= {**(card_in(place) or {"sentences": 1}), "languages": codes}
    if about.get("target_prefix"):
        raise ForeignModelError(
            f"{place.name} begins its translations with {str(about['target_prefix'])[:20]!r}: not known here"
        )
    return found


def metadata(place: Place) -> dict[str, Any]:
    """``metadata.json``. Raises ForeignModelError for what it is not."""
    try:
        about = parsed(place.read("metadata.json"))
    except ValueError as error:
        raise ForeignModelError(f"{place.name}: metadata.json is not JSON ({error})") from None
    if not isinstance(about, dict):
        raise ForeignModelError(f"{place.name}: metadata.json is not a JSON object")
    return about


def code(about: dict[str, Any], name: str, place: Place) -> str:
    found = about.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= 20 or set(found) - set(CODE):
        raise ForeignModelError(f"{place.name}: metadata.json has no {name}: wanted a language's code")
    return found.replace("-", "_")
