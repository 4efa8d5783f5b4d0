"""CTranslate2's folders: a Transformer's ``model.bin``, its vocabularies, its settings, and SentencePiece beside them."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from glassformer.config import ModelConfig, PositionLayout
from glassformer.errors import ForeignModelError
from glassformer.interop.ctranslate2_file import in_float32, read_binary
from glassformer.interop.imported import Imported, Languages, made, settings, shapes, sides
from glassformer.interop.languages import around_of
from glassformer.interop.places import LARGEST_WEIGHTS, Place, card_in
from glassformer.interop.tensors import Tensors
from glassformer.interop.vocabularies import NEVER, Table, Vocabularies, aligned
from glassformer.interop.waves import layout_of
from glassformer.strict_json import parsed

ACTIVATIONS = {0: "relu", 2: "swish", 3: "gelu"}
HEADS_BEFORE = 8
"""Of models of binary version 2, which do not store them."""
BOTH = ("sentencepiece.model", "tokenizer.model", "spm.model", "sentencepiece.bpe.model")
EACH = (("source.spm", "target.spm"), ("source.model", "target.model"), ("src.model", "tgt.model"))
"""Names under which SentencePiece models lie beside CTranslate2's own files."""
FLAGS = {"alignment_layer", "alignment_heads", "embeddings_merge", "multi_query_attention"}
"""Settings among the variables that say nothing about what is computed here."""


def read_ctranslate2(place: Place, languages: Languages, pieces: tuple[bytes, bytes] | None = None) -> Imported:
    """``pieces``: the SentencePiece models of both sides, where they do not lie in ``place``. Raises ForeignModelError for a
    folder that is damaged, or a model of another kind."""
    content = place.read("model.bin", LARGEST_WEIGHTS)
    where = f"{place.name}: model.bin"
    binary = read_binary(content, where)
    tensors, flags, rounded = in_float32(binary, where)
    about = settings_file(place) if "config.json" in place.names() else {}
    source, target, files = vocabularies(place, str(about.get("unk_token") or "<unk>"))
    found = Tensors(tensors, where)
    encoder = "encoder/embeddings_0/weight" if "encoder/embeddings_0/weight" in found else "encoder/embeddings/weight"
    own = target is not None or not found.same(encoder, "decoder/embeddings/weight")
    tables = aligned(
        source,
        (target or source) if own else None,
        start=str(about.get("decoder_start_token") or about.get("bos_token") or "<s>"),
        eos=str(about.get("eos_token") or "</s>"),
        unk=str(about.get("unk_token") or "<unk>"),
        zero_start=bool(flags.get("decoder/start_from_zero_embedding")),
    )
    config = config_of(found, flags, about, tables, encoder, where)
    weights = weights_of(found, config, tables, encoder)
    found.finish()
    before, prefix = around_of(tables, languages, place.name)
    config = settings({**config.to_dict(), "target_prefix": prefix}, where)
    both = tables.source.tokens, tables.target.tokens
    tokenizer = sides(
        pieces or sentencepiece_of(place),
        both,
        tables.special,
        (before, []),
        prefix,
        shared=tables.source is tables.target,
    )
    saved = made(config, weights, tokenizer, card_in(place), where)
    return Imported(
        saved,
        f"CTranslate2 (binary version {binary.version})",
        rounded,
        {**files, "model.bin": content},
    )


def settings_file(place: Place) -> dict[str, Any]:
    """``config.json``. Raises ForeignModelError where it is none."""
    try:
        about = parsed(place.read("config.json"))
    except ValueError as error:
        raise ForeignModelError(f"{place.name}: config.json is not JSON ({error})") from None
    if not isinstance(about, dict):
        raise ForeignModelError(f"{place.name}: config.json is not a JSON object")
    return about


def vocabularies(place: Place, unk: str) -> tuple[list[str], list[str] | None, dict[str, bytes]]:
    """The source's tokens, the target's where it has its own, and the files that CTranslate2 wants."""
    names = place.names()
    files = {"config.json": place.read("config.json")} if "config.json" in names else {}
    found: dict[str, list[str]] = {}
    for side in ("shared", "source", "target"):
        for name in (f"{side}_vocabulary.json", f"{side}_vocabulary.txt"):
            if name in names and side not in found:
                files[name] = place.read(name)
                found[side] = tokens_in(files[name], unk, f"{place.name}: {name}")
    if "shared" in found:
        return found["shared"], None, files
    if "source" not in found or "target" not in found:
        raise ForeignModelError(f"{place.name} has no vocabulary: wanted shared_vocabulary.json, or one of each side")
    return found["source"], found["target"], files


def tokens_in(content: bytes, unk: str, where: str) -> list[str]:
    """A JSON list, or, in old folders, a token a line. CTranslate2 adds ``unk`` at the end where it is missing."""
    try:
        text = content.decode()
        tokens = parsed(text) if where.endswith(".json") else text.removesuffix("\n").split("\n")
    except ValueError as error:
        raise ForeignModelError(f"{where} is no vocabulary ({error})") from None
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise ForeignModelError(f"{where} is no vocabulary: wanted a list of tokens")
    return tokens if unk in tokens else [*tokens, unk]


def sentencepiece_of(place: Place) -> tuple[bytes, bytes]:
    """The tokenizers of both sides."""
    names = place.names()
    for name in BOTH:
        if name in names:
            return (place.read(name),) * 2
    for source, target in EACH:
        if source in names and target in names:
            return place.read(source), place.read(target)
    raise ForeignModelError(
        f"{place.name} has no SentencePiece model: put the one that the model was trained with into it as {BOTH[0]}, or "
        f"{' and '.join(EACH[0])}"
    )


def config_of(
    found: Tensors, flags: dict[str, int | float], about: dict[str, Any], tables: Vocabularies, encoder: str, where: str
) -> ModelConfig:
    """Our settings of it."""

    def flag(name: str, otherwise: float) -> int:
        sides = {flags.get(f"{side}/{name}", flags.get(name, otherwise)) for side in ("encoder", "decoder")}
        if wrong := [number for number in sides if not math.isfinite(number)]:
            raise ForeignModelError(f"{where}: {name} is {wrong[0]}: wanted a number")
        if len(sides) > 1:
            raise ForeignModelError(
                f"{where}: {name} is another one in the encoder than in the decoder: wanted the same"
            )
        return int(sides.pop())

    check_kind(flags, about, where)
    if (activation := flag("activation", 0)) not in ACTIVATIONS:
        raise ForeignModelError(
            f"{where}: its activation is number {activation}: wanted {', '.join(ACTIVATIONS.values())}"
        )
    width = found.tensors["decoder/embeddings/weight"].size(-1) if found.rows("decoder/embeddings/weight") else 0
    waves, first, longest = positions_of(found, width)
    scale = flags.get("encoder/scale_embeddings", flags.get("decoder/scale_embeddings", 1))
    own = tables.source is not tables.target
    # Marian and fairseq begin with </s> or with zeros; there, and not in OpenNMT, each source ends with </s>.
    from_others = tables.special["bos_id"] in (tables.special["pad_id"], tables.special["eos_id"])
    return settings(
        {
            "vocabulary_size": len(tables.source.tokens),
            "target_vocabulary_size": len(tables.target.tokens) if own else 0,
            "d_model": width,
            "heads": flag("num_heads", HEADS_BEFORE),
            "d_ff": found.rows("encoder/layer_0/ffn/linear_0/weight"),
            "encoder_layers": layers(found, "encoder"),
            "decoder_layers": layers(found, "decoder"),
            "activation": ACTIVATIONS[activation],
            "positions": waves,
            "first_position": first,
            "longest": longest,
            "scale_embedding": is_scaled(scale, width, where),
            "embedding_norm": "encoder/layernorm_embedding/gamma" in found,
            "norm": "pre" if flag("pre_norm", "encoder/layer_norm/gamma" in found) else "post",
            "attention_bias": any("attention/linear_" in name and name.endswith("/bias") for name in found.tensors),
            "output_bias": has_bias(found, tables),
            "tied_output": found.same("decoder/embeddings/weight", "decoder/projection/weight"),
            "source_eos": bool(about.get("add_source_eos") or flags.get("with_source_eos") or from_others),
            **tables.special,
        },
        where,
    )


def check_kind(flags: dict[str, int | float], about: dict[str, Any], where: str) -> None:
    """Raises ForeignModelError for a model that computes something which this Transformer does not."""
    known = {"num_heads", "pre_norm", "activation", "scale_embeddings", "start_from_zero_embedding", *FLAGS}
    known |= {"with_source_bos", "with_source_eos", "with_target_bos"}
    for name, value in flags.items():
        if name.rpartition("/")[2] not in known and value:
            raise ForeignModelError(
                f"{where} has {name}={value:g}, which this Transformer does not: it is a model of another kind"
            )
    if about.get("add_source_bos") or flags.get("with_source_bos"):
        raise ForeignModelError(f"{where}: its sources begin with <s>, which ours do not")
    if about.get("layer_norm_epsilon") not in (None, 1e-5):
        raise ForeignModelError(f"{where}: layer_norm_epsilon is {str(about['layer_norm_epsilon'])[:20]}: wanted 1e-05")


def is_scaled(scale: int | float, width: int, where: str) -> bool:
    """A whole number is a truth value, any other says by how much. Raises ForeignModelError for another factor than ours."""
    if isinstance(scale, int):
        return bool(scale)
    if scale != 1 and not abs(scale - width**0.5) < 1e-3:
        raise ForeignModelError(f"{where}: its embeddings are multiplied by {scale:g}: wanted √{width}, or nothing")
    return scale != 1


def has_bias(found: Tensors, tables: Vocabularies) -> bool:
    """Whether the output has a bias, but one that only keeps pad and bos from being written, as ours do anyway."""
    if min(tables.target.rows) < 0:
        return True
    bias = found.tensors.get("decoder/projection/bias")
    if bias is None:
        return False
    others = torch.ones(len(bias), dtype=torch.bool)
    others[[tables.special["pad_id"], tables.special["bos_id"]]] = False
    if bool((bias[others] == 0).all()) and bool((bias[~others] <= NEVER).all()):
        found.skip("decoder/projection/bias")
        return False
    return True


def layers(found: Tensors, side: str) -> int:
    """How many layers a stack has."""
    numbers = {name.split("/")[1] for name in found.tensors if name.startswith(f"{side}/layer_")}
    return sum(number.removeprefix("layer_").isdecimal() for number in numbers)


def positions_of(found: Tensors, width: int) -> tuple[PositionLayout, int, int]:
    """The layout, the first position and, of a learned table, its rows. Without a table they are CTranslate2's own."""
    name, other = (f"{side}/position_encodings/encodings" for side in ("encoder", "decoder"))
    if name not in found:
        return "halves", 1, 0
    table = found.take(name, found.rows(name), width)
    if not found.same(name, other):
        return "learned", 0, len(table)
    found.skip(other)
    return layout_of(table)


def names(config: ModelConfig) -> dict[str, list[str]]:
    """Our name of each tensor of the layers, and theirs; of W^Q, W^K, W^V of the memory they have two."""
    table: dict[str, list[str]] = {}
    for stack, count in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        for number in range(count):
            ours, theirs = f"{stack}.layers.{number}", f"{stack}/layer_{number}"
            attentions = {"self_attention": ("self_attention", 1)}
            if stack == "decoder":
                attentions["cross_attention"] = ("attention", 2)
            for kind in ("weight", "bias"):
                for name, (their_name, packed) in attentions.items():
                    at = f"{theirs}/{their_name}"
                    three = "w_qkv" if kind == "weight" else "b_qkv"
                    if kind == "weight" or config.attention_bias:
                        table[f"{ours}.{name}.{three}"] = [f"{at}/linear_{n}/{kind}" for n in range(packed)]
                        table[f"{ours}.{name}.w_o.{kind}"] = [f"{at}/linear_{packed}/{kind}"]
                    norm = f"{at}/layer_norm/{'gamma' if kind == 'weight' else 'beta'}"
                    table[f"{ours}.{name}_add_norm.norm.{kind}"] = [norm]
                table[f"{ours}.feed_forward.w_1.{kind}"] = [f"{theirs}/ffn/linear_0/{kind}"]
                table[f"{ours}.feed_forward.w_2.{kind}"] = [f"{theirs}/ffn/linear_1/{kind}"]
                norm = f"{theirs}/ffn/layer_norm/{'gamma' if kind == 'weight' else 'beta'}"
                table[f"{ours}.feed_forward_add_norm.norm.{kind}"] = [norm]
        for kind, their_kind in (("weight", "gamma"), ("bias", "beta")):
            if config.norm == "pre":
                table[f"{stack}.norm.{kind}"] = [f"{stack}/layer_norm/{their_kind}"]
            if config.embedding_norm:
                table[f"{stack}.input.norm.{kind}"] = [f"{stack}/layernorm_embedding/{their_kind}"]
    return table


def weights_of(found: Tensors, config: ModelConfig, tables: Vocabularies, encoder: str) -> dict[str, Tensor]:
    """Every tensor of ours. A bias that they do not have is zero."""
    wanted, weights = shapes(config), dict[str, Tensor]()
    for ours, theirs in names(config).items():
        weights[ours] = torch.cat([taken(found, name, part) for name, part in parts(theirs, wanted[ours], config)])
    source, target = rows_of(tables.source), rows_of(tables.target)
    weights["embedding.weight"] = tables.source.matrix(found.take(encoder, source, config.d_model))
    decoder = "decoder/embeddings/weight"
    if config.target_vocabulary_size:
        weights["target_embedding.weight"] = tables.target.matrix(found.take(decoder, target, config.d_model))
    else:
        found.skip(decoder)
    if config.tied_output:
        found.skip("decoder/projection/weight")
    else:
        weights["output_matrix"] = tables.target.matrix(found.take("decoder/projection/weight", target, config.d_model))
    bias = "decoder/projection/bias"
    if config.output_bias:
        theirs_bias = found.take(bias, target) if bias in found else None
        weights["output_bias"] = tables.target.bias(theirs_bias)  # type: ignore[assignment]
    if config.positions == "learned":
        for stack in ("encoder", "decoder"):
            table = found.take(f"{stack}/position_encodings/encodings", config.longest, config.d_model)
            weights[f"{stack}.input.positional_encoding.table"] = table.clone()
    return weights


def parts(theirs: Sequence[str], shape: Sequence[int], config: ModelConfig) -> list[tuple[str, list[int]]]:
    """Their names, each with its shape: of two, the first has W^Q and the second W^K and W^V."""
    if len(theirs) == 1:
        return [(theirs[0], list(shape))]
    width = config.d_model
    return [(theirs[0], [width, *shape[1:]]), (theirs[1], [2 * width, *shape[1:]])]


def taken(found: Tensors, name: str, shape: list[int]) -> Tensor:
    if name.endswith("/bias") and name not in found:
        return torch.zeros(shape)
    return found.take(name, *shape)


def rows_of(table: Table) -> int:
    """Of their matrix."""
    return max(table.rows) + 1
