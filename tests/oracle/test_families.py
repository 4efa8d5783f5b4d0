"""Ours = ``transformers``' Marian, BART, mBART, M2M-100 and FSMT with tiny random weights, padding in the batch, by the
table of names that the import uses; nothing is downloaded."""

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported, so that a look at the network would be an error

import transformers

from glassformer.config import DecodingConfig, ModelConfig
from glassformer.decoding import decode
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2
from glassformer.interop.huggingface import config_of
from glassformer.interop.huggingface_names import from_huggingface, to_huggingface
from glassformer.interop.tensors import Tensors
from glassformer.model import Transformer

VOCABULARY = 23
SIZES = {
    "vocab_size": VOCABULARY,
    "d_model": 24,
    "encoder_layers": 3,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 40,
    "decoder_ffn_dim": 40,
    "max_position_embeddings": 33,
    "dropout": 0.0,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
    "forced_eos_token_id": None,
}
MARIAN = {"activation_function": "swish", "scale_embedding": True, "pad_token_id": 22, "decoder_start_token_id": 22}
MARIAN |= {"eos_token_id": 0}
FAMILIES = {
    "marian": ("Marian", MARIAN),
    "marian-two": ("Marian", {**MARIAN, "decoder_vocab_size": 27, "share_encoder_decoder_embeddings": False}),
    "marian-relu": ("Marian", {**MARIAN, "activation_function": "relu"}),
    "bart": ("Bart", {"activation_function": "gelu"}),
    "bart-scaled": ("Bart", {"activation_function": "relu", "scale_embedding": True}),
    "mbart": ("MBart", {"activation_function": "gelu", "scale_embedding": True}),
    "m2m100": ("M2M100", {"activation_function": "relu", "scale_embedding": True}),
}
CLASSES = {"Marian": "MarianMTModel", "Bart": "BartForConditionalGeneration", "MBart": "MBartForConditionalGeneration"}
CLASSES |= {"M2M100": "M2M100ForConditionalGeneration"}
TOLERANCE = 1e-5


@pytest.fixture(params=FAMILIES)
def pair(request: pytest.FixtureRequest, scatter: Callable[[nn.Module], None]) -> tuple[Transformer, nn.Module]:
    """Theirs with random weights, and ours with the same ones."""
    family, changes = FAMILIES[request.param]
    config = getattr(transformers, f"{family}Config")(**{**SIZES, **changes})
    theirs = getattr(transformers, CLASSES[family])(config).eval()
    waves = {name: table.clone() for name, table in theirs.named_parameters() if "embed_positions" in name}
    scatter(theirs)
    for name, table in waves.items() if family == "Marian" else ():
        dict(theirs.named_parameters())[name].data.copy_(table)
    if "final_logits_bias" in dict(theirs.named_buffers()):
        theirs.final_logits_bias.normal_()
    config = config_of(config.to_dict(), "config.json")
    ours = Transformer(config).eval()
    shapes = {name: list(tensor.shape) for name, tensor in ours.state_dict().items()}
    ours.load_state_dict(from_huggingface(Tensors(theirs.state_dict(), "theirs"), config, shapes))
    return ours, theirs


def sides(config: ModelConfig) -> tuple[Tensor, Tensor]:
    pad, eos, bos = config.pad_id, config.eos_id, config.bos_id
    source = torch.tensor([[5, 6, 7, 8, 9, 10, eos], [11, 4, 11, eos, *[pad] * 3], [7, eos, *[pad] * 5]])
    return source, torch.tensor([[bos, 12, 13, 14, 15], [bos, 4, 5, pad, pad], [bos, 16, pad, pad, pad]])


def test_the_logits_are_equal(pair: tuple[Transformer, nn.Module]) -> None:
    ours, theirs = pair
    source, target = sides(ours.config)
    real = target != ours.config.pad_id
    real[:, 0] = True  # Marian begins with its padding
    mask = (source != ours.config.pad_id).long()
    with torch.no_grad():
        found = theirs(
            input_ids=source,
            attention_mask=mask,
            decoder_input_ids=target,
            decoder_attention_mask=real.long(),
            use_cache=False,
        ).logits
        assert (ours(source, target) - found)[real].abs().max() < TOLERANCE


def test_there_and_back_gives_the_same_bits(pair: tuple[Transformer, nn.Module]) -> None:
    ours, theirs = pair
    weights, their_weights = to_huggingface(ours.state_dict(), ours.config), theirs.state_dict()
    for name, tensor in weights.items():
        if "embed_positions" in name:
            assert torch.equal(tensor[2:], their_weights[name][2:])
        else:
            assert torch.equal(tensor, their_weights[name]), name
    shapes = {name: list(tensor.shape) for name, tensor in ours.state_dict().items()}
    back = from_huggingface(Tensors(weights, "ours"), ours.config, shapes)
    assert back.keys() == ours.state_dict().keys()
    assert all(torch.equal(tensor, back[name]) for name, tensor in ours.state_dict().items())


def test_the_lean_twin_and_ctranslate2_follow(pair: tuple[Transformer, nn.Module]) -> None:
    """The same tokens one at a time, in PyTorch and in CTranslate2."""
    ours, _ = pair
    config = ours.config
    with torch.no_grad():
        ours.written.weight[[config.pad_id]] = 0.0
        ours.output_weight[[id for id in range(config.target_size) if id not in {config.pad_id, config.bos_id}]] *= 4
    sources = [[5, 6, 7, 8, 9, 10], [11, 4, 11], [7]]
    greedy = DecodingConfig(method="greedy", extra_length=6)
    lean = [one.ids for (one,) in decode(ours, sources, greedy)]
    slow = [one.ids for (one,) in watched(ours, sources, greedy)]
    assert lean == slow
    tokens = [[f"<{id}>" for id in range(size)] for size in (config.vocabulary_size, config.target_size)]
    fast = CTranslate2(convert(ours, *tokens), config, *tokens, threads=1)
    assert [one.ids for (one,) in fast.submit(sources, greedy).result()] == lean


def watched(model: Transformer, sources: list[list[int]], config: DecodingConfig) -> list:
    """Decoded by the model itself, as somebody looks."""
    handle = model.logits.register_forward_hook(lambda *_: None)
    try:
        return decode(model, sources, config)
    finally:
        handle.remove()


def test_fsmt_is_the_same_model(scatter: Callable[[nn.Module], None]) -> None:
    """Two vocabularies and an output matrix of its own (fairseq's WMT19 models); its tokenizer is not SentencePiece."""
    config = transformers.FSMTConfig(
        langs=["en", "de"], src_vocab_size=23, tgt_vocab_size=27, d_model=24, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=40, decoder_ffn_dim=40, dropout=0.0,
        max_position_embeddings=33, scale_embedding=True, tie_word_embeddings=False,
    )  # fmt: skip
    theirs = transformers.FSMTForConditionalGeneration(config).eval()
    waves = {name: table.clone() for name, table in theirs.state_dict().items() if "embed_positions" in name}
    scatter(theirs)
    theirs.load_state_dict(waves, strict=False)
    ours = Transformer(
        ModelConfig(
            vocabulary_size=23, target_vocabulary_size=27, tied_output=False, d_model=24, heads=4, d_ff=40, encoder_layers=2,
            decoder_layers=2, first_position=2, attention_bias=True, pad_id=1, bos_id=0, eos_id=2,
        )
    ).eval()  # fmt: skip
    named = {name.replace("decoder.output_projection", "lm_head"): t for name, t in theirs.state_dict().items()}
    named = {name: tensor for name, tensor in named.items() if "embed_positions" not in name}  # begins two rows earlier
    named["lm_head.weight"] = named.pop("model.lm_head.weight")
    shapes = {name: list(tensor.shape) for name, tensor in ours.state_dict().items()}
    ours.load_state_dict(from_huggingface(Tensors(named, "theirs"), ours.config, shapes))
    source, target = sides(ours.config)
    mask = (source != 1).long()
    with torch.no_grad():
        found = theirs(input_ids=source, attention_mask=mask, decoder_input_ids=target, use_cache=False).logits
        assert (ours(source, target) - found)[target != 1].abs().max() < TOLERANCE
