"""Beam search in which given phrases must occur: each sentence alone, its hypotheses in banks.

A hypothesis that has met more of the phrases' tokens has a lower log P than one that puts them off. They do not compete:
bank n holds the best beam_size hypotheses that have met n tokens, and a sentence ends only in the last bank (grid beam
search, Hokamp and Liu 2017; that a phrase which was begun may be left, and begun again, is Post and Vilar's, 2018). A
phrase is a word or several: it is not followed by a piece that would make another word of it.

A phrase may take a word's place. That word is not written, and the phrase begins where the word would have been one of
the likeliest continuations: a phrase that the model would never write itself would otherwise stand anywhere, beside the
word.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from glassformer.config import DecodingConfig
from glassformer.decoding.batches import evaluating
from glassformer.decoding.lean import LeanTransformer, lean
from glassformer.decoding.rows import HypothesisRows, largest
from glassformer.decoding.sentences import Sentences, choosable
from glassformer.hypothesis import Hypothesis, Sentence, length_penalty, make_sentence
from glassformer.model import Transformer


@dataclass(frozen=True)
class PhraseProgress:
    """Which phrases a hypothesis has met."""

    met: frozenset[int] = frozenset()
    phrase: int = -1
    """The one that it is in the middle of; −1: none."""
    tokens: int = 0
    """How many of that one's tokens it has."""
    just_met: int = -1
    """The phrase whose last token its last one was; −1: none."""


@dataclass(frozen=True)
class Candidate:
    """A hypothesis with one token more."""

    total: float
    row: int
    id: int
    progress: PhraseProgress


def constrained_search(
    model: Transformer | LeanTransformer,
    source: Sequence[int],
    phrases: Sequence[Sequence[int]],
    inside_word: Bool[Tensor, " vocabulary"],
    config: DecodingConfig,
    instead: Sequence[Sequence[int]] = (),
    prefix: Sequence[int] = (),
) -> list[Hypothesis]:
    """Up to ``n_best`` hypotheses of one source with every one of ``phrases`` (ids, none empty) in them, the best first;
    none where the limit leaves no room. ``inside_word``: the tokens that go on with a word. ``instead``: the word (ids)
    whose place each phrase takes, empty for one that may stand anywhere; none where such a place never comes. ``prefix``:
    the ids that each begins with; a phrase that stands in it is met. Raises DecodingError as ``make_sentence``."""
    sentence = make_sentence(source, prefix, config, model.config)
    whole = model.model if isinstance(model, LeanTransformer) else model
    where = whole.embedding.weight.device.type
    with evaluating(whole), torch.autocast(where, enabled=False):
        decoder = lean(model, config.precision) if isinstance(model, Transformer) else model
        search = ConstrainedSearch(decoder, sentence, phrases, inside_word, config, instead)
        while search.live and search.rows.length < sentence.limit:
            search.step()
    ranked = sorted(search.found, key=lambda one: (not one.finished, -one.score))
    return ranked[: config.n_best]


class ConstrainedSearch:
    """The live hypotheses of one sentence: entry n of ``live`` is row n."""

    def __init__(
        self,
        model: Transformer | LeanTransformer,
        sentence: Sentence,
        phrases: Sequence[Sequence[int]],
        inside_word: Bool[Tensor, " vocabulary"],
        config: DecodingConfig,
        instead: Sequence[Sequence[int]] = (),
    ) -> None:
        batch = Sentences.of([sentence], model.config.pad_id, model.embedding.weight.device)
        self.config, self.model_config, self.limit = config, model.config, sentence.limit
        self.phrases, self.inside_word = [list(phrase) for phrase in phrases], inside_word.to(batch.limits.device)
        self.instead = [list(word) for word in instead] or [[] for _ in phrases]
        self.rows, self.forced = HypothesisRows(model, batch.source_ids), batch.forced
        self.live = [(0.0, PhraseProgress())]
        self.found: list[Hypothesis] = []

    def step(self) -> None:
        """One token more for every live hypothesis."""
        costs = self.rows.next()
        forced = self.forced.expand(len(costs), -1)
        open_ = choosable(costs, forced, self.rows.length, self.model_config)
        if not self.is_forced:
            after_phrase = torch.tensor([progress.just_met >= 0 for _, progress in self.live], device=open_.device)
            open_[after_phrase[:, None] & self.inside_word] = -math.inf
        candidates = self.candidates(open_)
        ended = [one for one in candidates if one.id == self.model_config.eos_id]
        self.keep(ended[: self.config.beam_size], costs)
        going = in_banks([one for one in candidates if one.id != self.model_config.eos_id], self)
        if self.rows.length + 1 >= self.limit:
            self.keep([one for one in going if self.all_met(one.progress)], costs)
        if self.is_hopeless(going):
            going = []
        self.live = [(one.total, one.progress) for one in going]
        if going:
            rows = torch.tensor([one.row for one in going], device=costs.device)
            ids = torch.tensor([one.id for one in going], device=costs.device)
            self.rows.select(rows, same_sources=False)
            self.rows.append(ids, costs[rows, ids])

    def candidates(self, open_: Tensor) -> list[Candidate]:
        """The likeliest continuations of each hypothesis, and those that a phrase asks for; the best first."""
        _, likely = largest(open_, 2 * self.config.beam_size)
        best, ids = largest(self.without_the_words(open_), 2 * self.config.beam_size)
        found: dict[tuple[int, int], Candidate] = {}
        for row, (total, progress) in enumerate(self.live):
            wanted = [(id, float(open_[row, id])) for id in self.wanted(progress, likely[row].tolist())]
            for id, cost in [*zip(ids[row].tolist(), best[row].tolist(), strict=True), *wanted]:
                may_end = id != self.model_config.eos_id or self.all_met(progress)
                if cost > -math.inf and may_end:
                    found[row, id] = Candidate(total + cost, row, id, self.advanced(progress, id))
        return sorted(found.values(), key=lambda one: (-one.total, one.row, one.id))

    @property
    def is_forced(self) -> bool:
        """Whether the prefix says what the next token is: no phrase changes that."""
        return self.rows.length < self.forced.size(1)

    def without_the_words(self, open_: Tensor) -> Tensor:
        """−∞ for the last token of each word whose place a phrase takes, in the rows that have its others."""
        words = [word for word in self.instead if word]
        if not words or self.is_forced:
            return open_
        allowed = open_.clone()
        for row, ids in enumerate(self.rows.ids.tolist()):
            for *begun, last in words:
                if ids[len(ids) - len(begun) :] == begun:
                    allowed[row, last] = -math.inf
        return allowed

    def wanted(self, progress: PhraseProgress, likely: list[int]) -> list[int]:
        """The tokens that go on with the phrase that was begun, or begin one, in its place."""
        if progress.phrase >= 0:
            return [self.phrases[progress.phrase][progress.tokens]]
        return [
            phrase[0]
            for number, (phrase, word) in enumerate(zip(self.phrases, self.instead, strict=True))
            if number not in progress.met and (not word or word[0] in likely)
        ]

    def advanced(self, progress: PhraseProgress, id: int) -> PhraseProgress:
        """The constraints that are met after one token more. A phrase that does not go on is given up."""
        phrase, tokens, met = progress.phrase, progress.tokens, progress.met
        if progress.just_met >= 0 and self.inside_word[id]:  # of a prefix: the word goes on, and is another one
            met -= {progress.just_met}
        if phrase < 0 or self.phrases[phrase][tokens] != id:
            starts = (n for n, one in enumerate(self.phrases) if n not in met and one[0] == id)
            phrase, tokens = next(starts, -1), 0
        if phrase < 0:
            return PhraseProgress(met)
        if tokens + 1 == len(self.phrases[phrase]):
            return PhraseProgress(met | {phrase}, just_met=phrase)
        return PhraseProgress(met, phrase, tokens + 1)

    def all_met(self, progress: PhraseProgress) -> bool:
        return len(progress.met) == len(self.phrases)

    def bank(self, progress: PhraseProgress) -> int:
        """How many of the phrases' tokens are met."""
        return sum(len(self.phrases[number]) for number in progress.met) + progress.tokens

    def keep(self, some: list[Candidate], costs: Tensor) -> None:
        """Writes these down as found."""
        if some:
            rows = torch.tensor([one.row for one in some], device=costs.device)
            ids = torch.tensor([one.id for one in some], device=costs.device)
            self.found += self.rows.continued(rows, ids, costs[rows, ids], self.config)

    def is_hopeless(self, going: list[Candidate]) -> bool:
        """Whether no live hypothesis can still come among the n_best found ones: log P only falls."""
        finished = sorted((one.score for one in self.found if one.finished), reverse=True)
        if len(finished) < self.config.n_best or not going:
            return False
        best = max(one.total for one in going)
        penalties = (length_penalty(float(n), self.config) for n in (self.rows.length + 2, self.limit))
        return max(best / penalty for penalty in penalties) <= finished[self.config.n_best - 1]


def in_banks(candidates: list[Candidate], search: ConstrainedSearch) -> list[Candidate]:
    """The best beam_size of each bank, of ``candidates`` that are sorted."""
    banks: dict[int, list[Candidate]] = {}
    for one in candidates:
        bank = banks.setdefault(search.bank(one.progress), [])
        if len(bank) < search.config.beam_size:
            bank.append(one)
    return [one for bank in banks.values() for one in bank]
