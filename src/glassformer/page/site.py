"""A static site: the page, its script and models, each a file, for any host of files. It has no server of its own."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glassformer.disk import replace_file
from glassformer.errors import ConfigError
from glassformer.http.parse import to_json
from glassformer.http.policy import policy
from glassformer.page.built import HOW, MARK, built_page
from glassformer.page.facts import model_facts
from glassformer.page.model import model_body
from glassformer.page.wire import Ask, Shelf, Shelved
from glassformer.translator import Translator

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class Offered:
    """A model of the site, and what the page begins with for it."""

    translator: Translator
    start: Ask = field(default_factory=lambda: Ask(""))


def write_site(folder: str | Path, models: Sequence[Offered], report: Callable[[str, int], None]) -> None:
    """Write index.html, its script and each model to ``folder``. Names of files end with what is in them, so that a
    browser may keep them, and a newer site never meets an older file; files of an earlier site go. ``report`` is called
    with each file's name and bytes.

    Raises ConfigError where the page is not built, for two models of one name, and for a folder of something else.
    """
    page = built_page()
    if not page:
        raise ConfigError(HOW)
    names = [Path(one.translator.name).name for one in models]
    if not models or len(set(names)) < len(names):
        raise ConfigError(
            f"the site's models are {', '.join(names) or 'none'}: wanted at least one, each by a name of its own"
        )
    folder = Path(folder)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    shelved = []
    for name, one in zip(names, models, strict=True):
        body = model_body(one.translator)
        file = f"model-{name}-{short_hash(body)}.bin"
        files[file] = body
        shelved.append(shelved_as(one, file, len(body)))
    found = SCRIPT.search(page)
    if found is None or MARK not in page:
        raise ConfigError("this is no page of glassformer: wanted one script and the mark in it. `make web` builds it")
    script = found[1].encode()
    name = f"page-{short_hash(script)}.js"
    files[name] = script
    files["index.html"] = index(page, found[0], name, script, Shelf(shelved)).encode()
    for old in folder.iterdir():
        if is_ours(old) and old.name not in files:
            old.unlink()
    for file, content in files.items():  # index.html last: a visitor in between finds the files that it names
        replace_file(folder / file, content)
        report(file, len(content))


def shelved_as(one: Offered, file: str, size: int) -> Shelved:
    """Facts about a model before it fetches ``file``, of ``size`` bytes."""
    return Shelved(file, size, model_facts(one.translator), one.start)


def index(page: str, inline: str, name: str, script: bytes, shelf: Shelf) -> str:
    """index.html: the script is a file that runs only as it was written (its hash), and the models are on the shelf."""
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    page = page.replace(inline, f'<script src="{name}" integrity="sha256-{digest}" defer></script>', 1)
    rules = policy(page, connect="'self'", model=True, scripts=[f"'sha256-{digest}'"])
    rule = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
    page = page.replace("<head>", f"<head>\n{rule}", 1)
    return page.replace(MARK, f'<script type="application/json" id="shelf">{to_json(shelf)}</script>', 1)


def short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def is_ours(path: Path) -> bool:
    return path.name == "index.html" or bool(re.fullmatch(r"(page-.*\.js|model-.*\.bin)", path.name))


def check_folder(folder: Path) -> None:
    """Raises ConfigError for a folder in which something else lies: nothing of anybody's is deleted."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is no folder: choose another name for the site")
    strangers = [path.name for path in folder.iterdir() if not is_ours(path)] if folder.exists() else []
    if strangers:
        raise ConfigError(f"{folder} holds {strangers[0]}, which is not a site's: choose an empty or new folder")
