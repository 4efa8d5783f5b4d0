"""``glassformer export``: a model as another program wants it."""

from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.terminal import echo
from glassformer.errors import ConfigError

EPILOG = """[bold]Examples[/]

glassformer export --to ctranslate2 runs/mine mine-ctranslate2

glassformer export --to ctranslate2 en-de en-de-float32 --quantization float32
"""


def export(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or the folder of a model or a run.")],
    out: Annotated[Path, typer.Argument(help="The folder to write, which must not be there.")],
    to: Annotated[str, typer.Option(help="The program: ctranslate2.")] = "ctranslate2",
    quantization: Annotated[str, typer.Option(help="int8, float32, int8_float32, int8_bfloat16, int8_float16, int16, bfloat16 or float16.")] = "int8",
) -> None:  # fmt: skip
    """Write a model for another program, with its tokenizer and a note on how to load it.

    Before it is written, a sample is translated by both programs. In float32 the tokens must be the same; what other
    numbers cost is said in BLEU. When the check fails, nothing is written.
    """
    if to != "ctranslate2":
        raise ConfigError(f"--to {to}: choose ctranslate2")
    from glassformer.engines.export import export_ctranslate2
    from glassformer.translator import find_model

    check = export_ctranslate2(find_model(model), out, quantization)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    echo(f"{out}: {size:,.1f} MB, {quantization}, for CTranslate2; its README.md says how to load it")
    echo(f"checked: {check}")
