"""Which head does what: how much of each head's attention lies where a job would have it, over many sentences.

A weight says where a head looks, not what it is for: ``what_if`` switches it off.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from glassformer.demo import ItSentence
from glassformer.translator.alignment import is_mark, merge_words
from glassformer.translator.translator import Translator

AttentionSide = Literal["encoder", "decoder", "cross"]
ENDS = {"encoder": "self_attention", "decoder": "self_attention", "cross": "cross_attention"}


class JobPlaces(NamedTuple):
    """Where a head with this job looks in one sentence pair: (looking word, word looked at), numbered from 0.

    ``encoder``: between source words. ``cross``: from the moment when a target word is chosen to source words.
    ``decoder``: from that moment to target words that are there already.
    """

    side: AttentionSide
    pairs: list[tuple[int, int]]


@dataclass(frozen=True)
class HeadJob:
    """A job, and the head that does it best."""

    job: str
    attention: str
    head: int
    share: float
    """The mean attention, from 0 to 1, from the looking words to those that the job looks at."""
    even: float
    """The share that attention to all words alike would have."""
    looks: int
    """Words over which this is the mean."""


def head_shares(
    translator: Translator, source: str, target: str, places: JobPlaces
) -> dict[str, Float[Tensor, "head look"]]:
    """For each attention of the job's side the weight that each head puts where the job looks, one look after the
    other. Words are as the alignment has them, without marks of punctuation."""
    source_ids, target_ids = translator.ids_of(source, target, None)
    sides = {
        "source": places_of_words(translator, source_ids),
        "target": places_of_words(translator, target_ids),
    }
    queries = sides["source"] if places.side == "encoder" else sides["target"]
    # the decoder's input begins with <s>: the row in which token i is chosen is i, and token i's own column i + 1
    keys = sides["source"] if places.side != "decoder" else [[place + 1 for place in word] for word in sides["target"]]
    stack = "encoder" if places.side == "encoder" else "decoder"
    trace = translator.recorded(source_ids, target_ids, f"{stack}.*.{ENDS[places.side]}.weights")
    looking, looked_at = (torch.tensor(numbers) for numbers in zip(*places.pairs, strict=True))
    return {
        name.removesuffix(".weights"): merge_words(trace[name], queries, keys)[:, looking, looked_at] for name in trace
    }


def places_of_words(translator: Translator, ids: Sequence[int]) -> list[list[int]]:
    return [places for text, places in translator.words(ids) if not is_mark(text)]


def best_heads(translator: Translator, examples: Iterable[tuple[str, str, Mapping[str, JobPlaces]]]) -> list[HeadJob]:
    """For each job the head that does it best, in all (source, target, jobs) together; the clearest job first."""
    found: dict[str, dict[str, list[Tensor]]] = defaultdict(lambda: defaultdict(list))
    even: dict[str, list[float]] = defaultdict(list)
    for source, target, jobs in examples:
        for job, places in jobs.items():
            if places.pairs:
                for attention, shares in head_shares(translator, source, target, places).items():
                    found[job][attention].append(shares)
                even[job] += [1 / len((target if places.side == "decoder" else source).split())] * len(places.pairs)
    made = []
    for job, attentions in found.items():
        means = {name: torch.cat(shares, dim=1).mean(dim=1) for name, shares in attentions.items()}
        attention = max(means, key=lambda name: float(means[name].max()))
        share, head = means[attention].max(dim=0)
        count = sum(shares.size(1) for shares in attentions[attention])
        made.append(HeadJob(job, attention, int(head), float(share), sum(even[job]) / count, count))
    return sorted(made, key=lambda job: -job.share)


def demo_jobs(sentence: ItSentence) -> dict[str, JobPlaces]:
    """Jobs that a reader can name, with the places that the demo's sentences know."""
    source, target = (
        {key: places[0] for key, places in keys.items()} for keys in (sentence.keys, sentence.target_keys)
    )
    words = [len(text.split()) for text in sentence.pair]
    nouns = [key for key in ("subject", "object") if key in source]
    properties = [places[0] for key, places in sentence.keys.items() if key.startswith("it ")]
    return {
        "a word to the one before it": JobPlaces("encoder", [(n, n - 1) for n in range(1, words[0])]),
        "a word to the one after it": JobPlaces("encoder", [(n, n + 1) for n in range(words[0] - 1)]),
        "an article to its noun": JobPlaces("encoder", [(source[f"{key} article"], source[key]) for key in nouns]),
        "the verb to its subject": JobPlaces("encoder", [(source["verb"], source["subject"])]),
        "a German word to the English word that it translates": JobPlaces(
            "cross", sorted((place, source[key]) for key, place in target.items() if key in source)
        ),
        "a German article to the English noun, whose gender it needs": JobPlaces(
            "cross", [(target[f"{key} article"], source[key]) for key in nouns]
        ),
        "a German word to the one before it": JobPlaces("decoder", [(n, n - 1) for n in range(1, words[1])]),
        "it to the noun that it stands for": JobPlaces("encoder", sentence.marks),
        "it to the word that tells which (tired, wide)": JobPlaces(
            "encoder", [(it, source["property"]) for it in properties]
        ),
        "er, sie, es to the noun that it stands for": JobPlaces(
            "cross",
            [(target[key], source[key.removeprefix("it ")]) for key in target if key.startswith("it ")],
        ),
    }
