"""What the house's tests read: the package's files, parsed."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "glassformer"


@cache
def parsed() -> dict[str, ast.Module]:
    """Each Python file of the package, by its path from there: ``model/attention.py``."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }
