"""Hugging Face's folders: ``config.json``, weights in safetensors or ``pytorch_model.bin``, SentencePiece with its ids."""

from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from glassformer.checkpoint import tensors_in
from glassformer.config import ModelConfig
from glassformer.errors import CheckpointError, ForeignModelError
from glassformer.interop.check_huggingface import check_by_their_class
from glassformer.interop.huggingface import config_of
from glassformer.interop.huggingface_names import from_huggingface, positions_in
from glassformer.interop.imported import Imported, Languages, made, settings, shapes, sides
from glassformer.interop.known import OTHERS
from glassformer.interop.languages import around_of, languages_in, token_of
from glassformer.interop.places import LARGEST_WEIGHTS, Folder, Place, card_in
from glassformer.interop.tensors import Tensors
from glassformer.interop.torch_file import read_torch
from glassformer.interop.vocabularies import Table, Vocabularies
from glassformer.strict_json import parsed
from glassformer.text.byte_pairs import byte_pairs
from glassformer.text.pieces import opened

T = TypeVar("T", list[Any], dict[str, Any])
FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")
"""The first ids of mBART's and NLLB's tables; then come SentencePiece's pieces without its own first three."""
BARTS = ("bos_token_id", "forced_bos_token_id")
"""Of BART's settings: what each source begins with, and each target."""
TENSORS_OF_A_LAYER = 16
"""At least. A model is laid out by the number of its layers, so a small file must not ask for many."""
PIECES = ("sentencepiece.bpe.model", "spm_128k.model", "source.spm", "sentencepiece.model")


def read_huggingface(path: Path, languages: Languages, files: Place | None = None) -> Imported:
    """``files``: those of a folder that is yet to be written at ``path``. Raises ForeignModelError for a folder that is
    damaged, or a model of another kind."""
    place = files or Folder(path)
    about = json_in(place, "config.json")
    where = f"{path}: config.json"
    config = config_of(about, where)
    if about["model_type"] == "pegasus" and "source.spm" not in place.names():
        raise ForeignModelError(f"{path}: {OTHERS['pegasus']}")
    tensors, kind, rounded = weights_in(place, path)
    found = Tensors(tensors, f"{path}: {kind}")
    if TENSORS_OF_A_LAYER * (layers := config.encoder_layers + config.decoder_layers) > len(tensors):
        raise ForeignModelError(f"{where} has {layers:,} layers, and {kind} only {len(tensors):,} tensors")
    config = positions_in(found, config)
    weights = from_huggingface(found, config, shapes(config))
    pairs = byte_pairs_of(place, config.vocabulary_size) if about["model_type"] == "bart" else None
    source = target = pieces_of(place) if pairs is None else pairs
    if pairs is not None:
        tokens = (opened(pairs).pieces,) * 2
    elif about["model_type"] in ("marian", "pegasus"):
        target = place.read("target.spm")
        tokens = tokens_of_marian(place, config.vocabulary_size, config.target_vocabulary_size)
    else:
        tokens = (tokens_of_fairseq(place, source, config.vocabulary_size),) * 2
    special, around, prefix = around_in(about, tokens, config, languages, path)
    changes = {"unk_id": special["unk_id"], "target_prefix": prefix, "source_eos": not around[1]}
    config = settings({**config.to_dict(), **changes}, where)
    tokenizer = sides((source, target), tokens, special, around, prefix, shared=not config.target_vocabulary_size)
    card: dict[str, Any] = card_in(place) | ({"longest": config.longest - 1} if config.longest else {})
    saved = made(config, weights, tokenizer, card, path)
    name = f"Hugging Face ({about['model_type']}, {kind})"
    return Imported(saved, name, rounded, by_their_class=lambda: check_by_their_class(saved, about, tensors))


def around_in(
    about: dict[str, Any], tokens: tuple[list[str], list[str]], config: ModelConfig, languages: Languages, path: Path
) -> tuple[dict[str, int], tuple[list[int], list[int]], list[int]]:
    """The special ids, the ids before and after each source, and those before each target."""
    if "<unk>" not in tokens[1] or tokens[0][config.eos_id] != tokens[1][config.eos_id]:
        raise ForeignModelError(
            f"{path}: both vocabularies are to have <unk>, and the same end: wanted a model of one kind"
        )
    special = {name: getattr(config, name) for name in ("pad_id", "bos_id", "eos_id")}
    special["unk_id"] = tokens[1].index("<unk>")
    if about["model_type"] == "bart":  # <s> text </s> on both sides, the target behind </s>
        before, prefix = ([about[name]] if type(about.get(name)) is int else list[int]() for name in BARTS)
        return special, (before, []), prefix
    if tokens[1][config.bos_id] in languages_in(tokens[1]).values():  # mBART of 2020: the text, </s>, its language
        known = languages_in(tokens[0])
        language = tokens[0].index(token_of(known, languages.source, "--source-language", str(path)))
        return special, ([], [config.eos_id, language]), []
    read, written = (Table(side, list(range(len(side)))) for side in tokens)
    before, prefix = around_of(Vocabularies(read, written, special), languages, str(path))
    return special, (before, []), prefix


def json_in(place: Place, name: str) -> Any:
    """A JSON object. Raises ForeignModelError for what is none."""
    try:
        value = parsed(place.read(name))
    except ValueError as error:
        raise ForeignModelError(f"{place.name}: {name} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise ForeignModelError(f"{place.name}: {name} is not a JSON object")
    return value


def entry(about: dict[str, Any], name: str, kind: type[T], where: str) -> T:
    """A list or an object of a JSON object, empty where it is not there. Raises ForeignModelError for something else."""
    value = about.get(name)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        wanted = "an object" if kind is dict else "a list"
        raise ForeignModelError(f"{where}: {name} is {str(value)[:40]!r}: wanted {wanted}")
    return value


def weights_in(place: Place, path: Path) -> tuple[dict[str, Tensor], str, str]:
    """The tensors, the file's name, and what they are rounded to."""
    names = place.names()
    if "model.safetensors" in names:
        name = "model.safetensors"
        try:
            tensors = tensors_in(place.read(name, LARGEST_WEIGHTS), path / name)
        except CheckpointError as error:
            raise ForeignModelError(str(error)) from None
    elif "pytorch_model.bin" in names:
        name = "pytorch_model.bin"
        tensors = read_torch(place.read(name, LARGEST_WEIGHTS), path / name)
    else:
        more = ", in one file and not in several" if any(name.endswith(".index.json") for name in names) else ""
        raise ForeignModelError(f"{path} has no weights: wanted model.safetensors or pytorch_model.bin{more}")
    kinds = {str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values() if tensor.dim() > 1}
    return tensors, name, next((kind for kind in ("float16", "bfloat16") if kind in kinds), "float32")


def pieces_of(place: Place) -> bytes:
    """The SentencePiece model that cuts sources."""
    names = place.names()
    for name in PIECES:
        if name in names:
            return place.read(name)
    bpe = (
        "merges.txt, GPT-2's byte pairs, which are read for BART" if "merges.txt" in names else "no SentencePiece model"
    )
    raise ForeignModelError(f"{place.name} has {bpe}: wanted {PIECES[0]}, or source.spm and target.spm")


def byte_pairs_of(place: Place, size: int) -> bytes | None:
    """BART's ``vocab.json`` and ``merges.txt``, or what of ``tokenizer.json`` is the same; None where its words are cut by
    SentencePiece."""
    names = place.names()
    if names & set(PIECES):
        return None
    where = f"{place.name}: vocab.json"
    if {"vocab.json", "merges.txt"} <= names:
        ids = json_in(place, "vocab.json")
        lines = place.read("merges.txt").decode(errors="replace").split("\n")
        merges = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    elif "tokenizer.json" in names:
        where = f"{place.name}: tokenizer.json"
        about = json_in(place, "tokenizer.json")
        model = about.get("model") or {}
        if not isinstance(model, dict) or model.get("type") != "BPE" or not isinstance(model.get("vocab"), dict):
            raise ForeignModelError(f"{where} has no byte pairs: wanted a model of the type BPE")
        added = {token: id for token, id in languages_after(place).items() if type(id) is int}
        ids = model["vocab"] | added
        merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in entry(model, "merges", list, where)]
    else:
        return None
    wrong = next((pair for pair in merges if not isinstance(pair, list) or len(pair) != 2), None)
    if wrong is not None:
        raise ForeignModelError(f"{where}: the merge {str(wrong)[:40]!r} is none: wanted two pieces")
    try:
        pairs = byte_pairs(by_ids(ids, size, where), merges)
        opened(pairs)
    except CheckpointError as error:
        raise ForeignModelError(f"{where}: {error}") from None
    return pairs


def tokens_of_marian(place: Place, size: int, own: int) -> tuple[list[str], list[str]]:
    """``vocab.json`` has the ids, SentencePiece's own mean nothing; ``target_vocab.json`` where the target has its own."""
    source = by_ids(json_in(place, "vocab.json"), size, f"{place.name}: vocab.json")
    if not own:
        return source, source
    name = "target_vocab.json" if "target_vocab.json" in place.names() else "vocab.json"
    return source, by_ids(json_in(place, name), own, f"{place.name}: {name}")


def by_ids(ids: dict[str, Any], size: int, where: str) -> list[str]:
    """The tokens in the order of their ids; what the model has beyond them has no text. Raises ForeignModelError for ids
    that are not the model's."""
    tokens: dict[int, str] = {}
    for token, id in ids.items():
        if type(id) is not int or not 0 <= id < size or id in tokens:
            raise ForeignModelError(
                f"{where}: {token[:40]!r} has the id {str(id)[:20]}: wanted each of 0 … {size - 1} once"
            )
        tokens[id] = token
    return [tokens.get(id, f"<unused {id}>") for id in range(size)]


def tokens_of_fairseq(place: Place, pieces: bytes, size: int) -> list[str]:
    """M2M-100's ``vocab.json``, or fairseq's table and SentencePiece's pieces behind it; then the languages."""
    if "vocab.json" in place.names():
        ids = dict(json_in(place, "vocab.json"))
    else:
        model = opened(pieces)
        own = [model.id_to_piece(id) for id in range(3, model.get_piece_size())]
        ids = {token: id for id, token in enumerate((*FAIRSEQ, *own))}
    more = languages_after(place)
    if not more:
        raise ForeignModelError(
            f"{place.name} names no languages: wanted them in special_tokens_map.json or tokenizer.json"
        )
    for token, id in more.items():
        ids[token] = len(ids) if id is None else id
    return by_ids(ids, size, place.name)


def languages_after(place: Place) -> dict[str, int | None]:
    """Tokens that were added to the pieces, with their ids, or None for those that come one after the other."""
    names = place.names()
    found: dict[str, int | None] = {}
    if "tokenizer.json" in names:
        name = "tokenizer.json"
        added = entry(json_in(place, name), "added_tokens", list, f"{place.name}: {name}")
        pairs = [(one.get("content"), one.get("id")) for one in added if isinstance(one, dict)]
        found |= {token: id for token, id in pairs if isinstance(token, str)}
    elif "added_tokens.json" in names:
        found |= json_in(place, "added_tokens.json")
    elif "tokenizer_config.json" in names:
        name = "tokenizer_config.json"
        decoder = entry(json_in(place, name), "added_tokens_decoder", dict, f"{place.name}: {name}")
        ids = [(one.get("content"), id) for id, one in decoder.items() if isinstance(one, dict) and id.isdecimal()]
        found |= {token: int(id) for token, id in ids if isinstance(token, str)}
    if not found and "special_tokens_map.json" in names:
        name = "special_tokens_map.json"
        listed = entry(json_in(place, name), "additional_special_tokens", list, f"{place.name}: {name}")
        tokens = [one.get("content") if isinstance(one, dict) else one for one in listed]
        found |= {token: None for token in tokens if isinstance(token, str)}
    return {token: id for token, id in found.items() if token not in (*FAIRSEQ, "<mask>") or id is not None}
