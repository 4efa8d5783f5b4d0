"""How the target's ids are found."""

from dataclasses import dataclass
from typing import Literal

from glassformer.config.settings import Settings, require

Precision = Literal["float32", "bfloat16", "int8"]

MOST_LENGTH_PENALTY = 10
"""Far above all that is used (0 to 2). A power of some hundred is more than a computer's numbers hold."""
COLDEST = 1e-3
"""Of the temperature: divided by much less, a log probability is more than float32 holds."""


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
    """Sampling: draw only among the k likeliest tokens; 0: among all."""
    top_p: float = 1.0
    """Sampling: draw only among the likeliest tokens that together have this probability."""
    seed: int = 0
    """Sampling: the same seed draws the same translations."""
    extra_length: int = 50
    """The limit of the output: the source's tokens plus this many (§6.1)."""
    precision: Precision = "float32"
    """The number format of the products. ``int8`` is the fastest format on processors that support it, and the coarsest."""
    batch_tokens: int = 4096
    """Sentences are computed together up to this many padded source tokens times hypotheses."""
    attention: bool = False
    """Whether to return the attention of each token of the best translation over the source, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.beam_size >= 1, f"beam_size={self.beam_size}: wanted at least 1")
        require(self.n_best >= 1, f"n_best={self.n_best}: wanted at least 1")
        require(
            abs(self.length_penalty) <= MOST_LENGTH_PENALTY,
            f"length_penalty={self.length_penalty}: wanted -{MOST_LENGTH_PENALTY} … {MOST_LENGTH_PENALTY}",
        )
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
            self.temperature >= COLDEST,
            f"temperature={self.temperature}: wanted at least {COLDEST:g} (for the likeliest token use greedy)",
        )
        require(self.top_k >= 0, f"top_k={self.top_k}: wanted 0 (all) or more")
        require(0 < self.top_p <= 1, f"top_p={self.top_p}: wanted a share above 0, up to 1")
        require(self.extra_length >= 1, f"extra_length={self.extra_length}: wanted at least 1")
        require(self.batch_tokens >= 1, f"batch_tokens={self.batch_tokens}: wanted at least 1")
