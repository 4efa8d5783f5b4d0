"""Short texts for objects in messages, notebooks and tracebacks: a line, however much they hold."""

import dataclasses
import reprlib
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound=type)
LONGEST = 80
"""Characters of one value."""


class Brief(reprlib.Repr):
    """Python's short representations, with tensors and arrays by their shape."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST
        self.maxdict = self.maxlist = self.maxtuple = 4
        self.maxlevel = 2

    def repr1(self, x: Any, level: int) -> str:
        shape, kind = getattr(x, "shape", None), getattr(x, "dtype", None)
        if shape is not None and kind is not None:
            return f"{type(x).__name__}[{' × '.join(map(str, shape))}]"
        text = " ".join(super().repr1(x, level).split())
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"


SHORT = Brief()


def shown(value: Any) -> str:
    """A value in a message: its beginning, as it may be anything."""
    return SHORT.repr(value)


def brief(kind: Kind) -> Kind:
    """A decorator of a dataclass or a named tuple: its ``repr`` is one line, whatever its fields hold."""
    names = [field.name for field in dataclasses.fields(kind) if field.repr] if dataclasses.is_dataclass(kind) else []
    names = names or list(getattr(kind, "_fields", ()))

    def one_line(self: Any) -> str:
        return f"{kind.__name__}({', '.join(f'{name}={shown(getattr(self, name))}' for name in names)})"

    kind.__repr__ = one_line  # type: ignore[assignment]
    return kind
