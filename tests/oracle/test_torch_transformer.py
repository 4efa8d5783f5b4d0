"""Ours = ``torch.nn.Transformer`` with the same weights, forward and backward, and every weight has a name on both sides.

``nn.Transformer`` is only the two stacks: it has no embeddings, no positions and no output layer, and its masks say True
where ours say False. ``Theirs`` adds what is missing.
"""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from glassformer.config import ModelConfig, NormPlace
from glassformer.model import Transformer
from glassformer.model.positions import positional_encodings

Weights = dict[str, Tensor]
Scatter = Callable[[nn.Module], None]
Worst = Callable[[Weights, Weights], float]

SOURCE = torch.tensor([[5, 6, 7, 8, 9, 10, 2], [11, 4, 11, 2, 0, 0, 0], [7, 2, 0, 0, 0, 0, 0]])
TARGET = torch.tensor([[1, 12, 13, 14, 15], [1, 4, 5, 0, 0], [1, 16, 0, 0, 0]])
WANTED = torch.tensor([[12, 13, 14, 15, 2], [4, 5, 2, 0, 0], [16, 2, 0, 0, 0]])
TOLERANCE = 1e-5


def config(norm: NormPlace) -> ModelConfig:
    return ModelConfig(
        vocabulary_size=19,
        d_model=24,
        heads=4,
        d_ff=40,
        encoder_layers=3,
        decoder_layers=2,
        dropout=0.0,
        norm=norm,
        attention_bias=True,
        output_bias=True,
    )


class Theirs(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        pre = config.norm == "pre"
        sizes = (config.d_model, config.heads, config.d_ff, 0.0)
        encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(*sizes, batch_first=True, norm_first=pre),
            config.encoder_layers,
            norm=nn.LayerNorm(config.d_model) if pre else None,
            enable_nested_tensor=False,
        )
        decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(*sizes, batch_first=True, norm_first=pre),
            config.decoder_layers,
            norm=nn.LayerNorm(config.d_model) if pre else None,
        )
        self.embedding = nn.Embedding(config.vocabulary_size, config.d_model)
        self.transformer = nn.Transformer(
            config.d_model, config.heads, custom_encoder=encoder, custom_decoder=decoder, batch_first=True
        )
        self.output_bias = nn.Parameter(torch.zeros(config.vocabulary_size))

    def embed(self, ids: Tensor) -> Tensor:
        width = self.embedding.embedding_dim
        return self.embedding(ids) * math.sqrt(width) + positional_encodings(ids.size(1), width)

    def forward(self, source_ids: Tensor, target_ids: Tensor) -> Tensor:
        length = target_ids.size(1)
        states = self.transformer(
            self.embed(source_ids),
            self.embed(target_ids),
            tgt_mask=torch.ones(length, length, dtype=torch.bool).triu(1),  # True: may not be looked at
            src_key_padding_mask=source_ids == 0,
            tgt_key_padding_mask=target_ids == 0,
            memory_key_padding_mask=source_ids == 0,
        )
        return nn.functional.linear(states, self.embedding.weight, self.output_bias)


def names(config: ModelConfig) -> dict[str, str]:
    """Our name of every weight → theirs. Both pack W^Q, W^K, W^V in the same order, so that each has exactly one."""
    table = {"embedding.weight": "embedding.weight", "output_bias": "output_bias"}
    attention = {
        "w_qkv": "in_proj_weight",
        "b_qkv": "in_proj_bias",
        "w_o.weight": "out_proj.weight",
        "w_o.bias": "out_proj.bias",
    }
    stacks = {
        "encoder": (config.encoder_layers, {"self_attention": "self_attn"}),
        "decoder": (config.decoder_layers, {"self_attention": "self_attn", "cross_attention": "multihead_attn"}),
    }
    for stack, (layers, attentions) in stacks.items():
        for number in range(layers):
            ours, theirs = f"{stack}.layers.{number}", f"transformer.{stack}.layers.{number}"
            for name, their_name in attentions.items():
                for weight, their_weight in attention.items():
                    table[f"{ours}.{name}.{weight}"] = f"{theirs}.{their_name}.{their_weight}"
            for place, sublayer in enumerate([*attentions, "feed_forward"], start=1):
                for kind in ("weight", "bias"):
                    table[f"{ours}.{sublayer}_add_norm.norm.{kind}"] = f"{theirs}.norm{place}.{kind}"
            for place in (1, 2):
                for kind in ("weight", "bias"):
                    table[f"{ours}.feed_forward.w_{place}.{kind}"] = f"{theirs}.linear{place}.{kind}"
        if config.norm == "pre":
            for kind in ("weight", "bias"):
                table[f"{stack}.norm.{kind}"] = f"transformer.{stack}.norm.{kind}"
    return table


def renamed(weights: Weights, table: dict[str, str]) -> Weights:
    return {table[name]: tensor for name, tensor in weights.items()}


def backwards(table: dict[str, str]) -> dict[str, str]:
    return {theirs: ours for ours, theirs in table.items()}


@pytest.fixture(params=["post", "pre"])
def pair(request: pytest.FixtureRequest, scatter: Scatter) -> tuple[Transformer, Theirs]:
    ours, theirs = Transformer(config(request.param)), Theirs(config(request.param))
    scatter(ours)
    theirs.load_state_dict(renamed(ours.state_dict(), names(ours.config)))
    return ours, theirs


def test_every_weight_has_one_name_on_each_side(pair: tuple[Transformer, Theirs]) -> None:
    ours, theirs = pair
    table = names(ours.config)
    assert set(table) == set(ours.state_dict())
    assert set(backwards(table)) == set(theirs.state_dict())
    assert len(backwards(table)) == len(table)


def test_there_and_back_gives_the_same_weights(pair: tuple[Transformer, Theirs], worst: Worst) -> None:
    ours, theirs = pair
    table = names(ours.config)
    again = renamed(renamed(ours.state_dict(), table), backwards(table))
    assert worst(ours.state_dict(), again) == 0
    fresh = Transformer(ours.config)
    fresh.load_state_dict(renamed(theirs.state_dict(), backwards(table)))
    assert worst(ours.state_dict(), fresh.state_dict()) == 0


def test_the_logits_are_equal(pair: tuple[Transformer, Theirs]) -> None:
    ours, theirs = pair
    real = TARGET != 0
    assert (ours(SOURCE, TARGET) - theirs(SOURCE, TARGET))[real].abs().max() < TOLERANCE


def test_the_logits_are_equal_on_their_fast_path(pair: tuple[Transformer, Theirs]) -> None:
    ours, theirs = (model.eval() for model in pair)
    with torch.inference_mode():
        difference = ours(SOURCE, TARGET) - theirs(SOURCE, TARGET)
    assert difference[TARGET != 0].abs().max() < TOLERANCE


def test_the_gradients_are_equal(pair: tuple[Transformer, Theirs], worst: Worst) -> None:
    ours, theirs = pair
    for model in pair:
        logits = model(SOURCE, TARGET)
        nn.functional.cross_entropy(logits.flatten(0, 1), WANTED.flatten(), ignore_index=0).backward()
    table = names(ours.config)
    our_gradients = {table[name]: parameter.grad for name, parameter in ours.named_parameters()}
    their_gradients = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    assert all(gradient.abs().max() > 1e-6 for gradient in our_gradients.values())
    assert worst(our_gradients, their_gradients) < TOLERANCE


def test_this_test_can_fail(pair: tuple[Transformer, Theirs]) -> None:
    """One weight a little off, and the logits are not equal."""
    ours, theirs = pair
    with torch.no_grad():
        ours.decoder.layers[0].cross_attention.w_qkv[0, 0] += 0.05
    assert (ours(SOURCE, TARGET) - theirs(SOURCE, TARGET))[TARGET != 0].abs().max() > 10 * TOLERANCE
