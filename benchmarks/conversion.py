"""Our weights under CTranslate2's names."""

from typing import Any

from torch import Tensor, nn

from glassformer.model import Transformer
from glassformer.model.attention import MultiHeadAttention
from glassformer.model.positions import positional_encodings


def save(model: Transformer, words: list[str], folder: str) -> None:
    from ctranslate2.specs import TransformerSpec

    config = model.config
    spec = TransformerSpec.from_config((config.encoder_layers, config.decoder_layers), config.heads, pre_norm=False)
    spec.encoder.embeddings[0].weight = array(model.embedding.weight)
    spec.decoder.embeddings.weight = spec.decoder.projection.weight = array(model.embedding.weight)
    spec.decoder.projection.bias = array(model.output_bias)
    table = positional_encodings(512, config.d_model, config.positions, config.first_position).numpy()
    spec.encoder.position_encodings.encodings = spec.decoder.position_encodings.encodings = table
    for place, stack in ((spec.encoder, model.encoder), (spec.decoder, model.decoder)):
        for to, layer in zip(place.layer, stack.layers, strict=True):
            attention(to.self_attention, layer.self_attention, layer.self_attention_add_norm.norm, 3)
            if stack is model.decoder:
                attention(to.attention, layer.cross_attention, layer.cross_attention_add_norm.norm, 1)
            linear(to.ffn.linear_0, layer.feed_forward.w_1.weight, layer.feed_forward.w_1.bias)
            linear(to.ffn.linear_1, layer.feed_forward.w_2.weight, layer.feed_forward.w_2.bias)
            norm(to.ffn.layer_norm, layer.feed_forward_add_norm.norm)
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.bos_token = spec.config.decoder_start_token = words[config.bos_id]
    spec.config.eos_token, spec.config.unk_token = words[config.eos_id], words[config.unk_id]
    spec.config.layer_norm_epsilon = 1e-5
    spec.validate()
    spec.optimize(quantization="float32")
    spec.save(folder)


def attention(to: Any, ours: MultiHeadAttention, norm_: nn.LayerNorm, packed: int) -> None:
    """``packed``: how many of W^Q, W^K, W^V are in the first product."""
    split = packed * ours.d_model
    linear(to.linear[0], ours.w_qkv[:split], None)
    if packed == 1:
        linear(to.linear[1], ours.w_qkv[split:], None)
    linear(to.linear[-1], ours.w_o.weight, ours.w_o.bias)
    norm(to.layer_norm, norm_)


def linear(to: Any, weight: Tensor, bias: Tensor | None) -> None:
    to.weight = array(weight)
    if bias is not None:
        to.bias = array(bias)


def norm(to: Any, ours: nn.LayerNorm) -> None:
    to.gamma, to.beta = array(ours.weight), array(ours.bias)


def array(tensor: Tensor) -> Any:
    return tensor.detach().numpy().copy()
