"""Markdown (CommonMark and tables) as blocks, read with markdown-it-py, on which rich stands already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glassformer.documents.blocks import Block, Document, Tag
from glassformer.documents.html import ATOM, DEEPEST, FIRST_ATOM, with_atoms
from glassformer.translator.spans import Span

if TYPE_CHECKING:
    from markdown_it.token import Token

FRONT = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.DOTALL)
"""Settings before the text, as site generators have them."""
HAS_WORDS = re.compile(r"[^\W\d_]")
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
    pieces: list[str | Block] = [head] if head else []
    done, before = 0, ""
    places = Places(body)
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        in_cell, before = before in ("td_open", "th_open"), token.type
        if token.type != "inline" or not token.children or max(child.level for child in token.children) > DEEPEST:
            continue
        parts, spans = parts_of(token.children), places.of(token, in_cell)
        if len(parts) != len(spans):
            continue
        for part, (start, end) in zip(parts, spans, strict=True):
            if HAS_WORDS.search(ATOM.sub("", part.text)):
                write, whole = MarkdownWriter(part.atoms), as_cell if in_cell else at_start
                pieces += [body[done:start], Block(part.text.rstrip(), part.tags, write, whole)]
                done = end
    return Document([*pieces, body[done:]])


class Places:
    """Finds inline tokens in their file. Each is looked for in its own lines, behind those before it: a search in all of the
    file for each of many took a square of its length."""

    def __init__(self, body: str) -> None:
        self.body = body.replace("\0", "\ufffd")  # as markdown-it has it
        self.starts = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", body))]
        self.cursor, self.row, self.lost = 0, 0, -1

    def of(self, token: Token, in_cell: bool) -> list[Span]:
        """Where the token's lines stand, those between two hard breaks together; none where they are not found."""
        first, last = token.map or (self.row, self.row + 1)
        if first == self.lost:
            return []  # the rest of a table's row, of which one cell was not found
        self.row = first
        content = token.content.replace("|", r"\|") if in_cell else token.content
        cursor = max(self.cursor, self.starts[min(first, len(self.starts) - 1)])
        end = self.starts[last] if last < len(self.starts) else len(self.body)
        spans: list[Span] = []
        new, lines = True, content.split("\n")
        for number, line in enumerate(lines):
            kept, breaks = without_break(line) if number + 1 < len(lines) else (line, False)
            kept = kept.strip()
            start = self.body.find(kept, cursor, end)
            if start < 0 or (spans and self.body.count("\n", cursor, start) > 1):
                self.lost = first
                return []
            cursor = start + len(kept)
            if new:
                spans.append((start, cursor))
            else:
                spans[-1] = spans[-1][0], cursor
            new = breaks
        self.cursor = cursor
        return spans


def without_break(line: str) -> tuple[str, bool]:
    """A line that others follow, without what asks for a line break at its end, and whether something does: two blanks, or a
    backslash that no other one escapes."""
    kept = line.rstrip(" ")
    if len(line) - len(kept) >= 2:
        return kept, True
    breaks = kept == line and (len(kept) - len(kept.rstrip("\\"))) % 2 == 1
    return (kept[:-1] if breaks else kept), breaks


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


def as_cell(text: str) -> str:
    """``text`` so that it ends no cell of a table."""
    return at_start(text).replace("|", r"\|")


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
