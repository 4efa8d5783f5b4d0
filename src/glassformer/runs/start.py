"""The beginning of a run: the model whose weights it takes, its vocabulary, and the recipe."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from glassformer.checkpoint import Saved, load_model
from glassformer.config import RunConfig
from glassformer.config.recipe import OF_THE_START, Recipe
from glassformer.config.tables import Tables
from glassformer.model_folder import read_config
from glassformer.runs.recipe import recipe
from glassformer.text.tokenizer import Tokenizer
from glassformer.training.guide import check_guide
from glassformer.training.start import LAYERS, OF_TABLES, SIZES
from glassformer.training.state import newest_checkpoint
from glassformer.translator import find_model

PIECES = 8000
"""Pieces of a vocabulary that is not made yet."""
CORPUS_SIZES = (1, 100_000, 500_000, 2_000_000)
"""Pairs for which the recipe is tried before the corpus is read: one of each preset's."""


def recipe_for(
    settings: Tables, folder: Path, set_by: str = "as you set it"
) -> tuple[Saved | None, Callable[..., Recipe]]:
    """The model that the run in ``folder`` starts from (None for random weights), and a function that chooses the recipe
    from the numbers of pairs and of pieces. Raises ConfigError for a mistake in the settings, before the corpus is read."""
    run, model, training = RunConfig.from_dict(settings["run"]), settings["model"], settings["training"]
    start, started, pieces = starting_model(run.start_from, folder, model, keep=not run.new_vocabulary)
    kept = OF_THE_START if run.start_from and not run.new_vocabulary else ""
    sized = kept or (set_by if run.vocabulary_size else "")
    set_here: dict[str, Any] = {"preset": run.preset, "model": model, "training": training}
    choose: Callable[..., Recipe] = partial(recipe, **set_here, started=started, set_by=set_by, sized=sized)
    check_guide([choose(size, pieces) for size in CORPUS_SIZES], settings["data"].get("marks", []))
    return start, choose


def starting_model(
    name: str, folder: Path, model: dict[str, Any], *, keep: bool
) -> tuple[Saved | None, dict[str, Any], int]:
    """The model to start from (None for none), those of its sizes that the settings ``model`` do not name, and the number of
    pieces to try the recipe with. ``keep``: its vocabulary is kept. A run that has saved a checkpoint takes the sizes from
    there: the model that it started from may be gone."""
    if not name:
        return None, {}, PIECES
    saved = None
    if checkpoint := newest_checkpoint(folder):
        config = read_config(checkpoint)
    else:
        saved = load_model(find_model(name))
        config = saved.model.config
    names = (*SIZES, *LAYERS, *(OF_TABLES if keep else ()))
    sizes = {size: getattr(config, size) for size in names if size not in model}
    return saved, sizes, config.vocabulary_size if keep else PIECES


def starting_tokenizer(start: Saved | None, folder: Path) -> Tokenizer:
    """The vocabulary of the model that a run starts from; the run's own where it has saved already."""
    if start is not None:
        return start.tokenizer
    checkpoint = newest_checkpoint(folder)
    assert checkpoint is not None, "a run without a checkpoint has just read the model that it starts from"
    return Tokenizer.load(checkpoint / "tokenizer.model")
