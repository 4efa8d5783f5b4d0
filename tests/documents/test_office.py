"""Word's and OpenDocument's files: read back with these formats' own libraries, they have the same structure."""

import io
import re
import zipfile
from typing import Any

import pytest

from glassformer.documents.office import read_office
from glassformer.errors import ConfigError
from tests.documents.test_files import again

ODT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 office:version="1.3"><office:automatic-styles/><office:body><office:text>
<text:h text:outline-level="1">The old clock</text:h>
<text:p text:style-name="P1">The <text:span text:style-name="T1">red house</text:span> is
<text:a xlink:href="x.html">here</text:a> &amp; there.</text:p>
<text:list><text:list-item><text:p>One<text:line-break/>two</text:p></text:list-item></text:list>
<text:p/></office:text></office:body></office:document-content>"""


def odt() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("content.xml", ODT, zipfile.ZIP_DEFLATED)
        manifest = "application/vnd.oasis.opendocument.text"
        entries = "".join(
            f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
            for path, kind in (("/", manifest), ("content.xml", "text/xml"))
        )
        names = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr(
            "META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{names}">{entries}</manifest:manifest>'
        )
    return into.getvalue()


def translated(ending: str, content: bytes, change: str = "ko") -> bytes:
    file = read_office(ending, content)
    return file.rebuilt([again(text, change) for text in file.texts], "de")


def test_an_open_document_keeps_all_but_its_words() -> None:
    made = translated(".odt", odt())
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist()[0] == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        text = archive.read("content.xml").decode()
    assert re.findall(r"<[^>]*>", text) == re.findall(r"<[^>]*>", ODT)
    assert '<text:span text:style-name="T1">redko houseko</text:span>' in text
    assert "&amp;ko" in text
    same = translated(".odt", odt(), "")
    with zipfile.ZipFile(io.BytesIO(same)) as archive:
        assert archive.read("content.xml").decode().split() == ODT.split()


def test_odfpy_reads_it() -> None:
    opendocument = pytest.importorskip("odf.opendocument", reason="odfpy is in the extra 'test'")
    from odf import teletype, text

    document = opendocument.load(io.BytesIO(translated(".odt", odt())))
    paragraphs = [teletype.extractText(one) for one in document.getElementsByType(text.P)]
    assert paragraphs == ["Theko redko houseko isko hereko &ko there.ko", "Oneko\ntwoko", ""]
    assert [teletype.extractText(one) for one in document.getElementsByType(text.H)] == ["Theko oldko clockko"]


def word() -> Any:
    docx = pytest.importorskip("docx", reason="python-docx is in the extra 'office'")
    file = docx.Document()
    file.add_heading("The old clock", 1)
    paragraph = file.add_paragraph("The ")
    paragraph.add_run("red ").bold = True
    paragraph.add_run("house").bold = True
    paragraph.add_run(" is here.")
    table = file.add_table(1, 2)
    table.cell(0, 0).text = "One"
    table.cell(0, 1).text = "12"
    file.add_paragraph("First line\nsecond line", style="List Bullet")
    file.sections[0].footer.paragraphs[0].text = "A footer"
    into = io.BytesIO()
    file.save(into)
    return docx, into.getvalue()


def test_a_word_file_keeps_its_paragraphs_tables_and_formatting() -> None:
    docx, content = word()
    before, after = docx.Document(io.BytesIO(content)), docx.Document(io.BytesIO(translated(".docx", content)))
    assert [one.style.name for one in after.paragraphs] == [one.style.name for one in before.paragraphs]
    assert [one.text for one in after.paragraphs] == [
        "Theko oldko clockko", "Theko redko houseko isko here.ko", "Firstko line\nsecondko lineko",
    ]  # fmt: skip
    bold = "".join(run.text for run in after.paragraphs[1].runs if run.bold)
    assert bold == "redko houseko"
    assert [cell.text for cell in after.tables[0].rows[0].cells] == ["Oneko", "12"]
    assert after.sections[0].footer.paragraphs[0].text == "Ako footerko"


def test_signs_of_private_use_in_somebodys_text_are_no_tags() -> None:
    docx = pytest.importorskip("docx", reason="python-docx is in the extra 'office'")
    file = docx.Document()
    paragraph = file.add_paragraph("An icon \U000f1234 and ")
    paragraph.add_run("bold").bold = True
    into = io.BytesIO()
    file.save(into)
    after = docx.Document(io.BytesIO(translated(".docx", into.getvalue())))
    assert "\U000f1234" in after.paragraphs[0].text
    assert [run.text for run in after.paragraphs[0].runs if run.bold] == ["boldko"]


def test_what_is_no_such_file_is_said() -> None:
    for ending in (".docx", ".odt"):
        with pytest.raises(ConfigError, match=rf"no \{ending}|python-docx"):
            read_office(ending, b"nothing")
    with pytest.raises(ConfigError, match=r"no \.odt"):
        read_office(".odt", odt()[:200])


def test_a_small_file_that_unpacks_to_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glassformer.documents.office.LARGEST", 1000)
    with pytest.raises(ConfigError, match="holds more than 1,000 bytes"):
        read_office(".odt", odt())
