"""The commands together, and what becomes of an error: one line, and exit status 2."""

import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from io import TextIOWrapper
from traceback import TracebackException
from types import TracebackType
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

import glassformer
from glassformer.cli import (
    diagnose,
    distill,
    evaluate,
    export,
    import_,
    info,
    look,
    score,
    serve,
    site,
    train,
    translate,
)
from glassformer.cli.once import OnceEach
from glassformer.cli.terminal import Terminal, echo
from glassformer.errors import NEEDS_TORCH, GlassformerError

FRAMES = 3
"""Places in the code that an unexpected error is shown to come from, the innermost ones."""
MOST_LINES = 24
"""Lines of an unexpected error; ``--traceback`` shows all."""
LONGEST_LINE = 400
"""Characters of a line of an unexpected error."""
LONGEST_ERROR = 2000
"""Characters of an error of ours."""


def paragraphs(command: Callable[..., None]) -> str:
    """A command's docstring as help: a paragraph is one line, which the terminal breaks at its own width."""
    return "\n\n".join(" ".join(text.split()) for text in (inspect.getdoc(command) or "").split("\n\n"))


app = typer.Typer(
    name="glassformer",
    help="A Transformer made of glass: trains a translator on sentence pairs, translates with it, and shows how.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (train, translate, serve, evaluate, score, look, site, info, import_, export, diagnose, distill):
    name = module.__name__.rsplit(".", 1)[-1]
    command = getattr(module, name)
    app.command(name.removesuffix("_"), help=paragraphs(command), epilog=module.EPILOG, cls=OnceEach)(command)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="On an error, show where it came from.")] = False,
) -> None:
    if version:
        echo(f"glassformer {glassformer.__version__}")
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line. An error that is ours, or the system's, is one line on standard error, and exit status 2."""
    in_utf8()
    sys.excepthook = partial(print_unexpected, whole=False)
    show_where = "--traceback" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--traceback"]  # wherever it stands on the line
    try:
        app()
    except (GlassformerError, OSError) as error:
        if show_where:
            sys.excepthook = partial(print_unexpected, whole=True)
            raise
        text = clipped(" ".join(said_of(error).split()), LONGEST_ERROR) or type(error).__name__
        Terminal(stderr=True).print(f"[bold red]error:[/] {escape(text)}", highlight=False, soft_wrap=True)
        leave(2)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "torch" and not show_where:
            Terminal(stderr=True).print(f"[bold red]error:[/] {escape(NEEDS_TORCH)}", highlight=False, soft_wrap=True)
            leave(2)
        sys.excepthook = partial(print_unexpected, whole=show_where)  # only now: typer has put its own there
        raise
    except SystemExit as end:
        leave(int(end.code or 0))
    leave(0)


def print_unexpected(
    kind: type[BaseException], error: BaseException, place: TracebackType | None, *, whole: bool
) -> None:
    """The text on standard error after an error that nobody foresaw: where it came from, each line cut to a line's
    length, since other libraries put all that they were given, such as a model, into their messages."""
    found = TracebackException(kind, error, place, limit=None if whole else -FRAMES, compact=True)
    lines = [line for text in found.format() for line in text.splitlines()]
    if not whole and len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES // 2], "  …", *lines[-MOST_LINES // 2 :]]
    shown = [clipped(line, LONGEST_LINE) for line in lines]
    if not whole:
        shown.append("This is a fault of glassformer: please report these lines; --traceback shows all of them.")
    echo("\n".join(shown), err=True)


def in_utf8() -> None:
    """Write UTF-8, as translations are, where the locale (C, or a code page of Windows in a pipe) has no signs for a table.
    A stream that is closed becomes one that has nothing and keeps nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def said_of(error: Exception) -> str:
    """An error's text; the system's with the file's name first and without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} … ({len(text):,} characters)"


def leave(status: int) -> NoReturn:
    """End the process. One of ``torchrun``'s ends without Python's last steps: a thread of ``torch.distributed`` that wants
    the interpreter then aborts the process, which ``torchrun`` takes for a failure (github.com/pytorch/pytorch/pull/179291).
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
