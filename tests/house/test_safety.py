"""No way for a file or a text to become code: no pickle, no eval."""

import ast

import pytest

from tests.house.source import parsed

FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FORBIDDEN_NAMES = {"eval", "exec", "__import__", "compile"}
FORBIDDEN_CALLS = {
    "torch.load", "torch.save", "yaml.load", "os.system", "os.popen", "builtins.eval", "builtins.exec", "numpy.load",
    "np.load", "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter", "torch.export.load",
    "tarfile.open", "zipfile.ZipFile",
}  # fmt: skip
"""What runs code out of a file, or unpacks paths out of it."""
UNPICKLING = {"broadcast_object_list", "all_gather_object", "gather_object", "scatter_object_list", "send_object_list",
              "recv_object_list"}  # fmt: skip
"""torch.distributed's calls that unpickle what comes over the network."""
ZIPS = {"interop/places.py", "interop/export_argos.py", "documents/office.py"}
"""Argos packages and OpenDocument's files are zip files: read name by name within bounds, never unpacked to paths that they
name (tests/interop, tests/documents)."""
IMPORTERS = {"import_module", "spec_from_file_location", "exec_module", "load_module", "run_path", "run_module"}
NAMED_HERE = {"import_module(f'glassformer.{home}')"}
"""The one import whose module is not written where it is imported: out of a table in the same file."""


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
                names = [ast.unparse(node), f"method {node.attr}"]
            case ast.Call() if called(node) in IMPORTERS and ast.unparse(node) not in NAMED_HERE:
                names = (
                    []
                    if all(isinstance(given, ast.Constant) for given in node.args)
                    else [f"import {ast.unparse(node)}"]
                )
            case ast.keyword(arg="shell" | "allow_pickle", value=ast.Constant(value=True)):
                names = [f"keyword {node.arg}"]
            case _:
                continue
        found += [f"line {getattr(node, 'lineno', 0)}: {name}" for name in names if is_dangerous(name)]
    return found


def called(node: ast.Call) -> str:
    """The last word of what is called: ``import_module`` of ``importlib.import_module(x)``."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_dangerous(name: str) -> bool:
    if name.startswith("method "):
        return name.removeprefix("method ") in UNPICKLING
    if name.startswith("import "):
        return True
    if name.startswith("name "):
        return name.removeprefix("name ") in FORBIDDEN_NAMES
    return name.startswith("keyword ") or bool(set(name.split(".")[:1]) & FORBIDDEN_MODULES) or name in FORBIDDEN_CALLS


@pytest.mark.parametrize("path", parsed())
def test_no_data_becomes_code(path: str) -> None:
    found = dangers(parsed()[path])
    assert [one for one in found if path not in ZIPS or not one.endswith("zipfile.ZipFile")] == []


@pytest.mark.parametrize(
    "sample",
    [
        "import pickle", "import os, pickle as p", "from pickle import loads", "import marshal", "import shelve",
        "from torch import load", "import torch\ntorch.load('x')", "f = torch.load", "eval('1')", "x = map(eval, y)",
        "exec('1')", "__import__('os')", "import yaml\nyaml.load(x)", "subprocess.run('ls', shell=True)", "os.system('ls')",
        "import numpy\nnumpy.load(x, allow_pickle=True)", "builtins.eval('1')", "compile('1', '', 'eval')",
        "def f():\n    import dill", "dist.broadcast_object_list(x)", "importlib.import_module(config['class'])",
        "import_module(name)", "runpy.run_path(path)", "np.load(path)", "tarfile.open(path).extractall()",
        "torch.jit.load(path)", "dist.all_gather_object(x, y)",
    ],
)  # fmt: skip
def test_each_danger_is_found(sample: str) -> None:
    assert dangers(ast.parse(sample))


@pytest.mark.parametrize(
    "sample",
    [
        "model.eval()",
        "import_module('glassformer.trace')",
        "re.compile('x')",
        "torch.compile(m)",
        "run(x, shell=False)",
    ],
)
def test_what_only_looks_like_it_is_let_through(sample: str) -> None:
    assert not dangers(ast.parse(sample))


SENDERS = {
    "requests",
    "httpx",
    "urllib.request",
    "urllib3",
    "http.client",
    "ftplib",
    "smtplib",
    "aiohttp",
    "huggingface_hub",
}


@pytest.mark.parametrize("path", parsed())
def test_nothing_is_downloaded_or_sent(path: str) -> None:
    """Only the servers open a socket, and training's processes talk to each other; sacreBLEU, which downloads two of
    its tokenizers when they are asked for by name, is given a time limit."""
    assert not senders(parsed()[path])
    assert "socket" not in imported(parsed()[path]) or path in (
        "http/listening.py",
        "page/serve.py",
        "score_tokenizers.py",
    )


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def senders(tree: ast.AST) -> list[str]:
    return [name for name in imported(tree) if name in SENDERS or name.split(".")[0] in SENDERS]


@pytest.mark.parametrize(
    "sample", ["import requests", "from urllib.request import urlopen", "from urllib import request"]
)
def test_senders_are_found(sample: str) -> None:
    assert senders(ast.parse(sample))
