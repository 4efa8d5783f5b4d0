"""LibreTranslate's requests: what its clients send, and what they read of the answers. Its server is described in its
documentation (docs.libretranslate.com); nothing here is of its code."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from glassformer.config import DecodingConfig
from glassformer.documents.blocks import Document
from glassformer.documents.files import KINDS, read_document
from glassformer.documents.office import OFFICE, OfficeFile, read_office
from glassformer.http.guard import RequestError
from glassformer.serve.fields import File, FormValues, as_kind, fields_of
from glassformer.serve.office import Office
from glassformer.text.scripts import NAMES

MOST_ALTERNATIVES = 10
KEPT_FILES, KEPT_BYTES, KEPT_FOR = 64, 64 * 2**20, 600.0
"""Translated files that wait to be fetched: how many, their bytes together, and seconds."""


@dataclass(frozen=True)
class LibreTranslateAsk:
    """POST /translate."""

    q: str | list[str]
    """The text to translate, or several."""
    source: str
    """A language's code, or auto."""
    target: str
    format: Literal["text", "html"] = "text"
    alternatives: int = 0
    """Other translations of each text that are wanted as well, at most 10; none of HTML."""
    api_key: str = ""
    glossary: str = ""
    """The name of a glossary of this server; LibreTranslate itself has none."""


@dataclass(frozen=True)
class DetectAsk:
    """POST /detect."""

    q: str
    api_key: str = ""


@dataclass(frozen=True)
class FileAsk:
    """POST /translate_file, a form with a file."""

    source: str
    target: str
    api_key: str = ""


class LibreTranslate:
    """Its routes' functions."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.files: OrderedDict[str, tuple[File, float]] = OrderedDict()

    async def translate(self, request: Request) -> Response:
        ask = as_kind(LibreTranslateAsk, await fields_of(request, self.office.limits.body))
        if not 0 <= ask.alternatives <= MOST_ALTERNATIVES:
            raise RequestError(400, f"alternatives={ask.alternatives}: wanted 0 … {MOST_ALTERNATIVES}")
        texts = ask.q if isinstance(ask.q, list) else [ask.q]
        self.office.admit(request, ask.api_key, texts)
        detected = self.office.detect(texts, ask.target) if ask.source == "auto" else None
        offer = self.office.find(detected[0] if detected else ask.source, ask.target)
        options: dict[str, Any] = {"glossary": self.office.glossary(ask.glossary)}
        if ask.format == "html":
            found = await self.office.marked(request, offer, texts, **options)
            shown, others = found, [list[str]() for _ in found]
        else:
            wanted = ask.alternatives + 1
            config = self.office.config(DecodingConfig(beam_size=max(4, wanted), n_best=wanted) if wanted > 1 else None)
            best = await self.office.translate(request, offer, texts, config, **options)
            shown = [one[0].text if one else "" for one in best]
            others = [[other.text for other in one[1:]] for one in best]
        many = isinstance(ask.q, list)
        answer: dict[str, Any] = {"translatedText": shown if many else shown[0]}
        if ask.alternatives:
            answer["alternatives"] = others if many else others[0]
        if detected:
            language = {"language": detected[0], "confidence": round(100 * detected[1])}
            answer["detectedLanguage"] = [language] * len(texts) if many else language
        return JSONResponse(answer)

    async def languages(self, _: Request) -> Response:
        models = self.office.desk.models
        codes = sorted({code for pair in models.offers for code in pair})
        return JSONResponse(
            [{"code": code, "name": NAMES.get(code, code), "targets": models.targets(code)} for code in codes]
        )

    async def detect(self, request: Request) -> Response:
        ask = as_kind(DetectAsk, await fields_of(request, self.office.limits.body))
        self.office.admit(request, ask.api_key, [ask.q])
        return JSONResponse(
            [{"language": code, "confidence": round(100 * share)} for code, share in self.office.detected(ask.q)]
        )

    async def translate_file(self, request: Request) -> Response:
        fields = await fields_of(request, self.office.limits.body)
        ask = as_kind(FileAsk, fields)
        client = self.office.enter(request, ask.api_key)  # before anything is computed for somebody without a key
        sent = fields.get("file")
        if not isinstance(sent, FormValues) or not isinstance(sent[0], File):
            raise RequestError(400, "file is missing: wanted a form (multipart/form-data) with a file")
        document = await asyncio.to_thread(document_of, sent[0])
        self.office.count(request, client, document.texts)
        source = self.office.detect(document.texts, ask.target)[0] if ask.source == "auto" else ask.source
        offer = self.office.find(source, ask.target)
        made = await self.office.document(request, offer, document)
        name = self.keep(File(translated_name(sent[0].name, ask.target), made))
        return JSONResponse({"translatedFileUrl": str(request.url.replace(path=f"/download_file/{name}", query=""))})

    def keep(self, file: File) -> str:
        """The name under which it can be fetched for a while."""
        now, name = time.monotonic(), f"{secrets.token_urlsafe(24)}.{file.name.rpartition('.')[2]}"
        self.files[name] = file, now
        while self.files and self.too_many(now):
            self.files.popitem(last=False)
        return name

    def too_many(self, now: float) -> bool:
        oldest = next(iter(self.files.values()))[1]
        size = sum(len(file.content) for file, _ in self.files.values())
        return len(self.files) > KEPT_FILES or size > KEPT_BYTES or now - oldest > KEPT_FOR

    async def download_file(self, request: Request) -> Response:
        file, since = self.files.get(request.path_params["name"], (None, 0.0))
        if file is None or time.monotonic() - since > KEPT_FOR:
            raise RequestError(404, "there is no such file any more: translate it again")
        # Always as a file to save: what somebody sent is not to run as a page of this server's.
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type="application/octet-stream", headers=headers)

    async def settings(self, _: Request) -> Response:
        limits = self.office.limits
        pairs = list(self.office.desk.models.offers)
        source, target = pairs[0] if pairs else ("", "")

        def named(code: str) -> dict[str, str]:
            return {"code": code, "name": NAMES.get(code, code)}

        return JSONResponse(
            {
                "apiKeys": self.office.keys is not None,
                "charLimit": limits.characters,
                "filesTranslation": True,
                "frontendTimeout": 500,
                "keyRequired": self.office.keys is not None,
                "language": {"source": named(source), "target": named(target)},
                "suggestions": False,
                "supportedFilesFormat": [*KINDS, *OFFICE],
            }
        )

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})


def document_of(sent: File) -> Document | OfficeFile:
    """Raises RequestError for text that is not UTF-8, ConfigError for what is not the file that its name says."""
    ending = PurePath(sent.name).suffix.lower()
    if ending in OFFICE:
        return read_office(ending, sent.content)
    try:
        return read_document(sent.name, sent.content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RequestError(400, "the file is not UTF-8: convert it first") from None


def translated_name(name: str, target: str) -> str:
    """``page_de.html`` of page.html, of letters that every header takes."""
    stem, _, ending = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in stem)[:80] or "file"
    code = "".join(c for c in target if c.isascii() and c.isalnum())
    return f"{plain}_{code}.{ending.lower()}"
