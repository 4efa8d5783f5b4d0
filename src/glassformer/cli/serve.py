"""``glassformer serve``: translations over HTTP, for programs that speak LibreTranslate or DeepL, and for people."""

import contextlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassformer.cli.terminal import echo
from glassformer.errors import ConfigError

if TYPE_CHECKING:
    from starlette.applications import Starlette

EPILOG = """[bold]Examples[/]

glassformer serve en-de

glassformer serve en-de runs/de-en --port 8080 --glossary terms.tsv

glassformer serve --new-key weblate --keys keys.json

glassformer serve en-de --host 0.0.0.0 --keys keys.json
"""


def serve(
    model: Annotated[list[str] | None, typer.Argument(help="Shipped models' names, or folders of models or runs: one a language pair.", show_default="en-de")] = None,
    host: Annotated[str, typer.Option(help="Where it can be reached; other addresses than 127.0.0.1 need --keys or --open-to-all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 is any free one.")] = 5000,
    keys: Annotated[Path | None, typer.Option(help="A file of keys. Only clients that send one of them may ask.", show_default=False)] = None,
    new_key: Annotated[str, typer.Option(help="Write a new key with this name into --keys, print it, and end.")] = "",
    open_to_all: Annotated[bool, typer.Option("--open-to-all", help="Let other machines ask without a key.")] = False,
    name: Annotated[list[str] | None, typer.Option(help="A host name under which other machines ask. Can be repeated.", show_default="any")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="Another site whose pages may ask, such as https://example.org. Can be repeated.", show_default="none")] = None,
    glossary: Annotated[list[Path] | None, typer.Option(help="A TSV of source terms and target terms; requests name it by its file's name. Can be repeated.", show_default="none")] = None,
    beam: Annotated[int, typer.Option(help="Hypotheses followed at a time, where a request does not say. 1 is several times as fast.")] = 4,
    engine: Annotated[str, typer.Option(help="auto, ctranslate2 or native, as for translate.")] = "auto",
    quantization: Annotated[str, typer.Option(help="The numbers that ctranslate2 computes with.")] = "int8",
    threads: Annotated[int, typer.Option(help="Cores to use.", show_default="all")] = 0,
    seconds: Annotated[float, typer.Option(help="The longest time for one request; after it the answer is 503.")] = 30.0,
    memory: Annotated[float, typer.Option(help="GB of models' weights that are held at a time; the least used are dropped.", show_default="no limit")] = 0.0,
    characters: Annotated[int, typer.Option(help="The most characters in one request.")] = 100_000,
    requests_per_minute: Annotated[int, typer.Option(help="The most requests a minute from one address without a key, or with the new key.", show_default="no limit")] = 0,
    characters_per_minute: Annotated[int, typer.Option(help="The most characters a minute, from the same.", show_default="no limit")] = 0,
) -> None:  # fmt: skip
    """Translate over HTTP: LibreTranslate's and DeepL's requests, our own (/openapi.json), and a page at /.

    Models are loaded when they are first asked for. docs/serving.md says how to run it for others.
    """
    from glassformer.serve.keys import Limits, add_key

    limits = Limits(requests_per_minute, characters_per_minute)
    if new_key:
        if keys is None:
            raise ConfigError("--new-key without --keys: name the file that its hash is to go into")
        echo(add_key(keys, new_key, limits))
        return
    from glassformer.engines.ctranslate2 import cores
    from glassformer.serve.office import Sizes
    from glassformer.serve.run import ServerSettings, check
    from glassformer.serve.run import serve as run

    settings = ServerSettings(
        models=model or ["en-de"], host=host, port=port, open_to_all=open_to_all, names=name or (), origins=origin or (),
        keys=keys, glossaries=glossary or (), threads=threads or cores(), engine=engine, quantization=quantization, beam=beam,
        seconds=seconds, most_memory=int(memory * 1e9), per_address=limits,
        sizes=Sizes(characters=characters, body=max(2**16, 8 * characters)),
    )  # fmt: skip
    check(settings)
    with contextlib.suppress(KeyboardInterrupt):
        run(settings, lambda text: echo(text, err=True), partial(page_of, list(settings.models)))


def page_of(models: list[str]) -> "Starlette":
    """The page to look inside these models, the first of them loaded, the others when somebody looks at them."""
    from glassformer.page.app import make_app
    from glassformer.page.service import Services, load_service

    others = {name: partial(load_service, name, "cpu") for name in models[1:]}
    return make_app(Services(load_service(models[0], "cpu"), others))
