"""Good without flags: the settings that follow from the size of the corpus, each with its reason."""

from collections.abc import Mapping
from typing import Any

from glassformer.config import PRESETS, TrainingConfig
from glassformer.config.recipe import OF_THE_START, Choice, Recipe
from glassformer.errors import ConfigError
from glassformer.training.precision import precision

SIZES = [(60_000, "tiny"), (1_000_000, "small"), (1 << 62, "base")]
"""Pairs up to which a preset is chosen. Run here: the first (Multi30k) and the second (the model that ships)."""

_SMALL = {"learning_rate": 1e-3, "warmup_steps": 1000, "batch_tokens": 2048}
_BASE = {"learning_rate": 7e-4, "warmup_steps": 4000, "batch_tokens": 8192}
TRAINING: dict[str, dict[str, Any]] = {
    "tiny": {
        "learning_rate": 3.5e-3,
        "warmup_steps": 2000,
        "batch_tokens": 2048,
        "optimizer": "muon",
        "decay_share": 0.3,
        "subword_sampling": 0.1,
        "subword_sampling_after": 50,
        "first_embeddings": "corpus",
        "first_dropout": 0.1,
        "dropout_epochs": 40,
    },
    "small": _SMALL,
    "fast": _SMALL,
    "base": _BASE,
    "big": _BASE,
}
"""Settings of a preset: the wider the model, the lower its rate. The other settings were measured on Multi30k."""
REASONS = {
    "optimizer": "Muon for the matrices learns more from each step than Adam alone",
    "decay_share": "most learning happens at the peak rate, so it decays only at the end",
    "subword_sampling": "this share of words is re-segmented each epoch; it stretches a small corpus",
    "subword_sampling_after": "whole words are learnt first; a shorter run re-segments none",
    "first_embeddings": "a word and its translation begin near each other",
    "first_dropout": "a pair that was seen seldom is not yet learnt by heart",
    "dropout_epochs": "with each of these epochs it grows, up to dropout",
}

GROWING = ("first_dropout", "dropout_epochs")
OF_BEGINNERS = ("first_embeddings", "subword_sampling_after", *GROWING)
"""Settings for a model that knows no words yet."""
FOR_LEARNERS: dict[str, dict[str, Any]] = {"tiny": {"learning_rate": 2e-3, "decay_share": 1.0}}
"""Instead of a preset's settings, for a model that knows words already: at a peak that stays it gains nothing."""
ON_TRAINED_WEIGHTS = {
    "learning_rate": "it goes on from trained weights: a lower peak",
    "decay_share": "it goes on from trained weights: the rate falls from the warm-up on",
}
CAREFUL = {
    "learning_rate": "few pairs on a trained model: at a higher rate it forgets the rest",
    "warmup_steps": "few pairs on a trained model",
}
OF_TRAINING = "; for how it is trained: its sizes are those of the model it starts from"
FEW_TO_TUNE = 20_000
"""Pairs up to which a run that begins with a trained model's weights is careful with them."""
TUNING: dict[str, Any] = {"learning_rate": 1e-4, "warmup_steps": 50}
"""Measured with 1,000 pairs (docs/recipe.md): at ten times the rate the model forgot half of what it knew."""
PRE_NORM_BELOW = 1_000_000
"""Pairs."""
FEW = 150_000
"""Pairs below which dropout is 0.3, as in ``tiny``."""


def recipe(
    pairs: int,
    vocabulary_size: int,
    *,
    preset: str | None = None,
    model: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    started: Mapping[str, Any] | None = None,
    set_by: str = "as you set it",
    sized: str = "",
    device: str = "",
) -> Recipe:
    """The settings for a corpus of ``pairs`` sentence pairs; ``preset``, ``model`` and ``training`` are what the user set,
    and ``set_by`` the reason that is printed for them; ``started`` are the sizes of the model that the run begins with.
    ``sized`` says why the vocabulary has its size, where that does not follow from the corpus; ``device`` is what the run
    computes on: ``cpu`` or ``cuda``.

    Raises ConfigError for a preset or a setting that is not there.
    """
    why_set = {
        **dict.fromkeys(started or {}, OF_THE_START),
        **dict.fromkeys([*(model or {}), *(training or {})], set_by),
    }
    model, training = {**(started or {}), **(model or {})}, dict(training or {})
    if "vocabulary_size" in model:
        raise ConfigError("model.vocabulary_size follows from the tokenizer: set --vocabulary-size")
    chosen = preset_of(pairs, preset)
    model_by_size: dict[str, Any] = {"norm": "pre"} if pairs <= PRE_NORM_BELOW else {}
    with_preset, reasons = of_preset(chosen, pairs, started=bool(started))
    if "dropout" in model:
        with_preset = {name: value for name, value in with_preset.items() if name not in GROWING}
    trained = TrainingConfig.from_dict({**with_preset, **training})
    size = f"{pairs:,} pairs"
    if pairs <= FEW:
        model_by_size["dropout"] = 0.3
    choices = [
        Choice("preset", chosen, (set_by if preset else f"for {size}") + (OF_TRAINING if started else "")),
        Choice("vocabulary_size", vocabulary_size, sized or f"pieces that {size} hold often enough"),
    ]
    made = PRESETS[chosen](vocabulary_size, **{**model_by_size, **model})
    if made.norm == "pre":
        why = "trains steadily without a long warm-up; the paper's post-norm encoder collapsed here (journal)"
        choices.append(Choice("norm", "pre", why_set.get("norm", why)))
    choices.append(Choice("dropout", made.dropout, why_set.get("dropout", f"the less data, the more: {size}")))
    if not trained.subword_sampling:
        with_preset.pop("subword_sampling_after", None)
    choices += [Choice(name, getattr(trained, name), why_set.get(name, reasons[name])) for name in with_preset]
    if trained.schedule == "linear":
        why = "the limits say when the run ends, and the rate is 0 there"
        choices.append(Choice("schedule", "linear", why_set.get("schedule", why)))
    products = precision(trained, device)
    choices.append(Choice("precision", products, PRECISION_REASONS[products]))
    if trained.time_limit:
        why = "time for a good translator; with a longer --time-limit the run goes on, and warms up again"
        choices.append(Choice("time_limit", f"{trained.time_limit / 60:g} min", why_set.get("time_limit", why)))
    for name, value in {**model, **training}.items():
        if name not in [choice.setting for choice in choices]:
            choices.append(Choice(name, value, why_set[name]))
    return Recipe(made, trained, choices)


def of_preset(preset: str, pairs: int, *, started: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of training that go with a preset, and the reason for each; ``started``: by a trained model's weights."""
    settings, reasons = dict(TRAINING[preset]), {**dict.fromkeys(TRAINING[preset], f"goes with {preset}"), **REASONS}
    if started:
        for name in OF_BEGINNERS:
            settings.pop(name, None)
        if pairs <= FEW_TO_TUNE:
            settings, reasons = {**settings, **TUNING}, {**reasons, **CAREFUL}
        elif preset in FOR_LEARNERS:
            settings, reasons = {**settings, **FOR_LEARNERS[preset]}, {**reasons, **ON_TRAINED_WEIGHTS}
    return settings, reasons


def preset_of(pairs: int, preset: str | None) -> str:
    """The preset that is set, else the one for that number of pairs; raises ConfigError for one that is not there."""
    if preset and preset not in PRESETS:
        raise ConfigError(f"unknown preset {preset!r}: choose {', '.join(PRESETS)}")
    return preset or next(name for most, name in SIZES if pairs <= most)


PRECISION_REASONS = {
    "bfloat16": "this processor multiplies bfloat16 faster; the weights stay float32",
    "float32": "this processor multiplies bfloat16 no faster, or you set it",
}
