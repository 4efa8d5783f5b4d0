"""Nothing that only Linux has stops the package elsewhere: modules, names of ``os`` and ``signal``, files that are open."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassformer import disk
from glassformer.disk import UNFINISHED, remove_left, replace_file, write_folder
from glassformer.errors import TrainingError
from glassformer.runs import folder as run_folder
from glassformer.runs.folder import is_run, only_run
from tests.house.source import parsed

UNIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
"""Modules that Python has on Unix only."""
PROGRAM = """
import importlib, pkgutil, sys
import sacrebleu, torch  # have their own ways, and import some of them where they are
for name in UNIX_ONLY:
    sys.modules[name] = None
import os, signal
import glassformer
for module in pkgutil.walk_packages(glassformer.__path__, "glassformer."):
    if not module.name.endswith(("__main__", "fast_connections")):  # httptools is in the extra ``serve``
        importlib.import_module(module.name)
for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "geteuid", "getuid", "sched_getaffinity", "fork", "fchmod", "mkfifo"):
    delattr(os, name)
for name in ("SIGHUP", "SIGKILL", "SIGPIPE", "SIGUSR1", "SIGALRM"):
    delattr(signal, name)
from pathlib import Path
from glassformer import disk
from glassformer.engines.ctranslate2 import cores
from glassformer.engines.conversion_cache import whose
from glassformer.cli.train import asked_to_stop
from glassformer.runs.folder import check_folder, is_run
disk.OPEN_MAY_BE_RENAMED = False
place = Path(sys.argv[1])
disk.write_folder(place / "model", {"a": b"x"})
disk.replace_file(place / "file", b"x")
(place / "run").mkdir()
check_folder(place / "run")
assert cores() >= 1 and whose(place) == ""
with asked_to_stop():
    pass
print("all of it", len([name for name in sys.modules if name.startswith("glassformer.")]))
"""


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def test_no_module_that_only_unix_has_is_imported() -> None:
    assert imported(ast.parse("def f():\n    import fcntl\nfrom resource import x")) == {"fcntl", "resource"}
    assert {name: found for name, tree in parsed().items() if (found := imported(tree) & UNIX_ONLY)} == {}


def test_every_file_can_be_imported_and_folders_written_without_what_only_linux_has(tmp_path: Path) -> None:
    program = PROGRAM.replace("UNIX_ONLY", repr(sorted(UNIX_ONLY)))
    words = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("all of it")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "model", "run"]


def test_where_nothing_open_can_be_renamed_only_what_is_old_counts_as_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "OPEN_MAY_BE_RENAMED", False)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    opened = []
    monkeypatch.setattr(disk.os, "replace", lambda a, b: (opened.append(a), os.rename(a, b)))
    replace_file(tmp_path / "file", b"x")
    write_folder(tmp_path / "folder", {"a": b"x"})
    for name, age in (("young", 60), ("old", 7200)):
        left = tmp_path / f"{UNFINISHED}{name}"
        left.write_bytes(b"half")
        os.utime(left, (left.stat().st_mtime - age,) * 2)
    remove_left(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{UNFINISHED}young", "file", "folder"]
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_lock_that_cannot_be_had_or_read_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with only_run(tmp_path / "run"):
        mark = (tmp_path / "run" / ".lock").read_text()
        assert mark == f"{os.getpid()}\nglassformer\n"
        busy = pytest.raises(TrainingError, match=rf"another run works in .* \(process {os.getpid()}\)")
        with busy, only_run(tmp_path / "run"):
            pass
        assert (tmp_path / "run" / ".lock").read_text() == mark

        def denied(*_: object) -> bytes:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as windows:  # where nobody else may read what is locked
            windows.setattr(run_folder.os, "read", denied)
            windows.setattr(Path, "read_bytes", denied)
            assert is_run(tmp_path / "run")
            unread = pytest.raises(TrainingError, match=r"another run works in .* \(process unknown\)")
            with unread, only_run(tmp_path / "run"):
                pass

    def none(*_: object, **__: object) -> bool:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(run_folder, "lock_descriptor", none)
    nowhere = pytest.raises(
        TrainingError, match=r"cannot be locked \(No locks available\): name a folder on another disk"
    )
    with nowhere, only_run(tmp_path / "run"):
        pass
