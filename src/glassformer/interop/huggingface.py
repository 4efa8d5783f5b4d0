"""Hugging Face's Marian (OPUS-MT), BART, mBART, M2M-100 and NLLB: ``config.json`` as our settings."""

from collections.abc import Mapping
from typing import Any

from glassformer.config import ModelConfig
from glassformer.errors import ConfigError, ForeignModelError

ACTIVATIONS = {"relu": "relu", "swish": "swish", "silu": "swish", "gelu": "gelu"}
CHOICES: dict[str, dict[str, Any]] = {
    "marian": {"positions": "halves_exact", "norm": "post", "output_bias": True},
    "pegasus": {"positions": "halves_exact", "norm": "pre", "output_bias": True},
    "bart": {"positions": "learned", "norm": "post", "embedding_norm": True, "output_bias": True},
    "mbart": {"positions": "learned", "norm": "pre", "embedding_norm": True, "output_bias": True},
    "m2m_100": {"positions": "halves", "first_position": 2, "norm": "pre"},
}
"""By ``model_type``. Choices of Hugging Face's classes of these names, whatever their settings say. PEGASUS's class with
Marian's tokenizer is an export of ours."""


def config_of(about: Mapping[str, Any], where: object) -> ModelConfig:
    """Our settings of the model that this ``config.json`` describes. Raises ForeignModelError for one of another kind."""
    kind = about.get("model_type")
    if kind not in CHOICES:
        raise ForeignModelError(f"{where}: model_type is {kind!r}: wanted {', '.join(CHOICES)}")

    def number(name: str) -> int:
        if type(value := about.get(name)) is not int:
            raise ForeignModelError(f"{where}: {name} is {str(value)[:40]!r}: wanted a whole number")
        return value

    for one, other in (("attention_heads", "heads"), ("ffn_dim", "d_ff")):
        sides = number(f"encoder_{one}"), number(f"decoder_{one}")
        if sides[0] != sides[1]:
            raise ForeignModelError(
                f"{where}: {other} is {sides[0]} in the encoder and {sides[1]} in the decoder: wanted the same"
            )
    if (activation := str(about.get("activation_function"))) not in ACTIVATIONS:
        raise ForeignModelError(f"{where}: activation_function is {activation[:40]!r}: wanted {', '.join(ACTIVATIONS)}")
    own = kind == "marian" and about.get("share_encoder_decoder_embeddings") is False
    try:
        return ModelConfig.from_dict(
            {
                **CHOICES[kind],
                "vocabulary_size": number("vocab_size"),
                "target_vocabulary_size": (about.get("decoder_vocab_size") or number("vocab_size")) if own else 0,
                "d_model": number("d_model"),
                "heads": number("encoder_attention_heads"),
                "d_ff": number("encoder_ffn_dim"),
                "encoder_layers": number("encoder_layers"),
                "decoder_layers": number("decoder_layers"),
                "activation": ACTIVATIONS[activation],
                "scale_embedding": about.get("scale_embedding", kind == "m2m_100"),
                "longest": number("max_position_embeddings") if CHOICES[kind]["positions"] == "learned" else 0,
                "attention_bias": True,
                "tied_output": about.get("tie_word_embeddings", True) is not False,
                "pad_id": number("pad_token_id"),
                "bos_id": number("decoder_start_token_id"),
                "eos_id": number("eos_token_id"),
                "unk_id": number("pad_token_id"),
            }
        )
    except ConfigError as error:
        raise ForeignModelError(f"{where}: {error}") from None
