"""Ours = Hugging Face's ``MarianMTModel`` with tiny random weights, forward and backward; nothing is downloaded."""

import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported, so that a look at the network would be an error

from transformers import MarianConfig, MarianMTModel

from glassformer.config import ModelConfig
from glassformer.model import Transformer
from glassformer.model.positions import positional_encodings

Weights = dict[str, Tensor]
Scatter = Callable[[nn.Module], None]
Worst = Callable[[Weights, Weights], float]

SOURCE = torch.tensor([[5, 6, 7, 8, 9, 10, 2], [11, 4, 11, 2, 0, 0, 0], [7, 2, 0, 0, 0, 0, 0]])
TARGET = torch.tensor([[1, 12, 13, 14, 15], [1, 4, 5, 0, 0], [1, 16, 0, 0, 0]])
WANTED = torch.tensor([[12, 13, 14, 15, 2], [4, 5, 2, 0, 0], [16, 2, 0, 0, 0]])
TOLERANCE = 1e-5
MOST_POSITIONS = 33

CONFIG = ModelConfig(
    vocabulary_size=19,
    d_model=24,
    heads=4,
    d_ff=40,
    encoder_layers=3,
    decoder_layers=2,
    dropout=0.0,
    positions="halves_exact",
    attention_bias=True,
    output_bias=True,
)
THEIR_CONFIG = MarianConfig(
    vocab_size=CONFIG.vocabulary_size,
    d_model=CONFIG.d_model,
    encoder_layers=CONFIG.encoder_layers,
    decoder_layers=CONFIG.decoder_layers,
    encoder_attention_heads=CONFIG.heads,
    decoder_attention_heads=CONFIG.heads,
    encoder_ffn_dim=CONFIG.d_ff,
    decoder_ffn_dim=CONFIG.d_ff,
    activation_function="relu",
    scale_embedding=True,
    share_encoder_decoder_embeddings=True,
    max_position_embeddings=MOST_POSITIONS,
    dropout=0.0,
    pad_token_id=CONFIG.pad_id,
    bos_token_id=CONFIG.bos_id,
    eos_token_id=CONFIG.eos_id,
    decoder_start_token_id=CONFIG.bos_id,
    forced_eos_token_id=None,
)
SHARED = (
    "model.shared.weight",
    "model.encoder.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "lm_head.weight",
)
"""Four names of one matrix, as in §3.4."""
COMPUTED = ("model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight")
"""Tables of sines and cosines: they are not learned, so that we have no weight for them and compute them instead."""


def plain_names() -> dict[str, str]:
    """Our name → theirs, for each weight that is the same tensor on both sides."""
    table = {}
    stacks = {
        "encoder": (CONFIG.encoder_layers, {"self_attention": "self_attn"}),
        "decoder": (CONFIG.decoder_layers, {"self_attention": "self_attn", "cross_attention": "encoder_attn"}),
    }
    for stack, (layers, attentions) in stacks.items():
        for number in range(layers):
            ours, theirs = f"{stack}.layers.{number}", f"model.{stack}.layers.{number}"
            for kind in ("weight", "bias"):
                for name, their_name in attentions.items():
                    table[f"{ours}.{name}.w_o.{kind}"] = f"{theirs}.{their_name}.out_proj.{kind}"
                    table[f"{ours}.{name}_add_norm.norm.{kind}"] = f"{theirs}.{their_name}_layer_norm.{kind}"
                table[f"{ours}.feed_forward.w_1.{kind}"] = f"{theirs}.fc1.{kind}"
                table[f"{ours}.feed_forward.w_2.{kind}"] = f"{theirs}.fc2.{kind}"
                table[f"{ours}.feed_forward_add_norm.norm.{kind}"] = f"{theirs}.final_layer_norm.{kind}"
    return table


def packed_names() -> dict[str, list[str]]:
    """Our name of three packed matrices (or biases) → theirs of W^Q, W^K, W^V."""
    attentions = [
        (f"encoder.layers.{number}", "self_attention", "self_attn") for number in range(CONFIG.encoder_layers)
    ]
    for number in range(CONFIG.decoder_layers):
        attentions.append((f"decoder.layers.{number}", "self_attention", "self_attn"))
        attentions.append((f"decoder.layers.{number}", "cross_attention", "encoder_attn"))
    return {
        f"{layer}.{name}.{ours}": [f"model.{layer}.{their_name}.{w}_proj.{kind}" for w in "qkv"]
        for layer, name, their_name in attentions
        for ours, kind in (("w_qkv", "weight"), ("b_qkv", "bias"))
    }


def to_marian(weights: Weights) -> Weights:
    """Every tensor of ours, by their names. A name that is not known is a KeyError, so nothing is lost on the way."""
    plain, packed = plain_names(), packed_names()
    theirs: Weights = {}
    for name, tensor in weights.items():
        if name == "embedding.weight":
            theirs |= dict.fromkeys(SHARED, tensor)
        elif name == "output_bias":
            theirs["final_logits_bias"] = tensor[None]
        elif name in packed:
            theirs |= dict(zip(packed[name], tensor.chunk(3), strict=True))
        else:
            theirs[plain[name]] = tensor
    return theirs


def from_marian(weights: Weights) -> Weights:
    """Every tensor of theirs, by our names, but the computed tables; one that is not known is a KeyError."""
    plain = {theirs: ours for ours, theirs in plain_names().items()}
    packed = {theirs: (ours, place) for ours, names in packed_names().items() for place, theirs in enumerate(names)}
    ours: Weights = {}
    parts: dict[str, dict[int, Tensor]] = {}
    for name, tensor in weights.items():
        if name in COMPUTED:
            continue
        if name in SHARED:
            assert torch.equal(ours.setdefault("embedding.weight", tensor), tensor)
        elif name == "final_logits_bias":
            ours["output_bias"] = tensor[0]
        elif name in packed:
            our_name, place = packed[name]
            parts.setdefault(our_name, {})[place] = tensor
        else:
            ours[plain[name]] = tensor
    return ours | {name: torch.cat([three[place] for place in range(3)]) for name, three in parts.items()}


@pytest.fixture
def pair(scatter: Scatter) -> tuple[Transformer, MarianMTModel]:
    """final_logits_bias is a buffer over there, which no gradient reaches; here it is a parameter."""
    ours, theirs = Transformer(CONFIG), MarianMTModel(THEIR_CONFIG)
    scatter(ours)
    loaded = theirs.load_state_dict(to_marian(ours.state_dict()), strict=False)
    assert set(loaded.missing_keys) == set(COMPUTED)
    assert not loaded.unexpected_keys
    return ours, theirs


def their_logits(model: MarianMTModel) -> Tensor:
    """Their masks say 1 where a token may be looked at."""
    return model(
        input_ids=SOURCE,
        attention_mask=(SOURCE != 0).long(),
        decoder_input_ids=TARGET,
        decoder_attention_mask=(TARGET != 0).long(),
        use_cache=False,
    ).logits


def test_every_weight_is_named_both_ways(pair: tuple[Transformer, MarianMTModel]) -> None:
    ours, theirs = (model.state_dict() for model in pair)
    assert set(to_marian(ours)) | set(COMPUTED) == set(theirs)
    assert set(to_marian(ours)).isdisjoint(COMPUTED)
    assert set(from_marian(theirs)) == set(ours)


def test_there_and_back_gives_the_same_weights(pair: tuple[Transformer, MarianMTModel], worst: Worst) -> None:
    ours, theirs = (model.state_dict() for model in pair)
    assert worst(ours, from_marian(to_marian(ours))) == 0
    assert worst(ours, from_marian(theirs)) == 0
    assert worst({n: t for n, t in theirs.items() if n not in COMPUTED}, to_marian(from_marian(theirs))) == 0


@pytest.mark.parametrize("name", COMPUTED)
def test_their_tables_are_our_layout(pair: tuple[Transformer, MarianMTModel], name: str) -> None:
    theirs = pair[1].state_dict()[name]
    assert (theirs - positional_encodings(MOST_POSITIONS, CONFIG.d_model, "halves_exact")).abs().max() < 1e-6


def test_the_logits_are_equal(pair: tuple[Transformer, MarianMTModel]) -> None:
    ours, theirs = pair
    assert (ours(SOURCE, TARGET) - their_logits(theirs))[TARGET != 0].abs().max() < TOLERANCE


def test_the_gradients_are_equal(pair: tuple[Transformer, MarianMTModel], worst: Worst) -> None:
    ours, theirs = pair
    for logits in (ours(SOURCE, TARGET), their_logits(theirs)):
        nn.functional.cross_entropy(logits.flatten(0, 1), WANTED.flatten(), ignore_index=0).backward()
    our_gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    assert our_gradients.pop("output_bias").abs().max() > 1e-6  # theirs has none to compare with
    named = dict(theirs.named_parameters(remove_duplicate=False))
    their_gradients = from_marian({n: p.grad for n, p in named.items() if p.requires_grad})
    assert all(gradient.abs().max() > 1e-6 for gradient in our_gradients.values())
    assert worst(our_gradients, their_gradients) < TOLERANCE


def test_this_test_can_fail(pair: tuple[Transformer, MarianMTModel]) -> None:
    """The same weights with the positions of the article: close, and not equal."""
    ours, theirs = pair
    other = Transformer(CONFIG.changed(positions="halves"))
    other.load_state_dict(ours.state_dict())
    assert (other(SOURCE, TARGET) - their_logits(theirs))[TARGET != 0].abs().max() > 100 * TOLERANCE
