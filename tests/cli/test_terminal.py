"""No escape sequence of a model, a corpus or a file's name reaches the terminal; a file gets what was translated."""

import ast
import importlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from rich.panel import Panel
from rich.table import Table

from glassformer.checkpoint import Saved, save_model
from glassformer.cli.terminal import HARMFUL, Terminal, visible
from glassformer.text.tokenizer import Tokenizer
from tests.cli.conftest import Run
from tests.cli.test_app import Call
from tests.cli.test_app import call as call  # the fixture
from tests.house.source import parsed
from tests.toy_translator import CARD, ENGLISH, GERMAN, toy

EVIL = "a\x1b[2J\x1b]52;c;cm0=\x07b\x9b31mc\rd\u202ee\u2066f\u2028g\x7fh\x08i"
OURS = re.compile(r"\x1b\[[0-9;?]*[mKhlAJ]")
"""The colours and movements that rich itself makes."""


def harmful(said: str) -> list[str]:
    return HARMFUL.findall(OURS.sub("", said))


def test_each_kind_is_spelt_and_other_text_stays() -> None:
    assert visible(EVIL) == (r"a\u001b[2J\u001b]52;c;cm0=\u0007b\u009b31mc\u000dd\u202ee\u2066f\u2028g\u007fh\u0008i")
    assert visible("\ud800") == r"\ud800"
    for text in ("é ü 中文 हिन्दी\tx\n", "🏴\U000e0067\U000e007f 👩‍👩‍👧", "שלום\u200f\u200e", "a\u00a0b"):
        assert visible(text) == text
    assert json.loads(visible(json.dumps([EVIL, "\ud800"], ensure_ascii=False))) == [EVIL, "\ud800"]


def test_whatever_the_console_shows_is_visible() -> None:
    table = Table(title=EVIL)
    table.add_column(EVIL)
    table.add_row(EVIL)
    for thing in (EVIL, table, Panel(EVIL, title=EVIL)):
        console = Terminal(file=io.StringIO(), force_terminal=True, width=200)
        console.print(thing, style="bold red")
        said = console.file.getvalue()
        assert "\x1b[1;31m" in said  # its own colours stay
        assert not harmful(said)
        assert "u001b" in said


@pytest.mark.parametrize("path", [path for path in parsed() if path.startswith("cli/") and path != "cli/terminal.py"])
def test_nothing_goes_to_the_terminal_by_another_way(path: str) -> None:
    assert not ways_around(parsed()[path])


def ways_around(tree: ast.AST) -> list[str]:
    names = {"Console", "print", "echo", "secho", "write"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"Console", "print", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write"}:
                found.append(called)
        if isinstance(node, ast.ImportFrom) and node.module in {"rich", "rich.console"}:
            found += [alias.name for alias in node.names if alias.name in names]
    return found


@pytest.mark.parametrize(
    "sample", ["print(x)", "typer.echo(x)", "from rich.console import Console", "Console().print(x)"]
)
def test_other_ways_are_found(sample: str) -> None:
    assert ways_around(ast.parse(sample))


def unnormalised(lines: list[str]) -> Tokenizer:
    """A vocabulary that another program made, of the characters as they came: ours are put into one spelling first."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=350, hard_vocab_limit=False, byte_fallback=True,
        normalization_rule_name="identity", character_coverage=1.0, pad_id=0, bos_id=1, eos_id=2, unk_id=3, minloglevel=2,
    )  # fmt: skip
    return Tokenizer(model.getvalue())


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A model whose card and vocabulary hold escape sequences."""
    tokenizer = unnormalised([*ENGLISH, *GERMAN, *[f"{EVIL} {EVIL}" for _ in range(40)]])
    assert harmful("".join(tokenizer.tokens(range(len(tokenizer)))))
    saved = toy()
    saved = Saved(type(saved.model)(saved.model.config.changed(vocabulary_size=len(tokenizer))).eval(), tokenizer, {})
    score = {**CARD["scores"][0], "name": EVIL, "signature": EVIL, "test": EVIL}  # type: ignore[index]
    saved.card.update(
        {**CARD, "languages": EVIL, "data": [EVIL], "command": EVIL, EVIL: {EVIL: EVIL}, "scores": [score]}
    )
    save_model(tmp_path / "evil", saved)
    return tmp_path / "evil"


@pytest.mark.parametrize(
    "words",
    [
        ["info", "MODEL"], ["info", "MODEL", "--json"], ["look", EVIL, "--model", "MODEL", "--terminal"],
        ["look", "it", "--model", "MODEL", "--terminal", "--target", EVIL, "--attention", "cross"],
        ["look", "it", "--model", "MODEL", "--token", EVIL], ["look", "it", "--heads-off", EVIL],
        ["evaluate", "--model", "MODEL", "--source", EVIL], ["translate", "it", "--model", EVIL],
        ["diagnose", EVIL], ["train", "--source", EVIL], ["distill", "--model", "MODEL", "--model", EVIL],
        ["export", "MODEL", EVIL, "--to", EVIL], ["train", "--set", EVIL],
    ],
)  # fmt: skip
def test_no_command_lets_one_through(words: list[str], evil: Path, call: Call) -> None:
    ended = call(*[str(evil) if word == "MODEL" else word for word in words])
    assert not harmful(ended.out + ended.err)
    spelt = "u001b" in ended.out + ended.err or "\\x1b" in ended.out + ended.err
    assert spelt or "--target" in words  # of a translation that is given the model reads no control character


def test_a_traceback_is_visible_too(capsys: pytest.CaptureFixture[str]) -> None:
    from glassformer.cli.app import print_unexpected

    print_unexpected(ValueError, ValueError(EVIL), None, whole=True)
    said = capsys.readouterr().err
    assert said.startswith("ValueError: ")
    assert not harmful(said)


def test_a_terminal_sees_them_spelt_and_a_file_gets_the_translation(run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    module = importlib.import_module("glassformer.cli.translate")
    written = io.BytesIO()
    module.write_out(written, EVIL)
    assert written.getvalue() == EVIL.encode()
    terminal = io.BytesIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    module.write_out(terminal, EVIL + "\n")
    assert terminal.getvalue() == f"{visible(EVIL)}\n".encode()


def test_a_training_that_shows_lines_of_the_corpus(tmp_path: Path) -> None:
    from glassformer.cli.progress import Lines
    from glassformer.scores import Score
    from glassformer.training.report import Validation

    console = Terminal(file=io.StringIO(), width=300)
    lines = Lines(console)
    lines.noted(EVIL)
    lines.validated(Validation(1, 1, 1.0, 1.0, Score("BLEU", 1.0, ""), True, (EVIL, EVIL, EVIL)))
    assert not harmful(console.file.getvalue())
    assert console.file.getvalue().count("u009b") == 4
