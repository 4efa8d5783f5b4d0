"""DeepL's requests (API v2), as its official clients send them: texts and tags. Its documents and its glossaries' own
requests are not here; a glossary of this server is named as ``glossary_id``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from glassformer.http.guard import RequestError
from glassformer.serve.fields import as_kind, fields_of
from glassformer.serve.office import Office
from glassformer.text.languages import language_code
from glassformer.text.scripts import NAMES

SCHEME = "deepl-auth-key "
MOST_TEXTS = 50


@dataclass(frozen=True)
class DeepLAsk:
    """POST /v2/translate. Fields that are not here (formality, context, model_type, split_sentences …) change nothing."""

    text: list[str]
    target_lang: str
    source_lang: str = ""
    """Without it the language is found out."""
    tag_handling: Literal["", "xml", "html"] = ""
    ignore_tags: list[str] = field(default_factory=list)
    """XML: what these hold is not translated."""
    splitting_tags: list[str] = field(default_factory=list)
    """XML: these end a sentence."""
    glossary_id: str = ""
    show_billed_characters: bool = False
    auth_key: str = ""


@dataclass(frozen=True)
class LanguagesAsk:
    """GET or POST /v2/languages."""

    type: Literal["source", "target"] = "source"


class DeepL:
    """Its routes' functions."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def key(self, request: Request, given: str = "") -> str:
        header = request.headers.get("authorization", "")
        return header[len(SCHEME) :].strip() if header.lower().startswith(SCHEME) else given

    async def translate(self, request: Request) -> Response:
        ask = as_kind(DeepLAsk, listed(await fields_of(request, self.office.limits.body)))
        if len(ask.text) > MOST_TEXTS:
            raise RequestError(413, f"{len(ask.text)} texts: wanted at most {MOST_TEXTS} a request")
        self.office.admit(request, self.key(request, ask.auth_key), ask.text)
        target = language_code(ask.target_lang)
        source = language_code(ask.source_lang) or self.office.detect(ask.text, target)[0]
        offer = self.office.find(source, target)
        options: dict[str, Any] = {"glossary": self.office.glossary(ask.glossary_id)}
        if ask.tag_handling:
            xml = ask.tag_handling == "xml"
            tags: dict[str, Any] = {"ignored": ask.ignore_tags, "splitting": ask.splitting_tags} if xml else {}
            shown = await self.office.marked(request, offer, ask.text, xml=xml, **tags, **options)
        else:
            best = await self.office.translate(request, offer, ask.text, self.office.config(None), **options)
            shown = [one[0].text if one else "" for one in best]
        return JSONResponse(
            {"translations": [self.entry(ask, *pair, source) for pair in zip(ask.text, shown, strict=True)]}
        )

    def entry(self, ask: DeepLAsk, text: str, shown: str, source: str) -> dict[str, Any]:
        billed = {"billed_characters": len(text)} if ask.show_billed_characters else {}
        return {"detected_source_language": source.upper(), "text": shown, **billed}

    async def languages(self, request: Request) -> Response:
        ask = as_kind(LanguagesAsk, await fields_of(request, self.office.limits.body))
        self.office.admit(request, self.key(request), [])
        pairs = self.office.desk.models.offers
        codes = sorted({pair[0 if ask.type == "source" else 1] for pair in pairs})
        more = {"supports_formality": False} if ask.type == "target" else {}
        return JSONResponse([{"language": code.upper(), "name": NAMES.get(code, code), **more} for code in codes])

    async def usage(self, request: Request) -> Response:
        key = self.office.admit(request, self.key(request), [])
        used = self.office.used[key.name if key else ""]
        return JSONResponse({"character_count": used, "character_limit": self.office.most_characters(used)})


def listed(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists of tags come as lists or joined with commas."""
    made = dict(fields)
    for name in ("ignore_tags", "splitting_tags"):
        value = made.get(name)
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            made[name] = [part.strip() for one in value for part in one.split(",") if part.strip()]
    return made
