"""A toy's folder of its own for each test, and a cache that is nobody's."""

from pathlib import Path

import pytest

from tests.toy_translator import save_toy_translator


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "glassformer"


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    save_toy_translator(tmp_path / "model")
    return tmp_path / "model"
