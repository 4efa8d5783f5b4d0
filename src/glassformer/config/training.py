"""How a model is trained."""

import re
from dataclasses import dataclass
from typing import Literal

from glassformer.config.settings import Settings, require

HEAD_OF_ENCODER = re.compile(r"encoder\.layers\.([0-9]{1,4})\.self_attention:([0-9]{1,4})")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """How a model is trained. The defaults are the paper's (§5) where it has one; ``runs/recipe.py`` sets the rest."""

    batch_tokens: int = 4096
    """A batch holds pairs of similar length up to this many padded tokens a side."""
    accumulate: int = 1
    """Batches whose gradients make one step."""
    first_embeddings: Literal["random", "corpus"] = "random"
    """``corpus``: pieces that come in the same sentence pairs, such as a word and its translation, begin near each other
    (``training/embeddings.py``). A run that starts from a model begins with that model's."""
    learning_rate: float = 1e-3
    """The peak learning rate, reached at the end of the warm-up. The paper's d_model^−0.5 · warmup^−0.5 is 7e-4 for its
    base model."""
    warmup_steps: int = 4000
    """Steps in which the rate rises (§5.3); with the linear schedule at most a tenth of the run."""
    schedule: Literal["linear", "paper"] = "linear"
    """How the rate falls after the warm-up. ``linear``: along a line to 0 at the planned end of the run. ``paper``: with the
    inverse square root of the step (§5.3); ``linear`` does the same in a run without a limit."""
    decay_share: float = 1.0
    """The last share of the run, in which the linear schedule falls; before, the rate stays at its peak."""
    optimizer: Literal["adam", "muon"] = "adam"
    """``adam``: the paper's (§5.3). ``muon``: Muon (Jordan 2024) for the matrices, Adam for embeddings, norms and biases."""
    beta_1: float = 0.9
    """Adam's β₁: the decay of the gradient's average (§5.3)."""
    beta_2: float = 0.98
    """Adam's β₂: the decay of the squared gradient's average (§5.3)."""
    epsilon: float = 1e-9
    """Adam's ε, which keeps the divisor above 0 (§5.3)."""
    first_dropout: float = 0.1
    """The dropout that a run begins with where it grows (``dropout_epochs``)."""
    dropout_epochs: int = 0
    """Epochs after which the dropout is the model's: with each one it grows by as much (curriculum dropout: Morerio et al.
    2017). 0: it is the model's from the start."""
    label_smoothing: float = 0.1
    """The share of the probability that training gives to all tokens alike (§5.4)."""
    r_drop: float = 0.0
    """α of R-Drop (Liang et al. 2021; 5 there): training computes every batch twice, under two dropouts, and α weighs the
    divergence of the two predictions. A step takes twice the time. 0: no R-Drop."""
    clip_norm: float = 1.0
    """The largest norm of the gradient: a longer gradient is scaled down to it. 0: no clipping."""
    average_decay: float = 0.999
    """The averaged weights (EMA) move by 1 − this towards the weights in each step; the run validates and keeps them."""
    max_epochs: int = 0
    """The run ends after this many epochs; 0: no limit."""
    max_steps: int = 0
    """The run ends after this many steps; 0: no limit."""
    time_limit: float = 2700.0
    """Seconds of training, all sessions of the run together; 0: no limit."""
    validate_every: int = 500
    """Steps from one validation, and saved checkpoint, to the next."""
    stop_on: Literal["bleu", "loss", "bleu_alone"] = "bleu"
    """The validation figure that decides which checkpoint is the best, and when to stop; with ``bleu``, the lower loss
    decides between checkpoints within a point. ``bleu_alone``, the default of ``distill`` without pairs and of
    ``distill --itself``: never the loss, which rises while a student learns its teacher's wording;
    the latest of the checkpoints within a point of the highest BLEU."""
    patience: int = 10
    """After this many validations without a better one, a learning rate at its peak begins to fall, and the run ends when it
    reaches 0; if the rate is falling already, the run ends at once. 0: never."""
    validation_sentences: int = 500
    """BLEU is measured on this many of the validation pairs, decoded greedily; the loss on all."""
    bleu_tokenizer: str = ""
    """sacreBLEU's tokenizer for BLEU, such as flores200; empty: chosen by the target's language and script."""
    held_out: int = 1000
    """Without validation pairs, this many training pairs are held out (but at most 1 of 20)."""
    max_tokens: int = 256
    """Pairs with a longer side are left out, counted and reported."""
    keep_checkpoints: int = 2
    """The number of newest checkpoints that are kept, besides the best."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """``auto``: bfloat16 where the processor multiplies it faster, else float32. The weights stay float32."""
    seed: int = 1
    """The seed of the first weights, the dropout, the order of the pairs, the subword sampling, and the changed copies."""
    subword_sampling: float = 0.0
    """The share of the words that are segmented at random, anew in each epoch (Kudo 2018); 0: none."""
    subword_sampling_after: int = 0
    """Epochs before the first one with such words."""
    guided_attention: str = ""
    """The head of the encoder that is trained to look where the data's ``marks`` say, such as
    encoder.layers.5.self_attention:3; layers and heads count from 0 (guided alignment: Chen et al. 2016, Garg et al. 2019).
    Empty: none."""
    guided_weight: float = 1.0
    """The factor of the guide's loss: each marked sentence adds −log of the head's weight at the marked words to the loss of
    its target tokens."""
    guided_until: float = 1.0
    """The first share of the run, in which the head is guided: with 0.5 the second half trains it like any other head."""

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = "batch_tokens", "accumulate", "warmup_steps", "validate_every", "validation_sentences", "max_tokens"
        for name in counts:
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}: wanted at least 1")
        for name in (
            "r_drop",
            "subword_sampling_after",
            "dropout_epochs",
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
        for name in ("first_dropout", "label_smoothing", "average_decay", "beta_1", "beta_2"):
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
