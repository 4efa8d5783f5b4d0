"""The page over HTTP, for one person on this machine: Starlette around a Service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from glassformer.errors import GlassformerError
from glassformer.http.guard import Guard, RequestError, body_of, refused
from glassformer.http.parse import from_json, to_json
from glassformer.http.policy import policy
from glassformer.page import wire
from glassformer.page.built import HOW, built_page, plain_page, when_built
from glassformer.page.deadline import LONGEST_ANSWER, Deadline
from glassformer.page.service import NEWEST, Service, Services

WAITING = 8
"""Requests that may wait for the model; one more gets a 503."""
LONGEST_WAIT = 30.0
"""Seconds that a question waits for the model."""
LONGEST_AHEAD = 10.0
"""Seconds of the look before the first question, which waits for it: less than LONGEST_WAIT, so that it is not refused."""
LOOK_EVERY = 0.03
"""Seconds from one look to the next whether the client is still there."""
BINARY = {"/api/look", "/api/weights", "/api/rows"}


class ModelTurn:
    """The model answers one question at a time; a bounded number of others waits."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0

    async def take(self, request: Request) -> None:
        """Wait until the model is free. Raises RequestError when too many wait, it takes too long, or the client has
        gone: then another may wait."""
        if not self.lock.locked() and not self.waiting:
            await self.lock.acquire()  # at once
            return
        if self.waiting >= WAITING:
            raise come_again(f"{WAITING} questions wait for the model already")
        self.waiting += 1
        free = asyncio.ensure_future(self.lock.acquire())
        until = asyncio.get_running_loop().time() + LONGEST_WAIT
        try:
            while not (await asyncio.wait([free], timeout=LOOK_EVERY))[0]:
                if await request.is_disconnected():  # typed on: the answer is for nobody
                    raise RequestError(499, "nobody waits for this answer any more")
                if asyncio.get_running_loop().time() > until:
                    raise come_again(f"the model was not free for {LONGEST_WAIT:g} seconds")
        except BaseException:
            if not free.cancel() and not free.cancelled():
                self.lock.release()
            raise
        finally:
            self.waiting -= 1
        if await request.is_disconnected():
            self.lock.release()
            raise RequestError(499, "nobody waits for this answer any more")

    def give(self) -> None:
        self.lock.release()


def come_again(why: str) -> RequestError:
    return RequestError(429, f"{why}: ask again in a second", Retry_After="1")


async def watch(request: Request, deadline: Deadline, work: "asyncio.Future[Any]") -> None:
    """Until the work is done, look whether the client is still there."""
    while not (await asyncio.wait([work], timeout=LOOK_EVERY))[0]:
        if await request.is_disconnected():
            deadline.gone.set()
            return


class Api:
    """The requests of the page. The service that ``?model=NAME`` names, or the first, answers them in a thread, one at a
    time, each in at most ``longest_answer`` seconds."""

    def __init__(self, services: Services, longest_answer: float) -> None:
        self.services = services
        self.longest_answer = longest_answer
        self.turn = ModelTurn()
        self.ahead = Deadline(min(longest_answer, LONGEST_AHEAD))

    async def look_ahead(self) -> None:
        """See the sentence that the page opens with while the browser still starts: a large model takes seconds for it."""
        service = self.services.first

        def see() -> None:
            with (
                suppress(Exception),
                self.ahead.over(service.translator.model),
            ):  # the page asks the same, and gets the error
                service.seen(service.start)

        await self.turn.lock.acquire()
        try:
            await asyncio.to_thread(see)
        finally:
            self.turn.give()

    @asynccontextmanager
    async def while_served(self, _: Starlette) -> AsyncIterator[None]:
        """From the server's start to its end."""
        looking = asyncio.ensure_future(self.look_ahead())
        yield
        self.ahead.gone.set()
        await looking

    async def ask(self, request: Request) -> Response:
        """Answer one request."""
        body, path = await body_of(request), request.url.path
        await self.turn.take(request)
        deadline = Deadline(self.longest_answer)
        name = request.query_params.get("model", "")

        def work() -> bytes:
            service = self.services.named(name)
            if path in NEWEST:
                service.refresh()  # first, so that the deadline is hung up on the model that answers
            with deadline.over(service.translator.model):
                return service.answer(path, body)

        answering = asyncio.ensure_future(asyncio.to_thread(work))
        # Where this is cancelled the thread goes on, and has the model to its end.
        answering.add_done_callback(lambda _: self.turn.give())
        await watch(request, deadline, answering)
        content = await asyncio.shield(answering)
        return Response(content, media_type="application/octet-stream" if path in BINARY else "application/json")

    async def decode(self, request: Request) -> Response:
        """Decode, and send a line for each step."""
        question = from_json(wire.Ask, await body_of(request))
        await self.turn.take(request)
        try:
            service = await asyncio.to_thread(self.services.named, request.query_params.get("model", ""))
        except BaseException:
            self.turn.give()
            raise
        steps = Steps(service, question, self.turn.give, Deadline(self.longest_answer))
        first = await steps.next()  # what cannot be is an error, not a stream
        return StreamingResponse(steps.lines(first), media_type="application/x-ndjson")


async def page(_: Request) -> Response:
    return page_of(when_built())


@lru_cache(1)
def page_of(_: int) -> Response:
    """The page that was built at that time, and its policy: reading and hashing it would keep everybody else waiting."""
    shown = built_page() or plain_page(HOW)
    rules = policy(shown, connect="'self'") + "; frame-ancestors 'none'"
    return HTMLResponse(shown, headers={"Content-Security-Policy": rules})


def make_app(services: Services | Service, *, longest_answer: float = LONGEST_ANSWER) -> Starlette:
    """The server's application: the page, and the answers to its requests."""
    api = Api(Services(services) if isinstance(services, Service) else services, longest_answer)
    paths = ["/api/look", "/api/rank", "/api/weights", "/api/rows"]
    routes = [
        Route("/", page),
        Route("/api/model", api.ask, methods=["GET"]),
        Route("/api/decode", api.decode, methods=["POST"]),
        *(Route(path, api.ask, methods=["POST"]) for path in paths),
    ]
    handlers: dict[Any, Callable[[Request, Any], Awaitable[Response]]] = {
        RequestError: refusal_response,
        GlassformerError: our_response,
        HTTPException: http_response,
        Exception: bug_response,
    }
    return Starlette(
        routes=routes, middleware=[Middleware(Guard)], exception_handlers=handlers, lifespan=api.while_served
    )


class Steps:
    """Decoding in a thread that does not wait for the reader: the model is free again as soon as it is done."""

    def __init__(self, service: Service, question: wire.Ask, done: Callable[[], None], deadline: Deadline) -> None:
        self.loop = asyncio.get_running_loop()
        self.made: asyncio.Queue[wire.DecodingStep | Exception | None] = asyncio.Queue()
        self.deadline = deadline
        self.future = self.loop.run_in_executor(None, self.work, service, question)
        self.future.add_done_callback(lambda _: done())

    def work(self, service: Service, question: wire.Ask) -> None:
        end: Exception | None = None
        try:
            with self.deadline.over(service.translator.model):
                service.decode(question, self.tell)
        except Exception as error:
            end = error
        self.loop.call_soon_threadsafe(self.made.put_nowait, end)

    def tell(self, step: wire.DecodingStep) -> bool:
        self.loop.call_soon_threadsafe(self.made.put_nowait, step)
        return not self.deadline.gone.is_set()

    async def next(self) -> wire.DecodingStep | None:
        try:
            step = await self.made.get()
        except asyncio.CancelledError:
            self.deadline.gone.set()
            raise
        if isinstance(step, Exception):
            raise step
        return step

    async def lines(self, step: wire.DecodingStep | None) -> AsyncIterator[str]:
        try:
            while step is not None:
                yield to_json(step) + "\n"
                step = await self.next()
        except (GlassformerError, RequestError) as error:
            yield to_json(wire.Problem(sentence(error))) + "\n"
        finally:
            self.deadline.gone.set()


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
