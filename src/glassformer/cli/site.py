"""``glassformer site``: the page and models as files, for any static host."""

from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.terminal import echo

EPILOG = """[bold]Examples[/]

glassformer site site --model en-de

glassformer site site --model en-de --model runs/mine --int8

python -m http.server --directory site
"""


def site(
    folder: Annotated[Path, typer.Argument(help="The folder to write: new, empty, or an earlier site.")],
    model: Annotated[list[str] | None, typer.Option(help="A shipped model's name, or the folder of a model or a run. Can be repeated: the first one is loaded.", show_default="all shipped models")] = None,
    text: Annotated[str, typer.Option(help="The sentence that the page begins with.", show_default="the article's")] = "",
    int8: Annotated[bool, typer.Option("--int8", help="Round the weights to 8 bits: the site is a third smaller, and the page says how far they are off.")] = False,
) -> None:  # fmt: skip
    """Write a web site whose visitors have the model in their own browser: no server computes, nothing is sent.

    Any host of files serves it. A browser loads the chosen model once and keeps it.
    """
    from glassformer.page.model import closed, rounded
    from glassformer.page.site import Offered, write_site
    from glassformer.page.wire import Ask
    from glassformer.translator.shipped import shipped_models

    models = [closed(name) for name in model or shipped_models()]
    offered = [Offered(rounded(one) if int8 else one, Ask(text)) for one in models]
    write_site(folder, offered, lambda name, size: echo(f"{folder / name}: {size / 1e6:,.2f} MB"))
    echo(f"Look at it: python -m http.server --directory {folder}")
