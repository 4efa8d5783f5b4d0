"""Where models are: the ones that ship with the package have names, all others are folders."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from glassformer.errors import CheckpointError
from glassformer.interop.known import is_foreign
from glassformer.model_folder import model_folder

DEFAULT_MODEL = "en-de"
"""The model where none is named."""


def models_folder() -> Path:
    return Path(str(files("glassformer"))) / "models"


def shipped_models() -> list[str]:
    """The names of the models that ship with the package."""
    return sorted(path.parent.name for path in models_folder().glob("*/config.json"))


def find_model(name_or_path: str | Path, tell: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of a shipped model, by its name, or a model's or run's folder itself (``./en-de`` where a folder is
    called like a shipped model). Another program's model is imported into the user's cache when it is first named, and
    ``tell`` is called with a line about it. Raises CheckpointError, naming the shipped ones, when it is none of these, and
    ForeignModelError for another program's that cannot be imported."""
    if str(name_or_path) in shipped_models():
        return models_folder() / name_or_path
    if not Path(name_or_path).exists():
        known = ", ".join(shipped_models()) or "none in this installation"
        is_path = Path(name_or_path).suffix.strip(".").isalpha() or len(Path(name_or_path).parts) > 1
        raise CheckpointError(
            f"there is no model {str(name_or_path)!r}: {'nothing lies at this path, and ' if is_path else ''}"
            f"wanted a shipped one ({known}), the folder of a model or a run, or another program's model (.argosmodel)"
        )
    if is_foreign(Path(name_or_path)):
        from glassformer.interop.bring import imported  # needs torch, which costs seconds

        return imported(Path(name_or_path), tell)
    return model_folder(name_or_path)
