"""Files are whole or not there, nothing is left of what was not finished, and links are replaced, not followed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassformer.disk import (
    UNFINISHED,
    check_replaceable,
    held,
    put_back,
    read_folder,
    remove_left,
    replace_file,
    replacing,
    write_folder,
)
from glassformer.errors import ConfigError


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")

    def fail() -> None:
        with replacing(path) as unfinished:
            unfinished.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(TypeError):
        write_folder(tmp_path / "folder", {"a": b"x", "b": "no bytes"})  # type: ignore[dict-item]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_a_disk_that_is_full_is_said_of_the_file_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It named the unfinished one, or none."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(FileNotFoundError, match=r"nowhere/x'$"):
        replace_file(tmp_path / "nowhere" / "x", b"content")
    monkeypatch.setattr("os.fsync", full)
    for write in (replace_file, lambda path, content: write_folder(path, {"a": content})):
        with pytest.raises(OSError, match=r"No space left on device: .*/asked'$"):
            write(tmp_path / "asked", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no folder .*nowhere: make it first"):
        check_replaceable(tmp_path / "nowhere" / "x.html", b"sign", "page")


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    (tmp_path / f"{UNFINISHED}link").symlink_to(tmp_path / "theirs")
    replace_file(tmp_path / "link", b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert not (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "theirs"]


def test_what_a_killed_process_left_goes_with_the_next_one_and_what_is_being_written_stays(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from glassformer.disk import replacing\n"
        "with replacing(Path(sys.argv[1])) as file: file.write_bytes(b'half'); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "file"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with replacing(path) as unfinished:
        unfinished.write_bytes(b"whole")
        assert [unfinished] == list(tmp_path.iterdir())
        remove_left(tmp_path)  # another process would see that it is being written
        assert unfinished.exists()
    assert path.read_bytes() == b"whole"
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / f"{UNFINISHED}other").mkdir()
    with held(tmp_path / f"{UNFINISHED}other"):
        remove_left(tmp_path)
        assert (tmp_path / f"{UNFINISHED}other").exists()
    remove_left(tmp_path)
    assert not (tmp_path / f"{UNFINISHED}other").exists()


def test_only_what_is_ours_is_replaced(tmp_path: Path) -> None:
    check_replaceable(tmp_path / "new", b"sign", "page")
    (tmp_path / "ours").write_bytes(b"with the sign in it")
    check_replaceable(tmp_path / "ours", b"sign", "page")
    (tmp_path / "theirs").write_bytes(b"a thesis")
    (tmp_path / "link").symlink_to(tmp_path / "ours")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("theirs", "link", "nowhere", "pipe", "folder"):
        with pytest.raises(ConfigError, match=f"{name} is there already and is no page: name another file"):
            check_replaceable(tmp_path / name, b"sign", "page")


@pytest.mark.parametrize("name", ["x" * 250, "字" * 83])
def test_a_name_as_long_as_the_disk_takes_is_written(tmp_path: Path, name: str) -> None:
    """The unfinished one was too long for it."""
    for content in (b"old", b"content"):
        replace_file(tmp_path / name, content)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(name, b"content")]


def test_a_folder_that_is_replaced_is_the_old_one_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    write_folder(folder, {"a": b"old"})
    with pytest.raises(FileExistsError):
        write_folder(folder, {"a": b"new"})
    rename = Path.rename

    def stopped(path: Path, target: Path) -> Path:
        if ".unfinished" in path.name:
            raise KeyboardInterrupt  # as a kill between the two renames
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, {"a": b"new"}, replace=True)
    monkeypatch.undo()
    assert not folder.exists()
    put_back(tmp_path)
    assert read_folder(folder) == {"a": b"old"}
    write_folder(folder, {"a": b"new"}, replace=True)
    assert read_folder(folder) == {"a": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
