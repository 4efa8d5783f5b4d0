"""Names, sizes and docstrings: what DESIGN.md's table and CONTRIBUTING.md ask for, as far as a machine can see it."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

import glassformer
from glassformer.probe import AXES
from tests.house.source import PACKAGE, parsed

NOT_TO_BE_CALLED = {
    "src": "source", "tgt": "target", "trg": "target", "cfg": "config", "args": "config, or what they are",
    "hparams": "config", "attn": "attention", "mask": "allowed", "masks": "allowed", "alphas": "weights",
    "embd": "d_model", "enc": "encoder", "dec": "decoder", "hyp": "hypothesis", "hyps": "hypotheses", "vocab": "vocabulary",
}  # fmt: skip
NO_ROOM = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
FACE = {
    "Translator", "Translation", "Alignment", "train", "Run", "Trace", "record", "heads_off", "turned", "edges_blocked",
    "patch", "rank_heads", "show", "bleu", "chrf", "Score", "Transformer", "ModelConfig", "DecodingConfig",
    "TrainingConfig", "DataConfig", "RunConfig", "PRESETS", "tiny", "small", "fast", "base", "big", "GlassformerError",
    "ConfigError", "ShapeError", "VocabularyError", "NothingAllowedError", "WhatIfError", "FileFormatError",
    "ForeignModelError",
    "TraceFileError", "CheckpointError", "CorpusError", "DecodingError", "ConversionError", "TrainingError",
    "TranslationWarning", "__version__",
}  # fmt: skip
"""What a user of the library can rely on."""
LONGER = {
    "cli/translate.py: translate": 70,  # an option is a line, here and in the next two
    "cli/look.py: look": 85,
    "cli/train.py: train": 75,
    "training/train.py: train": 80,  # the loop, to be read from top to bottom
}
"""Functions that may have more lines than 60, and how many."""
LONG_FILES: dict[str, str] = {
    "page/wire.py": "all that travels between Python and the page, in one place, as wire.ts is made of it",
}
"""Files of more than 400 lines, each with its one reason to change: why it is one file."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def words(name: str) -> list[str]:
    """``sourceIds_2`` is made of source, ids."""
    return [word.lower() for word in re.findall(r"[A-Za-z][a-z]*", name)]


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What a file itself gives a name to; how others call theirs (``attn_mask=``) is not its choice."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str()):
                yield str(node.asname), node.lineno


def wrong_names(tree: ast.AST) -> list[str]:
    return [
        f"line {line}: {name}: say {NOT_TO_BE_CALLED[word]}"
        for name, line in bound_names(tree)
        for word in words(name)
        if word in NOT_TO_BE_CALLED
    ]


def axis_words(tree: ast.AST) -> set[str]:
    """The words in the strings of Float[Tensor, "batch query d_k"] and its kind."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Tuple):
            shape = node.slice.elts[-1]
            if node.value.id in ("Float", "Int", "Bool", "Shaped", "Num") and isinstance(shape, ast.Constant):
                found |= {word.lstrip("#*?_") for word in str(shape.value).split() if word not in ("1", "...")}
    return found - {""}


def functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, Function]]:
    """Every function and method, with the class it is in: ``Translator.load``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield inside + node.name, node
        yield from functions(node, f"{node.name}." if isinstance(node, ast.ClassDef) else inside)


@cache
def used_elsewhere() -> set[str]:
    """The names that one file of the package imports from another: what is public within the house."""
    return {
        alias.name
        for tree in parsed().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("glassformer")
        for alias in node.names
    }


def test_the_public_face() -> None:
    assert len(glassformer.__all__) == len(set(glassformer.__all__))
    assert set(glassformer.__all__) == set(dir(glassformer)) == FACE
    for name in glassformer.__all__:
        assert getattr(glassformer, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'translater'"):
        _ = glassformer.translater


def test_every_error_is_on_the_face() -> None:
    own = {node.name for node in parsed()["errors.py"].body if isinstance(node, ast.ClassDef)}
    assert own <= FACE


@pytest.mark.parametrize("path", parsed())
def test_names_are_the_papers_words(path: str) -> None:
    assert not wrong_names(parsed()[path])
    assert not set(path.removesuffix(".py").split("/")) & NO_ROOM


def test_wrong_names_are_found() -> None:
    sample = "def f(src, *, attn_mask=0):\n    self.cfg = tgt_ids = 1\n    import os as utils\nclass HParams: pass\n"
    found = " ".join(wrong_names(ast.parse(sample.replace("HParams", "Hparams"))))
    for word in ("src", "attn", "mask", "cfg", "tgt", "Hparams"):
        assert word in found
    right = ast.parse("F.scaled_dot_product_attention(q, k, v, attn_mask=allowed).args\nsource = unmask(masked)")
    assert not wrong_names(right)


def named_twice(trees: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Names of classes that another file gives to another class or type, with the files. What stands in for any type
    (TypeVar) means nothing outside its own file."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for path, tree in trees.items():
        for node in tree.body:
            match node:
                case ast.ClassDef(name=name):
                    found.setdefault(name, []).append((path, True))
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if "TypeVar(" not in ast.unparse(value):
                    found.setdefault(name, []).append((path, False))
    return {
        name: [path for path, _ in places]
        for name, places in found.items()
        if len(places) > 1 and any(is_class for _, is_class in places)
    }


def test_each_class_has_a_name_of_its_own() -> None:
    assert not named_twice(parsed())


def test_a_name_of_two_classes_is_found() -> None:
    trees = {
        "a.py": ast.parse("class Plan: ...\nclass Row: ...\nKind = TypeVar('Kind')"),
        "b.py": ast.parse("class Plan: ...\nRow = dict[str, str]\nclass Kind: ..."),
        "c.py": ast.parse("from a import Plan\ndef f():\n    Row = 1"),
    }
    assert named_twice(trees) == {"Plan": ["a.py", "b.py"], "Row": ["a.py", "b.py"]}


@pytest.mark.parametrize("path", [path for path in parsed() if path.startswith("model/")])
def test_axes_have_one_word_each(path: str) -> None:
    assert axis_words(parsed()[path]) <= set(AXES)


def test_unknown_axes_are_found() -> None:
    sample = (
        'def f(x: Float[Tensor, "*batch #seq 1 d_k ..."], y: Int[Tensor, " len"] | None) -> dict[str, "Trace"]: ...'
    )
    assert axis_words(ast.parse(sample)) == {"batch", "seq", "d_k", "len"}


@pytest.mark.parametrize("path", parsed())
def test_whoever_is_public_says_what_it_is(path: str) -> None:
    """Modules, classes, and functions that other files use."""
    tree = parsed()[path]
    assert ast.get_docstring(tree), f"{path} does not say what it is for"
    public = used_elsewhere()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) or (isinstance(node, Function) and node.name in public):
            assert ast.get_docstring(node), f"{path}: {node.name}"


@pytest.mark.parametrize("path", parsed())
def test_files_and_functions_stay_small(path: str) -> None:
    lines = len((PACKAGE / path).read_text(encoding="utf-8").splitlines())
    assert lines <= 400 or path in LONG_FILES, (
        f"{path} has {lines} lines: one reason to change? Then say it in LONG_FILES"
    )
    for name, function in functions(parsed()[path]):
        long = (function.end_lineno or 0) - function.lineno + 1
        assert long <= LONGER.get(f"{path}: {name}", 60), f"{path}: {name} has {long} lines"


def test_the_model_is_readable_in_one_go() -> None:
    lines = [
        len((PACKAGE / path).read_text(encoding="utf-8").splitlines()) for path in parsed() if path[:6] == "model/"
    ]
    assert len(lines) == 5
    assert sum(lines) <= 550
