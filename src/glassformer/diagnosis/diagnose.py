"""Everything that is wrong with a run: its corpus, its course, its translations."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from glassformer.config import DataConfig, DecodingConfig
from glassformer.config.tables import read_settings
from glassformer.corpus.encoded import EncodedPairs
from glassformer.corpus.files import as_kept, kept_validation, languages
from glassformer.corpus.prepare import all_pairs
from glassformer.corpus.read import Pair
from glassformer.corpus.units import folded
from glassformer.diagnosis.corpus import examine_corpus, seen_before
from glassformer.diagnosis.course import examine_course, examine_translations, unknown_characters
from glassformer.diagnosis.finding import ORDER, Finding
from glassformer.diagnosis.model import examine_model
from glassformer.diagnosis.score import score_beside_loss
from glassformer.errors import CheckpointError, CorpusError
from glassformer.text.tokenizer import Tokenizer
from glassformer.translator import Translator

MOST = 200_000
"""Training pairs that are looked at, from the beginning of the corpus."""
TRANSLATED = 200
"""Validation sentences that are translated."""


def diagnose(run: Path, test: list[Pair]) -> list[Finding]:
    """The findings about the run in this folder, the worst first. ``test``: pairs of a test set, which may be none.

    Raises CheckpointError where the run has not read its corpus yet, or ``run`` is no run.
    """
    if not (run / "config.toml").is_file() or not (run / "data" / "prepared.json").is_file():
        raise CheckpointError(why_no_run(run))
    rows = metrics_of(run)
    data = DataConfig.from_dict(read_settings(run / "config.toml")["data"])
    validation = kept_validation(run / "data")
    pairs = training_pairs(run, data, validation)
    tokenizer = Tokenizer.load(run / "data" / "tokenizer.model")
    name = tuple(languages(data).split("-"))
    findings = examine_corpus(pairs, validation, (name[0], name[1]) if len(name) == 2 else None)
    if found := seen_before(pairs, test, "test"):
        findings.append(found)
    findings += strange_characters(pairs, validation, tokenizer)
    findings += examine_course(rows, len(tokenizer))
    if (run / "best.json").is_file():
        findings += translated(run, rows, (test or validation)[:TRANSLATED])
    return sorted(findings, key=lambda finding: ORDER.index(finding.weight))


def why_no_run(folder: Path) -> str:
    """The message where a run's folder was wanted."""
    if not folder.exists():
        return f"{folder} is not there: give a run's folder, the one that train wrote to (--out)"
    return f"{folder} is no run's folder: give the one that train wrote to (--out)"


def metrics_of(run: Path) -> list[dict[str, Any]]:
    """The rows of the run's ``metrics.jsonl`` that are whole; none where it has not begun to train."""
    path = run / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []  # sentences may hold U+2028
    return [json.loads(line) for line in lines if line.endswith("}")]


def strange_characters(pairs: list[Pair], validation: list[Pair], tokenizer: Tokenizer) -> Iterator[Finding]:
    """The characters that only the validation sentences have, side by side."""
    for side, what in enumerate(("source", "target")):
        own = tokenizer.target if side else tokenizer
        lines = [own.tokens(ids) for ids in own.encode_batch(pair[side] for pair in validation)]
        known = {character for pair in pairs for character in pair[side]}
        characters = [character for pair in validation for character in pair[side]]
        new = sum(character not in known for character in characters) / max(len(characters), 1)
        if found := unknown_characters(lines, f"validation {what}", new):
            yield found


def translated(run: Path, rows: list[dict[str, Any]], pairs: list[Pair]) -> list[Finding]:
    """The findings about translations of these pairs' sources."""
    # The translator's remarks about the texts are findings here too, and better ones.
    translator = Translator.load(run, remark=lambda text: None)
    sources, references = [source for source, _ in pairs], [target for _, target in pairs]
    written = written_for(translator, sources)
    gain = gain_of_source(translator, sources, references)
    findings = examine_translations(sources, references, written, gain=gain)
    if found := score_beside_loss(rows, references, written):
        findings.append(found)
    return findings


def of_model(name: str, test: list[Pair]) -> list[Finding]:
    """Faults of a model that comes without its run; with pairs of a test set, also of its translations."""
    translator = Translator.load(name, remark=lambda text: None)
    some = test[:TRANSLATED]
    findings = examine_model(translator, some)
    if some:
        sources, references = [source for source, _ in some], [target for _, target in some]
        written = written_for(translator, sources)
        gain = gain_of_source(translator, sources, references)
        findings += examine_translations(sources, references, written, gain=gain)
    return findings


def written_for(translator: Translator, sources: list[str]) -> list[str]:
    """The translations, each "" where the model wrote nothing."""
    found = translator.translations(sources, config=DecodingConfig(method="greedy"))
    return ["" if not best or best[0].untranslated else best[0].text for best in found]


def training_pairs(run: Path, data: DataConfig, validation: list[Pair]) -> list[Pair]:
    """The first pairs as they stand in the files, without those held out; where these are gone, as the run keeps them."""
    held_out = set() if data.valid_source else {folded(source) for source, _ in validation}

    def trained_on(pair: Pair) -> bool:
        return not held_out or folded(pair[0]) not in held_out

    try:
        return list(islice(filter(trained_on, all_pairs(as_kept(run / "data", data))), MOST))
    except (CorpusError, OSError):
        tokenizer, kept = Tokenizer.load(run / "data" / "tokenizer.model"), EncodedPairs.open(run / "data" / "train")
        sides = (kept.pair(number) for number in range(min(len(kept), MOST)))
        decoded = ((tokenizer.decode(source), tokenizer.target.decode(target)) for source, target in sides)
        return [pair for pair, _ in groupby(decoded)] if data.weights else list(decoded)  # a weight repeats each pair


def gain_of_source(translator: Translator, sources: list[str], references: list[str]) -> float | None:
    """Nats a token by which the references are likelier with their own source than with the next sentence's."""
    if len(set(sources)) < 4:
        return None
    own = translator.token_scores(sources, references)
    other = translator.token_scores([*sources[1:], sources[0]], references)
    totals = [sum(value for line in scores for _, value in line) for scores in (own, other)]
    return (totals[0] - totals[1]) / sum(map(len, own))
