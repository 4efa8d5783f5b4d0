"""Settings: frozen dataclasses that check themselves. Presets are functions. Needs no torch."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from glassformer.errors import ConfigError
from glassformer.settings import Settings, require

PositionLayout = Literal["halves", "interleaved", "halves_exact", "learned"]
Activation = Literal["relu", "swish", "gelu"]
NormPlace = Literal["post", "pre"]
Precision = Literal["float32", "bfloat16", "int8"]


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
    """Between the two feed-forward matrices. ``relu``: the paper's. ``swish``: x · sigmoid(x), as in Marian's models.
    ``gelu``: x · Φ(x), as in BART."""
    positions: PositionLayout = "halves"
    """``halves``: Tensor2Tensor's, the article's figure. ``interleaved``: the paper's §3.5. ``halves_exact``: halves
    with the paper's exponent (Marian as in Hugging Face, Sockeye). ``learned``: a table that is trained (BART)."""
    first_position: int = 0
    """The position of the first token: 1 for models made for CTranslate2's own encodings."""
    longest: int = 0
    """Rows of the learned table: a longer sentence has no positions. 0: waves, which have no longest sentence."""
    scale_embedding: bool = True
    """Whether embeddings are multiplied by √d_model, as in the paper (§3.4); BART's are not."""
    embedding_norm: bool = False
    """A LayerNorm on the sum of embeddings and positions, which the paper does not have and BART has."""
    norm: NormPlace = "post"
    """``post``: LayerNorm(x + Sublayer(x)), the paper's. ``pre``: x + Sublayer(LayerNorm(x))."""
    attention_bias: bool = False
    """The paper's Q·W^Q has no bias; torch.nn.Transformer and Marian have one."""
    output_bias: bool = False
    """A bias of the final linear transformation, which the paper does not have and Marian has."""
    tied_output: bool = True
    """Whether the final linear transformation is the target's embeddings (§3.4), or has a matrix of its own."""
    target_prefix: list[int] = field(default_factory=list)
    """Ids that each target begins with: the language token of NLLB, M2M-100 and mBART."""
    source_eos: bool = True
    """Whether </s> stands after a source. Models of OpenNMT-py, such as Argos Translate's, were trained without it."""
    pad_id: int = 0
    """Fills up shorter sentences of a batch; never attended to, never generated."""
    bos_id: int = 1
    """<s>, before the first token of the target."""
    eos_id: int = 2
    """</s>, after the last token of both sides."""
    unk_id: int = 3
    """Hardly ever used: what the vocabulary does not know is spelled in bytes."""

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
        require(known, f"target_prefix={self.target_prefix}: wanted ids below {self.target_size}")
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


@dataclass(frozen=True, kw_only=True)
class DecodingConfig(Settings):
    """How the target's ids are found. The defaults are the paper's: beam 4, α 0.6, 50 tokens over the source."""

    method: Literal["beam", "greedy", "sampling"] = "beam"
    """``greedy``: the likeliest token each time. ``beam``: the best few hypotheses. ``sampling``: tokens drawn by chance."""
    beam_size: int = 4
    """Hypotheses that grow side by side."""
    length_penalty: float = 0.6
    """α of the length penalty: a finished hypothesis of n tokens is ranked by log P / penalty(n)."""
    length_penalty_form: Literal["paper", "power"] = "paper"
    """``paper``: ((5 + n) / 6)^α (Wu et al. 2016, the paper's §6.1). ``power``: n^α."""
    n_best: int = 1
    """Translations given for each sentence."""
    temperature: float = 1.0
    """Sampling: the logits are divided by it; below 1 the likely tokens are drawn more often."""
    top_k: int = 0
    """Sampling: only among the k likeliest tokens; 0 means all."""
    top_p: float = 1.0
    """Sampling: only among the likeliest tokens that together hold this probability."""
    seed: int = 0
    """Sampling: the same seed draws the same translations."""
    extra_length: int = 50
    """The limit of the output: the source's tokens plus this many (§6.1)."""
    precision: Precision = "float32"
    """What the products are computed in. ``int8`` is the fastest on a processor that has it, and rounds most."""
    batch_tokens: int = 4096
    """Sentences are computed together up to this many padded source tokens times hypotheses."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.beam_size >= 1, f"beam_size={self.beam_size}: wanted at least 1")
        require(self.n_best >= 1, f"n_best={self.n_best}: wanted at least 1")
        if self.method == "beam":
            require(
                self.n_best <= self.beam_size,
                f"n_best={self.n_best} is more than beam_size={self.beam_size}: make the beam at least as wide",
            )
        if self.method == "greedy":
            require(
                self.n_best == 1, f"n_best={self.n_best}: greedy decoding finds one translation; use beam or sampling"
            )
        require(
            self.temperature > 0,
            f"temperature={self.temperature}: wanted more than 0 (for the likeliest token use greedy)",
        )
        require(self.top_k >= 0, f"top_k={self.top_k}: wanted 0 (all) or more")
        require(0 < self.top_p <= 1, f"top_p={self.top_p}: wanted a share above 0, up to 1")
        require(self.extra_length >= 1, f"extra_length={self.extra_length}: wanted at least 1")
        require(self.batch_tokens >= 1, f"batch_tokens={self.batch_tokens}: wanted at least 1")


HEAD_OF_ENCODER = re.compile(r"encoder\.layers\.([0-9]{1,4})\.self_attention:([0-9]{1,4})")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How a model is trained. The defaults are the paper's (§5) where it has one; ``training.recipe`` sets the rest."""

    batch_tokens: int = 4096
    """A batch holds pairs of similar length up to this many padded tokens a side."""
    accumulate: int = 1
    """Batches whose gradients make one step."""
    learning_rate: float = 1e-3
    """The highest, at the end of the warm-up. The paper's d_model^−0.5 · warmup^−0.5 is 7e-4 for its base model."""
    warmup_steps: int = 4000
    """Steps in which the rate rises (§5.3); with the linear schedule at most a tenth of the run."""
    schedule: Literal["linear", "paper"] = "linear"
    """After the warm-up. ``linear``: to 0 at the end that the limits plan. ``paper``: with the inverse square root of the
    step (§5.3), as also where there is no limit."""
    decay_share: float = 1.0
    """The share of the run, its last, in which the linear schedule falls; before, the rate stays at its highest."""
    optimizer: Literal["adam", "muon"] = "adam"
    """``adam``: the paper's (§5.3). ``muon``: Muon (Jordan 2024) for the matrices, Adam for embeddings, norms and biases."""
    beta_1: float = 0.9
    """Adam's (§5.3)."""
    beta_2: float = 0.98
    """Adam's (§5.3)."""
    epsilon: float = 1e-9
    """Adam's (§5.3)."""
    label_smoothing: float = 0.1
    """The share of the probability that training gives to all tokens alike (§5.4)."""
    r_drop: float = 0.0
    """α of R-Drop (Liang et al. 2021; 5 there): every batch twice, under two dropouts, and how much their predictions are
    made to agree. A step takes twice the time; 0: once."""
    clip_norm: float = 1.0
    """The gradient's norm is at most this; 0 leaves it as it is."""
    average_decay: float = 0.999
    """The averaged weights (EMA), which are validated and kept, move by 1 − this towards the weights in each step."""
    max_epochs: int = 0
    """0: no limit."""
    max_steps: int = 0
    """0: no limit."""
    time_limit: float = 2700.0
    """Seconds of training, all sessions of the run together; 0: no limit."""
    validate_every: int = 500
    """Steps from one validation, and saved checkpoint, to the next."""
    stop_on: Literal["bleu", "loss"] = "bleu"
    """The validation figure that decides which checkpoint is the best, and when to stop; with ``bleu``, the lower loss
    decides between checkpoints within a point."""
    patience: int = 10
    """After this many validations without a better one, a learning rate that would stay begins its fall, and the run ends
    where it is 0; one that falls already ends the run. 0: never."""
    validation_sentences: int = 500
    """BLEU is measured on this many of the validation pairs, decoded greedily; the loss on all."""
    bleu_tokenizer: str = ""
    """sacreBLEU's tokenizer that BLEU is counted with, such as flores200; without, by the target's language and script."""
    held_out: int = 1000
    """Where no validation pairs are given, this many are taken out of the training pairs (but at most 1 of 20)."""
    max_tokens: int = 256
    """Pairs with a longer side are left out, counted and told."""
    keep_checkpoints: int = 2
    """The newest ones that stay, besides the best."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """``auto``: bfloat16 where the processor multiplies it faster, else float32. The weights stay float32."""
    seed: int = 1
    """Of the first weights, the dropout, the order of the pairs and the words that are cut otherwise."""
    subword_sampling: float = 0.0
    """The share of the words that are cut into other pieces by chance, anew in each epoch (Kudo 2018); 0: none."""
    guided_attention: str = ""
    """The head of the encoder that is taught to look where the data's ``marks`` say, such as
    encoder.layers.5.self_attention:3, both from 0 (guided alignment: Chen et al. 2016, Garg et al. 2019); empty: none."""
    guided_weight: float = 1.0
    """A marked sentence adds so many times −log of the weight at the words that are to be looked at, beside the loss of each
    of its target tokens."""
    guided_until: float = 1.0
    """The share of the run, its first, in which the head is taught: after 0.5 it is left to what translating makes of it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = "batch_tokens", "accumulate", "warmup_steps", "validate_every", "validation_sentences", "max_tokens"
        for name in counts:
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}: wanted at least 1")
        for name in (
            "r_drop",
            "clip_norm",
            "max_epochs",
            "max_steps",
            "time_limit",
            "patience",
            "held_out",
            "keep_checkpoints",
            "seed",
        ):
            require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: wanted 0 or more")
        for name in ("label_smoothing", "average_decay", "beta_1", "beta_2"):
            require(0 <= getattr(self, name) < 1, f"{name}={getattr(self, name)}: wanted a share from 0 to below 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}: wanted more than 0")
        sampling = self.subword_sampling
        require(0 <= sampling <= 1, f"subword_sampling={sampling}: wanted a share of the words, from 0 to 1")
        require(0 < self.decay_share <= 1, f"decay_share={self.decay_share}: wanted a share of the run, above 0")
        require(self.epsilon > 0, f"epsilon={self.epsilon}: wanted more than 0")
        self._check_guide()

    def _check_guide(self) -> None:
        name, until = self.guided_attention, self.guided_until
        require(
            not name or bool(HEAD_OF_ENCODER.fullmatch(name)),
            f"guided_attention={name!r}: marks join words of the source, so name a head of the encoder, such as "
            "encoder.layers.5.self_attention:3",
        )
        require(self.guided_weight > 0, f"guided_weight={self.guided_weight}: wanted more than 0")
        require(0 < until <= 1, f"guided_until={until}: wanted a share of the run, above 0 and up to 1")
        limited = self.max_steps or self.max_epochs or self.time_limit
        require(
            not name or until == 1 or bool(limited),
            f"guided_until={until} of a run without an end: set max_steps, max_epochs or time_limit",
        )


@dataclass(frozen=True, kw_only=True)
class DataConfig(Settings):
    """Where the sentence pairs are. Files may be plain, .gz, .xz or .zst; ``-`` is standard input (as TSV)."""

    source: list[str] = field(default_factory=list)
    """The source sides' files, or, without ``target``, files of two columns (TSV)."""
    target: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    """For each of ``source`` a file that says which of its words are to look at which (training.guided_attention), or - for
    none. Line n holds ``i-j`` for each: word i of source line n looks at word j, counted from 0 between white space."""
    valid_source: str = ""
    """The validation pairs; without them some are held out of the training pairs."""
    valid_target: str = ""
    """The validation pairs' target side; without it ``valid_source`` is a TSV."""
    columns: list[int] = field(default_factory=list)
    """Of TSVs with more than two columns, the source's and the target's, from 1; empty: there are two."""
    weights: list[float] = field(default_factory=list)
    """How often the pairs of each source file are trained on in an epoch: below 1 a sample of them, above 1 repeated; 2.5
    is twice, and a half of them a third time. Empty: once."""
    augmentation: float = 0.0
    """So large a share of the training pairs comes a second time, changed: in lower case, without final punctuation, with
    typos, with a link, number or placeholder to copy, or joined with others."""
    placeholders: bool = True
    """Links, e-mail addresses, emoji, tags, {names} and their like, where both sides of a pair have them, become signs that
    the model learns to copy; in a translation they come out as they went in."""
    skip_bad_lines: bool = False
    """Leave out, and count, lines that are not UTF-8 instead of stopping."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.augmentation <= 1, f"augmentation={self.augmentation}: wanted a share from 0 to 1")
        require(bool(self.source), "no training data: give a source and a target file, or one file of two columns")
        check_columns(self.columns)
        self.check_weights()
        if self.target:
            sides = f"{len(self.source)} source and {len(self.target)} target files"
            require(len(self.source) == len(self.target), f"{sides}: wanted pairs of files, in the same order")
        if self.marks:
            counted = f"{len(self.marks)} files of marks and {len(self.source)} source files"
            require(
                len(self.marks) == len(self.source),
                f"{counted}: wanted one for each source file, in the same order, and - for one without marks",
            )
        require(
            bool(self.valid_source) or not self.valid_target,
            "a validation target without a validation source: give both, or one file of two columns as the source",
        )
        if self.columns and self.target and (self.valid_target or not self.valid_source):
            raise ConfigError(f"columns={self.columns} without a TSV: the sides are files of their own; leave it out")

    def check_weights(self) -> None:
        given, files = len(self.weights), len(self.source)
        require(
            given in (0, files),
            f"{given} weights and {files} source files: wanted one weight for each file, in the same order",
        )
        for weight in self.weights:
            require(
                0 < weight <= MOST_WEIGHT,
                f"weight {weight:g}: wanted more than 0, at most {MOST_WEIGHT:,} (to leave a file out, do not name it)",
            )


MOST_WEIGHT = 1000
"""Times that a file's pairs are repeated at most: they are written to the disk as often."""


def check_columns(columns: list[int]) -> None:
    """Raises ConfigError unless these are two different columns, from 1, or none."""
    fits = len(columns) in (0, 2) and all(number >= 1 for number in columns) and len(set(columns)) == len(columns)
    require(fits, f"columns={columns}: wanted the source's and the target's, two different ones from 1, such as 1,2")


@dataclass(frozen=True, kw_only=True)
class RunConfig(Settings):
    """What the recipe is told before it chooses the rest."""

    preset: str = ""
    """A preset's name; empty: by the corpus's size."""
    vocabulary_size: int = 0
    """Pieces of words; 0: by the corpus's size."""
    start_from: str = ""
    """A model whose weights and vocabulary the run begins with; empty: random ones, and a vocabulary of its own."""
    new_vocabulary: bool = False
    """With ``start_from``: make a vocabulary for these pairs instead, whose new pieces begin as the mean of the old ones
    that spelt them. It costs much of what the model knew where the corpus is small."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.preset in ("", *PRESETS), f"unknown preset {self.preset!r}: choose {', '.join(PRESETS)}")
        require(
            self.new_vocabulary or not (self.start_from and self.vocabulary_size),
            f"vocabulary_size={self.vocabulary_size}: a model that starts from {self.start_from} keeps that one's "
            "vocabulary; leave the size out, or say --new-vocabulary",
        )
        require(
            bool(self.start_from) or not self.new_vocabulary,
            "new_vocabulary without start_from: a run that begins with random weights always makes its own; leave it out",
        )
        fits = self.vocabulary_size == 0 or self.vocabulary_size >= 300
        require(
            fits,
            f"vocabulary_size={self.vocabulary_size}: wanted at least 300 (256 bytes, 4 special ids, some letters)",
        )
