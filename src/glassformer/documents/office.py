"""Word's .docx and OpenDocument's .odt: paragraphs as blocks, stretches of other formatting and links as their tags.

python-docx (extra ``office``) reads and writes Word's files. OpenDocument's text is XML with tags inside sentences, which
``html`` reads; all else of the archive stays byte for byte. A part with computed fields (a table of contents) stays.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from glassformer.documents.blocks import Block, Document, Tag
from glassformer.documents.html import read_html
from glassformer.errors import ConfigError
from glassformer.translator import Translation

LARGEST = 64 * 2**20
"""Bytes of an archive, unpacked."""
INLINE = frozenset(("text:span", "text:a", "text:s", "text:soft-page-break"))
"""The tags inside a sentence of OpenDocument; every other tag ends one."""
TEXTS = ("content.xml", "styles.xml")
"""The parts of an OpenDocument file with text: styles.xml has what stands above and below each page."""
FIRST = 0xF0000
"""From here on, two characters of private use stand for each tag of a Word paragraph: its begin and its end."""
WORDS = re.compile(r"[^\W\d_]")


class OfficeFile(Protocol):
    """A file that is no string; otherwise as ``Document``."""

    @property
    def texts(self) -> list[str]: ...
    @property
    def has_tags(self) -> bool: ...
    def rebuilt(self, translations: Sequence[Translation], target: str) -> bytes: ...


def read_office(ending: str, content: bytes) -> OfficeFile:
    """The file with these bytes; ``ending`` is .docx or .odt. Raises ConfigError for what is no such file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST:
                raise ConfigError(f"the {ending} file holds more than {LARGEST:,} bytes: cut it in two")
        return OFFICE[ending](content)
    except ConfigError:
        raise
    except Exception as error:  # python-docx has no error of its own for each thing that a file can lack
        raise ConfigError(f"the file is no {ending} ({type(error).__name__}: {str(error)[:80]})") from None


class OpenDocument:
    """An .odt file."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.parts: dict[str, Document] = {}
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in TEXTS:
                if name in archive.namelist():
                    text = archive.read(name).decode("utf-8")
                    around = set(re.findall(r"<([a-z0-9]+:[\w.-]+)", text)) - INLINE
                    self.parts[name] = read_html(
                        text, xml=True, splitting=around, ignored=["office:meta", "style:style"]
                    )

    @property
    def texts(self) -> list[str]:
        return [text for part in self.parts.values() for text in part.texts]

    @property
    def has_tags(self) -> bool:
        return any(part.has_tags for part in self.parts.values())

    def rebuilt(self, translations: Sequence[Translation], target: str) -> bytes:
        """The archive with ``translations`` instead of ``texts``, its other parts and their order as they were."""
        found = iter(translations)
        made = {
            name: part.rebuilt([next(found) for _ in part.texts], target).encode() for name, part in self.parts.items()
        }
        into = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self.content)) as old, zipfile.ZipFile(into, "w") as new:
            for part in old.infolist():
                new.writestr(part, made.get(part.filename) or old.read(part), part.compress_type)
        return into.getvalue()


class WordFile:
    """A .docx file."""

    def __init__(self, content: bytes) -> None:
        try:
            import docx
        except ImportError:
            raise ConfigError(".docx wants python-docx: pip install 'glassformer[office]'") from None
        self.file = docx.Document(io.BytesIO(content))
        self.paragraphs = [one for root in self.roots() for one in paragraphs_of(root) if WORDS.search(one.block.text)]

    def roots(self) -> Iterator[Any]:
        """The body, and what stands above and below the pages."""
        yield self.file.element.body
        seen = set()
        for section in self.file.sections:
            for part in (section.header, section.footer):
                if not part.is_linked_to_previous and id(part._element) not in seen:
                    seen.add(id(part._element))
                    yield part._element

    @property
    def texts(self) -> list[str]:
        return [one.block.text for one in self.paragraphs]

    @property
    def has_tags(self) -> bool:
        return any(one.block.tags for one in self.paragraphs)

    def rebuilt(self, translations: Sequence[Translation], target: str) -> bytes:
        for one, translation in zip(self.paragraphs, translations, strict=True):
            one.put(one.block.written(translation, target))
        into = io.BytesIO()
        self.file.save(into)
        return into.getvalue()


class Paragraph:
    """One of Word's: runs of characters with their formatting, links, and things such as pictures."""

    def __init__(self, element: Any, runs: list[Any]) -> None:
        self.element, self.runs = element, runs
        texts = [text_of(run) for run in runs]
        looks = [look_of(run) for run in runs]
        lengths: dict[bytes, int] = {}
        for text, look in zip(texts, looks, strict=True):
            lengths[look] = lengths.get(look, 0) + len(text)
        self.usual = max(range(len(runs)), key=lambda number: (bool(texts[number]), lengths[looks[number]]))
        whole, tags = "", list[Tag]()
        for number, (text, look) in enumerate(zip(texts, looks, strict=True)):
            if not text:
                tags.append(Tag(chr(FIRST + 2 * number), "", len(whole), len(whole)))
            elif tags and tags[-1].close and tags[-1].end == len(whole) and look == looks[number - 1]:
                tags[-1].end += len(text)  # Word cuts where somebody has typed later
            elif look != looks[self.usual]:
                begin, end = chr(FIRST + 2 * number), chr(FIRST + 2 * number + 1)
                tags.append(Tag(begin, end, len(whole), len(whole) + len(text)))
            whole += text
        self.block = Block(whole, tags)

    def put(self, written: str) -> None:
        """Have the runs say ``written``, in which characters of private use stand for the tags."""
        for run in self.runs:
            self.element.remove(run)
        at = self.usual
        signs = "".join(tag.open + tag.close for tag in self.block.tags)
        for piece in re.split(f"([{signs}])", written) if signs else [written]:
            if piece and piece in signs:
                number, ends = divmod(ord(piece) - FIRST, 2)
                at = self.usual if ends else number
                if not text_of(self.runs[number]):
                    self.element.append(self.runs[number])
                    at = self.usual
            elif piece:
                self.element.append(saying(self.runs[at], piece))


def paragraphs_of(root: Any) -> Iterator[Paragraph]:
    """Those whose runs can be put anew."""
    from docx.oxml.ns import qn

    kept = {qn("w:pPr")}
    for element in root.iter(qn("w:p")):
        fields = any(True for name in ("w:fldChar", "w:fldSimple", "w:ins", "w:del") for _ in element.iter(qn(name)))
        runs = [child for child in element if child.tag not in kept]
        if runs and not fields and any(text_of(run) for run in runs):
            yield Paragraph(element, runs)


def text_of(run: Any) -> str:
    """The text of a run, or of a link's runs; "" of what is more than text, and goes along as one thing."""
    from docx.oxml.ns import qn

    if run.tag == qn("w:hyperlink"):
        return "".join(text_of(inner) for inner in run if inner.tag == qn("w:r"))
    only = {qn(name) for name in ("w:rPr", "w:t", "w:tab", "w:br", "w:lastRenderedPageBreak")}
    if run.tag != qn("w:r") or any(child.tag not in only for child in run):
        return ""
    return str(run.text)


def look_of(run: Any) -> bytes:
    """The mark of a formatting; each link is one of its own."""
    from docx.oxml.ns import qn
    from lxml import etree

    if run.tag != qn("w:r"):
        return str(id(run)).encode()
    properties = run.find(qn("w:rPr"))
    return b"" if properties is None else bytes(etree.tostring(properties))


def saying(run: Any, text: str) -> Any:
    """A copy of a run, or of a link with its first run, that says ``text``."""
    from docx.oxml.ns import qn

    made = copy.deepcopy(run)
    if run.tag == qn("w:hyperlink"):
        first, *others = [inner for inner in made if inner.tag == qn("w:r")]
        for other in others:
            made.remove(other)
        first.text = text
    else:
        made.text = text
    return made


OFFICE: dict[str, Callable[[bytes], OfficeFile]] = {".docx": WordFile, ".odt": OpenDocument}
