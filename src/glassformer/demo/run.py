"""A first training on sentences that the package makes itself: a few minutes, and heads whose jobs can be read."""

from pathlib import Path
from typing import Any

from glassformer.demo import ItSentence, first_sentences
from glassformer.disk import replace_file

SIZES = {"train": 20_000, "valid": 500, "test": 500}
"""Sentence pairs, all different."""
LANGUAGES = ("en", "de")
"""The endings of the two sides' files."""

SETTINGS: dict[str, dict[str, Any]] = {
    "run": {"preset": "tiny", "vocabulary_size": 600},
    "model": {"encoder_layers": 2, "decoder_layers": 2, "dropout": 0.1, "norm": "pre"},
    "training": {
        "batch_tokens": 2048,
        "learning_rate": 3e-3,
        "warmup_steps": 200,
        "max_steps": 1000,
        "time_limit": 540.0,
        "validate_every": 200,
        "patience": 0,
        "optimizer": "adam",  # from here on as the paper has it: the demo is to be read
        "decay_share": 1.0,
        "subword_sampling": 0.0,
        "first_embeddings": "random",
        "guided_attention": "encoder.layers.1.self_attention:0",  # else the decoder finds out alone what *it* is (journal)
        "guided_until": 0.5,
    },
}
"""A vocabulary in which each of the demo's words is one piece, a model small enough to be read, and one head that is taught
to look from *it* to its noun."""


def demo_sentences(part: str) -> list[ItSentence]:
    """The sentences of ``train``, ``valid`` or ``test``: the same each time."""
    everything = first_sentences(sum(SIZES.values()))
    begin = {"train": 0, "valid": SIZES["train"], "test": SIZES["train"] + SIZES["valid"]}[part]
    return everything[begin : begin + SIZES[part]]


def write_demo(folder: Path) -> None:
    """Write the three sets into ``folder``, as files that can be read.

    Beside them ``train.marks`` and its kind say for each line which word is the pronoun and which its noun: ``7-1``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part in SIZES:
        made = demo_sentences(part)
        for side, language in enumerate(LANGUAGES):
            lines = "".join(f"{sentence.pair[side]}\n" for sentence in made)
            replace_file(folder / f"{part}.{language}", lines.encode())
        marks = (" ".join(f"{query}-{key}" for query, key in sentence.marks) for sentence in made)
        replace_file(folder / f"{part}.marks", "".join(f"{line}\n" for line in marks).encode())


def demo_files(folder: Path) -> dict[str, Any]:
    """The table of settings that names what ``write_demo`` writes."""
    source, target = LANGUAGES
    return {
        "source": [str(folder / f"train.{source}")],
        "target": [str(folder / f"train.{target}")],
        "marks": [str(folder / "train.marks")],
        "valid_source": str(folder / f"valid.{source}"),
        "valid_target": str(folder / f"valid.{target}"),
    }
