"""What is read most, answered without the framework around it.

To find a route, put its layers around it and take its arguments apart is most of what an
answer costs that lies ready. An address which the framework has answered is therefore
remembered with its handler, and the next plain read of it goes there at once. Whatever
is unusual about a request, or about what comes of it, goes the whole way.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from services.chassis.process import telemetry
from services.chassis.web.edge import note
from services.site.door.front_door import Hosts, is_modest
from services.site.door.headers import Policy
from services.site.door.ready import WINDOW, Ready, header

READS = ("GET", "HEAD")
ANSWERED = (200, 304)
# Campaigns have two pages and their figures; nobody runs so many that this is reached.
KNOWN_MAX = 10_000

Show = Callable[[HTTPScope], Awaitable[Ready]]


class Known(msgspec.Struct, frozen=True):
    """An address that was answered before: by whom, and what its parts mean."""

    show: Show
    path_params: Mapping[str, Any]
    path_template: str


class Window:
    """Stands before the framework."""

    def __init__(self, app: ASGIApp, *, policy: Policy, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts
        self._defaults = policy.defaults()
        self._known: dict[bytes, Known] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is known and plain, pass on everything else."""
        if scope["type"] != ScopeType.HTTP or scope["method"] not in READS:
            await self._app(scope, receive, send)
            return
        known = self._known.get(scope["raw_path"])
        if known is None:
            await self._learning(scope, receive, send)
        elif not (self._is_plain(scope) and await self._answered(known, scope, send)):
            await self._app(scope, receive, send)

    def _is_plain(self, scope: HTTPScope) -> bool:
        """Tell whether this is a read as browsers send it, by the name the site has."""
        return not scope["query_string"] and self._hosts.is_public_name(scope) and is_modest(scope)

    async def _answered(self, known: Known, scope: HTTPScope, send: Send) -> bool:
        """Answer; False when the framework has to, and nothing was sent."""
        began = time.perf_counter()
        scope["path_params"] = dict(known.path_params)
        try:
            ready = await known.show(scope)
        except Exception:
            # Refused, or our mistake: said in words by those whose task that is.
            self._known.pop(scope["raw_path"], None)
            return False
        status, named, body = ready.parts()
        request_id = telemetry.correlation_or_new(header(scope, b"x-request-id").decode("latin-1"))
        headers = list(named.items())
        headers += [pair for pair in self._defaults if pair[0] not in named]
        headers.append((b"x-request-id", request_id.encode()))
        scope["path_template"] = known.path_template
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})
        finally:
            note(scope, status, time.perf_counter() - began, request_id)
        return True

    async def _learning(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Let the framework answer, and remember who did when there was such a thing."""
        raw_path, status = scope["raw_path"], 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)
        handler = scope.get("route_handler")
        # An address can be written in many ways, but those of links are written plainly.
        is_one_of_ours = status in ANSWERED and b"%" not in raw_path
        if not (is_one_of_ours and handler and handler.opt.get(WINDOW)):
            return
        if len(self._known) < KNOWN_MAX:
            show = cast("Show", handler.fn)
            template = str(scope["path_template"])
            self._known[raw_path] = Known(show, dict(scope["path_params"]), template)
