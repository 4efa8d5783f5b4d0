"""Greedy decoding, a word at a time, reported as it happens."""

from collections.abc import Callable

import torch

from glassformer.config import DecodingConfig
from glassformer.decoding.batches import evaluating
from glassformer.decoding.lean import lean
from glassformer.decoding.rows import HypothesisRows
from glassformer.decoding.sentences import choosable
from glassformer.hypothesis import make_sentence
from glassformer.page.look import step_of
from glassformer.page.wire import DecodingStep
from glassformer.translator import Translator


def decode_steps(translator: Translator, text: str, report: Callable[[DecodingStep], bool]) -> None:
    """Call ``report`` with each step, </s>'s the last; where it gives False nobody listens any more, and decoding ends."""
    model, config = translator.model, DecodingConfig(method="greedy")
    source_ids, _ = translator.ids_of(text, "", None)
    sentence = make_sentence(source_ids, (), config, model.config)
    with evaluating(model):
        rows = HypothesisRows(lean(model), torch.tensor([sentence.source], device=translator.device))
        free = rows.ids[:, :0]  # no prefix
        for step in range(sentence.limit):
            log_probabilities = rows.next()
            ids = choosable(log_probabilities, free, step, model.config).argmax(dim=-1)
            rows.append(ids, log_probabilities.gather(1, ids[:, None])[:, 0])
            chosen = int(ids)
            if (
                not report(step_of(translator, text, log_probabilities[0].exp(), chosen))
                or chosen == model.config.eos_id
            ):
                return
