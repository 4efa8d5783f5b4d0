"""JSON ⇄ the types of ``wire``, strictly: what is not there, too much or of another type is an error that names it."""

import dataclasses
import json
import types
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from glassformer.errors import ConfigError
from glassformer.strict_json import parsed

Kind = TypeVar("Kind")


def to_json(value: Any) -> str:
    """One line of ASCII in which no ``<`` stands, so that no token of a sentence can end a ``<script>``."""
    text = json.dumps(value, default=vars, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def from_json(kind: type[Kind], text: str | bytes) -> Kind:
    """Raises ConfigError for what is no JSON, and as the module says."""
    try:
        value = parsed(text)
    except ValueError as error:
        raise ConfigError(f"the request is not JSON ({error}): wanted a {kind.__name__}") from None
    return read(kind, value, kind.__name__)


def read(wanted: Any, value: Any, where: str) -> Any:
    """``value`` as ``wanted``, which may be any annotation of ``wire``."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if dataclasses.is_dataclass(wanted):
        return read_fields(wanted, value, where)
    if origin in (Union, types.UnionType):
        others = [one for one in arguments if one is not type(None)]
        one = type(None) if value is None else next((one for one in others if is_of(one, value)), others[0])
        if one in arguments and (len(others) == 1 or is_of(one, value)):
            return read(one, value, where)
    if origin is Literal and value in arguments:
        return value
    if origin is list and isinstance(value, list):
        if arguments[0] is str and all(type(one) is str for one in value):
            return list(value)
        return [read(arguments[0], one, f"{where}[{number}]") for number, one in enumerate(value)]
    if origin is tuple and isinstance(value, list) and len(value) == len(arguments):
        return tuple(read(one, part, where) for one, part in zip(arguments, value, strict=True))
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if wanted in (str, int, bool, type(None)) and type(value) is wanted:
        return value
    raise ConfigError(f"{where} is {shortened(value)}: wanted {words_for(wanted)}")


def is_of(wanted: Any, value: Any) -> bool:
    """Whether a value is of the kind that JSON has for ``wanted``, whatever is in it."""
    kind = get_origin(wanted) or wanted
    return isinstance(value, dict) if dataclasses.is_dataclass(wanted) else isinstance(value, kind)


def read_fields(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is {shortened(value)}: wanted an object")
    hints, known = get_type_hints(kind), {entry.name: entry for entry in dataclasses.fields(kind)}
    for name in value:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5) or sorted(known)
            raise ConfigError(f"{where} has no {shortened(name)}: wanted {', '.join(near)}")
    for name, entry in known.items():
        if name not in value and entry.default is entry.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where} has no {name}: wanted one")
    return kind(**{name: read(hints[name], part, f"{where}.{name}") for name, part in value.items()})


def shortened(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


def words_for(wanted: Any) -> str:
    """A type as a message names it."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    describe: Callable[[Any], str] = words_for
    if origin is list:
        return f"a list, each entry {describe(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(map(describe, arguments))}]"
    if origin is Literal:
        return " or ".join(map(str, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(map(describe, arguments))
    return WORDS.get(wanted, "an object")
