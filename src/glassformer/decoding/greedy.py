"""Greedy decoding, the reference: always the likeliest next token. The other methods are tested against it."""

import torch

from glassformer.config import DecodingConfig
from glassformer.decoding.sentences import Sentences, choosable
from glassformer.model import Transformer
from glassformer.search import Hypothesis, Sentence, make_hypothesis


def greedy(model: Transformer, sentences: list[Sentence], config: DecodingConfig) -> list[list[Hypothesis]]:
    """One hypothesis a sentence. Of equally likely tokens the one with the lower id is taken."""
    batch = Sentences.of(sentences, model.config.pad_id, model.embedding.weight.device)
    memory, allowed = model.encode(batch.source_ids), model.allowed(batch.source_ids)
    cache = model.new_cache()
    ids = torch.full_like(batch.limits, model.config.bos_id)
    running = torch.ones_like(batch.limits, dtype=torch.bool)
    chosen, costs = [], []
    step = 0
    while running.any():
        states = model.decode(ids[:, None], memory, allowed, cache)
        log_probabilities = model.predict(states)[:, -1].float().log_softmax(dim=-1)  # [batch, vocabulary]
        ids = choosable(log_probabilities, batch.forced, step, model.config).argmax(dim=-1)
        chosen.append(ids)
        costs.append(log_probabilities.gather(1, ids[:, None])[:, 0])
        step += 1
        running &= (ids != model.config.eos_id) & (step < batch.limits)

    # A finished row stays in the batch until all are; what it says after its end is not looked at.
    found = []
    all_tokens, all_costs = torch.stack(chosen, dim=1).tolist(), torch.stack(costs, dim=1).tolist()
    for sentence, row, row_costs in zip(sentences, all_tokens, all_costs, strict=True):
        tokens = row[: sentence.limit]
        finished = model.config.eos_id in tokens
        length = tokens.index(model.config.eos_id) + 1 if finished else len(tokens)
        found.append([make_hypothesis(tokens[:length], row_costs[:length], finished=finished, config=config)])
    return found
