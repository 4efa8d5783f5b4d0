"""The guard that every request and answer passes: no page of somebody else's, small requests, strict headers."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glassformer.http.parse import to_json

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
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
OURS = {name.lower().encode(): value.encode() for name, value in HEADERS.items()}
POLICY = b"content-security-policy", NOTHING_RUNS.encode()


class RequestError(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}


def refused(refusal: RequestError) -> Response:
    """The error as ``wire.Problem`` has it, with its status and headers."""
    content = to_json({"error": str(refusal)})
    return Response(content, refusal.status, refusal.headers, media_type="application/json")


def refused_as_problem(refusal: RequestError, _: Scope) -> Response:
    """A Guard's answer where nothing else is asked for."""
    return refused(refusal)


@dataclass(frozen=True)
class ClientRules:
    """The clients that may ask a server."""

    hosts: Collection[str] = HOSTS
    """Names under which it is asked; none: any, for a server that others are to reach."""
    origins: Collection[str] = ()
    """Other sites whose pages may ask, such as https://example.org."""
    json_only: bool = True
    """Whether a POST has to be JSON, which no form of another site's page can send."""
    pages: Collection[str] = ("/",)
    """Paths that a link on another site may lead to: they hold no data until their own script asks for some."""
    answer: Callable[[RequestError, Scope], Response] = refused_as_problem
    """How a refusal is said."""


class Guard:
    """Around the app. A page of somebody else's that a browser shows may not ask: its Origin is another, and a name
    that was made to point at this machine (DNS rebinding) is another Host."""

    def __init__(self, app: ASGIApp, rules: ClientRules | None = None) -> None:
        self.app, self.rules = app, rules or ClientRules()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = strictly(message["headers"])
            await send(message)

        try:
            check_origin(Headers(scope=scope), scope["method"], scope["path"], self.rules)
        except RequestError as refusal:
            await drop(receive)
            await self.rules.answer(refusal, scope)(scope, receive, send_strictly)
            return
        await self.app(scope, receive, send_strictly)


def strictly(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An answer's headers with ours, which replace others of the same name; a page's own policy stays."""
    kept = [(name, value) for name, value in headers if name.lower() not in OURS]
    own_policy = any(name.lower() == POLICY[0] for name, _ in kept)
    return [*kept, *OURS.items(), *([] if own_policy else [POLICY])]


def check_origin(headers: Headers, method: str, path: str, rules: ClientRules) -> None:
    """Raises RequestError unless the request is from the server's own page, from no page at all, from a page of a site that
    may ask, or a link to a page."""
    host = headers.get("host", "")
    if rules.hosts and host_name(f"//{host}") not in rules.hosts:
        raise RequestError(403, f"the host is {host[:80]!r}: wanted {named(rules.hosts)}, as nobody else is served")
    origin = headers.get("origin")
    allowed = origin in rules.origins
    if (
        origin is not None
        and not allowed
        and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower())
    ):
        raise RequestError(403, f"the origin is {origin[:80]!r}: wanted http://{host}, as other pages may not ask")
    goal = method, headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    other = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    if other and not allowed and not (goal == ("GET", "navigate", "document") and path in rules.pages):
        raise RequestError(403, "the request is from a page of another site: wanted this machine's own page")
    if rules.json_only and method == "POST" and not headers.get("content-type", "").startswith("application/json"):
        raise RequestError(415, "the body's type is not JSON: wanted Content-Type: application/json")


def named(hosts: Collection[str]) -> str:
    """Names for a message, those without a colon."""
    return " or ".join(sorted(host for host in hosts if ":" not in host)[:4])


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


async def body_of(request: Request, largest: int = LARGEST_BODY, what: str = "sentence") -> bytes:
    """Raises RequestError for a body of more than ``largest`` bytes, and for one that comes too slowly."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(LONGEST_BODY):
            async for part in request.stream():
                size += len(part)
                if size <= largest:
                    parts.append(part)
                elif size > largest + DROPPED:
                    break
    except TimeoutError:
        raise RequestError(
            408, f"the body did not come within {LONGEST_BODY:g} seconds: send it again", Connection="close"
        ) from None
    except ClientDisconnect:
        raise RequestError(499, "nobody waits for this answer any more") from None
    if size > largest:
        raise RequestError(413, f"a body of more than {largest:,} bytes: ask about a shorter {what}")
    return b"".join(parts)
