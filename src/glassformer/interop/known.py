"""A folder's format, by its files; and formats that cannot be imported, by their names. Needs no torch."""

from pathlib import Path

from glassformer.errors import ForeignModelError
from glassformer.interop.places import Folder
from glassformer.strict_json import parsed

HUGGINGFACE = ("marian", "bart", "mbart", "m2m_100")
CONVERT = "convert it with CTranslate2's ct2-{0}-converter first, then import that folder"
OTHERS = {
    "t5": "T5 has relative positions and no LayerNorm of the paper's",
    "mt5": "mT5 has relative positions and no LayerNorm of the paper's",
    "bert": "BERT is an encoder alone: half of figure 1",
    "roberta": "RoBERTa is an encoder alone: half of figure 1",
    "gpt2": "GPT-2 is a decoder alone: half of figure 1",
    "llama": "LLaMA is a decoder alone: half of figure 1",
    "fsmt": "FSMT cuts words with Moses and fastBPE; its model is this Transformer, its text is not read here",
    "pegasus": "PEGASUS summarises; it is not known here",
}
"""Hugging Face's model types, and why not."""


def is_foreign(path: Path) -> bool:
    """Whether another program's model lies there, or something that is refused by its name."""
    if path.is_file():
        return True
    names = {one.name for one in path.iterdir()} if path.is_dir() else set[str]()
    ours = "manifest.json" in names and "model.safetensors" in names and "tokenizer.model" in names
    return not ours and "best.json" not in names and bool(kind_of(path, names))


def kind_of(path: Path, names: set[str]) -> str:
    """The format of a folder by its files; "" where none is known."""
    if "metadata.json" in names and "model" in names:
        return "argos"
    if "model.bin" in names:
        return "ctranslate2"
    if any(name.endswith((".intgemm.alphas.bin", ".intgemm8.bin")) for name in names):
        return "bergamot"
    if "config.json" in names and (model_type := model_type_in(Folder(path))):
        return model_type
    if any(name.endswith(".npz") for name in names):
        return "marian.npz"
    if any(name.startswith("dict.") and name.endswith(".txt") for name in names):
        return "fairseq"
    return "pt" if any(name.endswith(".pt") for name in names) else ""


def model_type_in(place: Folder) -> str:
    """Of Hugging Face's ``config.json``; "" where it says none. Raises ForeignModelError for what is no JSON."""
    try:
        about = parsed(place.read("config.json"))
    except ValueError as error:
        raise ForeignModelError(f"{place.name}: config.json is not JSON ({error})") from None
    return str(about.get("model_type") or "")[:40] if isinstance(about, dict) else ""


def why_not(kind: str) -> str:
    """Why a model of this kind is not imported, and what is done instead."""
    if kind in OTHERS:
        return OTHERS[kind]
    if kind in (".pt", "pt", "fairseq"):
        tool = "fairseq" if kind == "fairseq" else "opennmt-py"
        return f"a pickle of {tool}'s own classes, which is not opened: {CONVERT.format(tool)}"
    if kind == "bergamot":
        return "Bergamot's students have an SSRU decoder, which has no attention to itself: take an OPUS-MT model"
    if kind in (".npz", "marian.npz"):
        return "Marian's own file: convert it with transformers' convert_marian_to_pytorch.py first, and import that folder"
    return (
        f"no model that is known here ({kind or 'no file of one'}): wanted an .argosmodel, a folder of CTranslate2, or one "
        f"of Hugging Face's {', '.join(HUGGINGFACE)}"
    )
