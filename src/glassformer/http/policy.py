"""The policy that lets nothing run but what is in a page itself."""

import base64
import hashlib
import re
from collections.abc import Sequence

INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)


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
