"""The model's sizes and choices, and presets: functions that give them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from glassformer.brief import shown
from glassformer.config.settings import Settings, require
from glassformer.errors import ConfigError

PositionLayout = Literal["halves", "interleaved", "halves_exact", "learned"]
Activation = Literal["relu", "swish", "gelu"]
NormPlace = Literal["post", "pre"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """The model's sizes and choices; the defaults are the paper's base model (table 3)."""

    vocabulary_size: int
    """Tokens that the model knows, both languages together."""
    target_vocabulary_size: int = 0
    """Tokens of the target's own vocabulary, with embeddings of its own (Marian, FSMT); 0: both languages share one."""
    d_model: int = 512
    """The width of the model: numbers that stand for a word between the layers."""
    heads: int = 8
    """Attention heads in each attention; each is d_model / heads wide."""
    d_ff: int = 2048
    """The width of the inner feed-forward layer."""
    encoder_layers: int = 6
    """N of the encoder stack."""
    decoder_layers: int = 6
    """N of the decoder stack."""
    dropout: float = 0.1
    """The share of numbers set to 0 in training, on each sub-layer's output and on the sum of embeddings and positions."""
    activation: Activation = "relu"
    """The function between the two feed-forward matrices. ``relu``: the paper's. ``swish``: x · sigmoid(x), as in Marian's
    models. ``gelu``: x · Φ(x), as in BART."""
    positions: PositionLayout = "halves"
    """``halves``: Tensor2Tensor's, the article's figure. ``interleaved``: the paper's §3.5. ``halves_exact``: halves
    with the paper's exponent (Marian as in Hugging Face, Sockeye). ``learned``: a table that is trained (BART)."""
    first_position: int = 0
    """The position of the first token: 1 for models made for CTranslate2's own encodings."""
    longest: int = 0
    """Rows of the learned table of positions, which limit a sentence's tokens. 0: sines and cosines, without a limit."""
    scale_embedding: bool = True
    """Whether embeddings are multiplied by √d_model, as in the paper (§3.4); BART's are not."""
    embedding_norm: bool = False
    """Whether a LayerNorm follows the sum of embeddings and positions, as in BART; the paper has none."""
    norm: NormPlace = "post"
    """``post``: LayerNorm(x + Sublayer(x)), the paper's. ``pre``: x + Sublayer(LayerNorm(x))."""
    attention_bias: bool = False
    """Whether W^Q, W^K, W^V and W^O have a bias, as in torch.nn.Transformer and Marian; the paper's have none."""
    output_bias: bool = False
    """Whether the final linear transformation has a bias, as in Marian; the paper's has none."""
    tied_output: bool = True
    """Whether the final linear transformation is the target's embeddings (§3.4), or has a matrix of its own."""
    target_prefix: list[int] = field(default_factory=list)
    """Ids that each target begins with: the language token of NLLB, M2M-100 and mBART."""
    source_eos: bool = True
    """Whether ``</s>`` stands after a source. Models of OpenNMT-py, such as Argos Translate's, were trained without it."""
    pad_id: int = 0
    """``<pad>``, which fills up shorter sentences of a batch; never attended to, never generated."""
    bos_id: int = 1
    """``<s>``, before the first token of the target."""
    eos_id: int = 2
    """``</s>``, after the last token of both sides."""
    unk_id: int = 3
    """``<unk>``, hardly ever used: the tokenizer spells unknown characters in bytes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("vocabulary_size", "d_model", "heads", "d_ff", "encoder_layers", "decoder_layers"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}: wanted at least 1")
        require(
            self.d_model % 2 == 0,
            f"d_model={self.d_model} is odd: positions come in pairs of sine and cosine, so make it even",
        )
        if self.d_model % self.heads:
            divisors = [n for n in range(1, min(self.d_model, 32) + 1) if self.d_model % n == 0]
            raise ConfigError(
                f"heads={self.heads} does not divide d_model={self.d_model}: choose {', '.join(map(str, divisors))}"
            )
        require(0 <= self.dropout < 1, f"dropout={self.dropout}: wanted a share from 0 to below 1")
        for name in ("first_position", "longest", "target_vocabulary_size"):
            require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: wanted 0 or more")
        require(
            (self.positions == "learned") == (self.longest > 0),
            f"positions={self.positions} and longest={self.longest}: learned positions, and they alone, have a longest "
            "sentence of 1 or more tokens",
        )
        require(
            self.positions != "learned" or self.first_position == 0,
            f"first_position={self.first_position}: a learned table begins at 0",
        )
        known = all(type(id) is int and 0 <= id < self.target_size for id in self.target_prefix)
        require(known, f"target_prefix={shown(self.target_prefix)}: wanted ids below {self.target_size}")
        smaller = min(self.vocabulary_size, self.target_size)
        for name in ("pad_id", "bos_id", "eos_id", "unk_id"):
            value = getattr(self, name)
            require(0 <= value < smaller, f"{name}={value} is outside the vocabulary of {smaller}")

    @property
    def d_k(self) -> int:
        """The width of one head, d_model / heads; d_v is the same (§3.2.2)."""
        return self.d_model // self.heads

    @property
    def target_size(self) -> int:
        """Tokens that can be written: the shared vocabulary's, or the target's own."""
        return self.target_vocabulary_size or self.vocabulary_size

    def source(self, ids: Sequence[int]) -> list[int]:
        """A source sentence as the encoder reads it: with </s> after it, unless the model was trained without."""
        return [*ids, self.eos_id] if self.source_eos or not ids else list(ids)


def base(vocabulary_size: int, **changes: Any) -> ModelConfig:
    """The paper's and the article's: 6 + 6 layers, 512 wide, 8 heads of 64, 2048 inside."""
    return ModelConfig(vocabulary_size=vocabulary_size).changed(**changes)


def big(vocabulary_size: int, **changes: Any) -> ModelConfig:
    """The paper's big model: 1024 wide, 16 heads, 4096 inside, dropout 0.3."""
    return base(vocabulary_size, **{"d_model": 1024, "heads": 16, "d_ff": 4096, "dropout": 0.3, **changes})


def small(vocabulary_size: int, **changes: Any) -> ModelConfig:
    """Some 200,000 pairs on a laptop: 3 + 3 layers, 256 wide, 8 heads of 32, 1024 inside."""
    return base(vocabulary_size, **{"d_model": 256, "d_ff": 1024, "encoder_layers": 3, "decoder_layers": 3, **changes})


def tiny(vocabulary_size: int, **changes: Any) -> ModelConfig:
    """Some 30,000 pairs: 4 + 4 layers, 128 wide, 4 heads of 32, 256 inside, dropout 0.3."""
    sizes = {"d_model": 128, "heads": 4, "d_ff": 256, "encoder_layers": 4, "decoder_layers": 4, "dropout": 0.3}
    return base(vocabulary_size, **{**sizes, **changes})


def fast(vocabulary_size: int, **changes: Any) -> ModelConfig:
    """Fast to translate with: a deep encoder, which runs once, and a shallow decoder, which runs once a word."""
    return small(vocabulary_size, **{"encoder_layers": 6, "decoder_layers": 1, **changes})


PRESETS = {preset.__name__: preset for preset in (tiny, small, fast, base, big)}
