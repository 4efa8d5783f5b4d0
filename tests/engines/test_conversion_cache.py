"""A conversion is made once, is whole or not there, and is made again when it was damaged or the weights changed."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from glassformer.checkpoint import load_model, save_model
from glassformer.config import DecodingConfig
from glassformer.engines import check, conversion_cache
from glassformer.errors import ConversionError
from glassformer.translator import Translator
from tests.toy_translator import ENGLISH, GERMAN

GREEDY = DecodingConfig(method="greedy")


def fast(folder: Path, said: list[str] | None = None, **options: Any) -> Translator:
    tell = said.append if said is not None else lambda text: None
    return Translator.load(folder, engine="ctranslate2", threads=1, tell=tell, **options)


def conversions(place: Path) -> list[Path]:
    return sorted(place.glob("ctranslate2-*"))


def test_it_is_made_once_and_kept_in_the_users_cache(folder: Path, cache: Path) -> None:
    before = sorted(folder.iterdir())
    said: list[str] = []
    assert fast(folder, said).translate(ENGLISH[:3], config=GREEDY) == GERMAN[:3]
    assert len(said) == 2
    assert "once" in said[0]
    assert "checked: 40 sentences (made up): float32 gives the same tokens in 40" in said[1]
    (place,) = conversions(cache)
    assert json.loads((place / "check.json").read_bytes())["equal"] == 40
    assert cache.stat().st_mode & 0o777 == 0o700
    assert fast(folder, said).translate(ENGLISH[:3], config=GREEDY) == GERMAN[:3]
    assert len(said) == 2
    assert sorted(folder.iterdir()) == before
    assert list(cache.iterdir()) == [place]


def test_a_damaged_one_is_made_again(folder: Path, cache: Path) -> None:
    fast(folder)
    (place,) = conversions(cache)
    for damage in (lambda: (place / "model.bin").write_bytes(b"x"), lambda: (place / "config.json").unlink()):
        damage()
        said: list[str] = []
        assert fast(folder, said).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
        assert len(said) == 2
        assert conversions(cache) == [place]


def test_other_weights_have_another(folder: Path) -> None:
    fast(folder)
    saved = load_model(folder)
    with torch.no_grad():
        saved.model.embedding.weight[5] += 1
    other = folder.with_name("other")
    save_model(other, saved)
    assert (
        conversion_cache.name_of(folder, "int8")
        != conversion_cache.name_of(other, "int8")
        != conversion_cache.name_of(other, "float32")
    )


def test_a_conversion_in_the_models_own_folder_is_never_taken(folder: Path, cache: Path, tmp_path: Path) -> None:
    """A stranger's model with the right name for a conversion of another one beside its weights."""
    saved = load_model(folder)
    with torch.no_grad():
        saved.model.embedding.weight[5] += 1
    save_model(tmp_path / "theirs", saved)
    fast(folder)
    (place,) = conversions(cache)
    shutil.copytree(place, tmp_path / "theirs" / conversion_cache.name_of(tmp_path / "theirs", "int8"))
    said: list[str] = []
    fast(tmp_path / "theirs", said)
    assert "once" in said[0]
    assert len(conversions(cache)) == 2


def test_a_cache_that_others_can_write_to_is_not_used(folder: Path, cache: Path, tmp_path: Path) -> None:
    fast(folder)
    (place,) = conversions(cache)
    cache.chmod(0o755)  # as older versions made it: closed, and used
    said: list[str] = []
    fast(folder, said)
    assert said == []
    assert cache.stat().st_mode & 0o777 == 0o700
    elsewhere = tmp_path / "elsewhere"
    for spoil in (lambda: cache.chmod(0o777), lambda: (cache.rename(elsewhere), cache.symlink_to(elsewhere))):
        spoil()
        said = []
        assert fast(folder, said).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
        assert len(said) == 3
        assert f"it cannot be kept in {cache} (" in said[2]
        assert "XDG_CACHE_HOME" in said[2]
        cache.chmod(0o700)
    assert [path.name for path in elsewhere.iterdir()] == [place.name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_somebody_elses_is_not_used(folder: Path, cache: Path) -> None:
    fast(folder)
    os.chown(cache, 12345, 12345)
    said: list[str] = []
    fast(folder, said)
    assert "somebody else" in said[2]


def test_a_cache_that_cannot_be_written_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    said: list[str] = []
    translator = fast(folder, said)
    for _ in range(3):
        assert translator.translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
    assert [("it cannot be kept in /dev/null/glassformer (Not a directory)" in text) for text in said] == [
        False,
        False,
        True,
    ]


def test_what_a_killed_process_left_is_removed_and_the_oldest_go(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion_cache, "KEPT", 3)
    cache.mkdir(parents=True, mode=0o700)
    (cache / ".unfinished-abcdefgh").mkdir()
    (cache / ".unfinished-abcdefgh" / "model.bin").write_bytes(b"half")
    for number in range(5):
        (cache / f"ctranslate2-int8-{number:016}").mkdir()
        os.utime(cache / f"ctranslate2-int8-{number:016}", (number, number))
    fast(folder)
    assert not list(cache.glob(".unfinished-*"))
    (own,) = {path for path in conversions(cache) if (path / "model.bin").exists()}
    assert own.name == conversion_cache.name_of(folder, "int8")
    assert {path.name[-1] for path in conversions(cache) if path != own} == {"3", "4"}


def test_two_at_once_are_one(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = conversion_cache.write_folder

    def late(path: Path, files: Any) -> None:
        real(path, files)  # somebody else's
        real(path, files)

    monkeypatch.setattr(conversion_cache, "write_folder", late)
    assert fast(folder).translate(ENGLISH[0], config=GREEDY) == GERMAN[0]
    assert len(conversions(cache)) == 1


def test_a_failed_check_is_remembered(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "compare", wrong)
    with pytest.raises(ConversionError, match="other tokens"):
        fast(folder)
    said: list[str] = []
    with pytest.raises(ConversionError, match="other tokens"):
        fast(folder, said)
    assert said == []
    (place,) = conversions(cache)
    assert not (place / "model.bin").exists()


def wrong(*_: Any) -> int:
    raise ConversionError("other tokens")
