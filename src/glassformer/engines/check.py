"""A conversion checks itself: a sample is translated by both programs, greedily, before the conversion may be used.

In float32 every token has to be the same, or be one of two between which PyTorch's log P differs by less than TIE: sums in
another order decide such a tie. Other numbers (int8) change translations; how much worse they are is measured in BLEU.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from glassformer.checkpoint import Saved
from glassformer.config import DecodingConfig
from glassformer.decoding import decode, score
from glassformer.engines.conversion import convert
from glassformer.engines.ctranslate2 import CTranslate2
from glassformer.errors import ConfigError, ConversionError
from glassformer.model import Transformer
from glassformer.score_tokenizers import USUAL, choose
from glassformer.scores import bleu
from glassformer.search import Hypothesis

TIE = 1e-4
"""Two tokens whose natural log-probabilities are closer are equally good."""
MOST_BLEU_LOST = 1.0
SENTENCES = 200
"""Of a run's validation pairs; so many made-up ones would take longer, as they hardly ever come to an end."""
MADE_UP = 40
GREEDY = DecodingConfig(method="greedy")


@dataclass(frozen=True)
class Check:
    """What the check found."""

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

    @property
    def bleu_lost(self) -> float | None:
        return None if self.native_bleu is None else self.native_bleu - self.bleu

    def __str__(self) -> str:
        said = f"{self.sentences} sentences ({self.sample}): float32 gives the same tokens in {self.equal}"
        if self.ties:
            said += f", {self.ties} differ from a tie (log P within {TIE:g}) on"
        counted = "" if self.tokenizer == USUAL else f" (tokenizer {self.tokenizer})"
        if self.native_bleu is None:
            return f"{said}; {self.quantization} against PyTorch's translations: {self.bleu:.1f} BLEU{counted}"
        return f"{said}; {self.quantization} {self.bleu:.2f} BLEU, PyTorch {self.native_bleu:.2f}{counted}"

    def to_json(self) -> bytes:
        return (json.dumps({**asdict(self), "said": str(self)}, indent=2) + "\n").encode()


def checked(
    saved: Saved, quantization: str, pairs: Sequence[tuple[str, str]] = (), *, add_source_eos: bool = False
) -> tuple[dict[str, bytes], Check]:
    """The conversion's files, and what their check found. ``pairs``: sources and references; made up where there are none.

    Raises ConversionError when float32 gives other tokens, or ``quantization`` loses more than MOST_BLEU_LOST.
    """
    tokens = saved.tokenizer.tokens(range(len(saved.tokenizer)))
    pairs = [(source, target) for source, target in pairs if source.strip()][:SENTENCES]
    sources = saved.tokenizer.encode_batch(source for source, _ in pairs) if pairs else made_up(saved, MADE_UP)
    config = saved.model.config

    def translated(files: dict[str, bytes]) -> list[Hypothesis]:
        return [best for (best,) in CTranslate2(files, config, tokens).begin(sources, GREEDY)()]

    theirs = translated(convert(saved.model, tokens))
    ours = [best for (best,) in decode(saved.model, sources, GREEDY)]
    ties = compare(saved.model, sources, ours, theirs)
    files = convert(saved.model, tokens, quantization=quantization)
    quantised = [saved.tokenizer.decode(one.ids) for one in translated(files)]
    native = [saved.tokenizer.decode(one.ids) for one in ours]
    references = [target for _, target in pairs] or native
    tokenizer = tokenizer_of(saved.card, references)
    found = Check(
        sentences=len(sources),
        sample="validation pairs" if pairs else "made up",
        equal=len(sources) - ties,
        ties=ties,
        quantization=quantization,
        bleu=bleu(quantised, references, tokenize=tokenizer).value,
        native_bleu=bleu(native, references, tokenize=tokenizer).value if pairs else None,
        tokenizer=tokenizer,
    )
    if found.bleu_lost is not None and found.bleu_lost > MOST_BLEU_LOST:
        raise ConversionError(
            f"{quantization} loses {found.bleu_lost:.1f} BLEU of {found.native_bleu:.1f} on {len(pairs)} "
            f"{found.sample}, at most {MOST_BLEU_LOST:g} may be lost: use quantization=float32"
        )
    if add_source_eos:
        files = convert(saved.model, tokens, quantization=quantization, add_source_eos=True)
    return files, found


def compare(
    model: Transformer, sources: Sequence[Sequence[int]], ours: Sequence[Hypothesis], theirs: Sequence[Hypothesis]
) -> int:
    """The number of sentences that differ from a tie on. Raises ConversionError for one that differs otherwise."""
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
        if gap > TIE:
            raise ConversionError(
                f"CTranslate2 computes another translation than PyTorch in float32: sentence {number} of {len(sources)}, "
                f"token {place + 1}, log P {gap:.4f} apart where {TIE:g} is a tie; use engine=native, and report it"
            )
        ties += 1
    return ties


def apart(model: Transformer, source: Sequence[int], before: Sequence[int], one: int, other: int) -> float:
    """How much likelier PyTorch finds token ``one`` than ``other`` after the target tokens ``before``."""
    targets = [[*before] if token == model.config.eos_id else [*before, token] for token in (one, other)]
    first, second = (values[len(before)] for values in score(model, [source, source], targets))
    return first - second


def tokenizer_of(card: dict[str, Any], references: Sequence[str]) -> str:
    """What BLEU is counted with: as the model's training did. One that is missing here, while it was there, must not keep
    anybody from translating."""
    try:
        return choose(references, guess=said(card, "languages"), tokenize=said(card, "bleu_tokenizer")).tokenizer
    except ConfigError:
        return choose(references, guess=said(card, "languages")).tokenizer


def said(card: dict[str, Any], name: str) -> str:
    """What a card says, if it is text: it may be anybody's."""
    value = card.get(name, "")
    return value if isinstance(value, str) else ""


def validation_pairs(folder: Path) -> list[tuple[str, str]]:
    """The validation pairs of the run whose checkpoint ``folder`` is; none where it is no run's."""
    path = folder.parent.parent / "data" / "validation.json"
    if folder.parent.name != "checkpoints" or not path.is_file():
        return []
    return [(source, target) for source, target in json.loads(path.read_bytes())]


def made_up(saved: Saved, count: int) -> list[list[int]]:
    """Sentences of 1 to 30 pieces, each drawn as often as the tokenizer expects it in text; the same ones every time."""
    chance = random.Random(20170612)
    shares = saved.tokenizer.piece_probabilities()
    pieces = range(len(shares))
    return [chance.choices(pieces, shares, k=1 + number * 29 // max(count - 1, 1)) for number in range(count)]
