"""JSON as it comes from strangers: what is no JSON by the standard, or nested without end, is a ValueError in one line.

Python's own reader takes NaN and Infinity, which nothing here can mean, and ends with RecursionError a little before the
depth at which whatever walks through the value later ends with one, too.
"""

import json
from typing import Any, NoReturn

DEEPEST = 64
"""Lists and objects within each other: more than any file or request of ours has."""


def parsed(text: str | bytes) -> Any:
    """The value. Raises ValueError for what is no JSON or nested deeper than DEEPEST."""
    try:
        value = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise too_deep() from None
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level if isinstance(outer, (list, dict)) for inner in entries(outer)]
        if not level:
            return value
    raise too_deep()


def entries(value: Any) -> Any:
    """The values in a list or an object."""
    return value.values() if isinstance(value, dict) else value


def refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def too_deep() -> ValueError:
    return ValueError(f"nested deeper than {DEEPEST}")
