"""How good translations are: figures for a test set, each with the recipe that made it (sacreBLEU's signatures).

All text is compared in Unicode's form NFC. sacreBLEU counts; the resampling is done here, with its seed and its draws:
its own wants memory for all resamples at once, and fails where one shares no word with its references.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

from glassformer.errors import ConfigError
from glassformer.score_tokenizers import DOWNLOADED, USUAL, choose, ready
from glassformer.text.languages import SHORT
from glassformer.text.tokenizer import WORD_START

SEED = 12345
"""sacreBLEU's."""
TRIALS = 10_000
"""Of approximate randomisation: sacreBLEU's number."""


@dataclass(frozen=True)
class Score:
    """A figure for a whole test set, in points of 100."""

    name: str
    value: float
    signature: str
    """How it was computed: sacreBLEU's signature, and the form of Unicode."""
    low: float | None = None
    """The 95 % bootstrap interval, where one was asked for."""
    high: float | None = None

    def __str__(self) -> str:
        interval = "" if self.low is None else f" [{self.low:.1f}, {self.high:.1f}]"
        return f"{self.name} {self.value:.2f}{interval}"


@dataclass(frozen=True)
class Comparison:
    """How likely two systems' difference is to be chance."""

    name: str
    """The measure's."""
    difference: float
    """Points of the system above the baseline."""
    p_bootstrap: float
    """Paired bootstrap resampling (Koehn 2004)."""
    p_randomisation: float
    """Approximate randomisation (Riezler and Maxwell 2005)."""


Counts = np.ndarray[tuple[int, int], np.dtype[np.float64]]
"""A row a sentence: what is added up over the sentences of a test set before a figure is made of it."""


class Measure(Protocol):
    """A measure: it makes a figure of translations and references."""

    name: str
    lowest: float
    highest: float

    def counts(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Counts: ...
    def value(self, total: Sequence[float]) -> float:
        """The figure of a test set from the sum of its sentences' counts."""

    def sentence(self, row: Sequence[float]) -> float:
        """The figure of one sentence from its counts."""

    def signature(self) -> dict[str, str]: ...


@dataclass
class CorpusMetric:
    """One of sacreBLEU's measures."""

    metric: Any
    name: str
    tokenise: Callable[[str], str] | None = None
    """Done to both sides first, where the metric itself does not do it."""
    more: dict[str, str] = field(default_factory=dict)
    """Additions to the signature."""
    lowest: float = 0.0
    highest: float = 100.0

    def counts(self, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Counts:
        """sacreBLEU's statistics of each sentence."""
        sides = [hypotheses, *references]
        if self.tokenise is not None:
            sides = [[self.tokenise(line) for line in side] for side in sides]
        return np.array(self.metric._extract_corpus_statistics(sides[0], sides[1:]), dtype=np.float64)

    def value(self, total: Sequence[float]) -> float:
        """The figure of a test set from the sum of its sentences' counts."""
        return float(self.metric._compute_score_from_stats([float(number) for number in total]).score)

    def sentence(self, row: Sequence[float]) -> float:
        """The figure of one sentence; BLEU's with those n-grams that the sentence is long enough to have."""
        if not isinstance(self.metric, BLEU):
            return self.value(row)
        self.metric.effective_order = True
        try:
            return self.value(row)
        finally:
            self.metric.effective_order = False

    def signature(self) -> dict[str, str]:
        """sacreBLEU's, in its order."""
        pairs = [part.split(":", 1) for part in str(self.metric.get_signature()).split("|")]
        return {**dict(pairs), **self.more}


def bleu_measure(tokenize: str = USUAL) -> CorpusMetric:
    """Cased, detokenised BLEU. Raises ConfigError for a tokenizer that cannot be had."""
    ready(tokenize)  # its errors are ours
    return CorpusMetric(BLEU(tokenize=DOWNLOADED.get(tokenize, tokenize), force=True), "BLEU")


def chrf_measure(word_order: int = 0) -> CorpusMetric:
    """chrF2, or with words, too (2), chrF2++."""
    return CorpusMetric(CHRF(word_order=word_order), "chrF2" + "+" * word_order)


def ter_measure(tokenize: str = USUAL) -> CorpusMetric:
    """Edits a word, the fewer the better. Chinese is cut as TER does itself, other scripts without blanks as for BLEU."""
    if tokenize == "zh":
        return CorpusMetric(TER(normalized=True, asian_support=True), "TER", highest=float("inf"))
    if tokenize == USUAL:
        return CorpusMetric(TER(), "TER", highest=float("inf"))
    return CorpusMetric(TER(), "TER", ready(tokenize), {"pretok": tokenize}, highest=float("inf"))


MEASURES: dict[str, Callable[[str], CorpusMetric]] = {
    "bleu": bleu_measure,
    "chrf": lambda tokenize: chrf_measure(),
    "chrf++": lambda tokenize: chrf_measure(word_order=2),
    "ter": ter_measure,
}
"""The measures that need no model, by their name on the command line; given the tokenizer."""


def papers_measure(language: str) -> CorpusMetric:
    """The papers' figure for Multi30k: both sides lower-cased, Moses-normalised and -tokenised. It is no sacreBLEU score
    and compares only with figures made the same way. ``language`` is the target's, for Moses.

    Raises ConfigError for a language that Moses has no rules for: it would take English's without a word."""
    from sacremoses import MosesPunctNormalizer, MosesTokenizer  # half a second, which every command would pay
    from sacremoses.corpus import NonbreakingPrefixes

    known = {*NonbreakingPrefixes().available_langs.values(), "ko"} - {"zh", "yue"}  # which it leaves uncut
    language = SHORT.get(language.strip().lower(), language.strip().lower())
    if language not in known:
        raise ConfigError(
            f"the papers' BLEU for {language!r}: Moses has no rules for that; choose one of {' '.join(sorted(known))}, "
            "such as en, whose rules it takes where it has none"
        )
    normalise, tokenise = MosesPunctNormalizer(lang=language), MosesTokenizer(lang=language)

    def prepared(text: str) -> str:
        return str(tokenise.tokenize(normalise.normalize(text.lower()), return_str=True, escape=False))

    made = {"pretok": f"lowercased+moses-normalised+moses-tokenised({language})"}
    return CorpusMetric(BLEU(tokenize="none", force=True), "BLEU (papers')", prepared, made)


def bleu(hypotheses: Sequence[str], *references: Sequence[str], resamples: int = 0, tokenize: str = "") -> Score:
    """Cased, detokenised BLEU against one or several ``references`` for each hypothesis. ``tokenize``: one of sacreBLEU's
    tokenizers; without, the script of the references decides.

    Raises ConfigError for subword pieces, whose BLEU compares with nothing, for sides that are not as long as each other,
    and for a tokenizer that cannot be had.
    """
    check_sides(hypotheses, *references)
    return scored(bleu_measure(tokenize or choose(references[0]).tokenizer), hypotheses, references, resamples)


def chrf(hypotheses: Sequence[str], *references: Sequence[str], resamples: int = 0) -> Score:
    """chrF2. Raises as ``bleu`` does."""
    return scored(chrf_measure(), hypotheses, references, resamples)


def papers_bleu(hypotheses: Sequence[str], references: Sequence[str], language: str, *, resamples: int = 0) -> Score:
    """``papers_measure``'s figure. Raises as ``bleu`` does."""
    return scored(papers_measure(language), hypotheses, [references], resamples)


def scored(
    measure: Measure, hypotheses: Sequence[str], references: Sequence[Sequence[str]], resamples: int = 0
) -> Score:
    """One measure's figure. Raises as ``bleu`` does."""
    return score_of(measure, counted(measure, hypotheses, references), resamples)


def counted(measure: Measure, hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> Counts:
    """The measure's counts in each sentence, read in NFC. Raises as ``bleu`` does."""
    check_sides(hypotheses, *references)
    sides = [[unicodedata.normalize("NFC", line) for line in side] for side in (hypotheses, *references)]
    return measure.counts(sides[0], sides[1:])


def score_of(measure: Measure, counts: Counts, resamples: int = 0) -> Score:
    """The figure of the sentences together, with its interval from this number of resamples."""
    value, low, high = measure.value(counts.sum(axis=0)), None, None
    signature = measure.signature()
    if resamples:
        values = np.sort([measure.value(total) for total in resampled(counts, resamples)])
        edge = resamples // 40  # as sacreBLEU: half of what 95 % of the resamples lie in, around their mean
        half = 0.5 * float(values[resamples - edge - 1] - values[edge])
        low = max(float(values.mean()) - half, measure.lowest)
        high = min(float(values.mean()) + half, measure.highest)
        references = {"nrefs": signature.pop("nrefs", "1")}
        signature = {**references, "bs": str(resamples), "seed": str(SEED), **signature}
    version = {"version": signature.pop("version")} if "version" in signature else {}
    fields = {**signature, "unicode": "NFC", **version}
    return Score(measure.name, value, "|".join(f"{name}:{what}" for name, what in fields.items()), low, high)


def resampled(counts: Counts, resamples: int) -> Iterator[Any]:
    """The sums of test sets of as many sentences, drawn from this one with repeats: sacreBLEU's draws, one at a time."""
    chance, sentences = np.random.default_rng(SEED), len(counts)
    for _ in range(resamples):
        drawn = np.bincount(chance.choice(sentences, size=sentences, replace=True), minlength=sentences)
        yield drawn @ counts


def compared(measure: Measure, baseline: Counts, system: Counts, resamples: int, trials: int = TRIALS) -> Comparison:
    """Whether a system's figure differs from the baseline's by more than chance; both of the same sentences, in order.

    The same tests as sacreBLEU's ``PairedTest``, with the same draws; but where the figures are equal there is no
    difference to explain, and both p are 1.
    """
    first, second = measure.value(baseline.sum(axis=0)), measure.value(system.sum(axis=0))
    difference = abs(second - first)
    if not difference:
        return Comparison(measure.name, 0.0, 1.0, 1.0)
    pairs = zip(resampled(baseline, resamples), resampled(system, resamples), strict=True)
    apart = np.array([abs(measure.value(other) - measure.value(one)) for one, other in pairs])
    swapped = np.array(
        [abs(measure.value(one) - measure.value(other)) for one, other in shuffled(baseline, system, trials)]
    )
    return Comparison(
        measure.name, second - first, p_value(apart - apart.mean(), difference), p_value(swapped, difference)
    )


def shuffled(baseline: Counts, system: Counts, trials: int) -> Iterator[tuple[Any, Any]]:
    """The sums of two systems that got each sentence of one of them by chance, and the other's."""
    chance, both = np.random.default_rng(SEED), baseline.sum(axis=0) + system.sum(axis=0)
    at_once = 32  # rows: whole words of chance's bits, so that the draws do not depend on it
    for start in range(0, trials, at_once):
        chosen = chance.integers(2, size=(min(at_once, trials - start), len(baseline)), dtype=bool)
        for one in chosen @ baseline + ~chosen @ system:
            yield one, both - one


def p_value(differences: Any, observed: float) -> float:
    """The share of chance's differences above the one observed, which itself counts as one of them."""
    return float((np.sum(differences > observed) + 1) / (len(differences) + 1))


def check_sides(hypotheses: Sequence[str], *references: Sequence[str]) -> None:
    """Raises ConfigError when there are no sentences, not as many on both sides, or subword pieces."""
    if not references or not references[0]:
        raise ConfigError("no sentences: wanted at least one translation and its reference")
    for side in references:
        if len(hypotheses) != len(side):
            raise ConfigError(f"{len(hypotheses)} translations and {len(side)} references: wanted one each")
    for name, sides in (("translations", [hypotheses]), ("references", references)):
        if any(map(in_pieces, sides)):
            raise ConfigError(f"the {name} are subword pieces ({WORD_START} or @@): join them to words first")


def in_tokens(lines: Sequence[str]) -> int:
    """Lines that end as tokenised text does; from sacreBLEU's 100 on they are too many to be meant."""
    return sum(line.endswith(" .") for line in lines)


def in_pieces(lines: Sequence[str]) -> bool:
    """Whether most lines are subword pieces, with the marks of SentencePiece or of subword-nmt."""
    return sum(WORD_START in line or "@@ " in line for line in lines) > len(lines) / 2
