"""The server's requests as an OpenAPI document: made of the types that the requests are read into, and their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import glassformer
from glassformer.serve import deepl, libretranslate, own

FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data"
JSON = "application/json"

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
LANGUAGE = {"type": "object", "properties": {"language": TEXT, "confidence": {"type": "number"}}}
LANGUAGE["required"] = ["language", "confidence"]


def answer(schema: dict[str, Any], kind: str = JSON) -> dict[str, Any]:
    return {"description": "The answer.", "content": {kind: {"schema": schema}}}


def an_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def several(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


@cache
def description() -> dict[str, Any]:
    """The document, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "glassformer",
            "version": glassformer.__version__,
            "description": "Translations, asked for as LibreTranslate's, DeepL's (v2) or our own clients do.",
        },
        "paths": {**libre_paths(), **deepl_paths(), **own_paths()},
        "components": {
            "schemas": {"Error": an_object(error=TEXT), "Message": an_object(message=TEXT)},
            "securitySchemes": {
                "DeepL": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "DeepL-Auth-Key KEY",
                },
                "Bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def libre_paths() -> dict[str, Any]:
    texts = {"anyOf": [TEXT, several(TEXT)]}
    languages = {"anyOf": [LANGUAGE, several(LANGUAGE)]}
    translated = {
        "type": "object",
        "properties": {
            "translatedText": texts,
            "alternatives": several({"anyOf": [TEXT, several(TEXT)]}),
            "detectedLanguage": languages,
        },
        "required": ["translatedText"],
    }
    file = schema_of(libretranslate.FileAsk)
    file["properties"]["file"] = {"type": "string", "format": "binary"}
    file["required"].append("file")
    setting = {"type": "object"}
    return {
        "/translate": {"post": operation(libretranslate.LibreTranslateAsk, answer(translated))},
        "/detect": {"post": operation(libretranslate.DetectAsk, answer(several(LANGUAGE)))},
        "/translate_file": {
            "post": operation(
                libretranslate.FileAsk, answer(an_object(translatedFileUrl=TEXT)), kinds=[FILES], schema=file
            )
        },
        "/download_file/{name}": {
            "get": {
                **without_body(
                    "A translated file.", answer({"type": "string", "format": "binary"}, "application/octet-stream")
                ),
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": TEXT}],
            }
        },
        "/languages": {
            "get": without_body(
                "The languages, and what each can be translated to.",
                answer(several(an_object(code=TEXT, name=TEXT, targets=several(TEXT)))),
            )
        },
        "/frontend/settings": {"get": without_body("Limits and file formats.", answer(setting))},
        "/health": {"get": without_body("Whether it runs.", answer(an_object(status=TEXT)))},
        "/ready": {
            "get": without_body("Whether it takes requests: 503 while it ends.", answer(an_object(status=TEXT)))
        },
        "/metrics": {"get": without_body("Figures for Prometheus.", answer(TEXT, "text/plain"))},
    }


def deepl_paths() -> dict[str, Any]:
    entry = an_object(detected_source_language=TEXT, text=TEXT)
    entry["properties"]["billed_characters"] = WHOLE
    language = an_object(language=TEXT, name=TEXT)
    language["properties"]["supports_formality"] = {"type": "boolean"}
    kinds = {"name": "type", "in": "query", "required": False, "schema": {"enum": ["source", "target"]}}
    listing = {**without_body("The languages.", answer(several(language)), "Message"), "parameters": [kinds]}
    return {
        "/v2/translate": {
            "post": operation(deepl.DeepLAsk, answer(an_object(translations=several(entry))), error="Message")
        },
        "/v2/languages": {"get": listing},
        "/v2/usage": {
            "get": without_body(
                "Characters asked for.", answer(an_object(character_count=WHOLE, character_limit=WHOLE)), "Message"
            )
        },
    }


def own_paths() -> dict[str, Any]:
    found = answer(schema_of(own.TranslateAnswer))
    found["content"]["application/x-ndjson"] = {"schema": schema_of(own.Translated)}
    return {"/v1/translate": {"post": operation(own.OwnAsk, found, kinds=[JSON])}}


def operation(
    kind: Any,
    good: dict[str, Any],
    *,
    kinds: list[str] | None = None,
    schema: dict[str, Any] | None = None,
    error: str = "Error",
) -> dict[str, Any]:
    """A request that is read into ``kind``."""
    shape = schema or schema_of(kind)
    content = {one: {"schema": shape} for one in kinds or [JSON, FORM]}
    body = {"required": True, "content": content}
    return {**without_body(sentence(kind), good, error), "requestBody": body}


def without_body(summary: str, good: dict[str, Any], error: str = "Error") -> dict[str, Any]:
    bad = {
        "description": "The value that came, the one that was wanted, and the advice.",
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{error}"}}},
    }
    return {"summary": summary, "responses": {"200": good, "4XX": bad, "503": bad}}


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of an annotation."""
    origin, arguments = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        return object_schema(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(one) for one in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return several(schema_of(arguments[0]))
    if origin is tuple:
        return {
            "type": "array",
            "prefixItems": [schema_of(one) for one in arguments],
            "minItems": len(arguments),
            "maxItems": len(arguments),
        }
    names = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
    return {"type": names[kind]}


def object_schema(kind: Any) -> dict[str, Any]:
    hints, words = get_type_hints(kind), field_words(kind)
    properties, required = {}, []
    for entry in dataclasses.fields(kind):
        properties[entry.name] = schema_of(hints[entry.name])
        if entry.name in words:
            properties[entry.name]["description"] = words[entry.name]
        if entry.default is not dataclasses.MISSING:
            properties[entry.name]["default"] = entry.default
        elif entry.default_factory is dataclasses.MISSING:
            required.append(entry.name)
    return {"type": "object", "properties": properties, "required": required}


def sentence(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split())


def field_words(kind: Any) -> dict[str, str]:
    """The docstrings behind a dataclass's fields."""
    found = re.findall(r'^    (\w+): [^\n]+\n    """(.*?)"""', inspect.getsource(kind), re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}
