"""One handler for every route of the table: check, read, pass on, pass back."""

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from litestar import Request, get, post
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse

from contracts.refusals import InputRefused, Refusal
from contracts.routes import ROUTES, Route
from services.chassis.process.stopping import unless
from services.chassis.web.crowd import LANE, PATIENT
from services.site.door.addresses import Proxies
from services.site.door.admission import Admission
from services.site.door.upstream import Answer, Upstream

Page = Callable[[Request[Any, Any, Any]], Awaitable[ASGIResponse | None]]
BODY_SECONDS = 30.0
WAITING_PATH = "/checkout-intent/status/{order_id}"
PARAMETER = re.compile(r"\{(\w+)\}")


class BodyTooSlow(Refusal):
    """The client stopped sending."""

    status = 408


class CompressedBody(Refusal):
    """A compressed body hides its size."""

    status = 415


class Gateway:
    """Passes the public API on to its owners."""

    def __init__(
        self,
        *,
        admission: Admission,
        upstream: Upstream,
        proxies: Proxies,
        places_of: Callable[[str], tuple[str, ...]],
        stopping: asyncio.Event,
    ) -> None:
        self._stopping = stopping
        self._admission = admission
        self._upstream = upstream
        self._proxies = proxies
        self._places_of = places_of
        self._pages: Mapping[str, Page] = {}

    def with_pages(self, pages: Mapping[str, Page]) -> "Gateway":
        """Show pages whose address is also their data's to whoever wants a page."""
        self._pages = pages
        return self

    def routes(self) -> list[HTTPRouteHandler]:
        """Return one handler per route of the table."""
        return [self._handler(route) for route in ROUTES]

    def _handler(self, route: Route) -> HTTPRouteHandler:
        page = self._pages.get(route.path)

        async def passed_on(request: Request[Any, Any, Any]) -> ASGIResponse:
            if page is not None and (shown := await page(request)) is not None:
                return shown
            return await self._pass_on(route, request)

        path = PARAMETER.sub(r"{\1:str}", route.path)
        name = f"{route.owner}:{route.method}:{route.path}"
        # A lane for each owner: whoever waits for one that hangs holds up nobody else.
        opt = {LANE: PATIENT if route.path == WAITING_PATH else route.owner}
        if route.method == "GET":
            return get(path, name=name, request_max_body_size=route.body_max, opt=opt)(passed_on)
        return post(
            path, name=name, request_max_body_size=route.body_max, status_code=200, opt=opt
        )(passed_on)

    async def _pass_on(self, route: Route, request: Request[Any, Any, Any]) -> ASGIResponse:
        client = self._proxies.client(request.scope)
        await self._admission.require(route, request.headers, client)
        if route.is_streamed:
            return await self._flow_on(route, request, client)
        body = await read_body(request) if route.method == "POST" else b""
        ask = functools.partial(
            self._upstream.ask,
            route.method,
            self._places_of(route.owner),
            headers=request.headers,
            body=body,
            client=client,
            timeout_seconds=route.timeout_seconds,
        )
        if route.path == WAITING_PATH:
            answer = await self._wait(ask, request)
        else:
            answer = await ask(_target(request))
        await self._admission.note(route, client, answer.status)
        return ASGIResponse(status_code=answer.status, headers=answer.headers, body=answer.body)

    async def _wait(
        self, ask: Callable[[str], Coroutine[Any, Any, Answer]], request: Request[Any, Any, Any]
    ) -> Answer:
        """Return the answer to a question that waits for something to change.

        When we are to stop, the asker hears how things stand: what it waits for may come
        through us, and we would wait for each other.
        """
        target = _target(request)
        return await unless(self._stopping, ask(target)) or await ask(target.partition("?")[0])

    async def _flow_on(
        self, route: Route, request: Request[Any, Any, Any], client: str
    ) -> ASGIResponse:
        flow = await self._upstream.flow(
            self._places_of(route.owner),
            _target(request),
            headers=request.headers,
            client=client,
            timeout_seconds=route.timeout_seconds,
        )
        await self._admission.note(route, client, flow.status)
        return ASGIStreamingResponse(
            iterator=flow.parts, status_code=flow.status, headers=dict(flow.headers)
        )


async def read_body(request: Request[Any, Any, Any]) -> bytes:
    """Return the raw bytes: a signature is about them, and decoding is the owner's."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise CompressedBody("unsupported_media_type", "Compressed bodies are not accepted.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except InternalServerException as exc:
        raise InputRefused("incomplete_body", "The request ended too early.") from exc
    except TimeoutError as exc:
        raise BodyTooSlow("body_too_slow", "The request took too long to arrive.") from exc


def _target(request: Request[Any, Any, Any]) -> str:
    """Return path and query exactly as they came."""
    path = request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path
