"""What must not leave the house: a path of somebody's machine, an address of a registry. And the licence is there."""

import re
import shutil
import subprocess
import tomllib

import pytest

from tests.house.source import ROOT

# Put together here, so that this file does not hold what it looks for.
FOLDERS = [
    "/".join(["", *parts]) for parts in (["work"], ["root"], ["home", r"\w+"], ["tmp", r"\w+"], ["Users", r"\w+"])
]
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ["pypi", "org"], ["pythonhosted", "org"], ["npmjs", "org"], ["npmjs", "com"], ["yarnpkg", "com"],
        ["download", "pytorch", "org"], ["conda", "anaconda", "org"], ["index", "crates", "io"], ["proxy", "golang", "org"],
    )
]  # fmt: skip
FORBIDDEN = re.compile(
    "|".join([rf"(?<![\w.~$}}])(?:{folder})\b" for folder in FOLDERS] + [re.escape(host) for host in REGISTRIES])
)


def tracked() -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("git, or .git, is not there: which files are tracked is not known")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, timeout=60, check=True).stdout
    return [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_machines_path_and_no_registrys_address() -> None:
    found = []
    for name in tracked():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not a text
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{name}:{number}: {hit[0]}" for number, line in lines for hit in FORBIDDEN.finditer(line)]
    assert not found


def test_they_are_found_where_they_are() -> None:
    for parts in (["", "work", "main"], ["", "home", "anna", "x.py"], ["", "root", ".cache"], ["", "tmp", "x"]):
        assert FORBIDDEN.search(f"see {'/'.join(parts)} there")
    for registry in REGISTRIES:
        assert FORBIDDEN.search(f"https://files.{registry}/simple")
    for harmless in ("share/work", "at work", "src/root", "/etc/hosts", "tmp_path / 'work'", "docs/home.md", "/rooted"):
        assert not FORBIDDEN.search(harmless), harmless


def test_the_licence_is_where_the_package_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "MIT"
    for name in project["license-files"]:
        assert (ROOT / name).read_text(encoding="utf-8").startswith("MIT License")
