"""The word that looks and what it looks at: found by what ``look`` was given, for its tables and its figures."""

from typing import TYPE_CHECKING, Literal

from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from glassformer.trace import Trace
    from glassformer.translator import Translator

Words = list[tuple[str, list[int]]]
Attention = Literal["encoder", "decoder", "cross"]

BLANK = "␣"
WINDOWS = {
    "encoder": "encoder.layers.{}.self_attention",
    "decoder": "decoder.layers.{}.self_attention",
    "cross": "decoder.layers.{}.cross_attention",
}
TITLES = {
    "encoder": "Encoder self-attention",
    "decoder": "Decoder self-attention",
    "cross": "Encoder-decoder attention",
}


def looked_at(
    translator: "Translator", trace: "Trace", attention: Attention, *, token: str, layer: int | None
) -> tuple[int, tuple[str, list[int]], Words, "Float[Tensor, 'layer head key_word']"]:
    """The layer, the word that looks, the words that it may look at, and its weights in every layer and head, between
    words. Raises ConfigError for a layer or a word that is not there."""
    import torch

    from glassformer.translator import merge_words

    config = translator.model.config
    layers = config.encoder_layers if attention == "encoder" else config.decoder_layers
    layer = layers - 1 if layer is None else layer
    if not 0 <= layer < layers:
        raise ConfigError(f"--layer {layer}: the layers are 0 … {layers - 1}")
    queries, keys = sides(translator, trace, attention)
    word = queries[find_word(queries, token)]
    windows = [WINDOWS[attention].format(number) for number in range(layers)]
    pieces = torch.stack([trace[f"{window}.weights"] for window in windows])  # [layer, head, query, key]
    return layer, word, keys, merge_words(pieces, [word[1]], [places for _, places in keys])[:, :, 0]


def sides(translator: "Translator", trace: "Trace", attention: Attention) -> tuple[Words, Words]:
    """The words that look and those that are looked at; <s> and </s> are words here, as they are looked at a lot."""
    text, source_ids, target_ids = (trace.about[name] for name in ("source", "source_ids", "target_ids"))
    source, target = side_words(translator, text, source_ids), side_words(translator, text, target_ids, target=True)
    return {"encoder": (source, source), "decoder": (target, target), "cross": (target, source)}[attention]


def side_words(translator: "Translator", text: str, ids: list[int], *, target: bool = False) -> Words:
    """The words that ``ids`` spell, of the sentence ``text`` or of its translation, as people see them; a blank that is a
    piece of its own is ␣."""
    from glassformer.translator import shown_words

    found = shown_words(translator.reader, text, translator.words(ids, special=True, target=target))
    return [(word.strip() or BLANK, places) for word, places in found]


def bare(name: str) -> str:
    return name.strip(".,;:!?…\"'“”„‚’()«»").casefold()


def only_word(words: Words, token: str, option: str) -> int:
    """The number of the one word that is ``token``: spelt so, or else but for case and punctuation; a number is a token's.

    Raises ConfigError, with the words and their numbers, for none and for several.
    """
    spelt = [n for n, (name, _) in enumerate(words) if name == token]
    found = spelt or [n for n, (_, places) in enumerate(words) if token.isdecimal() and int(token) in places]
    found = found or [n for n, (name, _) in enumerate(words) if bare(token) and bare(name) == bare(token)]
    if len(found) == 1:
        return found[0]
    if not found:
        shown = ", ".join(f"{places[0]} {name}" for name, places in words)
        raise ConfigError(f"{option}: no word {token!r} here; there are {shown}")
    shown = ", ".join(f"{words[n][1][0]} {words[n][0]}" for n in found)
    raise ConfigError(f"{option}: {token!r} occurs {len(found)} times; name one by its token's number: {shown}")


def find_word(words: Words, token: str) -> int:
    """The number of the word that ``token`` names: as it is, by its token's number, or but for case and punctuation.

    Raises ConfigError, with the words that there are, for none.
    """
    names = [name for name, _ in words]
    plain = [bare(name) for name in names]
    if not token:
        ordinary = [n for n, name in enumerate(names) if plain[n] and name not in ("<s>", "</s>")]
        return plain.index("it") if "it" in plain else (ordinary or [0])[-1]
    if token in names:
        return names.index(token)
    for number, (_, places) in enumerate(words):
        if token.isdecimal() and int(token) in places:
            return number
    if bare(token) and bare(token) in plain:
        return plain.index(bare(token))
    shown = ", ".join(f"{places[0]} {name}" for name, places in words)
    raise ConfigError(f"--token {token}: no such word here; there are {shown}")
