"""What every request and answer passes: this machine's own pages only, small requests, strict headers."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glassformer.page.parse import to_json
from glassformer.page.wire import Problem

HOSTS = {"127.0.0.1", "localhost", "::1"}
LARGEST_BODY = 64 * 1024
LONGEST_BODY = 10.0
"""Seconds in which a body has to come."""
DROPPED, DROPPED_IN = 16 * LARGEST_BODY, 1.0
"""Bytes, and seconds, of a refused request's body that are read and dropped."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"


class RequestError(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}


def refused(refusal: RequestError) -> Response:
    """The Problem, with the error's status and headers."""
    content = to_json(Problem(str(refusal)))
    return Response(content, refusal.status, refusal.headers, media_type="application/json")


class Guard:
    """Around the app. A page of somebody else's that a browser shows may not ask: its Origin is another, and a name
    that was made to point at this machine (DNS rebinding) is another Host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", NOTHING_RUNS)
            await send(message)

        try:
            check_origin(Headers(scope=scope), scope["method"], scope["path"])
        except RequestError as refusal:
            await drop(receive)
            await refused(refusal)(scope, receive, send_strictly)
            return
        await self.app(scope, receive, send_strictly)


def check_origin(headers: Headers, method: str, path: str) -> None:
    """Raises RequestError unless the request is from this machine's own page, from no page at all, or a link to the page,
    which holds no data until its own script asks for some."""
    host = headers.get("host", "")
    if host_name(f"//{host}") not in HOSTS:
        raise RequestError(403, f"the host is {host[:80]!r}: wanted 127.0.0.1 or localhost, as nobody else is served")
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        raise RequestError(403, f"the origin is {origin[:80]!r}: wanted http://{host}, as other pages may not ask")
    goal = method, path, headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    other = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if other and goal != ("GET", "/", "navigate", "document"):
        raise RequestError(403, "the request is from a page of another site: wanted this machine's own page")
    if method == "POST" and not headers.get("content-type", "").startswith("application/json"):
        raise RequestError(415, "the body's type is not JSON: wanted Content-Type: application/json")


def host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def drop(receive: Receive) -> None:
    """Read on, within limits, before a refusal: a connection that is closed on somebody who still sends is reset, and the
    answer is lost with it."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DROPPED_IN):
            while size < DROPPED:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


async def body_of(request: Request) -> bytes:
    """Raises RequestError for a body over LARGEST_BODY, and for one that comes too slowly."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(LONGEST_BODY):
            async for part in request.stream():
                size += len(part)
                if size <= LARGEST_BODY:
                    parts.append(part)
                elif size > DROPPED:
                    break
    except TimeoutError:
        raise RequestError(
            408, f"the body did not come within {LONGEST_BODY:g} seconds: send it again", Connection="close"
        ) from None
    except ClientDisconnect:
        raise RequestError(499, "nobody waits for this answer any more") from None
    if size > LARGEST_BODY:
        raise RequestError(413, f"a body of more than {LARGEST_BODY:,} bytes: ask about a shorter sentence")
    return b"".join(parts)
