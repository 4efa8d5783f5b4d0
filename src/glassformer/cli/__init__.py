"""The command line: arguments and messages, one command a file. What is heavy is imported inside the commands."""

import sys
from typing import NoReturn

import typer
from rich.console import Console

import glassformer

# from glassformer.cli.evaluate import evaluate
# from glassformer.cli.info import info
# from glassformer.cli.look import look
from glassformer.cli.train import train

# from glassformer.cli.translate import translate
from glassformer.errors import GlassformerError

app = typer.Typer(
    name="glassformer",
    help="A Transformer made of glass: trains a translator on sentence pairs, translates with it, and shows how.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train,):  # lead: temporary
    app.command()(command)


@app.callback(invoke_without_command=True)
def options(
    version: bool = typer.Option(False, "--version", help="Print the version and end."),
    traceback: bool = typer.Option(False, "--traceback", help="On an error, show where it came from."),
) -> None:
    if version:
        typer.echo(f"glassformer {glassformer.__version__}")
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line. Errors are one line on standard error and exit status 2."""
    try:
        app()
    except (GlassformerError, OSError) as error:
        if "--traceback" in sys.argv:
            raise
        Console(stderr=True).print(f"[bold red]error:[/] {one_line(error)}", highlight=False, soft_wrap=True)
        sys.exit(2)
    sys.exit(0)


def one_line(error: Exception) -> str:
    from rich.markup import escape

    return escape(" ".join(str(error).split()) or type(error).__name__)
