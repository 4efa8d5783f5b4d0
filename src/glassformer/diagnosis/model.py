"""Causes of a model's rubbish, found without its training: a wrong start, a missing end, shifted ids, no language token.

Each fault is tried out. The references of a few pairs are scored by the model as it is, and as it would be without the
fault: where that is much likelier, it is the fault, and the difference is the evidence.
"""

import copy
from collections.abc import Sequence

from glassformer.config import ModelConfig
from glassformer.decoding import score
from glassformer.diagnosis.finding import Finding
from glassformer.interop.languages import languages_in
from glassformer.model import Transformer
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator

MUCH = 0.7
"""Nats a token: a fault costs several; another sound way of beginning a few tenths."""
SHIFTS = (1, -1)
Ids = list[list[int]]


def examine_model(translator: Translator, pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """Faults of a model that somebody brought, with the evidence. ``pairs``: sentences and their translations;
    without any, only what its tables say."""
    findings = language_tokens(translator.tokenizer)
    if not pairs:
        return findings
    model, tokenizer = translator.model, translator.tokenizer
    sources = tokenizer.encode_batch(source for source, _ in pairs)
    targets = tokenizer.target.encode_batch(target for _, target in pairs)
    usual = nats(model, sources, targets)
    findings += [
        finding
        for look in (wrong_start, wrong_end, shifted)
        if (finding := look(model, tokenizer, sources, targets, usual)) is not None
    ]
    said = f"the references cost {usual:.2f} nats a token, and no other start, end or order of ids makes them much likelier"
    return findings or [Finding("tables and tokens", "good", said)]


def nats(model: Transformer, sources: Ids, targets: Ids) -> float:
    """−log P a token of the targets, natural."""
    found = score(model, sources, targets)
    return -sum(map(sum, found)) / sum(map(len, found))


def other(model: Transformer, **changes: object) -> Transformer:
    """The same weights under other settings."""
    variant = copy.copy(model)
    variant.config = model.config.changed(**changes)
    return variant


def language_tokens(tokenizer: Tokenizer) -> list[Finding]:
    """Whether a model with language tokens is asked for none."""
    known = languages_in(tokenizer.tokens(range(len(tokenizer))))
    if len(known) < 2 or tokenizer.before or tokenizer.after or tokenizer.target.before:
        return []
    return [
        Finding(
            "no language token",
            "bad",
            f"its vocabulary has {len(known)} languages ({', '.join(list(known)[:4])} …), and no sentence says which one is "
            "wanted",
            "import it again with --target-language (and --source-language where the source has one, too)",
        )
    ]


def wrong_start(model: Transformer, tokenizer: Tokenizer, sources: Ids, targets: Ids, usual: float) -> Finding | None:
    """Whether the references are likelier after another token than the one that targets begin with."""
    config = model.config
    starts = {config.pad_id, config.eos_id, config.unk_id, *range(min(4, config.target_size))} - {config.bos_id}
    costs = {start: nats(other(model, bos_id=start), sources, targets) for start in sorted(starts)}
    best = min(costs, key=lambda start: costs[start])
    if usual - costs[best] < MUCH:
        return None
    said, better = tokenizer.target.tokens([config.bos_id, best])
    return Finding(
        "wrong start token",
        "bad",
        f"the references cost {usual:.2f} nats a token after {said}, and {costs[best]:.2f} after {better}",
        f"its translations are to begin with {better} (id {best}): set the start token in its settings, and import it again",
    )


def wrong_end(model: Transformer, _: Tokenizer, sources: Ids, targets: Ids, usual: float) -> Finding | None:
    """Whether sources should end with </s>, or should not."""
    config: ModelConfig = model.config
    cost = nats(other(model, source_eos=not config.source_eos), sources, targets)
    if usual - cost < MUCH:
        return None
    has, wants = ("without", "with") if not config.source_eos else ("with", "without")
    return Finding(
        "end of the source",
        "bad",
        f"the references cost {usual:.2f} nats a token {has} </s> after each source, and {cost:.2f} {wants} it",
        f"add_source_eos in its config.json should be {'true' if wants == 'with' else 'false'}: then import it again",
    )


def shifted(model: Transformer, tokenizer: Tokenizer, sources: Ids, targets: Ids, usual: float) -> Finding | None:
    """Whether every id is one too high or too low."""
    sizes = len(tokenizer), len(tokenizer.target)
    costs = {shift: nats(model, moved(sources, shift, sizes[0]), moved(targets, shift, sizes[1])) for shift in SHIFTS}
    best = min(costs, key=lambda shift: costs[shift])
    if usual - costs[best] < MUCH:
        return None
    return Finding(
        "shifted vocabulary",
        "bad",
        f"the references cost {usual:.2f} nats a token, and {costs[best]:.2f} with every id {abs(best)} "
        f"{'higher' if best > 0 else 'lower'}",
        "its vocabulary is not the one that it was trained with, but for a token at the beginning: take the model's own",
    )


def moved(rows: Ids, by: int, size: int) -> Ids:
    return [[min(max(id + by, 0), size - 1) for id in row] for row in rows]
