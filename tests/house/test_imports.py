"""Who may import whom, and that asking for help does not cost seconds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.toy_translator import ENGLISH, GERMAN, save_toy_translator

COMMAND = """
import sys
sys.argv = ["glassformer", *{words}]
from glassformer.cli.app import main
try:
    main()
except SystemExit as end:
    assert not end.code
"""
HEAVY = (
    "import sys\nheavy = {'torch', 'numpy', 'sentencepiece', 'sacrebleu'} & set(sys.modules)\nassert not heavy, heavy"
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", ["glassformer", "glassformer.config", "glassformer.errors", "glassformer.cli.app"])
def test_importing_it_leaves_torch_alone(name: str) -> None:
    done = run(f"import {name}\n{HEAVY}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words", [[], ["train"], ["translate"], ["evaluate"], ["score"], ["look"], ["info"], ["export"]]
)
def test_help_leaves_torch_alone(words: list[str]) -> None:
    done = run(f"{COMMAND.format(words=[*words, '--help'])}\n{HEAVY}")
    assert done.returncode == 0, done.stderr
    assert " ".join(["Usage: glassformer", *words]) in done.stdout


def test_the_fast_engine_needs_no_torch(tmp_path: Path) -> None:
    """Two calls: the first one converts, which needs torch; the second only translates, as all later ones do."""
    save_toy_translator(tmp_path / "model")
    words = ["translate", "--model", str(tmp_path / "model"), "--engine", "ctranslate2", ENGLISH[0]]
    assert run(COMMAND.format(words=words)).returncode == 0
    heavy = "{'torch', 'jaxtyping', 'numpy'}"
    late = f"import atexit, sys\natexit.register(lambda: print(*sorted({heavy} & set(sys.modules))))\n"
    done = run(late + COMMAND.format(words=words))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [GERMAN[0], ""]
    front_door = "import sys, glassformer.translator\nassert 'torch' not in sys.modules"
    assert run(front_door).returncode == 0


def test_that_check_can_fail() -> None:
    assert "torch" in run(f"import glassformer\nglassformer.record\n{HEAVY}").stderr


def test_help_costs_less_than_half_a_second_of_processor() -> None:
    seconds = []
    for _ in range(3):  # the best of three: others may be using the processor's caches
        words = [sys.executable, "-m", "glassformer", "--help"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        seconds.append(used.ru_utime + used.ru_stime)
        if seconds[-1] < 0.5:
            break
    assert min(seconds) < 0.5


def lint(config: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("importlinter", reason="import-linter is in the extra 'check': make check installs it")
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    words = [sys.executable, "-c", code, "--config", str(config), "--no-cache"]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


def test_a_room_imports_only_rooms_below_it() -> None:
    done = lint(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


def test_the_linter_finds_what_is_upside_down(tmp_path: Path) -> None:
    text = "[tool.importlinter]\nroot_package = 'glassformer'\n[[tool.importlinter.contracts]]\nname = 'upside down'\n"
    config = tmp_path / "pyproject.toml"
    config.write_text(text + "type = 'layers'\ncontainers = ['glassformer']\nlayers = ['errors', 'config', 'model']\n")
    done = lint(config)
    assert done.returncode == 1
    assert "0 kept, 1 broken" in done.stdout
    assert "glassformer.config -> glassformer.errors" in done.stdout
    config.write_text(text + "type = 'layers'\ncontainers = ['glassformer']\nexhaustive = true\nlayers = ['config']\n")
    assert lint(config).returncode == 1  # a file without a floor
