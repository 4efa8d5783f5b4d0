"""Draws docs/look.svg: what `glassformer look` prints, as a picture for the README."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from glassformer.cli.look import print_attention, print_sentences
from glassformer.translator import Translator

SENTENCE = "The animal didn't cross the street because it was too tired."


def drawn(model: str) -> str:
    translator = Translator.load(model)
    trace = translator.trace(SENTENCE)
    console = Console(record=True, width=132, file=io.StringIO(), force_terminal=True, highlight=False)
    print_sentences(console, trace, "", {})
    print_attention(console, translator, trace, "encoder", token="it", layer=None, top=3)
    picture = console.export_svg(title=f'glassformer look "{SENTENCE}"', font_aspect_ratio=0.6)
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # no font from somewhere else
    return picture.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace")


if __name__ == "__main__":
    picture = drawn(sys.argv[1] if len(sys.argv) > 1 else "en-de")
    (Path(__file__).parent / "look.svg").write_text(picture, encoding="utf-8")
