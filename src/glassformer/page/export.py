"""A look as one file that needs no server and no network: the built page with the numbers inside it."""

import base64
from pathlib import Path

from glassformer.disk import replace_file
from glassformer.errors import ConfigError
from glassformer.page.built import HOW, MARK, built_page, policy
from glassformer.page.pack import Packed
from glassformer.page.parse import to_json
from glassformer.page.wire import Look

SIGN = '<script type="application/json" id="look">'
"""What every saved page has."""


def save_page(look: Packed, path: str | Path, model: bytes = b"") -> None:
    """Write ``look`` as one self-contained page, with its ``model`` (``model_body``) if there is one, whole or not at all.
    Raises ConfigError where the page is not built."""
    replace_file(Path(path), page_with(look, model=model).encode())


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
        text = base64.b64encode(blob).decode("ascii")  # group names are letters, digits and dots
        scripts.append(f'<script type="application/octet-stream" id="group-{group.name}">{text}</script>')
    if model:
        text = base64.b64encode(model).decode("ascii")
        scripts.append(f'<script type="application/octet-stream" id="model">{text}</script>')
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy(page, model=bool(model))}">'
    return page.replace("<head>", f"<head>\n{rule}", 1).replace(MARK, "\n".join(scripts), 1)
