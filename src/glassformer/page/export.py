"""A look as one file that needs no server and no network: the built page with the numbers inside it."""

import base64
from pathlib import Path

from glassformer.disk import replace_file
from glassformer.errors import ConfigError
from glassformer.http.parse import to_json
from glassformer.http.policy import policy
from glassformer.page.body import Packed
from glassformer.page.built import HOW, MARK, built_page
from glassformer.page.model import model_body
from glassformer.page.site import Offered, shelved_as
from glassformer.page.wire import Look, Shelf

SIGN = '<script type="application/json" id="look">'
"""Capabilities of every saved page of a look."""
SHELF = '<script type="application/json" id="shelf">'
"""Capabilities of a page whose models come with it, or beside it."""
COMES = '\n<meta id="model-comes" content="below">'
"""The line of a page that has its model below its script."""


def save_page(look: Packed, path: str | Path, model: bytes = b"") -> None:
    """Write ``look`` as one self-contained page, with its ``model`` (``model_body``) if there is one, whole or not at all.
    Raises ConfigError where the page is not built."""
    replace_file(Path(path), page_with(look, model=model).encode())


def save_model_page(one: Offered, path: str | Path) -> None:
    """Write a page that has a model and no look yet: it computes when it is opened. Raises ConfigError where the page is not
    built."""
    page, body = built_page(), model_body(one.translator)
    if not page:
        raise ConfigError(HOW)
    shelf = f"{SHELF}{to_json(Shelf([shelved_as(one, '', len(body))]))}</script>"
    replace_file(Path(path), under_policy(page, [shelf], body).encode())


def as_base64(name: str, content: bytes) -> str:
    return f'<script type="application/octet-stream" id="{name}">{base64.b64encode(content).decode("ascii")}</script>'


def under_policy(page: str, scripts: list[str], model: bytes) -> str:
    """The page with these in the place of its mark, its policy, and, below its script, its ``model`` if there is one: the
    page is drawn while the browser still reads that, and knows from a line at the top that it comes."""
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy(page, model=bool(model))}">'
    page = page.replace("<head>", f"<head>\n{rule}{COMES if model else ''}", 1).replace(MARK, "\n".join(scripts), 1)
    if not model:
        return page
    above, end, below = page.rpartition("</body>")
    return f"{above}{as_base64('model', model)}\n{end}{below}"


def page_with(look: Packed, page: str = "", model: bytes = b"") -> str:
    """The HTML of ``page`` (the built one) with ``look`` in it, and its ``model``. Raises ConfigError where the page is
    not built."""
    page = page or built_page()
    if not page:
        raise ConfigError(HOW)
    if not isinstance(look.header, Look) or MARK not in page or "<head>" not in page:
        raise ConfigError(
            "this is no look, or no page of glassformer: wanted a Look and a page with <head> and the mark"
        )
    scripts = [f"{SIGN}{to_json(look.header)}</script>"]
    for group, blob in zip(look.header.groups, look.blobs, strict=True):
        scripts.append(as_base64(f"group-{group.name}", blob))  # group names are letters, digits and dots
    return under_policy(page, scripts, model)
