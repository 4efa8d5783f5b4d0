"""The translations' server as an application: routes, guards, and how errors are said in each way of asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from glassformer.errors import GlassformerError
from glassformer.http.guard import ClientRules, Guard, RequestError
from glassformer.serve.deepl import DeepL
from glassformer.serve.libretranslate import LibreTranslate
from glassformer.serve.office import Office
from glassformer.serve.openapi import description
from glassformer.serve.own import Own
from glassformer.serve.page import policy_of, start_page

DRAINING = 20.0
"""Seconds in which what waits is still computed when the server ends."""


def make_app(
    office: Office,
    *,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
    look: Callable[[], ASGIApp] | None = None,
    draining: float = DRAINING,
) -> Starlette:
    """``hosts``: the names under which it is asked, any where there are none. ``origins``: other sites whose pages may ask.
    ``look`` makes the page to look inside, an
    application with / and /api/."""
    routes = routes_of(office)
    if look is not None:
        looked = Looked(look)
        routes += [Route("/look", looked), Route("/api/{rest:path}", looked, methods=["GET", "POST"])]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await office.desk.end(draining)

    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        RequestError: refusal_response,
        GlassformerError: our_response,
        HTTPException: http_response,
        Exception: bug_response,
    }
    rules = ClientRules(hosts=hosts, origins=origins, json_only=False, pages=("/", "/look"), answer=said)
    middleware = [Middleware(Timed, office=office, routes=routes), Middleware(Guard, rules=rules)]
    if origins:
        allowed = {"allow_origins": list(origins), "allow_methods": ["GET", "POST"], "allow_headers": ["*"]}
        middleware.append(Middleware(CORSMiddleware, **allowed))  # type: ignore[arg-type]
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers, lifespan=lifespan)


def routes_of(office: Office) -> list[BaseRoute]:
    """Everything but the page to look inside."""
    libre, deepl, own = LibreTranslate(office), DeepL(office), Own(office)

    async def start(_: Request) -> Response:
        html = start_page(office)
        return HTMLResponse(html, headers={"Content-Security-Policy": policy_of(html)})

    async def metrics(_: Request) -> Response:
        queue, models = office.desk.queue, office.desk.models
        gauges = {"waiting_tokens": queue.tokens, "loaded_models": len(models.loaded)}
        return PlainTextResponse(office.desk.metrics.text(**gauges), media_type="text/plain; version=0.0.4")

    async def ready(_: Request) -> Response:
        if office.desk.queue.closed:
            raise RequestError(503, "the server is ending", Retry_After="5")
        return JSONResponse({"status": "ready"})

    async def openapi(_: Request) -> Response:
        return JSONResponse(description())

    return [
        Route("/", start),
        Route("/ready", ready),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
        Route("/translate", libre.translate, methods=["POST"]),
        Route("/languages", libre.languages),
        Route("/detect", libre.detect, methods=["POST"]),
        Route("/translate_file", libre.translate_file, methods=["POST"]),
        Route("/download_file/{name}", libre.download_file),
        Route("/frontend/settings", libre.settings),
        Route("/health", libre.health),
        Route("/v2/translate", deepl.translate, methods=["POST"]),
        Route("/v2/languages", deepl.languages, methods=["GET", "POST"]),
        Route("/v2/usage", deepl.usage, methods=["GET", "POST"]),
        Route("/v1/translate", own.translate, methods=["POST"]),
    ]


class Timed:
    """Counts answers, by the route and not by what was typed."""

    def __init__(self, app: ASGIApp, office: Office, routes: list[BaseRoute]) -> None:
        self.app, self.office, self.routes = app, office, routes
        known = [route for route in routes if isinstance(route, Route) and not isinstance(route.endpoint, Looked)]
        self.paths: dict[Any, str] = {route.endpoint: route.path for route in known}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            self.office.desk.metrics.answered(self.route_of(scope), status, time.monotonic() - began)

    def route_of(self, scope: Scope) -> str:
        if (known := self.paths.get(scope.get("endpoint"))) is not None:  # the router has left it there
            return known
        found = (route for route in self.routes if isinstance(route, Route) and route.matches(scope)[0] != Match.NONE)
        route = next(found, None)
        return route.path if isinstance(route, Route) else "other"


class Looked:
    """The page's application under other addresses: /look is its /. It is made when somebody first looks: it has a model of
    its own, in PyTorch."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self.make, self.making = make, asyncio.Lock()
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.making:
            if self.app is None:
                self.app = await asyncio.to_thread(self.make)
            app = self.app
        path = "/" if scope["path"] == "/look" else scope["path"]
        await app({**scope, "path": path, "raw_path": path.encode(), "app": app}, receive, send)


def said(refusal: RequestError, scope: Scope) -> Response:
    """DeepL's clients read ``message``, LibreTranslate's ``error``."""
    name = "message" if scope["path"].startswith("/v2/") else "error"
    text = str(refusal).encode(errors="backslashreplace").decode()  # of half a surrogate pair
    return JSONResponse({name: text}, refusal.status, headers=refusal.headers)


async def refusal_response(request: Request, refusal: RequestError) -> Response:
    return said(refusal, request.scope)


async def our_response(request: Request, error: GlassformerError) -> Response:
    return said(RequestError(400, " ".join(str(error).split())), request.scope)


async def http_response(request: Request, error: HTTPException) -> Response:
    if error.status_code == 404 and request.url.path.endswith("/") and len(request.url.path) > 1:
        return RedirectResponse(request.url.path.rstrip("/"), 308)
    what = f"{request.method} {request.url.path[:80]}"
    headers = {name.replace("-", "_"): value for name, value in (error.headers or {}).items()}
    sentence = f"{what}: {error.detail.lower()}; /openapi.json has what there is"
    return said(RequestError(error.status_code, sentence, **headers), request.scope)


async def bug_response(request: Request, _: Exception) -> Response:
    return said(RequestError(500, "something went wrong in glassformer: its terminal says what"), request.scope)
