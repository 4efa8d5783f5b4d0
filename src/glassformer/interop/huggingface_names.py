"""Names of Hugging Face's Marian, BART, mBART and M2M-100 (NLLB): one table, read both ways."""

import torch
from torch import Tensor

from glassformer.config import ModelConfig
from glassformer.interop.tensors import Tensors
from glassformer.interop.waves import layout_of

POSITIONS_BEFORE = 2
"""Rows of BART's and mBART's learned tables that no position uses."""
TABLES = ("encoder", "decoder")


def names(config: ModelConfig) -> dict[str, list[str]]:
    """Our name of each tensor of the layers, and theirs: of three packed matrices W^Q, W^K, W^V three names."""
    table: dict[str, list[str]] = {}
    stacks = {
        "encoder": (config.encoder_layers, {"self_attention": "self_attn"}),
        "decoder": (config.decoder_layers, {"self_attention": "self_attn", "cross_attention": "encoder_attn"}),
    }
    for stack, (layers, attentions) in stacks.items():
        for number in range(layers):
            ours, theirs = f"{stack}.layers.{number}", f"model.{stack}.layers.{number}"
            for kind in ("weight", "bias"):
                for name, their_name in attentions.items():
                    packed = f"{ours}.{name}.{'w_qkv' if kind == 'weight' else 'b_qkv'}"
                    table[packed] = [f"{theirs}.{their_name}.{w}_proj.{kind}" for w in "qkv"]
                    table[f"{ours}.{name}.w_o.{kind}"] = [f"{theirs}.{their_name}.out_proj.{kind}"]
                    table[f"{ours}.{name}_add_norm.norm.{kind}"] = [f"{theirs}.{their_name}_layer_norm.{kind}"]
                table[f"{ours}.feed_forward.w_1.{kind}"] = [f"{theirs}.fc1.{kind}"]
                table[f"{ours}.feed_forward.w_2.{kind}"] = [f"{theirs}.fc2.{kind}"]
                table[f"{ours}.feed_forward_add_norm.norm.{kind}"] = [f"{theirs}.final_layer_norm.{kind}"]
        for kind in ("weight", "bias"):
            if config.norm == "pre":
                table[f"{stack}.norm.{kind}"] = [f"model.{stack}.layer_norm.{kind}"]
            if config.embedding_norm:
                table[f"{stack}.input.norm.{kind}"] = [f"model.{stack}.layernorm_embedding.{kind}"]
    return table


def from_huggingface(tensors: Tensors, config: ModelConfig, shapes: dict[str, list[int]]) -> dict[str, Tensor]:
    """Every tensor of ours. ``shapes``: of our model with this config, by name. Raises ForeignModelError for a tensor
    missing, of another shape or too many."""
    weights = {}
    for ours, theirs in names(config).items():
        first, *rest = shapes[ours]
        weights[ours] = torch.cat([tensors.take(name, first // len(theirs), *rest) for name in theirs])
    shared, own = "model.shared.weight", "model.encoder.embed_tokens.weight"
    source = shared if shared in tensors and not config.target_vocabulary_size else own
    weights["embedding.weight"] = tensors.take(source, *shapes["embedding.weight"])
    target = "model.decoder.embed_tokens.weight"
    if config.target_vocabulary_size:
        weights["target_embedding.weight"] = tensors.take(target, *shapes["target_embedding.weight"])
    elif tensors.same(source, own) and tensors.same(source, target):
        tensors.skip(own, target)
    if not config.tied_output:
        weights["output_matrix"] = tensors.take("lm_head.weight", *shapes["output_matrix"])
    elif tensors.same(target if config.target_vocabulary_size else source, "lm_head.weight"):
        tensors.skip("lm_head.weight")
    if config.output_bias:
        weights["output_bias"] = tensors.take("final_logits_bias", 1, config.target_size)[0]
    for stack in TABLES:
        table = f"model.{stack}.embed_positions.weight"
        if config.positions == "learned":
            before = 0 if tensors.rows(table) == config.longest else POSITIONS_BEFORE
            rows = tensors.take(table, config.longest + before, config.d_model)
            weights[f"{stack}.input.positional_encoding.table"] = rows[before:].clone()
        else:
            tensors.skip(table, f"{table}s")  # waves, which ``positions_in`` has read, or which M2M-100 computes
    tensors.finish()
    return weights


def positions_in(tensors: Tensors, config: ModelConfig) -> ModelConfig:
    """The config with the positions of Marian's tables, where the file has them: its class computes with what they hold."""
    one, other = (f"model.{stack}.embed_positions.weight" for stack in TABLES)
    if config.positions != "halves_exact" or one not in tensors:
        return config
    table = tensors.take(one, tensors.rows(one), config.d_model)
    layout, first, longest = layout_of(table) if tensors.same(one, other) else ("learned", 0, len(table))
    return config.changed(positions=layout, first_position=first, longest=longest)


def to_huggingface(weights: dict[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """Every tensor of theirs, each once: names that are tied there have the first one's; the computed tables are not."""
    table = names(config)
    theirs: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if name in table:
            theirs |= {
                one: part.contiguous() for one, part in zip(table[name], tensor.chunk(len(table[name])), strict=True)
            }
        elif name == "embedding.weight":
            theirs["model.encoder.embed_tokens.weight" if config.target_vocabulary_size else "model.shared.weight"] = (
                tensor
            )
        elif name == "target_embedding.weight":
            theirs["model.decoder.embed_tokens.weight"] = tensor
        elif name == "output_matrix":
            theirs["lm_head.weight"] = tensor
        elif name == "output_bias":
            theirs["final_logits_bias"] = tensor[None]
        else:  # a learned table of positions
            stack = name.partition(".")[0]
            before = tensor.new_zeros(POSITIONS_BEFORE, tensor.size(1))
            theirs[f"model.{stack}.embed_positions.weight"] = torch.cat([before, tensor])
    return theirs
