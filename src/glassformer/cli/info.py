"""``glassformer info``: what a model is, where it was trained, on what, and how good it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from glassformer.card import Card, are_figures
from glassformer.cli.terminal import Terminal, echo
from glassformer.config import ModelConfig

EPILOG = """[bold]Examples[/]

glassformer info en-de

glassformer info runs/mine --json

glassformer info runs/mine runs/other
"""

LAYOUTS = {
    "halves": "sines, then cosines: the article's figure",
    "interleaved": "sine and cosine take turns: the paper's §3.5",
    "halves_exact": "sines, then cosines, with the paper's exponent",
    "learned": "a table that is trained",
}
NAMES = {"glassformer": "made with glassformer", "longest": "longest line, in tokens", "pairs": "sentence pairs"}
TAUGHT = {"until_step": "until step", "weight": "weight", "marked_pairs": "marked pairs"}


LONGEST, MOST_ROWS = 2000, 500
"""Characters of a value, and rows, that the table has: much more than any card of ours."""


def info(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="A shipped model's name, or the folder of a model or a run; several are compared.", show_default="en-de")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:  # fmt: skip
    """Show what a model is: its sizes, its training and its scores. With several models: what differs, and their learning curves."""
    from glassformer.translator import find_model

    names = models or ["en-de"]
    found = [facts_of(find_model(name)) for name in names]
    if as_json and len(found) == 1:
        echo(json.dumps(found[0], indent=2, ensure_ascii=False))
    elif as_json:
        shown = [{"model": name, **facts} for name, facts in zip(names, found, strict=True)]
        echo(json.dumps({"models": shown}, indent=2, ensure_ascii=False))
    elif len(found) == 1:
        print_rows([("model", names[0]), *rows_of(found[0])])
    else:
        from glassformer.cli.compare import print_comparison

        columns = [together(rows_of(facts)) for facts in found]
        print_comparison(names, columns, [Path(name) for name in names])


def facts_of(place: Path) -> dict[str, Any]:
    """Facts about the model in a folder, or a run's best."""
    from glassformer.model_folder import describe, model_folder
    from glassformer.weights import read_weights

    folder = model_folder(place)
    about = describe(folder)
    weights = read_weights(folder, about.config).weights
    return {
        "folder": str(folder),
        "bytes": sum(path.stat().st_size for path in model_files(folder)),
        "parameters": sum(values.size for values in weights.values()),
        "config": about.config.to_dict(),
        "card": about.card,
    }


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The facts as names and texts."""
    size = f"{facts['parameters']:,} weights, {facts['bytes'] / 1e6:,.1f} MB on disk"
    shown = {NAMES.get(name, name): value for name, value in facts["card"].items() if name != "parameters"}
    sizes = config_rows(ModelConfig.from_dict(facts["config"]))
    scores, earlier, rest = apart(shown)
    return [("folder", facts["folder"]), ("size", size), *sizes, *scores, ("", ""), *card_rows(rest), *earlier]


def apart(card: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]], dict[str, Any]]:
    """The rows of a card's scores, those of its earlier trainings, and the entries that are left for ``card_rows``.

    Scores are what one looks for, so they come early. A model that was trained often has a command for each time, and the
    last one is enough here: with all of them en-de filled twenty screens.
    """
    rest, scores, earlier = dict(card), [], []
    if are_figures(rest.get("scores")):
        scores = [("scores", text) for text in score_texts(rest.pop("scores"))]
    if isinstance(Card.of(card).taught.get("head"), str):
        earlier.append(("taught head", taught_text(rest.pop("taught"))))
    if isinstance(before := rest.get("started_from"), list) and before:
        del rest["started_from"]
        earlier.append(("started from", f"{counted(len(before), 'earlier training')}: see the card, or --json"))
    return scores, earlier, rest


def counted(count: int, what: str) -> str:
    """``1 training``, ``7 trainings``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def taught_text(taught: dict[str, Any]) -> str:
    """Which head was taught, in the last training that did so, and in how many before it."""
    facts = [f"{text} {taught[name]:,}" for name, text in TAUGHT.items() if isinstance(taught.get(name), int | float)]
    if isinstance(taught.get("in"), str):
        facts.append(f"in {taught['in']}")
    before, times = taught.get("before"), 0
    while isinstance(before, dict):
        before, times = before.get("before"), times + 1
    also = f"; taught in {counted(times, 'training')} before" if times else ""
    return f"{', '.join([taught['head'], *facts])}{also}"


def together(rows: list[tuple[str, str]]) -> dict[str, str]:
    """The same, each name once."""
    found: dict[str, str] = {}
    for name, value in rows:
        found[name] = f"{found[name]}; {value}" if name in found else value
    return found


def config_rows(config: ModelConfig) -> list[tuple[str, str]]:
    norm = (
        "after each sublayer (post-norm, the paper's)" if config.norm == "post" else "before each sublayer (pre-norm)"
    )
    own = config.target_vocabulary_size
    pieces = f"{config.vocabulary_size:,} pieces" + (
        f" of the source, {own:,} of the target" if own else ", for both languages"
    )
    return [
        ("layers", f"{config.encoder_layers} encoder and {config.decoder_layers} decoder layers"),
        ("sizes", f"d_model {config.d_model}, {config.heads} heads of {config.d_k}, d_ff {config.d_ff}"),
        ("vocabulary", pieces),
        ("positions", f"{config.positions} ({LAYOUTS[config.positions]}), the first is {config.first_position}"),
        ("LayerNorm", norm),
        ("dropout", f"{config.dropout:g}, in training"),
    ]


def model_files(folder: Path) -> list[Path]:
    """The model's own files; a checkpoint also has the optimiser's state, which translating does not need."""
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith("training.")]


def card_rows(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A card's entries as names and texts, whatever it says: what lies inside another gets both names."""
    if isinstance(value, dict) and is_score(value):
        yield name, score_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from card_rows(inner, f"{name} {key}".strip().replace("_", " "))
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for inner in value:
            yield from card_rows(inner, name)
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value))
    elif isinstance(value, float):
        yield name, f"{value:,.2f}"
    else:
        yield name, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def is_score(value: dict[str, Any]) -> bool:
    return "signature" in value and "value" in value


def score_text(score: dict[str, Any]) -> str:
    """A figure with its recipe: it never goes without."""
    return f"{figure_text(score)} ({score['signature']})"


def figure_text(score: dict[str, Any]) -> str:
    low, high = score.get("low"), score.get("high")
    interval = "" if low is None or high is None else f" [{low:.1f}, {high:.1f}]"
    test = f"{score['test']}: " if "test" in score else ""
    return f"{test}{score.get('name', '')} {score['value']:.2f}{interval}".strip()


def score_texts(scores: list[dict[str, Any]]) -> list[str]:
    """The figures of each recipe together, so that it stands there once: it is longer than they are."""
    figures: dict[str, list[str]] = {}
    for score in scores:
        figures.setdefault(score["signature"], []).append(figure_text(score))
    return [
        f"{some[0]} ({signature})" if len(some) == 1 else "\n".join([*some, f"({signature})"])
        for signature, some in figures.items()
    ]


def shortened(value: str) -> str:
    """A value as the table has it: a stranger's card may hold megabytes."""
    return value if len(value) <= LONGEST else f"{value[:LONGEST]} … ({len(value):,} characters: --json gives all)"


def print_rows(rows: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in rows[:MOST_ROWS]:
        table.add_row(Text(shortened(name)), Text(shortened(value)))
    Terminal(highlight=False).print(table)
