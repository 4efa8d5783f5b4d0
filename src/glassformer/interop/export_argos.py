"""A package that Argos Translate and LibreTranslate install."""

import io
import json
import zipfile
from pathlib import Path

import glassformer
from glassformer.card import Card
from glassformer.checkpoint import load_model
from glassformer.disk import replace_file
from glassformer.engines.check import checked, validation_pairs
from glassformer.engines.ctranslate2 import QUANTIZATIONS
from glassformer.engines.export import check_plain
from glassformer.errors import ConfigError

NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
"""As Argos Translate calls them; another language is called by its code."""
VERSION = "1.0"
ARGOS = "1.9"
"""The version of Argos Translate whose packages these are."""
README = """# {name}

{source} to {target}, made by glassformer {version} (`glassformer export --to argos`).

Checked: {check}.

{about}
"""


def export_argos(folder: Path, out: Path, quantization: str, languages: str = "") -> str:
    """Write the package ``out`` for the model in ``folder``; what its check found. ``languages``: such as en-de, where the
    model's card does not say them.

    Raises ConfigError for an ``out`` that is there or no .argosmodel, for unknown languages, and for a model whose two sides
    are cut by different SentencePiece models; ConversionError, before anything is written, when the check fails.
    """
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"quantization={quantization!r}: choose {', '.join(QUANTIZATIONS)}")
    if out.exists() or out.suffix != ".argosmodel":
        raise ConfigError(f"{out}: wanted the name of a new file that ends in .argosmodel")
    saved = load_model(folder)
    check_plain(saved.model.config)
    source, dash, target = (languages := languages or Card.of(saved.card).languages).partition("-")
    if not dash or not source.isidentifier() or not target.isidentifier():
        raise ConfigError(f"the languages are {languages!r}: wanted --languages en-de")
    files, check = checked(saved, quantization, validation_pairs(folder), add_source_eos=True)
    name = f"translate-{source}_{target}-{VERSION.replace('.', '_')}"
    about = {
        "package_version": VERSION,
        "argos_version": ARGOS,
        "from_code": source,
        "from_name": NAMES.get(source, source),
        "to_code": target,
        "to_name": NAMES.get(target, target),
    }
    card = "\n".join(f"- {key}: {value}" for key, value in saved.card.items() if isinstance(value, str | int | float))
    readme = README.format(
        name=name,
        source=about["from_name"],
        target=about["to_name"],
        version=glassformer.__version__,
        check=check,
        about=card,
    )
    content = {
        "metadata.json": json.dumps(about, indent=2).encode(),
        "README.md": readme.encode(),
        "sentencepiece.model": saved.tokenizer.sentencepiece_model,
        "card.json": json.dumps(saved.card, indent=2, ensure_ascii=False).encode(),
        **{f"model/{file}": data for file, data in files.items()},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in content.items():
            archive.writestr(zipfile.ZipInfo(f"{name}/{file}"), data, zipfile.ZIP_DEFLATED)
    replace_file(out, packed.getvalue())
    return str(check)
