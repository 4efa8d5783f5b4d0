"""§3.1 Encoder and decoder stacks, §3.4 embeddings and softmax: the whole model of figure 1."""

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from glassformer.cache import Cache
from glassformer.config import ModelConfig
from glassformer.errors import NothingAllowedError, ShapeError, VocabularyError
from glassformer.model.attention import Allowed
from glassformer.model.layers import DecoderLayer, Dropout, EncoderLayer, Memory, MemoryAllowed, States
from glassformer.model.positions import LearnedPositions, PositionalEncoding
from glassformer.probe import Probe

Ids = Int[Tensor, "batch position"]
Logits = Float[Tensor, "batch target vocabulary"]


class Input(nn.Module):
    """The bottom of both stacks in figure 1: §3.4 embeddings times √d_model, plus §3.5 positional encodings."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.positional_encoding = (LearnedPositions if config.positions == "learned" else PositionalEncoding)(config)
        self.scale = math.sqrt(config.d_model) if config.scale_embedding else 1.0
        self.norm = nn.LayerNorm(config.d_model) if config.embedding_norm else nn.Identity()
        self.dropout = Dropout(config.dropout)
        self.ids = Probe("position", "the tokens' numbers")
        self.pos = Probe("position", "§3.5, pos")
        self.embeddings = Probe("position d_model", "§3.4, embeddings times √d_model")
        self.positions = Probe("position d_model", "§3.5, PE")
        self.x = Probe("position d_model", "§3.5, embeddings + PE: the X of the article")

    def forward(self, ids: Ids, embedding: nn.Embedding, start: int = 0) -> States:
        self.pos(torch.arange(start, start + ids.size(1))[None])
        embeddings = self.embeddings(embedding(self.ids(ids)) * self.scale)
        positions = self.positions(self.positional_encoding(start, ids.size(1), embeddings)[None])
        return self.dropout(self.x(self.norm(embeddings + positions)))


class Encoder(nn.Module):
    """§3.1 "The encoder is composed of a stack of N = 6 identical layers"."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input = Input(config)
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.norm = nn.LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()
        self.memory = Probe("position d_model", "§3.1, the encoder's output")

    def forward(self, x: States, allowed: Allowed) -> States:
        for layer in self.layers:
            x = layer(x, allowed)
        return self.memory(self.norm(x))


class Decoder(nn.Module):
    """§3.1 "The decoder is also composed of a stack of N = 6 identical layers"."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.input = Input(config)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.norm = nn.LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()

    def forward(self, x: States, memory: Memory, memory_allowed: MemoryAllowed, cache: Cache | None = None) -> States:
        # "prevent positions from attending to subsequent positions": padding comes last, so this hides it as well.
        for number, layer in enumerate(self.layers):
            x = layer(x, "causal", memory, memory_allowed, cache.layers[number] if cache else (None, None))
        return self.norm(x)


class Transformer(nn.Module):
    """The model of figure 1, for token ids. ``config`` says its sizes and choices; by default they are the paper's."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        # §3.4 "we share the same weight matrix between the two embedding layers and the pre-softmax linear" one
        self.embedding = nn.Embedding(config.vocabulary_size, config.d_model)
        own = config.target_vocabulary_size  # other models have a vocabulary, or an output matrix, of their own
        self.target_embedding = nn.Embedding(own, config.d_model) if own else None
        self.output_matrix = (
            None if config.tied_output else nn.Parameter(torch.empty(config.target_size, config.d_model))
        )
        for table in {
            id(one): one for one in (self.embedding.weight, self.written.weight, self.output_weight)
        }.values():
            nn.init.normal_(table, std=config.d_model**-0.5)
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.output_bias = nn.Parameter(torch.zeros(config.target_size)) if config.output_bias else None
        self.logits = Probe("position vocabulary", "§3.4, the linear transformation")
        self.probabilities = Probe("position vocabulary", "§3.4, softmax: next-token probabilities")

    def __repr__(self) -> str:
        return f"Transformer({self.config}): {sum(weight.numel() for weight in self.parameters()):,} weights"

    @property
    def written(self) -> nn.Embedding:
        """The embeddings of what is written: the target's own, or those that both languages share."""
        return self.target_embedding or self.embedding

    @property
    def output_weight(self) -> Float[Tensor, "vocabulary d_model"]:
        """The matrix of the final linear transformation: the target's embeddings (§3.4), or its own."""
        return self.written.weight if self.output_matrix is None else self.output_matrix

    def forward(self, source_ids: Int[Tensor, "batch source"], target_ids: Int[Tensor, "batch target"]) -> Logits:
        """Teacher forcing: the logits of the token after each target token. Both sides are padded on the right with
        ``config.pad_id``; the target begins with ``config.bos_id`` ("shifted right").

        Raises ShapeError when the sides' batches differ, VocabularyError for an id that is not in the vocabulary and
        NothingAllowedError for a sentence that is only padding.
        """
        return self.predict(self.decode(target_ids, self.encode(source_ids), self.allowed(source_ids)))

    def allowed(self, ids: Int[Tensor, "batch position"]) -> Bool[Tensor, "batch 1 1 position"]:
        """The keys that may be attended to: every token but padding."""
        return (ids != self.config.pad_id)[:, None, None, :]

    def encode(self, source_ids: Int[Tensor, "batch source"]) -> Float[Tensor, "batch source d_model"]:
        """The memory of these sentences. Raises as ``forward`` does."""
        self.check(source_ids, self.config.vocabulary_size)
        return self.encoder(self.encoder.input(source_ids, self.embedding), self.allowed(source_ids))

    def decode(
        self, target_ids: Ids, memory: Memory, memory_allowed: MemoryAllowed, cache: Cache | None = None
    ) -> States:
        """The decoder's output for each target token. With a ``cache`` (``new_cache``) the ids are the ones that follow
        those already decoded: one step at a time. Raises as ``forward`` does."""
        self.check(target_ids, self.config.target_size, may_be_padding=True)
        if target_ids.size(0) != memory.size(0):
            raise ShapeError(
                f"{target_ids.size(0)} target sentences and {memory.size(0)} source sentences: wanted pairs"
            )
        x = self.decoder.input(target_ids, self.written, cache.length if cache else 0)
        return self.decoder(x, memory, memory_allowed, cache)

    def predict(self, states: Float[Tensor, "*position d_model"]) -> Float[Tensor, "*position vocabulary"]:
        """§3.4 "the usual learned linear transformation": the next token's logits; their softmax is its probability."""
        logits = self.logits(nn.functional.linear(states, self.output_weight, self.output_bias))
        if self.probabilities.watched:
            self.probabilities(logits.softmax(dim=-1))
        return logits

    def new_cache(self) -> Cache:
        """An empty memory for decoding one step at a time."""
        return Cache(self.config.decoder_layers)

    def check(self, ids: Tensor, vocabulary: int, *, may_be_padding: bool = False) -> None:
        if ids.dim() != 2 or ids.size(1) == 0:
            raise ShapeError(f"ids have shape {list(ids.shape)}: wanted [batch, position] with at least one position")
        if torch.compiler.is_compiling() or (self.training and ids.is_cuda):
            return  # looking at the ids would break the graph, or make a GPU wait in each training step
        outside = ids[(ids < 0) | (ids >= vocabulary)]
        if outside.numel():
            raise VocabularyError(f"id {int(outside[0])} is not one of the vocabulary's {vocabulary:,}")
        empty = (ids == self.config.pad_id).all(dim=1)
        if bool(empty.any()) and not may_be_padding:
            raise NothingAllowedError(f"sentence {int(empty.int().argmax())} is only padding: nothing to attend to")
