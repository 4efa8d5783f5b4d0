"""The page over HTTP, for one person on this machine: Starlette around a Service."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from glassformer.errors import GlassformerError
from glassformer.page import wire
from glassformer.page.built import HOW, built_page, plain_page, policy
from glassformer.page.guard import Guard, RequestError, body_of, refused
from glassformer.page.parse import from_json, to_json
from glassformer.page.service import Service

WAITING = 8
"""Questions that may wait for the model; who asks while so many wait is told to come again."""
BINARY = {"/api/look", "/api/weights", "/api/rows"}


class Turn:
    """The model answers one question at a time; a bounded number of others waits."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0

    async def take(self, request: Request) -> None:
        """Wait until the model is free. Raises RequestError when too many wait, or whoever asked has gone."""
        if self.waiting >= WAITING:
            raise RequestError(
                429, f"{WAITING} questions wait for the model already: ask again in a second", Retry_After="1"
            )
        self.waiting += 1
        try:
            await self.lock.acquire()
        finally:
            self.waiting -= 1
        if await request.is_disconnected():  # typed on: the answer is for nobody
            self.lock.release()
            raise RequestError(499, "nobody waits for this answer any more")

    def give(self) -> None:
        self.lock.release()


def make_app(service: Service) -> Starlette:
    """The server's application. ``service`` is asked in a thread, one question at a time."""
    turn = Turn()

    async def page(_: Request) -> Response:
        html = built_page()
        shown = html or plain_page(HOW)
        rules = policy(shown, connect="'self'") + "; frame-ancestors 'none'"
        return HTMLResponse(shown, headers={"Content-Security-Policy": rules})

    async def ask(request: Request) -> Response:
        body, path = await body_of(request), request.url.path
        await turn.take(request)
        answering = asyncio.ensure_future(asyncio.to_thread(service.answer, path, body))
        # Where this is cancelled the thread goes on, and has the model to its end.
        answering.add_done_callback(lambda _: turn.give())
        content = await asyncio.shield(answering)
        return Response(content, media_type="application/octet-stream" if path in BINARY else "application/json")

    async def decode(request: Request) -> Response:
        question = from_json(wire.Ask, await body_of(request))
        await turn.take(request)
        steps = Steps(service, question, turn.give)
        first = await steps.next()  # what cannot be is an error, not a stream
        return StreamingResponse(steps.lines(first), media_type="application/x-ndjson")

    paths = ["/api/look", "/api/rank", "/api/weights", "/api/rows"]
    routes = [
        Route("/", page),
        Route("/api/model", ask, methods=["GET"]),
        Route("/api/decode", decode, methods=["POST"]),
        *(Route(path, ask, methods=["POST"]) for path in paths),
    ]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        RequestError: refusal_response,
        GlassformerError: our_response,
        HTTPException: http_response,
        Exception: bug_response,
    }
    return Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers=handlers)


class Steps:
    """Decoding in a thread that does not wait for whoever reads: the model is free again as soon as it is done."""

    def __init__(self, service: Service, question: wire.Ask, done: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.made: asyncio.Queue[wire.Step | Exception | None] = asyncio.Queue()
        self.left = threading.Event()
        self.future = self.loop.run_in_executor(None, self.work, service, question)
        self.future.add_done_callback(lambda _: done())

    def work(self, service: Service, question: wire.Ask) -> None:
        end: Exception | None = None
        try:
            service.decode(question, self.tell)
        except Exception as error:
            end = error
        self.loop.call_soon_threadsafe(self.made.put_nowait, end)

    def tell(self, step: wire.Step) -> bool:
        self.loop.call_soon_threadsafe(self.made.put_nowait, step)
        return not self.left.is_set()

    async def next(self) -> wire.Step | None:
        try:
            step = await self.made.get()
        except asyncio.CancelledError:
            self.left.set()
            raise
        if isinstance(step, Exception):
            raise step
        return step

    async def lines(self, step: wire.Step | None) -> AsyncIterator[str]:
        try:
            while step is not None:
                yield to_json(step) + "\n"
                step = await self.next()
        except GlassformerError as error:
            yield to_json(wire.Problem(sentence(error))) + "\n"
        finally:
            self.left.set()


def sentence(error: Exception) -> str:
    return " ".join(str(error).split())


async def refusal_response(_: Request, refusal: RequestError) -> Response:
    return refused(refusal)


async def our_response(_: Request, error: GlassformerError) -> Response:
    return refused(RequestError(400, sentence(error)))


async def http_response(request: Request, error: HTTPException) -> Response:
    what = f"{request.method} {request.url.path[:80]}"
    return refused(RequestError(error.status_code, f"{what}: {error.detail.lower()}; the page asks under /api/"))


async def bug_response(_: Request, error: Exception) -> Response:
    return refused(RequestError(500, "something went wrong in glassformer: its terminal says what"))
