"""Output to the terminal: nothing that a model, a corpus or a file's name says can move it, colour it or lie.

A card, a piece of a vocabulary, a translation or a line of a corpus may hold anything: ANSI and OSC sequences that write
over what stands there or put text into the clipboard, and bidirectional overrides that show other words than there are.
Every message, table and bar of the command line goes through ``Terminal`` or ``echo``, and a test holds it.
"""

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed: ESC, CSI, BEL, carriage return …
    "\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"  # line separators, embeddings, overrides, isolates, annotations
    "\ud800-\udfff]"  # halves of characters, which have no UTF-8
)
"""The marks U+200E and U+200F stay: Arabic and Hebrew are written with them, and they turn nothing round."""


def visible(text: str) -> str:
    r"""``text`` in which each harmful character is spelt, such as \\u001b; so JSON stays the same JSON."""
    return HARMFUL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Terminal(Console):
    """rich's console; what it prints is ``visible``, and colours and cursor are its own. ``:cat:`` stays as it was typed. A
    message on a standard error that is no terminal is one line, whatever $COLUMNS says: programs read it."""

    def __init__(self, **options: Any) -> None:
        into_a_file = bool(options.get("stderr")) and not sys.stderr.isatty()
        super().__init__(**{"emoji": False, "soft_wrap": into_a_file, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or not HARMFUL.search(segment.text):
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


def make_console() -> Terminal:
    """As wide as the terminal; without one 100 columns, or $COLUMNS."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    return Terminal(width=width, highlight=False)


def say(console: Terminal, text: str, style: str = "", *, whole: bool = False) -> None:
    """``whole``: with an address or a path in it, which is copied as a line."""
    console.print(text, style=style, markup=False, soft_wrap=whole)


def has_display() -> bool:
    """Whether a browser can open a window here."""
    return sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def echo(text: str, *, err: bool = False) -> None:
    """A line, without colours, on standard output, or on standard error."""
    typer.echo(visible(text), err=err)


def for_stream(text: str, stream: Any) -> str:
    """The form of a text for ``stream``: the text itself into a file or a pipe, ``visible`` to a terminal."""
    return visible(text) if stream.isatty() else text
