"""``glassformer export``: a model as another program wants it."""

from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.terminal import echo
from glassformer.errors import ConfigError

PROGRAMS = ("ctranslate2", "huggingface", "argos", "onnx")
EPILOG = """[bold]Examples[/]

glassformer export --to ctranslate2 runs/mine mine-ctranslate2

glassformer export --to ctranslate2 en-de en-de-float32 --quantization float32

glassformer export --to huggingface runs/mine mine-marian

glassformer export --to argos runs/mine translate-en_de-1_0.argosmodel

glassformer export --to onnx runs/mine mine-onnx
"""


def export(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or the folder of a model or a run.")],
    out: Annotated[Path, typer.Argument(help="The folder, or the .argosmodel, to write, which must not be there.")],
    to: Annotated[str, typer.Option(help="The program: ctranslate2, huggingface, argos or onnx.")] = "ctranslate2",
    quantization: Annotated[str, typer.Option(help="ctranslate2 and argos: int8, float32, int8_float32, int8_bfloat16, int8_float16, int16, bfloat16 or float16.")] = "int8",
    languages: Annotated[str, typer.Option(help="argos: the languages, such as en-de, where the model's card does not name them.")] = "",
) -> None:  # fmt: skip
    """Write a model for another program, with its tokenizer and a note on how to load it: a folder of CTranslate2, a folder
    that Hugging Face transformers loads as MarianMTModel, a package that Argos Translate and LibreTranslate install, or a
    folder that ONNX Runtime runs (extra onnx).

    Before CTranslate2's is written, also in Argos' package, and ONNX's, a sample is translated by both programs. In float32
    the tokens must be the same; what other numbers cost is said in BLEU. Hugging Face's is read back. When a check fails,
    nothing is written.
    """
    if to not in PROGRAMS:
        raise ConfigError(f"--to {to}: choose {', '.join(PROGRAMS)}")
    from glassformer.translator import find_model

    folder = find_model(model, echo)
    if to == "huggingface":
        from glassformer.interop.export_huggingface import export_huggingface

        said = export_huggingface(folder, out)
        echo(f"{out}: for Hugging Face transformers; its README.md says how to load it\nchecked: {said}")
        return
    if to == "onnx":
        from glassformer.interop.export_onnx import export_onnx

        said = export_onnx(folder, out)
        echo(f"{out}: for ONNX Runtime, in float32; its README.md says how to run it\nchecked: {said}")
        return
    if to == "argos":
        from glassformer.interop.export_argos import export_argos

        said = export_argos(folder, out, quantization, languages)
        echo(f"{out}: {out.stat().st_size / 1e6:,.1f} MB, {quantization}, for Argos Translate\nchecked: {said}")
        return
    from glassformer.engines.export import export_ctranslate2

    check = export_ctranslate2(folder, out, quantization)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    echo(f"{out}: {size:,.1f} MB, {quantization}, for CTranslate2; its README.md says how to load it")
    echo(f"checked: {check}")
