"""PO files (gettext): the messages that have no translation yet. Everything else, comments and order, stays."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from glassformer.documents.blocks import Block, Document

FIELD = re.compile(
    r'^(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)[ \t]+((?:"(?:[^"\\]|\\.)*"\s*?\r?\n?[ \t]*)+)', re.MULTILINE
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


@dataclass
class Entry:
    """The part of a message that was read."""

    id: str = ""
    plural: str = ""
    fuzzy: bool = False
    flags: list[str] = field(default_factory=list)


def read_po(content: str) -> Document:
    """Each empty ``msgstr`` is a block whose text is its ``msgid`` (of a plural form, its ``msgid_plural``)."""
    pieces: list[str | Block] = []
    entry, at = Entry(), 0
    for match in FIELD.finditer(content):
        name, text = match[1], unquoted(match[2])
        if name == "msgid":
            entry = Entry(text)
        elif name == "msgid_plural":
            entry.plural = text
        elif name.startswith("msgstr") and not text and entry.id:
            of = entry.plural if entry.plural and name != "msgstr[0]" else entry.id
            trailing = match[2][len(match[2].rstrip()) :]
            pieces += [content[at : match.start(2)], Block(of, whole=quoted), trailing]
            at = match.end(2)
    return Document([*pieces, content[at:]])


def unquoted(lines: str) -> str:
    """The text of one or several quoted lines."""
    inside = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', lines))
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), inside)


def quoted(text: str) -> str:
    """``text`` as PO has it: in one line, or, where it has several, a quoted line each behind an empty one."""
    lines = [line for line in re.split(r"(?<=\n)", text) if line]
    rows = ['"' + escaped(line) + '"' for line in lines]
    return "\n".join(['""', *rows]) if len(rows) > 1 else "".join(rows)


def escaped(line: str) -> str:
    for character, letter in (("\\", "\\"), ('"', '"'), ("\n", "n"), ("\t", "t"), ("\r", "r")):
        line = line.replace(character, f"\\{letter}")
    return line
