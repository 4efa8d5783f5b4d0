"""Other toolkits' models of the same sizes, as something that gives the loss of a batch.

Each is what its users get: its own model, its own attention, its own loss formula with label smoothing 0.1. ``places``
says where dropout is: ``paper`` (on each sub-layer's output and on the sum of embeddings and positions; what a toolkit
has beyond that is set to 0), or ``default``, where the toolkit puts it when nobody says otherwise.
"""

import contextlib
import dataclasses
import importlib.metadata
import logging
import math
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glassformer.config import ModelConfig
from glassformer.corpus.batches import Batch

Loss = Callable[[Batch], Tensor]
SMOOTHING = 0.1


def cross_entropy(logits: Tensor, wanted: Tensor, pad: int) -> Tensor:
    """The mean over the real tokens, smoothed: PyTorch's own."""
    return F.cross_entropy(logits.flatten(0, -2), wanted.flatten(), ignore_index=pad, label_smoothing=SMOOTHING)


class TorchTransformer(nn.Module):
    """``torch.nn.Transformer`` with the embeddings, positions and output that its documentation leaves to the user."""

    def __init__(self, config: ModelConfig, places: str = "paper") -> None:
        super().__init__()
        self.pad, self.scale = config.pad_id, math.sqrt(config.d_model)
        self.embedding = nn.Embedding(config.vocabulary_size, config.d_model)
        nn.init.normal_(self.embedding.weight, std=config.d_model**-0.5)
        self.register_buffer("positions", sinusoids(512, config.d_model))
        self.dropout = nn.Dropout(config.dropout)
        self.transformer = nn.Transformer(
            config.d_model,
            config.heads,
            config.encoder_layers,
            config.decoder_layers,
            config.d_ff,
            config.dropout,
            batch_first=True,
        )
        if places == "paper":
            for layer in [*self.transformer.encoder.layers, *self.transformer.decoder.layers]:
                layer.dropout.p = 0.0  # the one after ReLU; those of the sub-layers are dropout1, 2, 3
                layer.self_attn.dropout = 0.0
                if hasattr(layer, "multihead_attn"):
                    layer.multihead_attn.dropout = 0.0

    def embed(self, ids: Tensor) -> Tensor:
        return self.dropout(self.embedding(ids) * self.scale + self.positions[: ids.size(1)])

    def states(self, source_ids: Tensor, given: Tensor) -> Tensor:
        padding = source_ids == self.pad
        later = torch.ones(given.size(1), given.size(1), dtype=torch.bool).triu_(1)
        return self.transformer(
            self.embed(source_ids),
            self.embed(given),
            tgt_mask=later,  # padding comes last, so this hides it as well
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )

    def logits(self, states: Tensor) -> Tensor:
        return F.linear(states, self.embedding.weight)


def sinusoids(length: int, width: int) -> Tensor:
    angles = torch.arange(length)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(1e4) / width))
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)


def torch_nn(config: ModelConfig, places: str) -> tuple[nn.Module, Loss]:
    model = TorchTransformer(config, places)

    def loss(batch: Batch) -> Tensor:
        given, wanted = batch.target_ids[:, :-1], batch.target_ids[:, 1:]
        return cross_entropy(model.logits(model.states(batch.source_ids, given)), wanted, model.pad)

    return model, loss


def marian(config: ModelConfig, attention: str) -> nn.Module:
    """Hugging Face's MarianMTModel with random weights; its default puts dropout where the paper does."""
    from transformers import MarianConfig, MarianMTModel

    return MarianMTModel(
        MarianConfig(
            vocab_size=config.vocabulary_size,
            d_model=config.d_model,
            encoder_layers=config.encoder_layers,
            decoder_layers=config.decoder_layers,
            encoder_attention_heads=config.heads,
            decoder_attention_heads=config.heads,
            encoder_ffn_dim=config.d_ff,
            decoder_ffn_dim=config.d_ff,
            dropout=config.dropout,
            attention_dropout=0.0,
            activation_dropout=0.0,
            activation_function="relu",
            scale_embedding=True,
            pad_token_id=config.pad_id,
            bos_token_id=config.bos_id,
            eos_token_id=config.eos_id,
            decoder_start_token_id=config.bos_id,
            forced_eos_token_id=None,
            max_position_embeddings=512,
            attn_implementation=attention,
        )
    )


def hugging_face(config: ModelConfig, places: str, attention: str = "eager") -> tuple[nn.Module, Loss]:
    model = marian(config, attention)

    def loss(batch: Batch) -> Tensor:
        real = (batch.source_ids != config.pad_id).long()
        given, wanted = batch.target_ids[:, :-1], batch.target_ids[:, 1:]
        said = model(input_ids=batch.source_ids, attention_mask=real, decoder_input_ids=given, use_cache=False)
        return cross_entropy(said.logits, wanted, config.pad_id)

    return model, loss


def import_opennmt() -> None:
    """OpenNMT-py imports packages for reading corpora that neither its model nor its search use: empty ones will do."""
    for name in ("spacy", "fasttext", "ahocorasick", "rapidfuzz"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["rapidfuzz"].fuzz = sys.modules["rapidfuzz"].process = None  # type: ignore[attr-defined]
    import onmt.translate  # noqa: F401


def opennmt_model(config: ModelConfig, places: str) -> nn.Module:
    import_opennmt()
    from onmt.decoders.transformer import TransformerDecoder
    from onmt.encoders.transformer import TransformerEncoder
    from onmt.models.model import NMTModel
    from onmt.modules import Embeddings

    def embeddings() -> nn.Module:
        return Embeddings(
            config.d_model, config.vocabulary_size, config.pad_id, position_encoding=True, dropout=config.dropout
        )

    source, target = embeddings(), embeddings()
    target.word_lut.weight = source.word_lut.weight
    in_attention = 0.0 if places == "paper" else config.dropout
    sizes = (config.d_model, config.heads, config.d_ff)
    encoder = TransformerEncoder(config.encoder_layers, *sizes, config.dropout, in_attention, source, 0, 0)
    decoder = TransformerDecoder(
        config.decoder_layers,
        *sizes,
        False,
        "scaled-dot-flash",
        config.dropout,
        in_attention,
        target,
        *(0, 0, False, False, None, 0),
    )
    model = NMTModel(encoder, decoder)
    model.generator = nn.Linear(config.d_model, config.vocabulary_size)
    model.generator.weight = source.word_lut.weight
    for name, parameter in model.named_parameters():  # its trainer does: they are not even zero
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
    if places == "paper":
        for layer in [*encoder.transformer, *decoder.transformer_layers]:
            layer.feed_forward.dropout_1.p = 0.0  # the one after ReLU
    return model


def opennmt(config: ModelConfig, places: str) -> tuple[nn.Module, Loss]:
    model = opennmt_model(config, places)

    def loss(batch: Batch) -> Tensor:
        real = (batch.source_ids != config.pad_id).sum(dim=1)
        states, _ = model(batch.source_ids[:, :, None], batch.target_ids[:, :, None], real)
        return cross_entropy(model.generator(states), batch.target_ids[:, 1:], config.pad_id)

    return model, loss


@contextlib.contextmanager
def as_python_3_10() -> Iterator[None]:
    """fairseq 0.12.2 cannot be imported from Python 3.11 on, which refuses its settings as "mutable default": here they
    are called hashable."""
    plain = dataclasses.dataclass

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        def wrap(cls: type) -> Any:
            if cls.__module__.startswith(("fairseq", "hydra")):
                options.setdefault("unsafe_hash", True)
            return plain(cls, **options)

        return wrap if cls is None else wrap(cls)

    dataclasses.dataclass = dataclass  # type: ignore[assignment]
    try:
        yield
    finally:
        dataclasses.dataclass = plain


def fairseq_model(config: ModelConfig, places: str) -> nn.Module:
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    with as_python_3_10():
        from fairseq.data import Dictionary
        from fairseq.models.transformer import TransformerConfig, TransformerModelBase

    words = Dictionary()
    for number in range(config.vocabulary_size - len(words)):
        words.add_symbol(f"w{number}")
    words.bos_index, words.pad_index = config.bos_id, config.pad_id
    settings = TransformerConfig()
    settings.share_all_embeddings = True
    settings.dropout = config.dropout  # that of attention and of ReLU is 0 by default
    for side, layers in ((settings.encoder, config.encoder_layers), (settings.decoder, config.decoder_layers)):
        side.embed_dim, side.ffn_embed_dim = config.d_model, config.d_ff
        side.layers, side.attention_heads = layers, config.heads
    settings.decoder.input_dim = settings.decoder.output_dim = config.d_model
    settings.max_source_positions = settings.max_target_positions = 1024
    task = types.SimpleNamespace(source_dictionary=words, target_dictionary=words)
    return TransformerModelBase.build_model(settings, task)


def fairseq(config: ModelConfig, places: str) -> tuple[nn.Module, Loss]:
    model = fairseq_model(config, places)
    from fairseq.criterions.label_smoothed_cross_entropy import label_smoothed_nll_loss

    def loss(batch: Batch) -> Tensor:
        real = (batch.source_ids != config.pad_id).sum(dim=1)
        given, wanted = batch.target_ids[:, :-1], batch.target_ids[:, 1:]
        said = model(src_tokens=batch.source_ids, src_lengths=real, prev_output_tokens=given)
        log_probabilities = model.get_normalized_probs(said, log_probs=True).flatten(0, 1)
        smoothed, _ = label_smoothed_nll_loss(
            log_probabilities, wanted.flatten(), SMOOTHING, ignore_index=config.pad_id, reduce=True
        )
        return smoothed / batch.tokens

    return model, loss


PEERS: dict[str, Callable[[ModelConfig, str], tuple[nn.Module, Loss]]] = {
    "nn.Transformer": torch_nn,
    "Hugging Face": hugging_face,
    "OpenNMT-py": opennmt,
    "fairseq": fairseq,
}
PACKAGES = {
    "nn.Transformer": "torch",
    "Hugging Face": "transformers",
    "OpenNMT-py": "OpenNMT-py",
    "fairseq": "fairseq",
    "CTranslate2": "ctranslate2",
    "products alone": "torch",
}
SAME_PLACES = ("Hugging Face", "fairseq")
"""Their own default is the paper's: one row says both."""


def version(peer: str) -> str:
    """The package that a contender comes from, as ``name version``."""
    package = next((PACKAGES[name] for name in PACKAGES if peer.startswith(name)), "")
    return f"{package} {importlib.metadata.version(package)}" if package else ""
