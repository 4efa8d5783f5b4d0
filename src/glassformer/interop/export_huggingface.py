"""A folder that ``transformers`` loads as ``MarianMTModel`` and ``MarianTokenizer``. Marian's class computes norms after the
sub-layers only; with norms before them it is ``PegasusForConditionalGeneration``, which is otherwise the same."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from glassformer.card import Card
from glassformer.checkpoint import Saved, load_model
from glassformer.config import ModelConfig
from glassformer.disk import json_bytes, write_folder
from glassformer.engines.export import check_plain
from glassformer.errors import ConfigError, ConversionError, ForeignModelError
from glassformer.interop.huggingface_folder import read_huggingface
from glassformer.interop.huggingface_names import to_huggingface
from glassformer.interop.imported import Languages
from glassformer.interop.places import Files
from glassformer.model.positions import positional_encodings

CLASSES = {"post": ("marian", "MarianMTModel"), "pre": ("pegasus", "PegasusForConditionalGeneration")}
"""Their type of model and their class, by the place of the norms."""
POSITIONS = 1024
"""Rows of the table of positions: a longer sentence is for glassformer."""
README = """# {name} for Hugging Face transformers

Made by `glassformer export --to huggingface`.

```python
from transformers import {class_}, MarianTokenizer

tokenizer, model = MarianTokenizer.from_pretrained("."), {class_}.from_pretrained(".")
batch = tokenizer(["Good morning!"], return_tensors="pt", padding=True)
(ids,) = model.generate(**batch, num_beams=4, max_new_tokens=100)
print(tokenizer.decode(ids, skip_special_tokens=True))
```

- Text goes in as Unicode NFC. A source and its translation have at most {positions} tokens each.
- Positions are the model's own ({layout}), as a table in the weights.

Checked: read back, every tensor is the same, bit for bit.
"""


def export_huggingface(folder: Path, out: Path) -> str:
    """Write ``out`` for the model in ``folder``; what its check found. Raises ConfigError for an ``out`` that is there, and
    for a model that Marian's class does not compute; ConversionError, before anything is written, where it reads back
    otherwise."""
    if out.exists():
        raise ConfigError(f"{out} is there already: name a new folder")
    saved = load_model(folder)
    check_marian(saved.model.config)
    files = files_of(saved, Card.of(saved.card).languages or folder.name)
    try:
        back = read_huggingface(out, Languages(), Files(str(out), files)).saved
    except ForeignModelError as error:
        raise ConversionError(f"{out} does not read back, so that nothing was written: {error}; report it") from None
    weights, again = with_biases(saved), back.model.state_dict()
    differ = [name for name, tensor in weights.items() if name not in again or not torch.equal(tensor, again[name])]
    tokens, theirs = (one.tokenizer.target.tokens(range(len(one.tokenizer.target))) for one in (saved, back))
    if differ or tokens != theirs:
        other = differ[0] if differ else "tokens"
        raise ConversionError(f"{out} reads back with other {other}, so that nothing was written: report it")
    write_folder(out, files)
    return f"read back, {len(weights)} tensors and {len(tokens):,} tokens are the same"


def check_marian(config: ModelConfig) -> None:
    """Raises ConfigError for what neither class computes."""
    check_plain(config)
    wrong = {"embedding_norm": config.embedding_norm, "source_eos": not config.source_eos}
    wrong["target_vocabulary_size"] = config.norm == "pre" and config.target_vocabulary_size > 0
    name_of_class = CLASSES[config.norm][1]
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise ConfigError(
                f"this model has {name}={getattr(config, name)}, which {name_of_class} does not: export --to ctranslate2"
            )


def with_biases(saved: Saved) -> dict[str, Tensor]:
    """Our tensors, and zeros for the biases that Marian has and ours need not."""
    weights, config = dict(saved.model.state_dict()), saved.model.config
    for name in list(weights):
        if name.endswith("w_qkv") and not config.attention_bias:
            weights[name.replace("w_qkv", "b_qkv")] = torch.zeros(3 * config.d_model)
        if name.endswith("w_o.weight") and not config.attention_bias:
            weights[name.replace("weight", "bias")] = torch.zeros(config.d_model)
    if not config.output_bias:
        weights["output_bias"] = torch.zeros(config.target_size)
    return {name: tensor.detach().cpu().float() for name, tensor in weights.items()}


def files_of(saved: Saved, name: str) -> dict[str, bytes]:
    """The folder's files."""
    config, tokenizer = saved.model.config, saved.tokenizer
    marian = config.changed(positions="halves_exact", first_position=0, longest=0)
    ours = {n: tensor for n, tensor in with_biases(saved).items() if "positional_encoding" not in n}
    weights = to_huggingface(ours, marian)
    longest = config.longest or POSITIONS
    for stack in ("encoder", "decoder"):
        learned = saved.model.state_dict().get(f"{stack}.input.positional_encoding.table")
        waves = (
            positional_encodings(longest, config.d_model, config.positions, config.first_position)
            if learned is None
            else learned
        )
        weights[f"model.{stack}.embed_positions.weight"] = waves.clone()
    ids = [
        {token: id for id, token in enumerate(side.tokens(range(len(side))))} for side in (tokenizer, tokenizer.target)
    ]
    tables = {"vocab.json": ids[0], **({"target_vocab.json": ids[1]} if config.target_vocabulary_size else {})}
    class_ = CLASSES[config.norm][1]
    readme = README.format(name=name, positions=longest, layout=config.positions, class_=class_)
    return {
        "config.json": json_bytes(settings_of(config, longest)),
        "generation_config.json": json_bytes(generation_of(config)),
        "model.safetensors": save(weights, metadata={"format": "pt"}),
        "source.spm": tokenizer.sentencepiece_model,
        "target.spm": tokenizer.target.sentencepiece_model,
        **{
            file: json.dumps(table, ensure_ascii=False).encode("utf-8", "surrogatepass")
            for file, table in tables.items()
        },
        "tokenizer_config.json": json_bytes(tokenizer_of(saved, longest)),
        "card.json": json_bytes(saved.card),
        "README.md": readme.encode(),
    }


def settings_of(config: ModelConfig, longest: int) -> dict[str, Any]:
    """Their ``config.json``."""
    sizes = {"layers": (config.encoder_layers, config.decoder_layers), "ffn_dim": (config.d_ff,) * 2}
    sizes["attention_heads"] = (config.heads,) * 2
    both = {f"{side}_{name}": pair[n] for name, pair in sizes.items() for n, side in enumerate(("encoder", "decoder"))}
    shared = {
        "decoder_vocab_size": config.target_size,
        "share_encoder_decoder_embeddings": not config.target_vocabulary_size,
    }
    return {
        "architectures": [CLASSES[config.norm][1]],
        "model_type": CLASSES[config.norm][0],
        "vocab_size": config.vocabulary_size,
        **(shared if config.norm == "post" else {}),
        "tie_word_embeddings": config.tied_output,
        "d_model": config.d_model,
        **both,
        "activation_function": config.activation,
        "scale_embedding": config.scale_embedding,
        "static_position_embeddings": True,
        "normalize_before": False,
        "normalize_embedding": False,
        "max_position_embeddings": longest,
        "num_hidden_layers": config.encoder_layers,
        "dropout": config.dropout,
        "is_encoder_decoder": True,
        "pad_token_id": config.pad_id,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
        "decoder_start_token_id": config.bos_id,
        "forced_eos_token_id": None,
    }


def generation_of(config: ModelConfig) -> dict[str, Any]:
    """Tokens that are never written, as here: pad, and bos."""
    never = sorted({config.pad_id, config.bos_id} - {config.eos_id})
    return {
        "bad_words_ids": [[id] for id in never],
        "pad_token_id": config.pad_id,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
        "decoder_start_token_id": config.bos_id,
        "min_new_tokens": 1,
    }


def tokenizer_of(saved: Saved, longest: int) -> dict[str, Any]:
    target, config = saved.tokenizer.target, saved.model.config
    eos, unk, pad = target.tokens([config.eos_id, config.unk_id, config.pad_id])
    known = Card.of(saved.card)
    return {
        "tokenizer_class": "MarianTokenizer",
        "source_lang": known.source,
        "target_lang": known.target,
        "model_max_length": longest,
        "separate_vocabs": bool(config.target_vocabulary_size),
        "eos_token": eos,
        "unk_token": unk,
        "pad_token": pad,
    }
