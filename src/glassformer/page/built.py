"""The built page: one HTML file with its script and style inside."""

from importlib.resources import files
from pathlib import Path

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


def when_built() -> int:
    """Nanoseconds; another number after each build, 0 where the page is not built."""
    path = built_folder() / "index.html"
    return path.stat().st_mtime_ns if path.is_file() else 0


def plain_page(text: str) -> str:
    """A page that only says something; ``text`` is ours."""
    return f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>glassformer</title>\n<p>{text}</p>\n</html>\n'
