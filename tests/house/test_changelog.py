"""CHANGELOG.md: each entry in its group, and a group is one of three."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")


def stray(text: str) -> list[str]:
    """Entries that stand in no group, and groups of another name."""
    found, group = [], ""
    for line in text.splitlines():
        if line.startswith("## "):
            group = ""
        elif heading := re.match(r"### (.*)", line):
            group = heading[1]
            found += [] if group in ("Added", "Changed", "Fixed") else [line]
        elif line.startswith("- ") and not group:
            found.append(line)
    return found


def test_each_entry_stands_in_its_group() -> None:
    assert stray(TEXT) == []
    assert "\n- " in TEXT


def test_a_stray_entry_is_found() -> None:
    assert stray("## 1\n- one\n### Added\n- two\n### News\n- three\n## 2\n- four\n") == ["- one", "### News", "- four"]
