"""The recipes of docs/serving.md for other people's machines: systemd reads the unit, the container's commands are ours."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from glassformer.cli.app import app
from tests.house.source import ROOT

SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
SYSTEMD = shutil.which("systemd-analyze")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", SERVING, re.DOTALL)
    return str(found)


def check_options(words: list[str]) -> None:
    """``glassformer serve`` has each option."""
    assert words[0].endswith("/bin/glassformer")
    assert words[1:3] == ["serve", "en-de"]
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    known = {spelling for option in serve.params for spelling in option.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_unit_starts_what_there_is() -> None:
    (line,) = (line for line in block("ini").splitlines() if line.startswith("ExecStart="))
    check_options(shlex.split(line.removeprefix("ExecStart=")))


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize(("wrong", "rc"), [("", 0), ("Unknown=yes\n", 0), ("ExecStart=\n", 1)])
def test_systemd_reads_the_unit(tmp_path: Path, wrong: str, rc: int) -> None:
    """It says nothing of ours, and something of a broken one."""
    unit = tmp_path / "glassformer.service"
    text = block("ini").replace("/opt/glassformer/.venv/bin/glassformer", "/usr/bin/env")  # one that is here
    unit.write_text(text.replace("DynamicUser=yes\n", f"DynamicUser=yes\n{wrong}"))
    found = subprocess.run([str(SYSTEMD), "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in found.stderr.splitlines() if "glassformer.service" in line]
    assert (found.returncode == 0, bool(ours)) == (rc == 0, bool(wrong)), found.stderr


def test_the_container_is_built_by_words_of_the_makefile() -> None:
    recipe = block("dockerfile")
    words = re.findall(r"\bmake (\w+)", recipe.partition("RUN make")[1] + recipe.partition("RUN make")[2])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert words == ["web"]
    assert re.search(r"^web:", makefile, re.MULTILINE)
    (command,) = re.findall(r"^CMD \[(.*)\]$", recipe, re.MULTILINE)
    check_options([word.strip().strip('"') for word in command.split(",")])
