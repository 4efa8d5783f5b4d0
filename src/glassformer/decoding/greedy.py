"""Greedy decoding, the reference: always the likeliest next token. The other methods are tested against it."""

from glassformer.config import DecodingConfig
from glassformer.decoding.lean import LeanTransformer
from glassformer.decoding.rows import HypothesisRows, grow
from glassformer.decoding.sentences import Sentences
from glassformer.hypothesis import Hypothesis, Sentence
from glassformer.model import Transformer


def greedy(
    model: Transformer | LeanTransformer, sentences: list[Sentence], config: DecodingConfig
) -> list[list[Hypothesis]]:
    """One hypothesis a sentence. Of equally likely tokens the one with the lower id is taken."""
    batch = Sentences.of(sentences, model.config.pad_id, model.embedding.weight.device)
    rows = HypothesisRows(model, batch.source_ids)
    found = grow(rows, batch.forced, batch.limits, lambda open_, numbers, step: open_.argmax(dim=-1), config)
    return [[one] for one in found]
