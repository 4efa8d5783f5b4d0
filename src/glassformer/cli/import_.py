"""``glassformer import``: another program's model as one of ours."""

from pathlib import Path
from typing import Annotated

import typer

from glassformer.cli.terminal import echo

EPILOG = """[bold]Examples[/]

glassformer import translate-en_de-1_9.argosmodel

glassformer import opus-mt-en-de --out models/opus

glassformer import nllb-200-distilled-600M --source-language eng_Latn --target-language deu_Latn --out models/nllb
"""


def import_(
    path: Annotated[Path, typer.Argument(help="An .argosmodel, or a folder of CTranslate2 or Hugging Face (Marian, BART, mBART, M2M-100, NLLB).")],
    out: Annotated[Path | None, typer.Option(help="The folder to write, which must not be there. Without it: named after PATH, here.", show_default=False)] = None,
    source_language: Annotated[str, typer.Option(help="For a multilingual model: the language that it reads, by the model's own code.")] = "",
    target_language: Annotated[str, typer.Option(help="For a multilingual model: the language that it writes, such as deu or deu_Latn.")] = "",
) -> None:  # fmt: skip
    """Make another program's model one of ours: to look into, to translate with, to train further.

    Each of its tensors is taken by its name, and a model that has others is refused. Nothing that its files hold is run. A
    model of CTranslate2 then translates made-up sentences with its own files, and the tokens must be the same.

    The other commands take such a file or folder as --model, too, and import it once.
    """
    from glassformer.interop.bring import import_model
    from glassformer.interop.imported import Languages

    out = out or Path(path.name.removesuffix(".argosmodel") + "-glassformer")
    found = import_model(path, out, Languages(source_language, target_language))
    config = found.saved.model.config
    weights = sum(weight.numel() for weight in found.saved.model.parameters())
    echo(
        f"{out}: {found.format}, {weights / 1e6:.1f} million weights, {config.encoder_layers} + {config.decoder_layers} layers"
    )
    if found.rounded != "float32":
        echo(f"its weights came rounded to {found.rounded}: these numbers are what the model is now")
    echo(f"checked: {found.said}")
