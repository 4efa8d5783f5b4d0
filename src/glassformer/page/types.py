"""Writes ``web/src/numbers/wire.ts`` from ``wire.py``: ``python -m glassformer.page.types``; a test holds it."""

import ast
import dataclasses
import inspect
import textwrap
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from glassformer.page import wire

PATH = Path(__file__).parents[3] / "web" / "src" / "numbers" / "wire.ts"
PLAIN: dict[Any, str] = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript() -> str:
    """The whole text of ``wire.ts``."""
    parts = ["// Generated from src/glassformer/page/wire.py by python -m glassformer.page.types. Do not edit."]
    parts.append(comment(wire.__doc__ or "", ""))
    parts.append(f"export const VERSION = {wire.VERSION};\n")
    for name, hint in {
        "Storage": wire.Storage,
        "LearnedStorage": wire.LearnedStorage,
        "Edge": wire.Edge,
        "Turn": wire.Turn,
        "HeadIndex": wire.HeadIndex,
    }.items():
        parts.append(f"export type {name} = {type_of(hint)};\n")
    parts += [interface(kind) for kind in kinds()]
    return "\n".join(parts)


def kinds() -> list[type]:
    """Every dataclass of ``wire.py``, in its order."""
    return [kind for kind in vars(wire).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]


def interface(kind: type) -> str:
    written, hints = documentation(kind), get_type_hints(kind)
    lines = []
    if not (kind.__doc__ or "").startswith(kind.__name__ + "("):  # dataclass's own
        lines.append(comment(kind.__doc__ or "", ""))
    lines.append(f"export interface {kind.__name__} {{")
    for entry in dataclasses.fields(kind):
        required = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        if entry.name in written:
            lines.append(comment(written[entry.name], "  "))
        lines.append(f"  {entry.name}{'' if required else '?'}: {type_of(hints[entry.name])};")
    return "\n".join([*lines, "}\n"])


def type_of(hint: Any) -> str:
    """A Python annotation in TypeScript's words. Raises TypeError for one that has none here."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Literal:
        return " | ".join(f'"{word}"' for word in arguments)
    if origin is list:
        inner = type_of(arguments[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is dict:
        return f"Record<{', '.join(map(type_of, arguments))}>"
    if origin is tuple:
        return f"[{', '.join(map(type_of, arguments))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(type_of, arguments))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return hint.__name__
    raise TypeError(f"{hint} has no type in TypeScript here: add it to glassformer.page.types")


def documentation(kind: type) -> dict[str, str]:
    """The string that stands under each field."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    written, name = {}, ""
    for line in body.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            name = line.target.id
        elif isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and name:
            written[name] = inspect.cleandoc(str(line.value.value))
    return written


def comment(text: str, indent: str) -> str:
    lines = [line.rstrip() for line in inspect.cleandoc(text).replace("*/", "* /").split("\n")]
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */"
    return "\n".join([f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"])


if __name__ == "__main__":
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(typescript(), encoding="utf-8")
