"""No way for a file or a text to become code: no pickle, no eval."""

import ast

import pytest

from tests.house.source import parsed

FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FORBIDDEN_NAMES = {"eval", "exec", "__import__", "compile"}
FORBIDDEN_CALLS = {"torch.load", "torch.save", "yaml.load", "os.system", "os.popen", "builtins.eval", "builtins.exec"}


def dangers(tree: ast.AST) -> list[str]:
    """What could run code out of data, with its line."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                names = [alias.name for alias in node.names]
            case ast.ImportFrom():
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            case ast.Name():
                names = [f"name {node.id}"]
            case ast.Attribute():
                names = [ast.unparse(node)]
            case ast.keyword(arg="shell" | "allow_pickle", value=ast.Constant(value=True)):
                names = [f"keyword {node.arg}"]
            case _:
                continue
        found += [f"line {getattr(node, 'lineno', 0)}: {name}" for name in names if is_dangerous(name)]
    return found


def is_dangerous(name: str) -> bool:
    if name.startswith("name "):
        return name.removeprefix("name ") in FORBIDDEN_NAMES
    return name.startswith("keyword ") or bool(set(name.split(".")[:1]) & FORBIDDEN_MODULES) or name in FORBIDDEN_CALLS


@pytest.mark.parametrize("path", parsed())
def test_no_data_becomes_code(path: str) -> None:
    assert not dangers(parsed()[path])


@pytest.mark.parametrize(
    "sample",
    [
        "import pickle", "import os, pickle as p", "from pickle import loads", "import marshal", "import shelve",
        "from torch import load", "import torch\ntorch.load('x')", "f = torch.load", "eval('1')", "x = map(eval, y)",
        "exec('1')", "__import__('os')", "import yaml\nyaml.load(x)", "subprocess.run('ls', shell=True)", "os.system('ls')",
        "import numpy\nnumpy.load(x, allow_pickle=True)", "builtins.eval('1')", "compile('1', '', 'eval')",
        "def f():\n    import dill",
    ],
)  # fmt: skip
def test_each_danger_is_found(sample: str) -> None:
    assert dangers(ast.parse(sample))


@pytest.mark.parametrize("sample", ["model.eval()", "re.compile('x')", "torch.compile(m)", "run(x, shell=False)"])
def test_what_only_looks_like_it_is_let_through(sample: str) -> None:
    assert not dangers(ast.parse(sample))
