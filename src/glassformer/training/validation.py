"""How good the averaged weights are by now: the loss and BLEU on the validation pairs."""

from dataclasses import asdict

import torch

from glassformer.carried import Ids, placed, with_numbers
from glassformer.config import DecodingConfig, TrainingConfig
from glassformer.corpus.prepare import Data
from glassformer.decoding import decode
from glassformer.decoding import score as score_pairs
from glassformer.decoding.batches import pad
from glassformer.hypothesis import Hypothesis
from glassformer.scores import Score, bleu
from glassformer.training.loss import loss_of
from glassformer.training.metrics import MetricsFile
from glassformer.training.precision import products_in
from glassformer.training.report import Reporter, Validation
from glassformer.training.state import RunProgress, State

GREEDY = DecodingConfig(method="greedy")
NEAR = 1.0
"""BLEU points within which some hundreds of sentences do not tell two checkpoints of a run apart: neighbours differ by
0.24 for no reason (standard deviation, ``docs/recipe.md``), and the highest of forty is a lucky one."""


def validate(
    state: State, data: Data, config: TrainingConfig, metrics: MetricsFile, reporter: Reporter, where: torch.device
) -> None:
    """Measure the averaged weights on the validation pairs, and note where they are the best so far."""
    progress = state.progress
    with products_in(config, where):
        loss = validation_loss(state, data, config, where)
        score, translations = validation_bleu(state, data, config)
    rose, progress.highest_bleu = score.value > progress.highest_bleu, max(progress.highest_bleu, score.value)
    better = is_better(progress, config, score.value, loss)
    progress.validated_at = progress.step
    gains = rose if config.stop_on == "bleu_alone" else better
    progress.without_better = 0 if gains else progress.without_better + 1
    if better:
        progress.best_step, progress.best_bleu, progress.best_loss = progress.step, score.value, loss
    number = progress.step // config.validate_every % len(translations)
    sample = (*data.validation[number], translations[number])
    row = Validation(progress.step, progress.epoch, progress.seconds, loss, score, better, sample)
    metrics.write("validation", {**asdict(row), "bleu": score.value, "signature": score.signature, "sample": sample})
    reporter.validated(row)


def is_better(progress: RunProgress, config: TrainingConfig, bleu: float, loss: float) -> bool:
    """Whether a checkpoint goes before the best one so far. Where BLEU decides, among those that it does not tell apart
    the lower loss does: it is of all validation pairs, token by token, and hardly depends on chance. Where the loss has no
    say, the later one does: it has learnt more.
    """
    if progress.best_step == 0:
        return True
    if config.stop_on == "bleu_alone":
        return bleu >= progress.highest_bleu - NEAR
    if config.stop_on == "bleu" and bleu > progress.best_bleu + NEAR:
        return True
    return loss < progress.best_loss and (config.stop_on == "loss" or bleu >= progress.highest_bleu - NEAR)


@torch.inference_mode()
def validation_loss(state: State, data: Data, config: TrainingConfig, where: torch.device) -> float:
    """Cross entropy per target token, without smoothing and without dropout, over all validation pairs."""
    total, tokens = 0.0, 0
    rows = []
    for source, target in data.validation:
        reading = data.reader.whole(source)
        target_ids = data.tokenizer.target.encode(data.reader.as_target(reading, target))
        rows.append((reading.parts[0].ids[: config.max_tokens], target_ids[: config.max_tokens]))
    rows.sort(key=lambda row: len(row[0]))
    model = state.averaged.config
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        sources = pad([model.source(source) for source, _ in some], model.pad_id).to(where)
        targets = pad([[model.bos_id, *target, model.eos_id] for _, target in some], model.pad_id).to(where)
        total += float(loss_of(state.averaged, sources, targets, 0.0).plain)
        tokens += sum(len(target) + 1 for _, target in some)
    return total / tokens


def validation_bleu(state: State, data: Data, config: TrainingConfig) -> tuple[Score, list[str]]:
    """BLEU of greedy translations, read and written as a translator does it, and the translations."""
    pairs = data.validation[: config.validation_sentences]
    readings = data.reader.read([source for source, _ in pairs])
    model = state.averaged

    def search(sources: Ids, prefixes: Ids) -> list[list[Hypothesis]]:
        return decode(model, sources, GREEDY)

    each = iter(search([part.ids for reading in readings for part in reading.parts if part.ids], []))
    found = [[next(each) if part.ids else [] for part in reading.parts] for reading in readings]
    readings = with_numbers(data.reader, readings, found, search, {})
    placed(data.reader, readings, found, GREEDY, lambda sources, targets: score_pairs(model, sources, targets))
    translations = [
        data.reader.write(
            reading,
            [
                data.tokenizer.target.decode(hypotheses[0].ids) if hypotheses else part.text
                for part, hypotheses in zip(reading.parts, of_parts, strict=True)
            ],
        ).text
        for reading, of_parts in zip(readings, found, strict=True)
    ]
    tokenizer = config.bleu_tokenizer or data.bleu_tokenizer
    return bleu(translations, [target for _, target in pairs], tokenize=tokenizer), translations
