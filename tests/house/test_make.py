"""The two commands on a fresh copy: they build the page first, once, and again when its sources have changed. The programs
that make calls only note how they were called."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.source import ROOT

PAGE = "src/glassformer/page/built/index.html"
PYTHON = """#!/bin/sh
echo "python $*" >> called
if [ "$1" = hatch_build.py ]; then
  test ! -f broken || exit 1
  mkdir -p src/glassformer/page/built && echo page > src/glassformer/page/built/index.html
fi
"""
NOTED = '#!/bin/sh\necho "{name} $*" >> {where}/called\n'
Make = Callable[..., list[str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A fresh copy whose virtual environment is made already."""
    place = tmp_path / "copy"
    (place / ".venv" / "bin").mkdir(parents=True)
    (place / "web" / "src" / "views").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "hatch_build.py"):
        shutil.copy(ROOT / name, place / name)
    for name in ("web/package.json", "web/src/main.tsx", "web/src/views/a.tsx", "web/src/views/b.tsx"):
        (place / name).write_text("x")
    program(place / ".venv" / "bin" / "python", PYTHON)
    program(place / ".venv" / "bin" / "glassformer", NOTED.format(name="glassformer", where=place))
    for path in place.rglob("*"):
        os.utime(path, (1_000_000_000,) * 2)
    for name in ("demo", "all"):
        (place / ".venv" / name).touch()
    os.utime(place / ".venv" / "demo", (1_100_000_000,) * 2)
    os.utime(place / ".venv" / "all", (1_200_000_000,) * 2)
    return place


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def make(copy: Path) -> Make:
    """``make("test")`` gives the programs that were called."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")

    def make(word: str, **environment: str) -> list[str]:
        (copy / "called").unlink(missing_ok=True)
        of_a_make = (
            "MAKEFLAGS",
            "MFLAGS",
            "MAKELEVEL",
        )  # the tests may be started by one, which announces folders then
        kept = {
            name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", *of_a_make)
        }
        done = subprocess.run(
            ["make", word], cwd=copy, env=kept | environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        (copy / "said").write_text(done.stdout)
        called = copy / "called"
        return called.read_text().splitlines() if called.is_file() else []

    return make


def built(called: list[str]) -> bool:
    return "python hatch_build.py" in called


def test_the_tests_have_a_page_of_these_sources(copy: Path, make: Make) -> None:
    called = make("test")
    assert built(called)
    assert called[-1].startswith("python -m pytest")
    assert not built(make("test"))
    for path in (copy / "web").rglob("*"):
        os.utime(path, (1_000_000_000,) * 2)
    for change in ("web/src/views/a.tsx", "web/package.json", "web/src/views"):  # a folder: a file of it has gone
        os.utime(copy / change, (4_000_000_000,) * 2)
        assert built(make("test")), change
        os.utime(copy / change, (1_000_000_000,) * 2)
        assert not built(make("test")), change
    (copy / PAGE).unlink()
    assert built(make("web"))
    assert make("web") == []


def test_without_a_page_the_other_tests_run(copy: Path, make: Make) -> None:
    (copy / "broken").touch()
    assert make("test")[-1].startswith("python -m pytest")
    assert "its tests in a browser are skipped" in (copy / "said").read_text()


def test_the_demo_ends_with_a_page_that_is_opened_where_there_is_a_screen(copy: Path, make: Make) -> None:
    called = make("demo")
    assert built(called)
    assert called[-1].startswith("glassformer look The animal didn't cross the street")
    assert called[-1].endswith("--save animal.html")
    assert (copy / "said").read_text().splitlines()[-1].endswith(f"lies in {copy}/animal.html")
    (copy / "bin").mkdir()
    program(copy / "bin" / "xdg-open", NOTED.format(name="xdg-open", where=copy))
    path = f"{copy / 'bin'}:{os.environ['PATH']}"
    assert make("demo", PATH=path)[-1].endswith("--save animal.html")
    for screen in ("DISPLAY", "WAYLAND_DISPLAY"):
        called = make("demo", PATH=path, **{screen: ":0"})
        assert called[-1] == "xdg-open animal.html"
        assert not built(called)
    assert "/animal.html" in (ROOT / ".gitignore").read_text().splitlines()


def test_a_demo_without_a_page_ends_in_the_terminal(copy: Path, make: Make) -> None:
    (copy / "broken").touch()
    called = [words for words in make("demo", DISPLAY=":0") if not words.startswith("python")]
    assert called[-1].endswith("--token it")
    assert "without it this is all" in (copy / "said").read_text()


def test_every_word_does_what_it_says() -> None:
    """A merge once wrote two words in one line: the first had the recipe of the second, the second none."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    (words,) = (line.removeprefix(".PHONY:").split() for line in lines if line.startswith(".PHONY:"))
    for word in words:
        (line,) = (number for number, text in enumerate(lines) if text.startswith(f"{word}:"))
        assert lines[line].count("##") == 1, f"{word} and another word are one line"
        assert lines[line + 1].startswith("\t") or word == "web", f"make {word} does nothing"
    for word, does in {"bench-gpu": "benchmarks/gpu.py", "peers": "benchmarks/clients.py"}.items():
        recipe = "\n".join(lines).partition(f"\n{word}:")[2].partition("\n\n")[0]
        assert does in recipe, word
