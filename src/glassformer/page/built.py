"""The built page: one HTML file with its script and style inside, and the policy that lets only these run."""

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
MARK = "<!--look-->"
"""Where a saved page's numbers go: before the script."""
HOW = (
    "The page is not built here. Build it with `make web` (it fetches Node.js from PyPI where there is none), or install a "
    "wheel, which has it."
)


def built_folder() -> Path:
    return Path(str(files("glassformer"))) / "page" / "built"


def built_page() -> str:
    """The page's HTML; empty where it is not built."""
    path = built_folder() / "index.html"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def hashes(page: str) -> dict[str, list[str]]:
    """'sha256-…' of each inline script that runs, and of each style, in ``page``."""
    found: dict[str, list[str]] = {"script": [], "style": []}
    for kind, attributes, content in INLINE.findall(page):
        kind = kind.lower()
        if kind == "script" and re.search(r"type=\"?(?:application/|text/plain)", attributes):
            continue  # numbers, and the Worker's text, which do not run here
        normal = content.replace("\r\n", "\n").replace("\r", "\n")
        digest = base64.b64encode(hashlib.sha256(normal.encode()).digest()).decode()
        found[kind].append(f"'sha256-{digest}'")
    return found


def policy(page: str, connect: str = "'none'", *, model: bool = False, scripts: Sequence[str] = ()) -> str:
    """A Content-Security-Policy under which only what is in ``page`` runs and ``connect`` is all that it may ask. With a
    ``model`` it may start its own Worker, which has the same policy, and WebAssembly in it. ``scripts``: hashes of
    files that it may run, too."""
    found = hashes(page)
    rules = {
        "default-src": ["'none'"],
        "script-src": [*scripts, *found["script"], *(["'wasm-unsafe-eval'"] if model else [])] or ["'none'"],
        "style-src": found["style"] or ["'none'"],
        "img-src": ["data:"],
        "connect-src": [connect],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    if model:
        rules["worker-src"] = ["blob:"]
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def plain_page(text: str) -> str:
    """A page that only says something; ``text`` is ours."""
    return f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>glassformer</title>\n<p>{text}</p>\n</html>\n'
