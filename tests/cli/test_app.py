"""The door of the command line: an error is one line and status 2, and ``--traceback`` shows where it came from."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import glassformer
from glassformer.cli.app import in_utf8, main, paragraphs, said_of
from glassformer.errors import ConfigError


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """``call("train", "--out", …)`` is what the shell would do; errors that leave main come out of it."""

    def call(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["glassformer", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return Ended(int(end.value.code or 0), *capsys.readouterr())

    return call


def test_version(call: Call) -> None:
    assert call("--version") == (0, f"glassformer {glassformer.__version__}\n", "")


def test_without_words_it_says_what_there_is(call: Call) -> None:
    text = call("--help").out
    for name in ("train", "translate", "evaluate", "look", "info", "--traceback"):
        assert name in text
    assert "train" in call().out


@pytest.mark.parametrize("words", [["nothing"], ["train", "--nothing"], ["train", "--seed", "x"]])
def test_a_mistyped_command_is_told(call: Call, words: list[str]) -> None:
    ended = call(*words)
    assert ended.status == 2
    assert next(word for word in reversed(words) if word != "x") in ended.err
    assert "Traceback" not in ended.err


def test_an_error_is_one_line(call: Call) -> None:
    ended = call("train", "--time-limit", "[soon]")  # brackets are text, not colours
    assert ended == (2, "", "error: --time-limit [soon]: wanted a time such as 45m, 2h, 1h30m or 90s\n")


def test_a_locale_without_signs_for_a_table_gets_utf8(models: Path) -> None:
    """Under LC_ALL=C without Python's own UTF-8 mode info, look, evaluate and diagnose ended in a UnicodeEncodeError."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "40", "TERM": "dumb"}
    words = [
        sys.executable,
        "-O",
        "-m",
        "glassformer",
        "look",
        "The dog",
        "--terminal",
        "--model",
        str(models / "en-de"),
    ]
    ended = subprocess.run(words, capture_output=True, env={**os.environ, **plain}, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "█" in ended.stdout.decode("utf-8")


def test_an_error_of_the_system_begins_with_its_file() -> None:
    assert said_of(OSError(28, "No space left on device", "x.html")) == "x.html: No space left on device"
    assert said_of(OSError("broken")) == "broken"


def test_an_error_with_line_ends_is_one_line(call: Call) -> None:
    ended = call("train", "--time-limit", "so\non " + "x" * 300)
    assert ended.status == 2
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("place", [0, 1, 3])
def test_traceback_stands_anywhere_and_raises(call: Call, place: int) -> None:
    words = ["train", "--time-limit", "soon"]
    with pytest.raises(ConfigError, match="--time-limit soon"):
        call(*words[:place], "--traceback", *words[place:])


def test_other_errors_are_not_hidden(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("glassformer.cli.train.read_settings", fail)
    with pytest.raises(ZeroDivisionError):
        call("train")


@pytest.mark.parametrize("words", [[], ["--traceback"]])
def test_an_unexpected_error_is_short_however_much_it_holds(words: list[str]) -> None:
    program = (
        "import sys; from glassformer.cli.app import main; import glassformer.cli.train as train\n"
        "def fail(*_): raise TypeError('what was given: ' + 'x' * 9_000_000)\n"
        f"train.read_settings = fail; sys.argv = ['glassformer', *{words!r}, 'train']; main()"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "TypeError: what was given: xxx" in ended.stderr
    assert "in fail" in ended.stderr
    assert len(ended.stderr) < 20_000
    assert ("please report" in ended.stderr) == (not words)
    if not words:
        assert ended.stderr.count("\n") < 26


@pytest.mark.parametrize(
    ("words", "status"), [(["--version"], 0), (["info", "--model", "nowhere"], 2), (["nothing"], 2)]
)
def test_a_process_of_torchrun_ends_without_pythons_last_steps(words: list[str], status: int) -> None:
    program = (
        "import atexit, sys; from glassformer.cli.app import main; atexit.register(print, 'last steps'); "
        f"sys.argv = ['glassformer', *{words!r}]; main()"
    )
    for environment, last_steps in ((os.environ, True), ({**os.environ, "TORCHELASTIC_RUN_ID": "1"}, False)):
        ended = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == status
        assert ended.stdout or ended.stderr
        assert ("last steps" in ended.stdout) == last_steps


def test_what_a_person_typed_is_told_as_it_was_typed(call: Call) -> None:
    """rich would make a cat's face of ``:cat:``."""
    ended = call("look", "it", "--terminal", "--turn", "encoder.layers.0.self_attention:x:it:cat:")
    assert "x:it:cat:" in ended.err
    for path in (Path(glassformer.__file__).parent / "cli").glob("*.py"):
        assert not re.search(r"\bConsole\((?!.*emoji=False)", path.read_text(encoding="utf-8")), path


def test_a_paragraph_of_help_is_broken_by_the_terminal_alone() -> None:
    def command() -> None:
        """Do it.

        A line that goes
        on here.

        Another paragraph.
        """

    assert paragraphs(command) == "Do it.\n\nA line that goes on here.\n\nAnother paragraph."


def test_a_closed_stream_has_nothing_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    in_utf8()
    streams = sys.stdin, sys.stdout, sys.stderr
    monkeypatch.undo()
    assert streams[0].read() == ""
    for stream in streams[1:]:
        stream.write("ä")
    for stream in streams:
        stream.close()
