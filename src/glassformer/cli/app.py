"""The commands together, and what becomes of an error: one line, and exit status 2."""

import os
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

import glassformer
from glassformer.cli import diagnose, distill, evaluate, export, info, look, train, translate
from glassformer.errors import GlassformerError

app = typer.Typer(
    name="glassformer",
    help="A Transformer made of glass: trains a translator on sentence pairs, translates with it, and shows how.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (train, translate, evaluate, look, info, export, diagnose, distill):
    name = module.__name__.rsplit(".", 1)[-1]
    app.command(name, epilog=module.EPILOG)(getattr(module, name))


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="On an error, show where it came from.")] = False,
) -> None:
    if version:
        typer.echo(f"glassformer {glassformer.__version__}")
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line. An error that is ours, or the system's, is one line on standard error, and exit status 2."""
    show_where = "--traceback" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--traceback"]  # wherever it stands on the line
    try:
        app()
    except (GlassformerError, OSError) as error:
        if show_where:
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        Console(emoji=False, stderr=True).print(f"[bold red]error:[/] {escape(text)}", highlight=False, soft_wrap=True)
        leave(2)
    except SystemExit as end:
        leave(int(end.code or 0))
    leave(0)


def leave(status: int) -> NoReturn:
    """End the process. One of ``torchrun``'s ends without Python's last steps: a thread of ``torch.distributed`` that wants
    the interpreter then aborts the process, which ``torchrun`` takes for a failure (github.com/pytorch/pytorch/pull/179291).
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
