"""A request's fields, from JSON, a form or a form with files, as an object of one of our types."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from glassformer.errors import ConfigError
from glassformer.http.guard import RequestError, body_of
from glassformer.http.parse import read, words_for
from glassformer.strict_json import parsed

Kind = TypeVar("Kind")

MOST_FIELDS = 2000
"""Of a form: the entries of lists counted."""


@dataclass(frozen=True)
class File:
    """A file that came with a form."""

    name: str
    content: bytes


class FormValues(list[Any]):
    """A form's or an address's values of one field. They may be several of a list or the only value of a text, which a
    list that came as JSON is not."""


async def fields_of(request: Request, largest: int) -> dict[str, Any]:
    """The fields of a request's body (at most ``largest`` bytes) and of its address. A form's are FormValues of texts and
    files. Raises RequestError for a body that is none of the three kinds."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    asked: dict[str, Any] = {name: FormValues(request.query_params.getlist(name)) for name in request.query_params}
    if request.method == "GET" and not kind:  # DeepL's own client sends a form with a GET
        return asked
    body = await body_of(request, largest)
    if kind == "application/json" or (not kind and body[:1] in (b"{", b" ")):
        return asked | object_of(body)
    if kind in ("application/x-www-form-urlencoded", ""):
        return asked | form_of(body)
    if kind == "multipart/form-data":
        return asked | await files_of(request, body, largest)
    raise RequestError(415, f"the body's type is {kind[:60]!r}: wanted application/json or a form")


def object_of(body: bytes) -> dict[str, Any]:
    try:
        value = parsed(body)
    except ValueError as error:
        raise RequestError(400, f"the request is not JSON ({error}): wanted an object") from None
    if not isinstance(value, dict):
        raise RequestError(400, 'the request is JSON and no object: wanted one such as {"q": …}')
    return value


def form_of(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise RequestError(400, f"the request is no form ({str(error)[:80]}): wanted q=…&source=…&target=…") from None
    found: dict[str, FormValues] = {}
    for name, value in pairs:
        found.setdefault(name, FormValues()).append(value)
    return found


async def files_of(request: Request, body: bytes, largest: int) -> dict[str, Any]:
    """The fields of a form with files. Raises RequestError for what is none."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=MOST_FIELDS, max_part_size=largest)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, UnicodeError) as error:
        raise RequestError(400, f"the request is no form with files ({str(error)[:80]})") from None
    found: dict[str, Any] = {}
    for name, value in form.multi_items():
        one = File(value.filename or "", await value.read()) if isinstance(value, UploadFile) else value
        found.setdefault(name, FormValues()).append(one)
    await form.close()
    return found


def as_kind(kind: type[Kind], fields: dict[str, Any], **other_names: str) -> Kind:
    """``fields`` as an object of ``kind``: a form's lists become single values where one is wanted, "true" a bool,
    "3" an int. Fields that are not known here are left out, as clients send them to servers that know more.
    ``other_names``: what a
    field may be called as well.

    Raises RequestError, naming the field, for one that is missing or of another type.
    """
    values = {}
    for entry, wanted in entries_of(kind):  # type: ignore[arg-type]  # a class is hashable
        name = next((one for one in (entry.name, other_names.get(entry.name, "")) if one in fields), "")
        if name and fields[name] is not None:
            value = plain(fields[name], wanted)
            if any(isinstance(one, File) for one in (value if isinstance(value, list) else [value])):
                raise RequestError(400, f"{name} is a file: wanted {words_for(wanted)}")
            try:
                values[entry.name] = read(wanted, value, name)
            except ConfigError as error:
                raise RequestError(400, " ".join(str(error).split())) from None
        elif entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
            raise RequestError(400, f"{entry.name} is missing: wanted one in the request")
    return kind(**values)


@cache
def entries_of(kind: Any) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The fields of a request's type, with what is wanted of each."""
    hints = get_type_hints(kind)
    return [(entry, hints[entry.name]) for entry in dataclasses.fields(kind)]


def plain(value: Any, wanted: Any) -> Any:
    """A form's texts as what is wanted; JSON's values as they are."""
    kinds = [wanted, *get_args(wanted)] if get_origin(wanted) in (Union, UnionType) else [wanted]
    lists = [one for one in kinds if get_origin(one) is list]
    if isinstance(value, FormValues):
        if lists and (len(value) > 1 or str not in kinds):
            return list(value)
        value = value[0]
    if isinstance(value, str) and str not in kinds:
        if lists:
            return [value]
        if bool in kinds and value.lower() in ("true", "false", "1", "0"):
            return value.lower() in ("true", "1")
        if int in kinds and value.lstrip("-").isdecimal() and len(value) < 10:
            return int(value)
    if type(value) is int and int not in kinds and bool in kinds and value in (0, 1):
        return bool(value)
    return value
