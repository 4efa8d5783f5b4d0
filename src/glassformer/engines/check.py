"""A conversion checks itself: a sample is translated by both programs, greedily, before the conversion may be used.

In float32 every token has to be the same, or be one of two between which PyTorch's log P differs by less than TIE: sums in
another order decide such a tie. Other numbers (int8) change translations. Where there are references, how much worse they
are is measured in BLEU. Where there are none, BLEU against PyTorch's translations says little: from the first other word on
all may be other ones, and just as good (75 BLEU for the model that ships, 24 for a sound toy). Both therefore
weigh the same words: how far log P of PyTorch's own translations is apart, a token.

A comparison with what is no number is false: every check here asks whether what is right holds, and not whether it does not.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassformer.card import Card
from glassformer.config import DecodingConfig
from glassformer.corpus.files import VALIDATION, kept_validation
from glassformer.disk import check_regular, inside
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2, both_sides
from glassformer.errors import ConfigError, ConversionError
from glassformer.hypothesis import Hypothesis, check_numbers
from glassformer.score_tokenizers import USUAL, choose
from glassformer.scores import bleu
from glassformer.text.tokenizer import Tokenizer
from glassformer.weights import Bare

if TYPE_CHECKING:
    from glassformer.checkpoint import Saved
    from glassformer.model import Transformer

TIE = 1e-4
"""Two tokens whose natural log-probabilities are closer are equally good."""
MOST_BLEU_LOST = 1.0
MOST_APART = 0.35
"""Nats a token, of made-up sentences, between PyTorch's log P and the quantised one's. Measured: 0.05 for the model that
ships, 0.11 for the tests' toy; weights spoilt for int8 alone, a column of each feed-forward made 20, 100 and 300 times as
large, 0.08, 0.36 and 1.29, and these lost 0.3, 1.0 and 11 BLEU of 42 on 300 references."""
SENTENCES = 200
"""Of a run's validation pairs. As many made-up ones would take longer, as they hardly ever come to an end."""
MADE_UP = 40
GREEDY = DecodingConfig(method="greedy")


@dataclass(frozen=True)
class Check:
    """The check's result."""

    sentences: int
    sample: str
    """``validation pairs`` of the run, or ``made up``: pieces drawn as often as the tokenizer expects them."""
    equal: int
    """Sentences whose float32 tokens are all the same."""
    ties: int
    """Sentences that differ from a tie on."""
    quantization: str
    bleu: float
    """Of the quantised translations, against the references; of made-up sentences against PyTorch's own translations."""
    native_bleu: float | None
    """PyTorch's, against the references."""
    tokenizer: str = USUAL
    """sacreBLEU's, by which both are counted."""
    apart: float | None = None
    """Without references: nats a token between both programs' log P of PyTorch's translations."""
    against: str = "PyTorch"
    """Whose translations these are: where PyTorch is not installed, CTranslate2's own in float32."""

    @property
    def bleu_lost(self) -> float | None:
        return None if self.native_bleu is None else self.native_bleu - self.bleu

    def __str__(self) -> str:
        said = f"{self.sentences} sentences ({self.sample})"
        if self.against == "PyTorch":
            said += f": float32 gives the same tokens in {self.equal}"
        if self.ties:
            said += f", {self.ties} differ from a tie (log P within {TIE:g}) on"
        counted = "" if self.tokenizer == USUAL else f" (tokenizer {self.tokenizer})"
        if self.native_bleu is None:
            return (
                f"{said}; {self.quantization} against {self.against}'s translations: log P {self.apart:.3f} a token apart, "
                f"{self.bleu:.1f} BLEU{counted}"
            )
        return f"{said}; {self.quantization} {self.bleu:.2f} BLEU, {self.against} {self.native_bleu:.2f}{counted}"

    def to_json(self) -> bytes:
        return (json.dumps({**asdict(self), "said": str(self)}, indent=2) + "\n").encode()


@dataclass
class Unopened:
    """The content of a model's folder, as ``Saved``, but for a model that cannot compute."""

    model: Bare
    tokenizer: Tokenizer
    card: dict[str, Any]


def checked(
    saved: "Saved | Unopened", quantization: str, pairs: Sequence[tuple[str, str]] = (), *, add_source_eos: bool = False
) -> tuple[dict[str, bytes], Check]:
    """The conversion's files, and what their check found. ``pairs``: sources and references; made up where there are none.

    Raises ConversionError when float32 gives other tokens, or ``quantization`` loses more than MOST_BLEU_LOST; without
    references, when its log P is more than MOST_APART from PyTorch's. Of a model that is ``Unopened``, as there is no
    PyTorch, CTranslate2's own float32 stands in for it: what int8 costs is checked, and the conversion itself is not.
    """
    tokens, target_tokens = both_sides(saved.tokenizer)
    target = saved.tokenizer.target
    pairs = [(source, target) for source, target in pairs if source.strip()][:SENTENCES]
    sources = saved.tokenizer.encode_batch(source for source, _ in pairs) if pairs else made_up(saved, MADE_UP)
    config = saved.model.config

    def engine(files: dict[str, bytes]) -> CTranslate2:
        return CTranslate2(files, config, tokens, target_tokens)

    exact = engine(convert(saved.model, tokens, target_tokens))
    theirs = [best for (best,) in exact.submit(sources, GREEDY).result()]
    ours, weigh = theirs, exact.score
    if not isinstance(saved.model, Bare):
        from glassformer.decoding import decode, score

        ours, weigh = [best for (best,) in decode(saved.model, sources, GREEDY)], partial(score, saved.model)
    check_numbers(one.log_probability for one in (*ours, *theirs))
    ties = 0 if isinstance(saved.model, Bare) else compare(saved.model, sources, ours, theirs)
    files = convert(saved.model, tokens, target_tokens, quantization=quantization)
    fast = engine(files)
    quantised = [target.decode(best.ids) for (best,) in fast.submit(sources, GREEDY).result()]
    native = [target.decode(one.ids) for one in ours]
    references = [target for _, target in pairs] or native
    tokenizer = tokenizer_of(saved.card, references, in_script=bool(pairs))
    found = Check(
        sentences=len(sources),
        sample="validation pairs" if pairs else "made up",
        equal=len(sources) - ties,
        ties=ties,
        quantization=quantization,
        bleu=bleu(quantised, references, tokenize=tokenizer).value,
        native_bleu=bleu(native, references, tokenize=tokenizer).value if pairs else None,
        tokenizer=tokenizer,
        apart=None if pairs else log_p_apart(weigh, fast, sources, [one.ids for one in ours]),
        against="CTranslate2 in float32" if isinstance(saved.model, Bare) else "PyTorch",
    )
    refuse_what_is_far(found)
    if add_source_eos:
        files = convert(saved.model, tokens, target_tokens, quantization=quantization, add_source_eos=True)
    return files, found


def refuse_what_is_far(found: Check) -> None:
    """Raises ConversionError for quantised numbers that change too much."""
    lost, apart = found.bleu_lost, found.apart
    if lost is not None and not lost <= MOST_BLEU_LOST:
        raise ConversionError(
            f"{found.quantization} loses {lost:.1f} BLEU of {found.native_bleu:.1f} on {found.sentences} {found.sample}, "
            f"at most {MOST_BLEU_LOST:g} may be lost: use quantization=float32"
        )
    if apart is not None and not apart <= MOST_APART:
        raise ConversionError(
            f"{found.quantization} and {found.against} are {apart:.2f} apart in log P, a token of {found.sentences} made-up "
            f"sentences, at most {MOST_APART:g} may be: use quantization=float32"
        )


def log_p_apart(
    weigh: Callable[[Sequence[Sequence[int]], Sequence[Sequence[int]]], list[list[float]]],
    fast: CTranslate2,
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
) -> float:
    """Nats a token, on average, between ``weigh``'s and the fast engine's log P of these translations."""
    both = zip(weigh(sources, targets), fast.score(sources, targets), strict=True)
    apart = [abs(mine - other) for lines in both for mine, other in zip(*lines, strict=True)]
    return sum(apart) / len(apart)


def compare(
    model: "Transformer",
    sources: Sequence[Sequence[int]],
    ours: Sequence[Hypothesis],
    theirs: Sequence[Hypothesis],
    tie: float = TIE,
    program: str = "CTranslate2",
) -> int:
    """The number of sentences that differ from a tie on, of two tokens whose log P are within ``tie``. Raises
    ConversionError for one that differs otherwise. ``program``: whose ``theirs`` are."""
    ties = 0
    for number, (source, mine, other) in enumerate(zip(sources, ours, theirs, strict=True), start=1):
        if mine.ids == other.ids and mine.finished == other.finished:
            continue
        eos = model.config.eos_id
        both = [[*one.ids, *([eos] if one.finished else [])] for one in (mine, other)]
        place = next(n for n, (a, b) in enumerate(zip_longest(*both)) if a != b)
        if place >= min(map(len, both)):  # cut off at different limits: no token differs
            gap = float("inf")
        else:
            gap = abs(apart(model, source, mine.ids[:place], both[0][place], both[1][place]))
        if not gap <= tie:
            way = "use engine=native, and report it" if program == "CTranslate2" else "report it"
            raise ConversionError(
                f"{program} computes another translation than PyTorch in float32: sentence {number} of {len(sources)}, "
                f"token {place + 1}, log P {gap:.4f} apart where {tie:g} is a tie; {way}"
            )
        ties += 1
    return ties


def apart(model: "Transformer", source: Sequence[int], before: Sequence[int], one: int, other: int) -> float:
    """How much likelier PyTorch finds token ``one`` than ``other`` after the target tokens ``before``."""
    from glassformer.decoding import score

    targets = [[*before] if token == model.config.eos_id else [*before, token] for token in (one, other)]
    first, second = (values[len(before)] for values in score(model, [source, source], targets))
    return first - second


def tokenizer_of(card: dict[str, Any], references: Sequence[str], *, in_script: bool = True) -> str:
    """The tokenizer of BLEU: as the model's training did. One that is missing here, while it was there, must not keep
    anybody from translating. ``in_script``: whether the references are sentences, whose script may correct the card; what
    a model makes of made-up ones may hold no letter of its language, so the card decides."""
    known = Card.of(card)
    said = {"guess" if in_script else "language": known.languages}
    try:
        return choose(references, tokenize=known.bleu_tokenizer, **said).tokenizer
    except ConfigError:
        return choose(references, **said).tokenizer


def validation_pairs(folder: Path) -> list[tuple[str, str]]:
    """The validation pairs of the run whose checkpoint ``folder`` is; none where it is no run's. Raises CorpusError for a
    file that holds something else, CheckpointError for one that a link leads to."""
    data = folder.parent.parent / "data"
    if folder.parent.name != "checkpoints" or not (data / VALIDATION).is_file():
        return []
    check_regular(inside(folder.parent.parent, data) / VALIDATION)
    return kept_validation(data)


def made_up(saved: "Saved | Unopened", count: int) -> list[list[int]]:
    """Sentences of 1 to 30 pieces, each drawn as often as the tokenizer expects it in text; the same ones every time."""
    chance = random.Random(20170612)
    shares = saved.tokenizer.piece_probabilities()
    pieces = range(len(shares))
    return [chance.choices(pieces, shares, k=1 + number * 29 // max(count - 1, 1)) for number in range(count)]
