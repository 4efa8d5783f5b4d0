"""HTML and XML as blocks. Tags, attributes, comments, scripts and everything else that is no text stay byte for byte."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from glassformer.documents.blocks import Block, Document, Tag

INLINE = frozenset(re.findall(r"\w+", """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark meter output progress q rp rt ruby s
    samp small span strike strong sub sup time tt u var wbr"""))  # fmt: skip
"""The tags inside a sentence; every other tag ends one."""
EMPTY = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta param source track wbr"))
UNTOUCHED = frozenset(re.findall(r"\w+", """
    script style template svg math pre textarea iframe object noscript code kbd samp var canvas audio video"""))  # fmt: skip
"""Tags whose content is no prose."""
FIRST_ATOM = 0xF000
"""From here on, characters of private use stand in a block's text for what is in the sentence and not translated, such as
<code>, one each: text/protected.py carries them through."""
ATOM = re.compile("[\uf000-\uf7ff]")
TAG_NAME = re.compile(r"[a-zA-Z][^\t\n\r\f />]*")
END_NAME = re.compile(r"\s*([a-zA-Z][^\t\n\r\f />]*)")
ATTRIBUTE = re.compile(r"""([\s/]*)(?:([^\s/>][^\s/>=]*)(?:\s*=+\s*('[^']*'|"[^"]*"|[^\s>]*))?)?""")
"""Blanks, and then a name with or without a value, if there is one. A quotation mark that nobody closes is a character."""
CLOSING = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}
"""The ends of the tags in which nothing else is markup."""
NUMERIC = re.compile(r"&#0*([0-9]+)")
DEEPEST = 100
"""Tags within each other; what is nested deeper comes in smaller blocks."""


@dataclass(frozen=True)
class Event:
    """A tag, a stretch of text, or something else, with its own characters."""

    kind: str
    """start, empty, end, text or other."""
    raw: str
    name: str = ""
    kept: bool = False
    """Whether what the tag holds is not to be translated."""


class Events:
    """Cuts a file into events whose ``raw`` together are the file, by the rules of HTML that browsers follow for pages with
    mistakes, too. Each character is looked at a fixed number of times: Python's own reader looks for the end of each ``<a``
    in all of the file, which takes minutes for a small file that somebody made for this.
    """

    def __init__(self, source: str, *, xml: bool, ignored: Collection[str]) -> None:
        self.source, self.xml, self.ignored = source, xml, set(ignored)
        self.lasts: dict[str, int] = {}
        """Where each end stands for the last time: behind that nobody needs to look for it."""
        self.text_from = 0
        """Where the characters begin that belong to no event yet: they are text."""
        self.found: list[Event] = []
        at = source.find("<")
        while at >= 0:
            at = source.find("<", self.taken(at))
        self.end_text(len(source))

    def taken(self, at: int) -> int:
        """Where to go on behind the ``<`` at ``at``."""
        source = self.source
        name = TAG_NAME.match(source, at + 1)
        if name is not None:
            return self.start_tag(at, name)
        if source.startswith("</", at):
            name = END_NAME.match(source, at + 2)
            return self.until(">", at, "end" if name else "other", name[1].lower() if name else "")
        for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">")):
            if source.startswith(begin, at) and (behind := self.until(end, at, "other")) > at + 1:
                return behind
        return at + 1

    def until(self, end: str, at: int, kind: str, name: str = "") -> int:
        """Takes what goes from ``at`` to the next ``end``; where there is none, the ``<`` is text."""
        if end not in self.lasts:
            self.lasts[end] = self.source.rfind(end)
        if self.lasts[end] < at + 2:
            return at + 1
        behind = self.source.index(end, at + 2) + len(end)
        self.add(kind, at, behind, name)
        return behind

    def start_tag(self, at: int, name: re.Match[str]) -> int:
        """Takes a tag with its attributes; where it has no end all of the rest is text, of which nothing is read again."""
        source, end, given = self.source, name.end(), dict[str, str]()
        while (attribute := ATTRIBUTE.match(source, end)) is not None and attribute[2]:
            end = attribute.end()
            if attribute[2].lower() in ("translate", "class"):
                given[attribute[2].lower()] = unescaped((attribute[3] or "").strip("\"'"))
        end = attribute.end() + 1 if attribute is not None else len(source) + 1
        if end > len(source):
            return len(source)
        tag = name[0].lower()
        if source[end - 2] == "/" and attribute is not None and attribute[1] and (self.xml or tag in EMPTY):
            self.add("empty", at, end, tag)  # HTML has no such tags: <b/> is <b>. In XML they are empty
            return end
        kept = given.get("translate") == "no" or "notranslate" in given.get("class", "").split()
        kept = kept or tag in self.ignored or (not self.xml and tag in UNTOUCHED)
        self.add("empty" if not self.xml and tag in EMPTY else "start", at, end, tag, kept)
        if not self.xml and (closing := CLOSING.get(tag)) is not None:
            found = closing.search(source, end)  # what stands before is no markup, whatever it looks like
            return found.start() if found else len(source)
        return end

    def add(self, kind: str, start: int, end: int, name: str = "", kept: bool = False) -> None:
        self.end_text(start)
        self.found.append(Event(kind, self.source[start:end], name, kept))
        self.text_from = end

    def end_text(self, end: int) -> None:
        if end > self.text_from:
            self.found.append(Event("text", self.source[self.text_from : end]))


def read_html(
    source: str, *, xml: bool = False, ignored: Collection[str] = (), splitting: Collection[str] = ()
) -> Document:
    """``source``, a page or a part of one. ``xml``: every tag stands inside a sentence, but those named in ``splitting``.
    The content of tags named in ``ignored`` is not translated, nor that of a tag with translate="no"."""
    reader = HtmlReader(xml, frozenset(splitting))
    for event in with_kept(Events(source, xml=xml, ignored=ignored).found):
        reader.take(event)
    reader.flush()
    return Document(reader.pieces)


def with_kept(events: list[Event]) -> Iterator[Event]:
    """The events; a tag that keeps what it holds together with all of that as one event: ``atom`` inside a sentence."""
    number = 0
    while number < len(events):
        event = events[number]
        number += 1
        if not (event.kind == "start" and event.kept):
            yield event
            continue
        raw, depth = [event.raw], 1
        while number < len(events) and depth:
            inner = events[number]
            depth += (inner.name == event.name) * ((inner.kind == "start") - (inner.kind == "end"))
            raw.append(inner.raw)
            number += 1
        yield Event("atom", "".join(raw), event.name)


@dataclass
class HtmlReader:
    """Puts events together into blocks."""

    xml: bool
    splitting: frozenset[str]
    pieces: list[str | Block] = field(default_factory=list)
    waiting: list[Event] = field(default_factory=list)
    """A part that may become a block."""

    def take(self, event: Event) -> None:
        inside = event.name not in self.splitting if self.xml else event.name in INLINE
        if event.kind == "text" or (event.kind != "other" and inside):
            self.waiting.append(event)
        else:
            self.flush()
            self.pieces.append(event.raw)

    def flush(self) -> None:
        """The waiting part as a block, or, where tags cross each other, a block between every two tags."""
        events, self.waiting = self.waiting, []
        if (nested := with_lone_tags(events)) is not None:
            self.pieces += block_of(nested)
            return
        run: list[Event] = []
        for event in events:
            if event.kind == "text":
                run.append(event)
            else:
                self.pieces += [*block_of(run), event.raw]
                run = []
        self.pieces += block_of(run)


def with_lone_tags(events: list[Event]) -> list[Event] | None:
    """The events; a tag that is opened and never closed, or closed and never opened, stands alone and is an empty one. None
    where tags cross each other or stand deeper than DEEPEST."""
    opened: list[int] = []
    depth: dict[str, int] = {}
    lone: dict[int, str] = {}
    for number, event in enumerate(events):
        if event.kind == "start":
            opened.append(number)
            depth[event.name] = depth.get(event.name, 0) + 1
            if len(opened) > DEEPEST:
                return None
        elif event.kind == "end":
            if not depth.get(event.name):
                lone[number] = event.name
                continue
            while events[last := opened.pop()].name != event.name:
                lone[last] = events[last].name
                depth[events[last].name] -= 1
            depth[event.name] -= 1
    lone |= {number: events[number].name for number in opened}
    ends = {name for number, name in lone.items() if events[number].kind == "end"}
    if any(events[number].kind == "start" and name in ends for number, name in lone.items()):
        return None
    return [replace(event, kind="empty") if number in lone else event for number, event in enumerate(events)]


def block_of(events: list[Event]) -> list[str | Block]:
    """The block, with the blanks around it as they stood; nothing but strings where it has no word."""
    raw = "".join(event.raw for event in events)
    text, tags, atoms = "", list[Tag](), list[str]()
    entities: dict[str, str] = {}
    outer: list[tuple[list[Tag], Tag]] = []
    for event in events:
        if event.kind == "text":
            entities |= spelled(event.raw)
            plain = re.sub(r"[ \t\r\n\f]+", " ", ATOM.sub("", unescaped(event.raw)))
            if plain.startswith(" ") and text.endswith(" ") and tags and tags[-1].open and tags[-1].end == len(text):
                tags[-1].open += "" if tags[-1].close else " "  # the blank behind an image that stands between two
            text += plain.lstrip() if text.endswith(" ") or not text else plain
        elif event.kind == "atom":
            text += chr(FIRST_ATOM + len(atoms))
            atoms.append(event.raw)
        elif event.kind in ("start", "empty"):
            tag = Tag(event.raw, "", len(text), len(text))
            tags.append(tag)
            if event.kind == "start":
                outer.append((tags, tag))
                tags = tag.inner
        else:
            tags, tag = outer.pop()
            tag.close, tag.end = event.raw, len(text)
    if not re.search(r"\w", ATOM.sub("", text)):
        return [raw] if raw else []
    before, after = blanks(raw)
    text = text.rstrip()
    return [*([before] if before else []), Block(text, tags, HtmlWriter(atoms, entities)), *([after] if after else [])]


def blanks(raw: str) -> tuple[str, str]:
    """The white space before and behind."""
    return raw[: len(raw) - len(raw.lstrip())], raw[len(raw.rstrip()) :]


def unescaped(raw: str) -> str:
    """``raw`` with the characters that its entities stand for. A number of any length stands for something: Python makes no
    number of more than 4300 digits, and no character has more than seven."""
    return html.unescape(NUMERIC.sub(lambda found: "&#" + (found[1] if len(found[1]) <= 7 else "1114112"), raw))


def spelled(raw: str) -> dict[str, str]:
    """The characters that are written as entities in ``raw``, and how, but for those that must be."""
    found = {unescaped(match[0]): match[0] for match in re.finditer(r"&#?\w+;", raw)}
    return {character: entity for character, entity in found.items() if len(character) == 1 and character not in "<>&"}


class HtmlWriter:
    """Text as HTML has it: the few characters that must be are entities, and those that the block wrote so."""

    def __init__(self, atoms: list[str], entities: dict[str, str]) -> None:
        self.atoms, self.entities = atoms, entities

    def __call__(self, text: str) -> str:
        escaped = html.escape(text, quote=False).replace("\xa0", "&nbsp;")
        if self.entities:
            escaped = "".join(self.entities.get(character, character) for character in escaped)
        return with_atoms(escaped, self.atoms)


def with_atoms(text: str, atoms: Sequence[str]) -> str:
    """``text`` with what its characters of private use stand for."""
    return ATOM.sub(lambda found: "".join(atoms[ord(found[0]) - FIRST_ATOM :][:1]), text)
