"""Who may import whom, and that asking for help does not cost seconds."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import ROOT, parsed
from tests.toy_translator import ENGLISH, GERMAN, save_toy_translator

COMMAND = """
import sys
import tomllib
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


HELPED = ["", "train", "translate", "evaluate", "score", "look", "info", "export"]


@pytest.fixture(scope="module")
def helps() -> str:
    """What each command of ``HELPED`` says of itself, asked in processes that are forked from one which has the command
    line: after each a line with its exit status and what it imported."""
    return run(f"""
import os, sys
from glassformer.cli.app import main
for name in {HELPED}:
    if not (child := os.fork()):
        sys.argv = ["glassformer", *name.split(), "--help"]
        try:
            main()
        except SystemExit as end:
            heavy = {{"torch", "numpy", "sentencepiece", "sacrebleu"}} & set(sys.modules)
            print("ended:", name, end.code or 0, *sorted(heavy), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
""").stdout


@pytest.mark.parametrize("name", HELPED)
def test_help_leaves_torch_alone(name: str, helps: str) -> None:
    before, ended, _ = helps.partition(f"ended: {name} 0\n")
    assert ended
    assert f"Usage: glassformer {name}".strip() in before.rpartition("ended:")[2]


def test_the_fast_engine_needs_no_torch(tmp_path: Path) -> None:
    """Two calls: the first one converts; the second only translates, as all later ones do."""
    save_toy_translator(tmp_path / "model")
    words = ["translate", "--model", str(tmp_path / "model"), "--engine", "ctranslate2", ENGLISH[0]]
    assert run(COMMAND.format(words=words)).returncode == 0
    heavy = "{'torch', 'jaxtyping'}"
    late = f"import atexit, sys\natexit.register(lambda: print(*sorted({heavy} & set(sys.modules))))\n"
    done = run(late + COMMAND.format(words=words))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [GERMAN[0], ""]
    front_door = "import sys, glassformer.translator\nassert 'torch' not in sys.modules"
    assert run(front_door).returncode == 0


def test_the_pages_server_leaves_the_papers_bleu_alone() -> None:
    """sacremoses takes half a second, for figures that only ``evaluate`` gives."""
    assert run("import sys, glassformer.page.service\nassert 'sacremoses' not in sys.modules").returncode == 0


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
    assert "glassformer.config.model -> glassformer.errors" in done.stdout
    config.write_text(text + "type = 'layers'\ncontainers = ['glassformer']\nexhaustive = true\nlayers = ['config']\n")
    assert lint(config).returncode == 1  # a file without a floor


Graph = dict[str, set[str]]


def circle_in(graph: Graph) -> list[str]:
    """The files of one circle of imports, from one of them back to itself; empty where there is none."""
    done: set[str] = set()
    path: list[str] = []

    def walk(file: str) -> list[str]:
        if file in path:
            return [*path[path.index(file) :], file]
        if file in done:
            return []
        path.append(file)
        found = next((circle for other in sorted(graph.get(file, ())) if (circle := walk(other))), [])
        path.pop()
        done.add(file)
        return found

    return next((circle for file in sorted(graph) if (circle := walk(file))), [])


def python_graph(files: dict[str, ast.Module]) -> Graph:
    """Which file imports which, also for types alone and within functions."""

    def file_of(module: str) -> str:
        path = module.removeprefix("glassformer").lstrip(".").replace(".", "/")
        return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if name in files), "")

    graph: Graph = {}
    for path, tree in files.items():
        found = graph.setdefault(path, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {file_of(alias.name) for alias in node.names if alias.name.startswith("glassformer")}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("glassformer"):
                found |= {file_of(f"{node.module}.{alias.name}") or file_of(str(node.module)) for alias in node.names}
        found -= {"", path}
        if path == "__init__.py":  # the face knows everything, and only when it is asked for a name
            found.clear()
    return graph


TS_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


def typescript_graph(files: dict[str, str]) -> Graph:
    """The same of TypeScript's files, by their path from ``web/src``."""
    graph: Graph = {}
    for path, text in files.items():
        graph[path] = set()
        for wanted in TS_IMPORT.findall(text):
            base = os.path.normpath(f"{os.path.dirname(path)}/{wanted}".lstrip("/"))
            names = (base, f"{base}.ts", f"{base}.tsx", f"{base}/index.ts", f"{base}/index.tsx")
            graph[path] |= {name for name in names if name in files} - {path}
    return graph


def typescript_files() -> dict[str, str]:
    source = ROOT / "web" / "src"
    found = [*source.rglob("*.ts"), *source.rglob("*.tsx")]
    return {path.relative_to(source).as_posix(): path.read_text(encoding="utf-8") for path in found}


def test_no_circle_of_python_files() -> None:
    assert not circle_in(python_graph(parsed()))


def test_no_circle_of_typescript_files() -> None:
    graph = typescript_graph(typescript_files())
    assert any(graph.values())
    assert not circle_in(graph)


def test_a_circle_is_found() -> None:
    texts = {"a/one.py": "from glassformer.a import two", "b.py": ""}
    texts["a/two.py"] = "def f():\n    from glassformer.b import x"
    assert not circle_in(python_graph({path: ast.parse(text) for path, text in texts.items()}))
    texts["b.py"] = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import glassformer.a.one"
    circle = circle_in(python_graph({path: ast.parse(text) for path, text in texts.items()}))
    assert circle == ["a/one.py", "a/two.py", "b.py", "a/one.py"]
    pages = {"app.tsx": 'import { View } from "./view";', "view/part.ts": ""}
    pages["view/index.tsx"] = "import type {\n  A,\n} from './part'"
    assert not circle_in(typescript_graph(pages))
    pages["view/part.ts"] = 'const later = () => import("../app");'
    assert circle_in(typescript_graph(pages)) == ["app.tsx", "view/index.tsx", "view/part.ts", "app.tsx"]


def test_there_are_at_most_twelve_floors() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contract["tool"]["importlinter"]["contracts"][0]["layers"]
    assert layers[0] == "__main__"  # the door, which is no floor
    assert len(layers[1:]) <= 12
