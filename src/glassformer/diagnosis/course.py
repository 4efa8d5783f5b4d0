"""Faults of a run: how its figures moved, and what its translations look like."""

import math
import re
from collections.abc import Sequence
from typing import Any

from glassformer.corpus.units import UNSPACED_SCRIPTS, units
from glassformer.diagnosis.finding import Finding
from glassformer.diagnosis.sides import Profile, belongs_to

Row = dict[str, Any]

LOOP = re.compile(
    r"(?:^|\s)(\S+(?:\s+\S+){0,5}?)(?:\s+\1){3,}(?=\s|$)|(\S{1,6}?)\2{7,}"
    rf"|([{UNSPACED_SCRIPTS}]{{2,12}}?)\3{{3,}}"
)
"""One to six words four times in a row, or a few letters eight times; of scripts without blanks two to twelve characters
four times."""


def examine_course(rows: Sequence[Row], vocabulary_size: int) -> list[Finding]:
    """The findings about ``metrics.jsonl`` tells: its rows of kind ``step`` and ``validation``."""

    steps = [row for row in rows if row["kind"] == "step"]
    validations = [row for row in rows if row["kind"] == "validation"]
    found = []
    if not validations:
        return [
            Finding("not validated", "watch", "it has not been validated yet: there is little to say", "train longer")
        ]
    losses = [row["loss"] for row in validations]
    bleus = [row["bleu"] for row in validations]
    lowest = min(range(len(losses)), key=lambda n: losses[n])
    chance = math.log(vocabulary_size)
    if min(losses) > 0.75 * chance:
        found.append(
            Finding(
                "does not learn",
                "bad",
                f"its loss is {min(losses):.2f} nats a token, and guessing blindly costs {chance:.2f}: it has hardly "
                "learnt anything",
                "train longer; if the loss does not move, lower training.learning_rate by three, and look at "
                "the findings on the data",
            )
        )
    if losses[-1] > losses[lowest] + 0.1 and steps and steps[-1]["loss"] < loss_at(steps, validations[lowest]["step"]):
        found.append(
            Finding(
                "overfit",
                "bad" if losses[-1] > losses[lowest] + 0.3 else "watch",
                f"the validation loss was lowest ({losses[lowest]:.2f}) at step {validations[lowest]['step']:,} and has "
                f"risen to {losses[-1]:.2f}, while the training loss went on falling: it learns its sentences by heart",
                "raise model.dropout, take a smaller --preset, or find more data",
            )
        )
    elif len(bleus) >= 3 and bleus[-1] > bleus[-2] + 0.2 and bleus[-1] > bleus[-3] + 0.5 and bleus[-1] >= max(bleus):
        found.append(
            Finding(
                "still learning",
                "watch",
                f"BLEU rose from {bleus[-3]:.1f} to {bleus[-1]:.1f} over the last two validations: it was stopped "
                "while it learnt",
                "the same command with a longer --time-limit goes on",
            )
        )
    return found


def loss_at(steps: Sequence[Row], step: int) -> float:
    return next((float(row["loss"]) for row in steps if row["step"] >= step), float(steps[-1]["loss"]))


def examine_translations(
    sources: Sequence[str],
    references: Sequence[str],
    translations: Sequence[str],
    *,
    gain: float | None = None,
) -> list[Finding]:
    """The findings about the translations of validation pairs, "" where the model wrote nothing. ``gain``: how much
    likelier, in nats a token, the model finds the references when it sees their own source than when it sees another
    sentence's."""
    checks = [
        ignores_source(gain),
        loops(translations, references),
        writes_nothing(sources, translations),
        untranslated(sources, references, translations),
        one_for_all(sources, translations),
        length(translations, references),
        other_language(sources, references, translations),
    ]
    return [finding for finding in checks if finding is not None]


def ignores_source(gain: float | None) -> Finding | None:
    if gain is None or gain > 0.3:
        return None
    return Finding(
        "ignores the source",
        "bad",
        f"a reference is only {max(gain, 0):.2f} nats a token likelier with its own source than with another sentence: the "
        "model writes what is usual in the target language, whatever it is asked",
        "are the sides in step (line n of one file translates line n of the other)? If so, train longer or "
        "with model.norm = pre",
    )


def loops(translations: Sequence[str], references: Sequence[str]) -> Finding | None:
    found = [
        text
        for text, wanted in zip(translations, references, strict=True)
        if LOOP.search(text) and not LOOP.search(wanted)
    ]
    if len(found) <= 0.01 * len(translations):
        return None
    return Finding(
        "repetition loops",
        "bad" if len(found) > 0.05 * len(translations) else "watch",
        f"{100 * len(found) / len(translations):.0f} % of the translations repeat themselves, such as “{found[0][:80]}”",
        "train longer; translate with a beam; look whether the training data repeats itself",
    )


def writes_nothing(sources: Sequence[str], translations: Sequence[str]) -> Finding | None:
    lost = [source for source, text in zip(sources, translations, strict=True) if source.strip() and not text.strip()]
    if len(lost) <= 0.02 * len(sources):
        return None
    return Finding(
        "writes nothing",
        "bad" if len(lost) > 0.1 * len(sources) else "watch",
        f"for {100 * len(lost) / len(sources):.0f} % of the sources the model writes no word, such as “{lost[0][:60]}”; "
        "they are shown untranslated",
        "train longer, and look for training pairs whose target has no words",
    )


def untranslated(sources: Sequence[str], references: Sequence[str], translations: Sequence[str]) -> Finding | None:
    same = [a for a, b, c in zip(sources, references, translations, strict=True) if a.strip() == c.strip() != b.strip()]
    if len(same) <= 0.02 * len(sources):
        return None
    return Finding(
        "copies the source",
        "bad" if len(same) > 0.1 * len(sources) else "watch",
        f"{100 * len(same) / len(sources):.0f} % of the translations are the source, untranslated, such as “{same[0][:60]}”",
        "look for pairs in the training data whose target is the source",
    )


def one_for_all(sources: Sequence[str], translations: Sequence[str]) -> Finding | None:
    different = len(set(translations)) / max(len(set(sources)), 1)
    if different >= 0.7:
        return None
    return Finding(
        "says the same for everything",
        "bad",
        f"{len(set(sources)):,} different sentences get {len(set(translations)):,} different translations",
        "it has not learnt to look at the source: train longer, and see the findings on the data",
    )


def length(translations: Sequence[str], references: Sequence[str]) -> Finding | None:
    ratio = sum(map(len, translations)) / max(sum(map(len, references)), 1)
    if 0.8 <= ratio <= 1.25:
        return None
    return Finding(
        "length of translations",
        "bad" if not 0.6 <= ratio <= 1.6 else "watch",
        f"the translations have {ratio:.2f} times the characters that the references have",
        "shorter: raise --length-penalty; longer: look for loops, and for training pairs of very different length",
    )


def other_language(sources: Sequence[str], references: Sequence[str], translations: Sequence[str]) -> Finding | None:
    """Translations that are written in the source's language."""
    own, other = Profile(references), Profile(sources)
    wrong = [
        text
        for text, source in zip(translations, sources, strict=True)
        if text != source and len(units(text)) >= 4 and belongs_to(text, own, other) > 1.0
    ]
    if len(wrong) <= 0.03 * len(translations):
        return None
    return Finding(
        "translations in the wrong language",
        "bad" if len(wrong) > 0.1 * len(translations) else "watch",
        f"{100 * len(wrong) / len(translations):.0f} % of the translations look like the source's language, such as "
        f"“{wrong[0][:60]}”",
        "look for target lines in the source's language",
    )


def unknown_characters(pieces: Sequence[Sequence[str]], name: str, new: float = 1.0) -> Finding | None:
    """``pieces``: the tokens of the validation lines of one side. Bytes (<0xF0>) spell what the vocabulary lacks. ``new``:
    the share of these lines' characters that stand in no training line."""
    every = [piece for line in pieces for piece in line]
    spelt = sum(piece.startswith("<0x") or piece == "<unk>" for piece in every)
    if not every or spelt <= 0.01 * len(every):
        return None
    lines = sum(any(piece.startswith("<0x") or piece == "<unk>" for piece in line) for line in pieces)
    if new <= 0.005:  # they are in the training data, and the vocabulary has no piece for them
        return Finding(
            "characters without a piece",
            "watch",
            f"{100 * spelt / len(every):.0f} % of the {name}'s tokens, in {lines:,} of {len(pieces):,} lines, are bytes: "
            "the vocabulary is too small for its script, which costs two to four tokens a character",
            "begin a run with a larger --vocabulary-size",
        )
    return Finding(
        "unknown characters",
        "bad" if spelt > 0.05 * len(every) else "watch",
        f"{100 * spelt / len(every):.0f} % of the {name}'s tokens, in {lines:,} of {len(pieces):,} lines, are bytes of "
        "characters that the training data hardly holds",
        "is it the same script and language as the training data, and UTF-8?",
    )
