"""Markdown (CommonMark and tables) as blocks, read with markdown-it-py, on which rich stands already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glassformer.documents.blocks import Block, Document, Tag
from glassformer.documents.html import ATOM, FIRST_ATOM, with_atoms

if TYPE_CHECKING:
    from markdown_it.token import Token

FRONT = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.DOTALL)
"""Settings before the text, as site generators have them."""
HAS_WORDS = re.compile(r"[^\W\d_]")
HARD_END = re.compile(r"(?: {2,}|\\\\)$")
SPECIAL = re.compile(r"([\\`*\[\]<]|(?<!\w)_|_(?!\w))")
AT_START = re.compile(r"^(?=#{1,6}\s|[-+]\s|>|=+$|-+$|~~~)")
NUMBERED = re.compile(r"^(\d{1,9})([.)]\s)")


def read_markdown(content: str) -> Document:
    """Paragraphs, headings, items and cells. Code, links' addresses, images and HTML stay; a paragraph's lines become one,
    where no line break was asked for."""
    from markdown_it import MarkdownIt

    front = FRONT.match(content)
    head = front[0] if front else ""
    body = content[len(head) :]
    starts = [0, *(match.end() for match in re.finditer("\n", body))]
    pieces: list[str | Block] = [head] if head else []
    done, row = 0, 0
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        row = token.map[0] if token.map else row
        if token.type != "inline" or not token.children:
            continue
        spans = spans_of(token.content, body, max(done, starts[min(row, len(starts) - 1)]))
        for part, (start, end) in zip(parts_of(token.children), spans or [], strict=False):
            if HAS_WORDS.search(ATOM.sub("", part.text)):
                pieces += [body[done:start], Block(part.text.rstrip(), part.tags, MarkdownWriter(part.atoms), at_start)]
                done = end
    return Document([*pieces, body[done:]])


def spans_of(content: str, body: str, cursor: int) -> list[tuple[int, int]] | None:
    """Where an inline token's lines stand in the file from ``cursor`` on, those between two hard breaks together; None where
    they are not found."""
    spans: list[tuple[int, int]] = []
    new = True
    for line in content.split("\n"):
        kept = HARD_END.sub("", line).strip()
        start = body.find(kept, cursor)
        if start < 0 or (spans and body.count("\n", cursor, start) > 1):
            return None
        cursor = start + len(kept)
        if new:
            spans.append((start, cursor))
        else:
            spans[-1] = spans[-1][0], cursor
        new = bool(HARD_END.search(line))
    return spans


@dataclass
class MarkdownLine:
    """The text between two hard line breaks."""

    text: str = ""
    tags: list[Tag] = field(default_factory=list)
    atoms: list[str] = field(default_factory=list)


def parts_of(children: Sequence[Token]) -> list[MarkdownLine]:
    """An inline token's children as blocks."""
    parts = [MarkdownLine()]
    outer: list[tuple[list[Tag], Tag]] = []
    tags = parts[0].tags
    for child in children:
        part = parts[-1]
        if child.type == "text":
            part.text += child.content
        elif child.type == "softbreak":
            part.text += " "
        elif child.type == "hardbreak":
            parts.append(MarkdownLine())
            tags, outer = parts[-1].tags, []
        elif child.type.endswith("_open") and child.info != "auto":
            tag = Tag("[" if child.type == "link_open" else child.markup, "", len(part.text), len(part.text))
            tags.append(tag)
            outer.append((tags, tag))
            tag.close = link_end(child) if child.type == "link_open" else child.markup
            tags = tag.inner
        elif child.type.endswith("_close") and child.info != "auto":
            if outer:
                tags, tag = outer.pop()
                tag.end = len(part.text)
        elif child.type in ("code_inline", "image", "html_inline"):
            part.text += chr(FIRST_ATOM + len(part.atoms))
            part.atoms.append(raw_of(child))
    return parts


class MarkdownWriter:
    """Text as Markdown has it: what would be markup is escaped."""

    def __init__(self, atoms: Sequence[str]) -> None:
        self.atoms = atoms

    def __call__(self, text: str) -> str:
        return with_atoms(SPECIAL.sub(r"\\\1", text), self.atoms)


def at_start(text: str) -> str:
    """``text`` so that it does not begin another kind of block."""
    return NUMBERED.sub(r"\1\\\2", AT_START.sub(r"\\", text))


def link_end(token: Token) -> str:
    title = str(token.attrs.get("title", ""))
    shown = ' "' + title.replace('"', '\\"') + '"' if title else ""
    return f"]({token.attrs.get('href') or token.attrs.get('src', '')}{shown})"


def raw_of(token: Token) -> str:
    """Inline code, an image or HTML as it is written."""
    if token.type == "code_inline":
        blank = " " if token.content.startswith("`") or token.content.endswith("`") else ""
        return f"{token.markup}{blank}{token.content}{blank}{token.markup}"
    if token.type == "image":
        return f"![{token.content}{link_end(token)}"
    return token.content
