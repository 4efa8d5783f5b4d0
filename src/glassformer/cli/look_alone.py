"""``glassformer look`` where PyTorch is not installed: the page gets the model, and the browser computes."""

import functools
import http.server
import tempfile
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from glassformer.cli.look_files import has_room
from glassformer.cli.terminal import has_display, make_console, say
from glassformer.errors import NEEDS_TORCH, ConfigError

if TYPE_CHECKING:
    from glassformer.page.wire import Ask


def check_alone(ask: "Ask", save: Path | None, *, model: str, numbers_only: bool, python: bool) -> None:
    """Raises ConfigError for what the page cannot do by itself; ``python``: whether tables, or turns by words, are asked
    for."""
    from glassformer.model_folder import describe
    from glassformer.page.built import HOW, built_page
    from glassformer.page.facts import attentions_of
    from glassformer.translator.shipped import find_model

    if python or numbers_only or (save is not None and save.suffix != ".html"):
        raise ConfigError(f"{NEEDS_TORCH}; without it look shows the page, and --save x.html writes it")
    if not built_page():
        raise ConfigError(HOW)
    config = describe(find_model(model)).config
    for name, head in ask.heads_off:
        if name not in attentions_of(config) or head >= config.heads:
            raise ConfigError(
                f"no head {head} in {name}: wanted one of 0 … {config.heads - 1} in {attentions_of(config)[0]} and its like"
            )


def save_alone(ask: "Ask", path: Path, *, model: str, with_model: bool | None, int8: bool) -> None:
    """The page with the model in it, which computes when it is opened. Says how large it is."""
    from glassformer.page.export import save_model_page
    from glassformer.page.model import closed, rounded
    from glassformer.page.site import Offered

    translator = closed(model)
    if not has_room(translator, with_model=with_model, int8=int8):
        raise ConfigError("the model is too large for the file, and its numbers alone need PyTorch: give --with-model")
    save_model_page(Offered(rounded(translator) if int8 else translator, ask), path)
    size = path.stat().st_size / 1e6
    what = "with the model, so it translates without a network"
    say(
        make_console(), f"the page is saved in {path}: {size:.1f} MB, {what}; open it in any browser", "dim", whole=True
    )


def serve_alone(ask: "Ask", models: list[str], *, port: int, browser: bool) -> None:
    """A site for this machine alone, until Ctrl-C; the first of ``models`` begins. Raises ConfigError for a port that is
    taken."""
    from glassformer.page.model import closed
    from glassformer.page.site import Offered, write_site

    with tempfile.TemporaryDirectory() as folder:
        offered = [Offered(closed(name), ask) for name in models]
        write_site(Path(folder) / "site", offered, lambda *_: None)
        serve_folder(Path(folder) / "site", port, lambda address: told(address, browser))


def told(address: str, browser: bool) -> None:
    say(make_console(), f"The page is at {address} and only this machine can see it. Ctrl-C ends it.", whole=True)
    if browser and has_display():
        webbrowser.open(address)


def serve_folder(folder: Path, port: int, ready: Callable[[str], None]) -> None:
    handler = functools.partial(Quiet, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"port {port} of 127.0.0.1 cannot be used ({error}): choose another, or 0 for any") from None
    with server, suppress(KeyboardInterrupt):
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        server.serve_forever()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files, without a line for each on standard error."""

    def log_message(self, *_: object) -> None:
        return
