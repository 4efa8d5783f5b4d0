"""Which files can be translated, and the simple ones: plain text, JSON, subtitles."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from glassformer.documents.blocks import Block, Document
from glassformer.documents.html import read_html
from glassformer.documents.markdown import read_markdown
from glassformer.documents.po import read_po
from glassformer.errors import ConfigError
from glassformer.strict_json import parsed
from glassformer.translator.spans import Span

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
LINE = re.compile(r"[^\r\n]+|(?<=\n)(?=\r?\n)")
"""A line without its end, an empty one, too."""
HAS_WORDS = re.compile(r"[^\W\d_]")


def read_document(name: str, content: str) -> Document:
    """The file called ``name``, by its ending. Raises ConfigError for an ending that is not one of KINDS, and for content
    that is not what the ending says."""
    ending = PurePath(name).suffix.lower()
    if ending not in KINDS:
        known = ", ".join([*KINDS, ".docx", ".odt"])
        raise ConfigError(f"{name[-60:]!r} cannot be translated: wanted a file that ends in {known}")
    return KINDS[ending](content)


def read_text(content: str) -> Document:
    """All of it is text; lines and empty lines stay, as in every translation."""
    return Document([Block(content)] if HAS_WORDS.search(content) else [content])


def read_json(content: str) -> Document:
    """The values that are texts; keys, numbers and the file's form stay. Raises ConfigError for what is no JSON."""
    try:
        parsed(content)
    except ValueError as error:
        raise ConfigError(f"the file is not JSON ({error})") from None
    pieces: list[str | Block] = []
    at = 0
    for match in STRING.finditer(content):
        is_key = re.compile(r"\s*:").match(content, match.end())
        text = json.loads(match[0])
        if is_key or not HAS_WORDS.search(text):
            continue
        write = json_text_ascii if match[0].isascii() and not text.isascii() else json_text
        pieces += [content[at : match.start()], Block(text, whole=write)]
        at = match.end()
    return Document([*pieces, content[at:]])


def json_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def json_text_ascii(text: str) -> str:
    return json.dumps(text)


def read_subtitles(content: str) -> Document:
    """SubRip and WebVTT: the lines below each time, as one block. Numbers, times, settings, notes and styles stay; the lines
    of a cue are filled anew, as many as there were."""
    pieces: list[str | Block] = []
    at = 0
    for start, stop in cue_texts(content):
        lines = content[start:stop].split("\n")
        ending = "\r\n" if "\r\n" in content[start:stop] else "\n"
        inner = read_html(" ".join(line.strip() for line in lines), xml=True)
        pieces.append(content[at:start])
        for piece in inner.pieces:
            if isinstance(piece, Block):
                piece.whole = CueLines(len(lines), ending)
                piece.write = cue_text(piece.write)
            pieces.append(piece)
        at = stop
    return Document([*pieces, content[at:]])


def cue_texts(content: str) -> Iterator[Span]:
    """Where the text of each cue stands: behind its time, up to an empty line, or to the next cue where that is missing. A
    file is gone through once, line by line: a cue whose end was looked for in the rest of the file took a square of its
    length."""
    lines = [match.span() for match in LINE.finditer(content)]
    cue, text = False, list[Span]()
    for start, end in [*lines, (len(content), len(content))]:
        line = content[start:end]
        is_time = "-->" in line
        if text and (is_time or not line.strip()):
            if is_time and len(text) > 1 and content[slice(*text[-1])].strip().isdecimal():
                text.pop()  # the number of the cue that begins here
            yield text[0][0], text[-1][1]
        if is_time or not line.strip():
            cue, text = is_time, []
        elif cue:
            text.append((start, end))


def cue_text(write: Callable[[str], str]) -> Callable[[str], str]:
    """Subtitles write quotes and apostrophes as they are, and SubRip & as well."""
    return lambda text: write(text).replace("&amp;", "&").replace("&gt;", ">")


class CueLines:
    """A cue's text in that many lines, of about the same length."""

    def __init__(self, count: int, ending: str) -> None:
        self.count, self.ending = count, ending

    def __call__(self, text: str) -> str:
        words = re.findall(r"(?:<[^<>]*>|\S)+", text)
        if self.count == 1 or len(words) < 2:
            return text
        wanted = len(" ".join(words)) / self.count
        lines: list[str] = []
        line = ""
        for word in words:
            longer = f"{line} {word}" if line else word
            if line and len(lines) < self.count - 1 and len(longer) - len(word) / 2 > wanted:
                lines.append(line)
                longer = word
            line = longer
        return self.ending.join([*lines, line])


KINDS: dict[str, Callable[[str], Document]] = {
    ".txt": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".md": read_markdown,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    ".po": read_po,
    ".json": read_json,
}
