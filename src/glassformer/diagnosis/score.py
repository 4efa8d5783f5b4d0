"""Why BLEU is next to 0 beside a low loss: mostly the score's fault, and not the model's."""

from collections.abc import Sequence
from typing import Any

from glassformer.corpus.units import folded, units, unspaced
from glassformer.diagnosis.finding import Finding

Row = dict[str, Any]

LOW_BLEU = 5.0
LOW_LOSS = 1.0
"""Nats a token: of what comes next the model is surer than one in three."""
BY_WORD = ("tok:13a", "tok:intl", "tok:none")
"""In sacreBLEU's signature: what counts words between blanks."""
GROUP = 4
"""Words that BLEU counts together; a sentence of fewer has no such group."""


def score_beside_loss(rows: Sequence[Row], references: Sequence[str], translations: Sequence[str]) -> Finding | None:
    """The meaning of the last validation BLEU, when it is next to 0 while the loss is low. ``rows``: ``metrics.jsonl``'s."""
    last = next((row for row in reversed(rows) if row["kind"] == "validation"), None)
    if last is None or not references or last["bleu"] >= LOW_BLEU or last["loss"] > LOW_LOSS:
        return None
    beside = f"BLEU is {last['bleu']:.2f} beside a validation loss of {last['loss']:.2f}"
    pairs = list(zip(translations, references, strict=True))
    same = sum(text == wanted for text, wanted in pairs)
    nearly = sum(folded(text) == folded(wanted) for text, wanted in pairs)
    right = f"{same:,} of {len(pairs):,} translations are the reference itself"
    if unspaced([*references]) and any(kind in str(last.get("signature", "")) for kind in BY_WORD):
        return Finding(
            "score by words where there are none",
            "watch",
            f"{beside}, since it was counted by words between blanks, which this language does not put: a whole sentence is "
            f"one word to it. {right}",
            "it is the score and not the model: score it again with glassformer evaluate, by characters, or look at chrF",
        )
    if sum(len(units(wanted)) < GROUP for wanted in references) > 0.9 * len(references):
        return Finding(
            "sentences too short for BLEU",
            "watch",
            f"{beside}, since BLEU counts groups of {GROUP} words, and hardly a reference has as many. {right}",
            "it is the score and not the model: look at chrF, and set training.stop_on = loss",
        )
    if nearly > 0.5 * len(pairs):
        what = "differ from it in case, blanks or marks only" if same < nearly / 2 else "are right now"
        return Finding(
            "right but for case and marks" if same < nearly / 2 else "score of another time",
            "watch",
            f"{beside}, and {nearly:,} of {len(pairs):,} translations {what}",
            "are case, quotes and blanks the same in the training and in the validation pairs? Then evaluate again",
        )
    empty = sum(not text.strip() for text in translations)
    return Finding(
        "wrong when left alone",
        "bad",
        f"{beside}: it predicts each next word well when the reference's words stand before it, and goes wrong when they "
        f"are its own. {right}, {empty:,} are empty",
        "are many training sentences nearly the same? It may know them by their beginnings: see the findings on the data, "
        "raise model.dropout, or train longer on more pairs",
    )
