"""Beam search (the paper's §6.1): the best few hypotheses of each sentence grow side by side.

A step takes the best 2 · beam_size continuations of a sentence's live hypotheses, by log P. Those among the first
beam_size that end in eos are finished; of the others the first beam_size live on. A beam therefore never narrows when
something ends (Tensor2Tensor, fairseq and Hugging Face take twice the beam for the same reason).

**When a sentence is done**: when no live hypothesis can still come among its n_best finished ones. log P only falls as
tokens come, and the penalty is monotone in the length, so the best score that a live hypothesis can still reach is its
log P of now divided by the penalty of the shortest (one token more) or the longest (the limit) target, whichever is
more: the search finds what it would find if it went on to the limit for every sentence. At the limit the live ones are
added, unfinished. A beam of 1 is greedy decoding by definition: its first eos ends it, though a longer one might score
more.

**Equals and noise**: of equal candidates the one from the better hypothesis wins, then the one with the lower id.
Nothing depends on the rest of the batch but the last bits of the logits (a product of 7 rows may be summed in another
order than one of 8), so only candidates within some 1e-6 of each other can change places with the batch.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from glassformer.brief import brief
from glassformer.config import DecodingConfig
from glassformer.decoding.lean import LeanTransformer
from glassformer.decoding.rows import HypothesisRows, largest
from glassformer.decoding.sentences import Sentences, choosable
from glassformer.hypothesis import Hypothesis, Sentence, length_penalty
from glassformer.model import Transformer


def beam_search(
    model: Transformer | LeanTransformer, sentences: list[Sentence], config: DecodingConfig
) -> list[list[Hypothesis]]:
    """The n_best hypotheses of each sentence: the finished ones first, then the best score; fewer where fewer exist under
    the limit."""
    search = BeamSearch(model, sentences, config)
    while search.numbers.numel():
        search.step()
    # A loop that the limit cut off can have a fine log P: what came to an end goes first. Equals keep their order.
    return [sorted(found, key=lambda one: (not one.finished, -one.score))[: config.n_best] for found in search.found]


@brief
class Continuations(NamedTuple):
    """Hypotheses with one token more, the best first."""

    totals: Float[Tensor, "batch candidate"]
    """log P of the whole, the new token included; −∞ for none."""
    costs: Float[Tensor, "batch candidate"]
    """The new token's own."""
    rows: Int[Tensor, "batch candidate"]
    """The row that is continued."""
    ids: Int[Tensor, "batch candidate"]

    def gather(self, places: Int[Tensor, "batch kept"]) -> "Continuations":
        return Continuations(*(values.gather(1, places) for values in self))

    def where(self, chosen: Bool[Tensor, "batch candidate"]) -> "Continuations":
        """The others get log P = −∞."""
        return self._replace(totals=self.totals.masked_fill(~chosen, -math.inf))


class BeamSearch:
    """The sentences that are still searched. Row ``sentence · width + beam`` of ``rows`` is a live hypothesis, the best
    first; a dead one, where fewer than ``width`` are possible, has log P = −∞."""

    def __init__(self, model: Transformer | LeanTransformer, sentences: list[Sentence], config: DecodingConfig) -> None:
        batch = Sentences.of(sentences, model.config.pad_id, model.embedding.weight.device)
        self.config, self.model_config = config, model.config
        self.found: list[list[Hypothesis]] = [[] for _ in sentences]
        self.rows = HypothesisRows(model, batch.source_ids)
        self.numbers = torch.arange(len(sentences), device=batch.limits.device)  # where in ``found``
        self.forced, self.limits = batch.forced, batch.limits
        self.totals = torch.zeros(len(sentences), 1, device=batch.limits.device)  # [batch, beam], log P of the live
        self.best = self.totals.new_full((len(sentences), config.n_best), -math.inf)  # the best finished ones' scores

    def step(self) -> None:
        """One token more for every live hypothesis."""
        beam_size, length = self.config.beam_size, self.rows.length + 1
        candidates = self.candidates()
        ends = candidates.ids == self.model_config.eos_id
        ended = Continuations(*(values[:, :beam_size] for values in candidates.where(ends)))
        self.keep(ended)

        # A stable sort of False and True moves those that end behind the others and keeps the order otherwise.
        first = ends.int().sort(dim=1, stable=True).indices[:, :beam_size]
        live = candidates.where(~ends).gather(first)
        done = self.is_hopeless(live.totals[:, 0], length)
        if beam_size == 1:
            done |= ended.totals[:, 0] > -math.inf
        cut = ~done & (self.limits <= length)
        self.keep(live.where(cut[:, None]))
        self.advance(live, ~(done | cut))

    def candidates(self) -> Continuations:
        """The best 2 · beam_size continuations of each sentence, or all where there are fewer."""
        batch, width = self.totals.shape
        costs = self.rows.next()  # [batch · beam, vocabulary]
        forced = self.forced.repeat_interleave(width, dim=0)
        totals = choosable(costs, forced, self.rows.length, self.model_config).add_(self.totals.view(-1, 1))
        best, places = largest(totals.view(batch, -1), 2 * self.config.beam_size)
        beams = places // self.model_config.target_size
        rows = beams + torch.arange(batch, device=places.device)[:, None] * width
        ids = places % self.model_config.target_size
        return Continuations(best, costs.view(batch, -1).gather(1, places), rows, ids)

    def keep(self, some: Continuations) -> None:
        """Writes down the possible ones among these as found."""
        possible = some.totals > -math.inf
        sentences = self.numbers[possible.nonzero()[:, 0]].tolist()
        if not sentences:
            return
        scores = some.totals / length_penalty(float(self.rows.length + 1), self.config)
        self.best = torch.cat([self.best, scores], dim=1).topk(self.config.n_best, dim=1).values
        found = self.rows.continued(some.rows[possible], some.ids[possible], some.costs[possible], self.config)
        for sentence, hypothesis in zip(sentences, found, strict=True):
            self.found[sentence].append(hypothesis)

    def is_hopeless(self, best_live: Float[Tensor, " batch"], length: int) -> Bool[Tensor, " batch"]:
        """Whether no live hypothesis, now of ``length`` tokens, can come among the n_best finished ones."""
        soon = best_live / length_penalty(float(length + 1), self.config)
        late = best_live / length_penalty(self.limits.float(), self.config)
        return torch.maximum(soon, late) <= self.best[:, -1]

    def advance(self, live: Continuations, going: Bool[Tensor, " batch"]) -> None:
        """The live hypotheses take their places in the rows; sentences that are done leave the batch."""
        all_stay = bool(going.all())
        same_width = live.totals.size(1) == self.totals.size(1)
        if not all_stay:
            live = Continuations(*(values[going] for values in live))
            self.numbers, self.forced, self.limits = self.numbers[going], self.forced[going], self.limits[going]
            self.best = self.best[going]
        self.totals = live.totals
        if not (all_stay and same_width and self.config.beam_size == 1):  # a beam of 1 that stays where it is
            self.rows.select(live.rows.flatten(), same_sources=all_stay and same_width)
        self.rows.append(live.ids.flatten(), live.costs.flatten())
