"""Facts for the page about a model: its sizes, its sub-layers in their order, its learned matrices. Only what takes a model
apart needs torch."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from glassformer.card import Card
from glassformer.config import ModelConfig
from glassformer.errors import ConfigError
from glassformer.page.wire import ModelFacts, Side, Station, Word
from glassformer.translator import Translator, shown_words
from glassformer.weights import shapes_of

if TYPE_CHECKING:
    from torch import Tensor, nn

LONGEST = 256
"""Tokens of the longest sentence that is answered: the page is for reading, and a long one keeps others waiting."""


def model_facts(translator: Translator, checkpoint: str = "") -> ModelFacts:
    """The sizes from the model's config; what its training saw from its card."""
    config, card = translator.model.config, Card.of(translator.card)
    return ModelFacts(
        name=Path(translator.name).name,
        checkpoint=checkpoint,
        d_model=config.d_model,
        heads=config.heads,
        d_k=config.d_k,
        d_ff=config.d_ff,
        encoder_layers=config.encoder_layers,
        decoder_layers=config.decoder_layers,
        norm=config.norm,
        activation=config.activation,
        positions=config.positions,
        first_position=config.first_position,
        embedding_norm=config.embedding_norm,
        vocabulary_size=config.vocabulary_size,
        target_vocabulary_size=config.target_vocabulary_size,
        parameters=sum(map(math.prod, shapes_of(config).values())),
        longest_trained=card.longest,
        taught_head=taught_head(translator),
        languages=card.languages,
        rounded=card.rounded,
    )


def taught_head(translator: Translator) -> str:
    """As the card says it (``taught.head``), if the model has such a head; a card is a file that anybody can write."""
    head = str(Card.of(translator.card).taught.get("head", ""))
    name, _, number = head.rpartition(":")
    config = translator.model.config
    there = name in attentions_of(config) and number.isdecimal() and int(number) < config.heads
    return head if there else ""


def attentions_of(config: ModelConfig) -> list[str]:
    """The names of all attentions, in the model's order."""
    return [name.removesuffix(".w_qkv") for name in shapes_of(config) if name.endswith(".w_qkv")]


def side_of(translator: Translator, source: str, text: str, ids: list[int], *, target: bool = False) -> Side:
    """``text``, which is the sentence ``source`` or its translation (``target``), as the page shows it. ``ids`` hold eos
    or bos."""
    reader, found = (
        translator.reader,
        shown_words(translator.reader, source, translator.words(ids, special=True, target=target)),
    )
    tokenizer = translator.tokenizer.target if target else translator.tokenizer
    words = [Word(word, list(places)) for word, places in found]
    return Side(text, reader.shown(reader.whole(source), tokenizer.tokens(ids)), list(ids), words)


def stations(translator: Translator) -> list[Station]:
    """Every sub-layer, from the first of the encoder to the last of the decoder."""
    config = translator.model.config
    found = []
    sides = [("encoder", config.encoder_layers), ("decoder", config.decoder_layers)]
    for side, layers in sides:
        below = f"{side}.input.x"
        for layer in range(layers):
            kinds = ["self_attention", *(["cross_attention"] if side == "decoder" else []), "feed_forward"]
            for kind in kinds:
                name = f"{side}.layers.{layer}.{kind}"
                came_in = f"{name}_add_norm.norm" if config.norm == "pre" else below
                memory = {"self_attention": came_in, "cross_attention": "encoder.memory"}.get(kind, "")
                output = f"{name}_add_norm.output"
                found.append(Station(name, kind, side, layer, below, came_in, memory, output))  # type: ignore[arg-type]
                below = output
    return found


def norms(translator: Translator) -> dict[str, nn.LayerNorm]:
    """The norms of a pre-norm model by name: what they put out is what the matrices multiply, and no window shows it."""
    from torch import nn

    if translator.model.config.norm == "post":
        return {}
    return {name: module for name, module in translator.model.named_modules() if isinstance(module, nn.LayerNorm)}


OF_VOCABULARY = ("embedding.weight", "target_embedding.weight", "output_matrix", "output_bias")
"""The matrices with a row for each token."""


def learned(translator: Translator) -> dict[str, tuple[Tensor, tuple[str, ...]]]:
    """Every learned matrix but those with a row a token, which are the largest by far, with its axes; those that the page
    multiplies with come first, layer by layer."""
    config = translator.model.config
    split = {"w_qkv": (3, config.heads, config.d_k, config.d_model), "b_qkv": (3, config.heads, config.d_k)}
    known = {
        "w_qkv": ("matrix", "head", "d_k", "d_model"),
        "b_qkv": ("matrix", "head", "d_k"),
        "w_o.weight": ("d_model", "head", "d_v"),
        "w_1.weight": ("d_ff", "d_model"),
        "w_1.bias": ("d_ff",),
        "w_2.weight": ("d_model", "d_ff"),
        "positional_encoding.table": ("position", "d_model"),
    }
    found = {}
    for name, parameter in translator.model.named_parameters():
        if name in OF_VOCABULARY:
            continue
        tensor = parameter.detach()
        ending = next((ending for ending in known if name.endswith("." + ending)), "")
        if ending in split:
            tensor = tensor.view(split[ending])
        elif ending == "w_o.weight":
            tensor = tensor.view(config.d_model, config.heads, config.d_k)
        found[name] = (tensor, known.get(ending, ("d_model",)))

    def wanted(name: str) -> tuple[int, int]:
        kind = 0 if "bias" in name or "norm" in name else 2 if "feed_forward" in name else 1
        return kind, int(name.split(".")[2]) if ".layers." in name else 0

    return dict(sorted(found.items(), key=lambda item: wanted(item[0])))


def find_learned(translator: Translator, name: str) -> tuple[Tensor, tuple[str, ...]]:
    """Raises ConfigError, naming the nearest, for a matrix that is not there."""
    known = learned(translator)
    if name not in known:
        last = name.rsplit(".", 1)[-1]
        near = [one for one in known if one.endswith(last)] or list(known)
        raise ConfigError(f"no learned matrix {name!r}: there are {', '.join(near[:4])} … ({len(known)} in all)")
    return known[name]


def group_of(name: str) -> str:
    """Layer 3 of the encoder is the group "encoder.3"; the rest goes by where it is."""
    layer = re.match(r"(encoder|decoder)\.layers\.(\d+)\.", name)
    if layer:
        return f"{layer[1]}.{layer[2]}"
    return ".".join(name.split(".")[:2]) if name.startswith(("encoder", "decoder")) else "output"
