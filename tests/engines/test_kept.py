"""A conversion is made once, is whole or not there, and is made again when it was damaged or the weights changed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from glassformer.checkpoint import load_model, save_model
from glassformer.config import DecodingConfig
from glassformer.engines import check, kept
from glassformer.errors import ConversionError
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN

GREEDY = DecodingConfig(method="greedy")


def fast(folder: Path, said: list[str] | None = None, **options: Any) -> Translator:
    tell = said.append if said is not None else lambda text: None
    return Translator.load(folder, engine="ctranslate2", threads=1, tell=tell, **options)


def conversions(place: Path) -> list[Path]:
    return sorted(place.glob("ctranslate2-*"))


def test_it_is_made_once_and_kept_beside_the_model(folder: Path, cache: Path) -> None:
    said: list[str] = []
    assert fast(folder, said).translate(ENGLISH[:3], config=GREEDY) == GERMAN[:3]
    assert len(said) == 2
    assert "once" in said[0]
    assert "checked: 40 sentences (made up): float32 gives the same tokens in 40" in said[1]
    (place,) = conversions(folder)
    assert json.loads((place / "check.json").read_bytes())["equal"] == 40
    assert fast(folder, said).translate(ENGLISH[:3], config=GREEDY) == GERMAN[:3]
    assert len(said) == 2
    assert not cache.exists()
    assert not list(folder.glob(".unfinished-*"))


def test_a_damaged_one_is_made_again(folder: Path) -> None:
    fast(folder)
    (place,) = conversions(folder)
    for damage in (lambda: (place / "model.bin").write_bytes(b"x"), lambda: (place / "config.json").unlink()):
        damage()
        said: list[str] = []
        assert fast(folder, said).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
        assert len(said) == 2
        assert conversions(folder) == [place]


def test_other_weights_have_another(folder: Path) -> None:
    fast(folder)
    saved = load_model(folder)
    with torch.no_grad():
        saved.model.embedding.weight[5] += 1
    other = folder.with_name("other")
    save_model(other, saved)
    assert kept.name_of(folder, "int8") != kept.name_of(other, "int8") != kept.name_of(other, "float32")


def test_a_folder_that_is_not_ours_uses_the_cache(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = kept.write_folder

    def write(path: Path, files: Any) -> None:
        if path.parent == folder:
            raise PermissionError(13, "Permission denied", str(path))
        real(path, files)

    monkeypatch.setattr(kept, "write_folder", write)
    fast(folder)
    assert [conversions(folder), len(conversions(cache))] == [[], 1]
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)  # nowhere to keep it: it still translates
    assert fast(folder).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]


def test_what_came_with_the_package_is_never_written_beside(cache: Path) -> None:
    from glassformer.translator.shipped import models_folder

    assert kept.places(models_folder() / "en-de") == [cache]


def test_two_at_once_are_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = kept.write_folder

    def late(path: Path, files: Any) -> None:
        real(path, files)  # somebody else's
        real(path, files)

    monkeypatch.setattr(kept, "write_folder", late)
    assert fast(folder).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
    assert len(conversions(folder)) == 1


def test_a_failed_check_is_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "compare", wrong)
    with pytest.raises(ConversionError, match="other tokens"):
        fast(folder)
    said: list[str] = []
    with pytest.raises(ConversionError, match="other tokens"):
        fast(folder, said)
    assert said == []
    (place,) = conversions(folder)
    assert not (place / "model.bin").exists()


def wrong(*_: Any) -> int:
    raise ConversionError("other tokens")
