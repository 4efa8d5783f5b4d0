"""What Python and TypeScript call a thing is one: the generated types are the committed ones."""

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from glassformer.page import types, wire

SMALL = (
    "import sys\nfrom glassformer.http import parse\nfrom glassformer.page import types, wire\n"
    "assert 'torch' not in sys.modules"
)


def test_the_committed_types_are_up_to_date() -> None:
    if not types.PATH.parent.is_dir():
        pytest.skip("web/ is not in this checkout")
    assert types.PATH.read_text(encoding="utf-8") == types.typescript(), "run python -m glassformer.page.types"


def test_every_type_and_field_is_there() -> None:
    text = types.typescript()
    for kind in types.kinds():
        body = text.split(f"export interface {kind.__name__} {{")[1].split("\n}")[0]
        for field in dataclasses.fields(kind):
            assert f"\n  {field.name}:" in body or f"\n  {field.name}?:" in body


def test_a_change_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = types.typescript()
    changed = dataclasses.make_dataclass("Problem", [("error", int)])
    monkeypatch.setattr(types, "kinds", lambda: [changed])
    monkeypatch.setattr(types, "documentation", lambda kind: {})
    assert "error: number;" in types.typescript() != before


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (str, "string"),
        (list[int], "number[]"),
        (list[list[float]], "number[][]"),
        (str | None, "string | null"),
        (list[str | None], "(string | null)[]"),
        (tuple[str, int], "[string, number]"),
        (wire.Storage, '"float32" | "bfloat16" | "root8" | "top" | "none"'),
        (list[wire.Word], "Word[]"),
        (dict[str, list[str]], "Record<string, string[]>"),
    ],
)
def test_an_annotation_in_typescript(hint: Any, text: str) -> None:
    assert types.type_of(hint) == text


def test_what_has_no_type_is_an_error() -> None:
    with pytest.raises(TypeError, match="no type in TypeScript"):
        types.type_of(set[str])


def test_the_types_need_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
