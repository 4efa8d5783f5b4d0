"""A model of Hugging Face's checks itself by its own class, where ``transformers`` is installed: the same log P of the
tokens of made-up pairs, with padding in the batch.

Their class gets the tensors that were read and the settings that are known here, one by one: no file is loaded by it, and
nothing that a file names is imported.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from glassformer.checkpoint import Saved
from glassformer.config import ModelConfig
from glassformer.decoding.batches import pad
from glassformer.engines.check import made_up
from glassformer.errors import ForeignModelError
from glassformer.model.positions import positional_encodings

CLASSES = {
    "marian": ("MarianConfig", "MarianMTModel"),
    "pegasus": ("PegasusConfig", "PegasusForConditionalGeneration"),
    "bart": ("BartConfig", "BartForConditionalGeneration"),
    "mbart": ("MBartConfig", "MBartForConditionalGeneration"),
    "m2m_100": ("M2M100Config", "M2M100ForConditionalGeneration"),
}
"""By ``model_type``."""
SETTINGS = (
    *("vocab_size", "decoder_vocab_size", "share_encoder_decoder_embeddings", "tie_word_embeddings", "d_model"),
    *("encoder_layers", "decoder_layers", "encoder_attention_heads", "decoder_attention_heads", "encoder_ffn_dim"),
    *("decoder_ffn_dim", "activation_function", "scale_embedding", "max_position_embeddings", "pad_token_id"),
    *("bos_token_id", "eos_token_id", "decoder_start_token_id"),
)
TIED = ("embed_tokens.weight", "lm_head.weight", "embed_positions.weight", "final_logits_bias", "shared.weight")
"""Ends of names that a file may leave out: tables that are one, or that their class computes."""
PAIRS = 6
MOST_APART = 1e-3
"""Nats: sums in another order came to 1e-5 at most."""


def exact_waves(config: ModelConfig, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The file's tables of waves as we compute them: in a file of half precision they are rounded, and their class would
    compute with that."""
    if config.positions == "learned":
        return {}
    found = {
        name: (len(tensor), tensor.size(-1))
        for name, tensor in tensors.items()
        if name.endswith("embed_positions.weight")
    }
    return {
        name: positional_encodings(rows, width, config.positions, config.first_position)
        for name, (rows, width) in found.items()
    }


def check_by_their_class(saved: Saved, about: Mapping[str, Any], tensors: dict[str, Tensor]) -> str:
    """The result; "" where transformers is not installed. Raises ForeignModelError where their class says another
    log P."""
    try:
        transformers: Any = importlib.import_module("transformers")
    except ImportError:
        return ""
    name_of_settings, name = CLASSES[about["model_type"]]
    known = {key: about[key] for key in SETTINGS if key in about}
    try:
        theirs = getattr(transformers, name)(getattr(transformers, name_of_settings)(**known)).eval()
        given = {key: tensor.float() for key, tensor in tensors.items()} | exact_waves(saved.model.config, tensors)
        missing, _ = theirs.load_state_dict(given, strict=False)
        theirs.tie_weights()
    except Exception as error:  # anybody's settings in another program: whatever goes wrong, the model is not confirmed
        raise ForeignModelError(f"transformers cannot make its {name} of it ({type(error).__name__})") from None
    if left := [key for key in missing if not key.endswith(TIED)]:
        raise ForeignModelError(f"transformers' {name} wants a tensor {left[0]}, which the file does not have")
    config, tokenizer = saved.model.config, saved.tokenizer
    lines = made_up(saved, 2 * PAIRS)
    sources = [config.source([*tokenizer.before, *ids, *tokenizer.after]) for ids in lines[:PAIRS]]
    targets = [[config.bos_id, *config.target_prefix, *ids] for ids in lines[PAIRS:]]
    longest = config.longest or max(map(len, sources + targets))
    device = torch.device("cpu")
    source, target = (pad([ids[:longest] for ids in side], config.pad_id, device) for side in (sources, targets))
    own = torch.tensor([[n < len(ids[:longest]) for n in range(target.size(1))] for ids in targets])
    with torch.inference_mode():
        ours = saved.model(source, target).log_softmax(-1)[own]
        said = theirs(
            input_ids=source,
            attention_mask=(source != config.pad_id).long(),
            decoder_input_ids=target,
            decoder_attention_mask=own.long(),
        ).logits.log_softmax(-1)[own]
    apart = float((ours - said).abs().max())
    if not apart <= MOST_APART:
        raise ForeignModelError(
            f"transformers' {name} finds another log P, {apart:.4f} apart where {MOST_APART:g} is rounding: this is not "
            "what was imported; report it"
        )
    return f"transformers' {name} gives the same log P (to {apart:.0e}) on {len(sources)} made-up pairs"
