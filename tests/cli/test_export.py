"""``glassformer export``: a folder that CTranslate2 loads without us, by its own README."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glassformer.errors import ConfigError
from tests.toy_translator import ENGLISH, GERMAN

Run = Callable[..., Any]


def test_the_readme_of_the_folder_works(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    said = run("export", "en-de", str(out), "--quantization", "float32").stdout
    assert "float32 gives the same tokens in 40" in said
    assert json.loads((out / "check.json").read_bytes())["equal"] == 40
    listed = set(re.findall(r"`([\w.]+)`", (out / "README.md").read_text()))
    assert {path.name for path in out.iterdir()} - {"README.md"} <= listed
    (code,) = re.findall(r"^```python\n(.*?)^```", (out / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(out)
    printed: list[str] = []
    for english in ENGLISH:
        exec(code.replace("Good morning!", english), {"print": printed.append})  # noqa: S102
    assert printed == GERMAN


def test_what_cannot_be_is_told(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--to coreml: choose ctranslate2"):
        run("export", "en-de", str(tmp_path / "out"), "--to", "coreml")
    with pytest.raises(ConfigError, match="quantization='int3'"):
        run("export", "en-de", str(tmp_path / "out"), "--quantization", "int3")
    with pytest.raises(ConfigError, match="is there already"):
        run("export", "en-de", str(tmp_path))
