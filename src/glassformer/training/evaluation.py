"""How good a model's translations are: a number with the recipe that made it (sacreBLEU's signatures)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacremoses import MosesPunctNormalizer, MosesTokenizer

from glassformer.errors import ConfigError
from glassformer.text.tokenizer import WORD_START


@dataclass(frozen=True)
class Score:
    """A figure for a whole test set, in points of 100."""

    name: str
    value: float
    signature: str
    """How it was computed: sacreBLEU's signature."""
    low: float | None = None
    """The 95 % bootstrap interval, where one was asked for."""
    high: float | None = None

    def __str__(self) -> str:
        interval = "" if self.low is None else f" [{self.low:.1f}, {self.high:.1f}]"
        return f"{self.name} {self.value:.2f}{interval}"


def bleu(hypotheses: Sequence[str], references: Sequence[str], *, resamples: int = 0) -> Score:
    """Cased, detokenised BLEU. Raises ConfigError for subword pieces, whose BLEU compares with nothing."""
    check_sides(hypotheses, references)
    return scored(BLEU(), hypotheses, references, "BLEU", resamples)


def chrf(hypotheses: Sequence[str], references: Sequence[str], *, resamples: int = 0) -> Score:
    """chrF2. Raises as ``bleu`` does."""
    check_sides(hypotheses, references)
    return scored(CHRF(), hypotheses, references, "chrF2", resamples)


def papers_bleu(hypotheses: Sequence[str], references: Sequence[str], language: str, *, resamples: int = 0) -> Score:
    """The papers' figure for Multi30k: both sides lower-cased, Moses-normalised and -tokenised. It is no sacreBLEU score
    and compares only with figures made the same way. ``language`` is the target's, for Moses."""
    check_sides(hypotheses, references)
    normalise, tokenise = MosesPunctNormalizer(lang=language), MosesTokenizer(lang=language)

    def prepared(texts: Sequence[str]) -> list[str]:
        return [tokenise.tokenize(normalise.normalize(text.lower()), return_str=True, escape=False) for text in texts]

    metric = BLEU(tokenize="none", force=True)  # forced: it warns of tokenised text, which is what is wanted here
    score = scored(metric, prepared(hypotheses), prepared(references), "BLEU (papers')", resamples)
    signature = f"{score.signature}|lowercased+moses-normalised+moses-tokenised({language})"
    return Score(score.name, score.value, signature, score.low, score.high)


def scored(
    metric: BLEU | CHRF, hypotheses: Sequence[str], references: Sequence[str], name: str, resamples: int
) -> Score:
    result = metric.corpus_score(list(hypotheses), [list(references)], n_bootstrap=max(resamples, 1))
    signature = str(metric.get_signature())
    if resamples:
        low, high = float(result._mean - result._ci), float(result._mean + result._ci)
        return Score(name, result.score, signature, low, high)
    return Score(name, result.score, signature)


def check_sides(hypotheses: Sequence[str], references: Sequence[str]) -> None:
    """Raises ConfigError when there are no sentences, not as many on both sides, or subword pieces."""
    if not references:
        raise ConfigError("no sentences: wanted at least one translation and its reference")
    if len(hypotheses) != len(references):
        raise ConfigError(f"{len(hypotheses)} translations and {len(references)} references: wanted one each")
    for name, side in (("translations", hypotheses), ("references", references)):
        if in_pieces(side):
            raise ConfigError(f"the {name} are subword pieces ({WORD_START} or @@): join them to words first")


def in_pieces(lines: Sequence[str]) -> bool:
    """Whether most lines are subword pieces, with the marks of SentencePiece or of subword-nmt."""
    return sum(WORD_START in line or "@@ " in line for line in lines) > len(lines) / 2
