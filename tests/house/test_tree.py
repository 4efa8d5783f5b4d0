"""The tree of docs/architecture.md has a caption for every file of the package, and what README.md names is there."""

import re
from pathlib import Path

import pytest
import typer

from glassformer.cli.app import app
from tests.house.source import PACKAGE, ROOT

LINE = re.compile(r"^( *)(\S+)(?: {2,}(\S.*))?$")


def tree_in(text: str) -> dict[str, str]:
    """The paths and captions of the first fenced block after a heading with "tree" or "rooms" in it."""
    found = re.search(
        r"^#+ [^\n]*\b(?:tree|rooms)\b.*?^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL | re.IGNORECASE
    )
    assert found, "no tree"
    captions: dict[str, str] = {}
    folders: list[tuple[int, str]] = []
    for line in filter(str.strip, found[1].splitlines()):
        parts = LINE.match(line.rstrip())
        assert parts, f"wanted NAME and its caption, two spaces apart: {line!r}"
        indent, name = len(parts[1]), parts[2]
        while folders and folders[-1][0] >= indent:
            folders.pop()
        path = (folders[-1][1] if folders else "") + name
        assert path not in captions, f"{path} twice"
        captions[path] = parts[3] or ""
        if name.endswith("/"):
            folders.append((indent, path))
    return captions


def missing(captions: dict[str, str], root: Path, package: Path) -> list[str]:
    """Files and folders of the package without a caption, and names in the tree that are not there."""
    there = [package, *sorted(package.rglob("*"))]
    wanted = [f"{path.relative_to(root).as_posix()}/" for path in there if path.is_dir() and list(path.glob("*.py"))]
    wanted += [path.relative_to(root).as_posix() for path in there if path.suffix == ".py"]
    top = f"{package.relative_to(root).as_posix()}/"
    without = [f"{path} has no caption" for path in wanted if not captions.get(path) and path != top]
    gone = [f"{path} is not there" for path in captions if not (root / path).exists()]
    wrong = [f"{path} is a folder" for path in captions if (root / path).is_dir() and not path.endswith("/")]
    return [*without, *gone, *wrong]


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_is_the_house() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert not missing(tree_in(text), ROOT, PACKAGE)


def test_a_wrong_tree_is_found(tmp_path: Path) -> None:
    package = tmp_path / "src" / "house"
    (package / "room").mkdir(parents=True)
    for name in ("a.py", "room/b.py", "room/c.py"):
        (package / name).touch()
    good = (
        "## The tree\n\n```text\nsrc/house/\n  a.py    the first\n  room/   a room\n    b.py  one\n    c.py  two\n```\n"
    )
    assert tree_in(good)["src/house/room/b.py"] == "one"
    assert not missing(tree_in(good), tmp_path, package)
    for wrong, says in {
        good.replace("    c.py  two\n", ""): ["src/house/room/c.py has no caption"],
        good.replace("    c.py  two\n", "    c.py\n"): ["src/house/room/c.py has no caption"],
        good.replace("a room", ""): ["src/house/room/ has no caption"],
        good.replace("a.py    the first", "a.py    the first\n  d.py    another"): ["src/house/d.py is not there"],
    }.items():
        assert missing(tree_in(wrong), tmp_path, package) == says
    for broken in (good.replace("c.py", "b.py"), good.replace("tree", "three"), good.replace("c.py  two", "c.py two")):
        with pytest.raises(AssertionError):
            tree_in(broken)


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/using.md", "docs/figures.md", "docs/architecture.md"]
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert "://" in link or ((ROOT / page).parent / link).exists(), link


def test_the_commands_in_the_readme_exist() -> None:
    parsed = typer.main.get_command(app)
    seen = 0
    text = readme() + (ROOT / "docs" / "using.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = re.sub(r'"[^"]*"|#.*', "", line).split()
            if words[:1] == ["glassformer"]:
                known = {spelling for option in parsed.commands[words[1]].params for spelling in option.opts}
                assert {word for word in words if word.startswith("--")} <= known, line
                seen += 1
            elif words[:1] == ["make"]:
                assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), line
    assert seen > 9
